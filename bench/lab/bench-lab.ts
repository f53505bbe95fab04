import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import Docker from "dockerode";
import { pluginName } from "../../engine-box/plugin.ts";
import { Lab, labsFolder } from "../../lab/lab.ts";
import { collectLogs } from "../../lab/logs.ts";
import type { Machine } from "../../lab/machine.ts";
import { labPlan } from "../../lab/plan.ts";
import { messageOf } from "../../service/message-of.ts";
import { progress } from "../progress.ts";

/** The lab, the app, and what the names of all containers and volumes here begin with. */
const name = "bench";
const patience = 180_000;
/** What the NAS exports, and in it the plugin's place and that of volumes which are not ours. */
const exported = "/volume1";
const place = `${exported}/swarm`;
export const foreignPlace = `${exported}/${name}`;

/** A NAS and one node with the plugin on `nfs://`, for measuring, with the node's Docker Engine within reach. */
export class BenchLab {
  readonly lab: Lab;
  /** The node's engine, by a unix socket that ssh brings here. */
  readonly docker: Docker;
  /** Without hardware virtualisation everything takes some twenty times longer. */
  readonly isEmulated: boolean;
  readonly #folder: string;
  readonly #tunnel: ChildProcess;
  readonly #isOurs: boolean;

  private constructor(
    lab: Lab,
    isEmulated: boolean,
    folder: string,
    tunnel: ChildProcess,
    isOurs: boolean,
  ) {
    this.isEmulated = isEmulated;
    this.lab = lab;
    this.#folder = folder;
    this.#tunnel = tunnel;
    this.#isOurs = isOurs;
    this.docker = new Docker({ socketPath: path.join(folder, "docker.sock") });
  }

  /**
   * A new lab, which ends with {@link stop} or this process; or the one that is `given` and up, on its last node, where
   * what was made is taken away in the end. With `storage` there is a machine for our own NFS server.
   */
  static async start(given: string | undefined, storage: boolean): Promise<BenchLab> {
    const isOurs = given === undefined;
    const lab = isOurs
      ? await Lab.create(name, { nodes: 1, storage }, progress, true)
      : await Lab.open(given);
    // Not once(): execa ends a process at a signal that nobody listens to any more.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => void (isOurs ? lab.destroy() : Promise.resolve()).then(leave));
    try {
      if (isOurs) await lab.start(progress);
      progress("enabling the plugin");
      await enablePlugin(lab);
      const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-bench-"));
      const socket = path.join(folder, "docker.sock");
      const way = ["-N", "-L", `${socket}:/run/docker.sock`];
      const tunnel = spawn("ssh", [...way, ...nodeOf(lab).sshArguments], { stdio: "ignore" });
      process.on("exit", () => tunnel.kill());
      const bench = new BenchLab(lab, await runsEmulated(lab), folder, tunnel, isOurs);
      await bench.answers();
      return bench;
    } catch (error) {
      await keepLogs(lab);
      if (isOurs) await lab.destroy();
      throw error;
    }
  }

  get node(): Machine {
    return nodeOf(this.lab);
  }

  get nas(): Machine {
    return this.lab.nas;
  }

  /** The directory of a volume of app `bench`, as the NAS exports it. */
  directoryOf(volume: string): string {
    return `${place}/apps/${name}/${volume}`;
  }

  createVolume(volume: string): Promise<unknown> {
    return this.docker.createVolume({
      Name: volume,
      Driver: pluginName,
      DriverOpts: { app: name },
    });
  }

  /** A container that does nothing; its name makes it one of app `bench`. Without a network: that is most of a start. */
  createContainer(
    called: string,
    volume: string | null,
    restart: "no" | "always" = "no",
  ): Promise<Docker.Container> {
    return this.docker.createContainer({
      name: `${name}-${called}`,
      Image: "busybox",
      Cmd: ["sleep", "36000"],
      StopSignal: "SIGKILL",
      HostConfig: {
        NetworkMode: "none",
        Binds: volume === null ? [] : [`${volume}:/data`],
        RestartPolicy: { Name: restart },
      },
    });
  }

  /** The options that the kernel knows for the mount at `/data` in a container, as mount(8) takes them. */
  async mountOptions(container: Docker.Container): Promise<string> {
    const { State } = await container.inspect();
    const line = await this.node.must(`grep ' /data nfs4 ' /proc/${State.Pid}/mounts`);
    const [, , , options = ""] = line.split(" ");
    // What the kernel found out by itself, and what belongs to the container.
    const own = /^(rw|relatime|nosuid|nodev|namlen|clientaddr|addr|mountaddr|sec)\b/;
    return options
      .split(",")
      .filter((option) => !own.test(option))
      .join(",");
  }

  /** Waits until the engine answers; returns how many milliseconds that took. */
  async answers(): Promise<number> {
    const began = performance.now();
    for (;;) {
      try {
        await this.docker.ping();
        return performance.now() - began;
      } catch (error) {
        if (performance.now() - began > patience) throw error;
        await pause(100);
      }
    }
  }

  /** Does `work`; if it fails, what every machine knows is kept first. */
  async watched<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await keepLogs(this.lab);
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#isOurs) await this.lab.destroy();
    else await this.#tidy().catch((error: unknown) => progress(`not all: ${messageOf(error)}`));
    this.#tunnel.kill();
    await rm(this.#folder, { recursive: true });
  }

  async #tidy(): Promise<void> {
    progress("taking away what was made here");
    for (const { Id, Names } of await this.docker.listContainers({ all: true }))
      if (Names.some((each) => isMine(each.slice(1))))
        await this.docker.getContainer(Id).remove({ force: true });
    for (const volume of (await this.docker.listVolumes()).Volumes)
      if (isMine(volume.Name)) await this.docker.getVolume(volume.Name).remove();
    await this.nas.must(`rm -rf ${foreignPlace}`);
  }
}

function nodeOf(lab: Lab): Machine {
  return lab.machine(`${lab.nodes.length}`);
}

async function keepLogs(lab: Lab): Promise<void> {
  const folder = path.join(labsFolder, ".logs", name);
  await rm(folder, { recursive: true, force: true });
  await collectLogs(lab, folder);
  progress(`failed; the logs of every machine are kept in ${folder}`);
}

async function runsEmulated({ folder }: Lab): Promise<boolean> {
  const text = await readFile(path.join(folder, "lab.json"), "utf8");
  return labPlan.parse(JSON.parse(text)).accelerator === "tcg";
}

async function enablePlugin(lab: Lab): Promise<void> {
  await nodeOf(lab).must(
    `[ "$(docker plugin inspect --format '{{.Enabled}}' ${pluginName})" = true ] || {
      docker plugin set ${pluginName} SWARMNFS_STORAGE=nfs://nas.lan${place} &&
      docker plugin enable ${pluginName}
    }`,
    { timeout: patience },
  );
}

function isMine(called: string): boolean {
  return called.startsWith(`${name}-`);
}

function leave(): void {
  process.exit(130);
}
