import type { CommandEnd, HookContainer, HookEngine } from "../../../service/hooks/hook-engine.ts";

/** A container with labels `swarmnfs.backup.…`, of a service or none. */
export function hookContainer(
  id: string,
  labels: Readonly<Record<string, string>>,
  service: string | null = null,
): HookContainer {
  const named = Object.entries(labels).map(([key, value]) => [`swarmnfs.backup.${key}`, value]);
  return {
    id,
    name: id,
    isRunning: true,
    labels: Object.fromEntries(named) as Record<string, string>,
    service: service === null ? null : { id: service, name: service },
  };
}

/** An engine that writes down what it is asked for. */
export class FakeHookEngine implements HookEngine {
  readonly calls: string[] = [];
  containers: HookContainer[] = [];
  /** What they mount, by id; of those that are not named, everything. */
  readonly mounts = new Map<string, readonly string[]>();
  failing = new Set<string>();
  exitCode = 0;
  wanted = 3;
  name = "engine";
  /** What comes before a command ends. */
  onRun: () => Promise<void> = async () => undefined;

  async id(): Promise<string> {
    return this.name;
  }
  async containersOf(volumes: readonly string[]): Promise<readonly HookContainer[]> {
    this.#fail("list");
    return this.containers.filter(({ id }) => {
      const mounted = this.mounts.get(id);
      return mounted === undefined || volumes.some((volume) => mounted.includes(volume));
    });
  }
  async run(id: string, command: string): Promise<CommandEnd> {
    this.#call(`run ${id} ${command}`);
    await this.onRun();
    return { exitCode: this.exitCode, output: "no disk\nno luck\n" };
  }
  async replicas(): Promise<number> {
    return this.wanted;
  }
  async scale(service: string, replicas: number): Promise<void> {
    this.#call(`scale ${service} ${replicas}`);
  }
  pause = async (id: string): Promise<void> => this.#call(`pause ${id}`);
  unpause = async (id: string): Promise<void> => this.#call(`unpause ${id}`);
  stop = async (id: string): Promise<void> => this.#call(`stop ${id}`);
  start = async (id: string): Promise<void> => this.#call(`start ${id}`);

  #call(call: string): void {
    this.calls.push(call);
    this.#fail(call);
  }

  #fail(call: string): void {
    if (this.failing.delete(call)) throw new Error("the engine is away");
  }
}
