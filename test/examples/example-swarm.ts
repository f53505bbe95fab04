import { readFile } from "node:fs/promises";
import type { Outcome } from "../../engine-box/outcome.ts";

/** A swarm with the plugin on every node and the images of the examples, as people use it who follow docs/examples.md. */
export interface ExampleSwarm {
  /** `docker LINE` on a manager, its words separated by spaces, then `more` as it is. Throws with Docker's words. */
  docker(line: string, ...more: string[]): Promise<string>;
  secret(name: string, value: string): Promise<unknown>;
  /** Deploys deploy/examples/NAME.stack.yml as the stack NAME. It is gone with its volumes and secrets after the test. */
  deploy(name: string): Promise<unknown>;
  /** The containers of a service that run now. */
  tasks(service: string): Promise<readonly Task[]>;
  /** Flags of `docker service create` that keep a task from the node of another one, where there are others. */
  awayFrom(task: Task): string;
  /** Has swarm end the only task of a service and start another one, on another node where there is one; does not wait. */
  move(service: string): Promise<unknown>;
  /** What the published port 8080 of every node answers, asked for `place` of the site `host` by somebody outside. */
  published(place: string, host: string): Promise<readonly string[]>;
  /** Lets containers do what their labels ask for before a backup of the app. */
  beforeBackup(app: string): Promise<unknown>;
  /** Waits until `condition` holds; one that throws does not hold. */
  until<T>(what: string, condition: () => Promise<T | null | false>): Promise<T>;
}

/** A running container of a service. */
export interface Task {
  readonly node: string;
  readonly id: string;
  /** Runs a shell script in it. */
  run(script: string): Promise<Outcome>;
}

/** The file of an example. */
export function exampleFile(name: string): Promise<string> {
  return readFile(new URL(`../../deploy/examples/${name}.stack.yml`, import.meta.url), "utf8");
}

/** Runs the script and returns what it printed; throws if it fails. */
export async function said(task: Task, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await task.run(script);
  if (exitCode === 0) return stdout.trim();
  throw new Error(`${task.node}: ${script}: ${stderr.trim() || `exit code ${exitCode}`}`);
}

/** The one task of a service, as soon as there is one. */
export async function theTask(on: ExampleSwarm, service: string): Promise<Task> {
  const [task] = await settled(on, service, 1);
  if (task === undefined) throw new Error(`${service} has no task`);
  return task;
}

/** The tasks of a service, as soon as there are so many and no others. */
export function settled(
  on: ExampleSwarm,
  service: string,
  count: number,
): Promise<readonly Task[]> {
  return on.until(`${count} tasks of ${service} run`, async () => {
    const tasks = await on.tasks(service);
    return tasks.length === count && tasks;
  });
}
