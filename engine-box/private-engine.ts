import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { Box } from "./box.ts";
import { DockerCli } from "./docker-cli.ts";
import type { CommandOptions, Outcome } from "./outcome.ts";

const containerdSocket = "/run/containerd/containerd.sock";

/** Where private engines live: below the project, ignored by git. */
export const enginesFolder = path.join(import.meta.dirname, "../.engine");

export interface EngineOptions {
  /** The machine's host name, which the plugin takes for the node's name. */
  readonly hostname?: string;
  /** Start with a copy of this `/var/lib` instead of an empty one; see `template.ts`. */
  readonly varLib?: string;
  /** Directories of this machine by the place where the engine's machine sees them, as `{"/srv/shared": folder}`. */
  readonly binds?: Readonly<Record<string, string>>;
  readonly liveRestore?: boolean;
}

/**
 * A Docker Engine in a box of its own (see box.sh): own `/run`, `/var/lib`, network, processes and control groups, with
 * every path at its usual place inside. Several live side by side; one that runs on the machine already is never met.
 * It is gone, with everything it started, after `stop()` and whenever this process ends.
 */
export class PrivateEngine {
  readonly folder: string;
  readonly hostname: string;
  readonly #binds: Readonly<Record<string, string>>;
  #liveRestore: boolean;
  #box: Box;

  private constructor(folder: string, hostname: string, options: EngineOptions, box: Box) {
    this.folder = folder;
    this.hostname = hostname;
    this.#binds = options.binds ?? {};
    this.#liveRestore = options.liveRestore ?? false;
    this.#box = box;
  }

  static async start(options: EngineOptions = {}): Promise<PrivateEngine> {
    const hostname = options.hostname ?? "node1";
    const folder = path.join(enginesFolder, `${hostname}-${randomBytes(4).toString("hex")}`);
    await mkdir(folder, { recursive: true });
    if (options.varLib !== undefined) {
      await execa("cp", [
        "--archive",
        "--reflink=auto",
        options.varLib,
        path.join(folder, "var-lib"),
      ]);
    }
    const engine = new PrivateEngine(
      folder,
      hostname,
      options,
      await Box.open(folder, hostname, options.binds),
    );
    try {
      await engine.startDaemon();
    } catch (error) {
      await engine.stop();
      throw error;
    }
    return engine;
  }

  /** The engine's socket as this process reaches it. Changes with `reboot()`. */
  get socket(): string {
    // Through the box's first process: short (a socket's path has at most 107 bytes), and gone with the box.
    return `/proc/${this.#box.pid}/root/run/docker.sock`;
  }

  /** What a docker command needs in its environment to speak to this engine. */
  get env(): Readonly<Record<string, string>> {
    return {
      DOCKER_HOST: `unix://${this.socket}`,
      DOCKER_CONFIG: path.join(this.folder, "docker-config"),
    };
  }

  /** Docker's command for this engine. */
  get cli(): DockerCli {
    return new DockerCli(this.env);
  }

  /** A path of the engine's machine, as this process reaches it: `/var/lib/swarmnfs` → `/proc/…/var/lib/swarmnfs`. */
  at(place: string): string {
    return path.join(`/proc/${this.#box.pid}/root`, place);
  }

  /** Runs a command on the engine's machine, outside of any container. Paths of the project are the same there. */
  run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return this.#box.run(command, args, options);
  }

  /** Starts a lasting process on the engine's machine; its output goes to `<folder>/<name>.log`. */
  async launch(name: string, command: string, ...args: string[]): Promise<void> {
    await this.#box.start(command, args, path.join(this.folder, `${name}.log`));
  }

  /** Everything dockerd said since the engine was made; the plugin's own lines are in it, marked `plugin=<id>`. */
  log(): Promise<string> {
    return readFile(this.logFile, "utf8");
  }

  get logFile(): string {
    return path.join(this.folder, "dockerd.log");
  }

  /** Starts dockerd and waits until its API answers: after a boot that is when every volume was asked for. */
  async startDaemon(options: { readonly liveRestore?: boolean } = {}): Promise<void> {
    this.#liveRestore = options.liveRestore ?? this.#liveRestore;
    await this.#startContainerd();
    const settings = path.join(this.folder, "daemon.json");
    await writeFile(settings, JSON.stringify({ "live-restore": this.#liveRestore }));
    const flags = ["--config-file", settings, "--containerd", containerdSocket];
    const daemon = await this.#box.start("dockerd", flags, this.logFile);
    // Docker itself waits up to five minutes here for a plugin that does not answer.
    const deadline = Date.now() + 330_000;
    while (!(await answers(this.socket))) {
      if (daemon.exitCode !== null || daemon.signalCode !== null || Date.now() > deadline) {
        const end = (await this.log()).split("\n").slice(-10).join("\n");
        throw new Error(`dockerd does not answer. The end of its log (${this.logFile}):\n${end}`);
      }
      await pause(50);
    }
  }

  /** Stops dockerd as an administrator does (SIGTERM) and waits for its end. */
  stopDaemon(): Promise<void> {
    return this.#endDaemon("TERM");
  }

  /** Kills dockerd alone; containers, plugins and containerd live on, as under systemd. */
  killDaemon(): Promise<void> {
    return this.#endDaemon("KILL");
  }

  async restartDaemon(options: { readonly liveRestore?: boolean } = {}): Promise<void> {
    await this.stopDaemon();
    await this.startDaemon(options);
  }

  /** Pulls the plug: every process, mount and `/run` is gone at once; `/var/lib` stays. Then starts all again. */
  async reboot(): Promise<void> {
    const keep = path.join(this.folder, "keep");
    await writeFile(keep, "");
    await this.#box.close();
    await rm(keep);
    this.#box = await Box.open(this.folder, this.hostname, this.#binds);
    await this.startDaemon();
  }

  /** Ends the engine and removes its folder. `keep` leaves the folder there, with `/var/lib` as `var-lib`. */
  async stop(options: { readonly keep?: boolean } = {}): Promise<void> {
    if (options.keep) await writeFile(path.join(this.folder, "keep"), "");
    await this.#box.close();
  }

  /** Apart from dockerd, as under systemd: dockerd's own child would die with it, and has 15 s to start, no more. */
  async #startContainerd(): Promise<void> {
    if (existsSync(this.at(containerdSocket))) return;
    const settings = path.join(this.folder, "containerd.toml");
    await writeFile(settings, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
    await this.launch("containerd", "containerd", "--config", settings);
    const deadline = Date.now() + 60_000;
    while (!existsSync(this.at(containerdSocket))) {
      if (Date.now() > deadline)
        throw new Error(`containerd does not start: see ${this.folder}/containerd.log`);
      await pause(20);
    }
  }

  async #endDaemon(signal: "TERM" | "KILL"): Promise<void> {
    const script = `pid=$(cat /run/docker.pid) && kill -${signal} $pid && while [ -d /proc/$pid ]; do sleep 0.05; done`;
    const { exitCode, stderr } = await this.run("sh", ["-c", script], { timeout: 120_000 });
    if (exitCode !== 0) throw new Error(`dockerd did not end by SIG${signal}: ${stderr}`);
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: "/_ping", timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on("timeout", () => ping.destroy());
    ping.on("error", () => resolve(false));
    ping.end();
  });
}
