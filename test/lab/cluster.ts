import { randomInt } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import type { Outcome } from "../../engine-box/outcome.ts";
import { beginFault, endFault } from "../../lab/fault.ts";
import { Lab, labsFolder } from "../../lab/lab.ts";
import { collectLogs } from "../../lab/logs.ts";
import type { Machine } from "../../lab/machine.ts";
import { eventually, say } from "./eventually.ts";
import { patiently } from "./patiently.ts";

/** Milliseconds for one command, if the test does not say otherwise: nothing in here may wait for ever. */
const patience = 120_000;

/**
 * The lab that LAB names, for the tests of one file, which run one after the other. After each test what it broke is
 * mended and what it started is gone, so that no test depends on another; if it failed, the logs of every machine are
 * kept first and their folder is named. Volumes have names of their own in each test.
 */
export function labCluster(): Cluster {
  const shared = new Cluster();
  test.before(() => shared.open());
  test.beforeEach((t) => {
    say(titleOf(t));
    shared.begin();
  });
  test.afterEach.always(async (t) => {
    if (!t.passed) await shared.keepLogs(t);
    await shared.tidy();
  });
  test.after.always(() => shared.removeVolumes());
  return shared;
}

/** What tests do with a lab. Machines are called `nas`, `node1`, …, or a node by its number. */
export class Cluster {
  #lab: Lab | undefined;
  /** In the names of all that one test makes. */
  #token = "";
  readonly #tokens: string[] = [];
  readonly #broken = new Set<Machine>();
  readonly #afterwards: (() => Promise<unknown>)[] = [];

  get lab(): Lab {
    if (this.#lab === undefined) throw new Error("the lab is not open yet");
    return this.#lab;
  }

  get nas(): Machine {
    return this.lab.nas;
  }

  get nodes(): readonly Machine[] {
    return this.lab.nodes;
  }

  /** The manager of the swarm. */
  get leader(): Machine {
    return this.node(1);
  }

  node(number: number): Machine {
    return this.lab.machine(`node${number}`);
  }

  /** `docker LINE` on a node, its words separated by spaces, then `more` as it is. Throws with Docker's words. */
  async docker(node: Machine, line: string, ...more: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.attempt(node, line, ...more);
    if (exitCode === 0) return stdout.trim();
    const words = stderr.trim() || stdout.trim() || `exit code ${exitCode}`;
    throw new Error(`${node.name}: docker ${[line, ...more].join(" ")}: ${words}`);
  }

  /** The same; returns how it ended, -1 being too late (two minutes). */
  attempt(node: Machine, line: string, ...more: string[]): Promise<Outcome> {
    return node.run(this.#command([line, ...more]), { timeout: patience });
  }

  /** A name that only this test has. It serves as app, volume and service at once: they may then use each other. */
  name(word: string): string {
    return `${word}-${this.#token}`;
  }

  /** Makes a volume by the leader, of an app of the same name if `options` do not say another; returns its name. */
  async volume(word: string, ...options: string[]): Promise<string> {
    const name = this.name(word);
    const all = options.some((each) => each.startsWith("app="))
      ? options
      : [`app=${name}`, ...options];
    const flags = all.map((each) => `-o ${each}`).join(" ");
    await patiently(`${name} is made`, () =>
      this.docker(this.leader, `volume create -d swarmnfs ${flags} ${name}`),
    );
    return name;
  }

  /**
   * Starts a service of that name that has the volume of the same name at `/d` and runs `script`; does not wait for it.
   * `flags` are more flags of `docker service create`, `options` more options of the volume.
   */
  service(
    name: string,
    script: string,
    flags = "",
    options: readonly string[] = [],
  ): Promise<string> {
    const common =
      "--detach --no-resolve-image --init --stop-grace-period 1s --restart-delay 1s --hostname {{.Node.Hostname}}";
    const words = [`app=${name}`, ...options].map((each) => `,volume-opt=${each}`).join("");
    const mount = `--mount type=volume,source=${name},target=/d,volume-driver=swarmnfs${words}`;
    const line = `service create ${common} --name ${name} ${mount} ${flags}`.trim();
    return this.docker(this.leader, `${line} busybox sh -c`, script);
  }

  /** Waits until exactly `count` tasks of the service run, and returns the names of their nodes. */
  running(service: string, count: number, deadline?: number): Promise<string[]> {
    const format = "--filter desired-state=running --format";
    return eventually(
      async () => {
        const lines = await this.docker(
          this.leader,
          `service ps ${format}`,
          "{{.Node}} {{.CurrentState}}",
          service,
        );
        const tasks = lines.split("\n").map((each) => each.split(" "));
        const up = tasks.flatMap(([node = "", state]) => (state === "Running" ? [node] : []));
        return up.length === count && tasks.length === count && up;
      },
      `${count} tasks of ${service} run`,
      deadline,
    );
  }

  /** Runs `script` on the node in a container `name` that has `volume` at `/d`, works there and is gone afterwards. */
  inContainer(node: Machine, name: string, volume: string, script: string): Promise<Outcome> {
    return this.#once(node, name, `--volume ${volume}:/d`, script);
  }

  /** The same; returns what it printed, and throws if it failed. */
  says(node: Machine, name: string, volume: string, script: string): Promise<string> {
    return patiently(`container ${name} has run`, async () => {
      const { exitCode, stdout, stderr } = await this.#once(node, name, mountOf(volume), script);
      if (exitCode === 0) return stdout.trim();
      const words = stderr.trim() || `exit code ${exitCode}`;
      throw new Error(`${node.name}: container ${name}: ${words}`);
    });
  }

  /** Starts a container `name` in the background, with `volume` at `/d`. `flags` are more flags of `docker run`. */
  async container(
    node: Machine,
    name: string,
    volume: string,
    script: string,
    flags = "",
  ): Promise<string> {
    const line =
      `run --detach --init --network none --name ${name} ${mountOf(volume)} ${flags}`.trim();
    return patiently(`${name} runs`, async (isAgain) => {
      if (isAgain) await this.docker(node, `rm --force ${name}`);
      return this.docker(node, `${line} busybox sh -c`, script);
    });
  }

  /** Volumes of ours that are mounted on the node now. */
  async mounted(node: Machine): Promise<string[]> {
    const text = await node.must("cat /proc/self/mountinfo", { timeout: patience });
    const names = text.matchAll(/\/propagated-mount\/([^ /]+) /g);
    return [...new Set(Array.from(names, ([, name = ""]) => name))].toSorted();
  }

  /** Breaks a machine; it is mended after the test at the latest. */
  async fault(machine: Machine, fault: string): Promise<void> {
    this.#broken.add(machine);
    say(`${machine.name}: ${fault}`);
    await beginFault(machine, fault);
  }

  /** Mends all that a machine has; one that was off is ready then. */
  async mend(machine: Machine): Promise<void> {
    say(`${machine.name}: mended`);
    if ((await machine.pid()) === null) await this.lab.boot(machine, say);
    await endFault(machine);
    this.#broken.delete(machine);
  }

  /** Waits until the swarm sees all its nodes, and on each the plugin is enabled. */
  async whole(): Promise<void> {
    await eventually(
      async () => {
        const { stdout } = await this.attempt(this.leader, "node ls --format {{.Status}}");
        const states = stdout.trim().split("\n");
        return states.length >= this.nodes.length && states.every((each) => each === "Ready");
      },
      "all nodes are ready in the swarm",
      300_000,
    );
    for (const node of this.nodes)
      await eventually(
        async () =>
          (
            await this.attempt(node, "plugin inspect --format {{.Enabled}} swarmnfs")
          ).stdout.trim() === "true",
        `the plugin is enabled on ${node.name}`,
      );
  }

  /** After the test, before its machines are mended: the latest first. */
  afterwards(undo: () => Promise<unknown>): void {
    this.#afterwards.unshift(undo);
  }

  async open(): Promise<void> {
    const name = process.env["LAB"];
    if (!name)
      throw new Error("Which lab? LAB=name, of one that is up; or all of it: make test-lab");
    this.#lab = await Lab.open(name);
    for (const machine of this.#lab.machines)
      if ((await machine.pid()) === null) await this.#lab.boot(machine, say);
  }

  begin(): void {
    this.#token = randomInt(36 ** 3, 36 ** 4).toString(36);
    this.#tokens.push(this.#token);
  }

  async tidy(): Promise<void> {
    const wasBroken = this.#broken.size > 0;
    for (const undo of this.#afterwards.splice(0)) await undo();
    for (const machine of this.#broken) await this.mend(machine);
    if (wasBroken) await this.whole();
    const ours = `--filter label=lab-test=${this.#token}`;
    await this.leader.must(
      `docker service ls --quiet ${ours} | xargs --no-run-if-empty docker service rm`,
      { timeout: patience },
    );
    await Promise.all(
      this.nodes.map((node) =>
        node.must(
          `docker ps --all --quiet ${ours} | xargs --no-run-if-empty docker rm --force 2>&1 || docker ps --all ${ours}`,
          { timeout: 300_000 },
        ),
      ),
    );
  }

  /** In a lab that will be used again nothing stays. */
  async removeVolumes(): Promise<void> {
    if (this.#lab === undefined || process.env["LAB_ENDS"] === "1") return;
    const names = this.#tokens.map((token) => `--filter name=-${token}`).join(" ");
    await eventually(
      async () => {
        const list = await this.docker(this.leader, `volume ls --quiet ${names}`);
        if (list === "") return true;
        await this.attempt(this.leader, `volume rm ${list.split("\n").join(" ")}`);
        return false;
      },
      "the volumes of the tests can be removed",
      300_000,
    );
  }

  async keepLogs(t: ExecutionContext): Promise<void> {
    if (this.#lab === undefined) return;
    const title = titleOf(t).replaceAll(/[^\w.-]+/g, "-");
    const folder = path.join(labsFolder, ".logs", title.slice(0, 80));
    await rm(folder, { recursive: true, force: true });
    await collectLogs(this.#lab, folder);
    say(`the logs of every machine are kept in ${folder}`);
  }

  #once(node: Machine, name: string, mount: string, script: string): Promise<Outcome> {
    const line = `run --rm --network none --name ${name} ${mount} busybox sh -c`;
    return this.attempt(node, line, `cd /d; ${script}`);
  }

  #command([line = "", ...more]: readonly string[]): string {
    return ["docker", ...this.#labelled(line).split(" "), ...more].map(quoted).join(" ");
  }

  /** What containers and services start with says whose they are. */
  #labelled(line: string): string {
    const label = `--label lab-test=${this.#token}`;
    return line
      .replace(/^(run|create) /, `$1 ${label} `)
      .replace(
        /^service create /,
        `service create ${label} --container-label lab-test=${this.#token} `,
      );
  }
}

/** The volume at `/d`: of our driver, by name, for one that is not found at this moment would become one of Docker's own. */
function mountOf(volume: string): string {
  return `--mount type=volume,volume-driver=swarmnfs,source=${volume},target=/d`;
}

function titleOf(t: ExecutionContext): string {
  return t.title.replace(/^.* hook for /, "");
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
