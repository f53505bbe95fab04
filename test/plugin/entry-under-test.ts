import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { ExecutionContext } from "ava";
import { DockerClient } from "./docker-client.ts";
import { MountNamespace } from "./mount-namespace.ts";
import { until } from "./until.ts";

const entry = join(import.meta.dirname, "../../plugin/entry.ts");

/** Directories and a mount namespace in which the real plugin runs as a plain process. */
export class EntryUnderTest {
  readonly directory: string;
  readonly namespace: MountNamespace;
  readonly docker: DockerClient;
  readonly #running = new Set<ChildProcess>();

  private constructor(directory: string, namespace: MountNamespace) {
    this.directory = directory;
    this.namespace = namespace;
    this.docker = new DockerClient(this.socket);
  }

  static async prepare(t: ExecutionContext): Promise<EntryUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), "swarmnfs-entry-"));
    await mkdir(join(directory, "storage"));
    const prepared = new EntryUnderTest(directory, await MountNamespace.open());
    t.teardown(async () => {
      for (const child of prepared.#running) child.kill("SIGKILL");
      prepared.namespace.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    });
    return prepared;
  }

  get socket(): string {
    return join(this.directory, "run/swarmnfs.sock");
  }

  get mounts(): string {
    return join(this.directory, "mounts");
  }

  get storage(): string {
    return join(this.directory, "storage");
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env["PATH"],
      SWARMNFS_STORAGE: `dir://${this.storage}`,
      SWARMNFS_SOCKET: this.socket,
      SWARMNFS_STATE: join(this.directory, "state"),
      SWARMNFS_MOUNTS: this.mounts,
      SWARMNFS_DOCKER: "off",
      SWARMNFS_NODE: "node1",
    };
  }

  /** `node plugin/entry.ts`, not waited for. `shell` stands in for the command, where the surroundings matter. */
  start(given: NodeJS.ProcessEnv = {}, shell?: string): Process {
    const environment = { ...this.environment, ...given };
    const child =
      shell === undefined
        ? this.namespace.spawn(process.execPath, [entry], environment)
        : this.namespace.spawn("sh", ["-c", shell, "sh", process.execPath, entry], environment);
    this.#running.add(child);
    return new Process(child);
  }

  /** Settles when somebody answers on the socket. */
  async listening(): Promise<void> {
    await until("somebody listens", () => this.#connects());
  }

  #connects(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.socket);
      socket.on("connect", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
  }
}

/** A running plugin, and all that it said. */
export class Process {
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;
  output = "";
  complaints = "";

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) => child.on("close", (code) => resolve(code)));
    child.stdout?.on("data", (part: Buffer) => (this.output += part.toString()));
    child.stderr?.on("data", (part: Buffer) => (this.complaints += part.toString()));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}
