// No dependencies: it is the first program of the container, and all that is left of us while the agent is away.
import { spawn, type ChildProcess } from "node:child_process";
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/** The container as it is seen from here; other places in tests. */
export interface ContainerWorld {
  readonly agent: { readonly command: string; readonly args: readonly string[] };
  /** /proc/fs/nfsd: while it is mounted here, nfsd runs. */
  readonly nfsd: string;
  readonly pipefs: string;
  /** The kernel's tables, /proc/net/rpc. */
  readonly rpc: string;
  /** Where volumes are shown. */
  readonly exports: string;
  /** What is about processes, and void when the container starts. */
  readonly run: string;
  readonly mountinfo: string;
  readonly say: (line: string) => void;
}

const tables = ["auth.unix.ip", "nfsd.fh", "nfsd.export"] as const;

/** Docker kills 10 s after it has asked to stop; all of a stop's parts together are below 8 s. */
const agentStopMs = 2_500;
const nfsdStopMs = 2_500;
const unmountMs = 2_000;
const startMs = 10_000;
/** The waits between starts of an agent that keeps ending. */
const shortestWaitMs = 200;
const longestWaitMs = 5_000;
/** An agent that lived so long was well. */
const healthyMs = 60_000;
/** The agent's exit code for settings or a machine that it cannot work with, and has said so. */
const cannotWork = 2;

/**
 * Holds the kernel's NFS server for the agent, so that its crash stops nothing: the mounts that nfsd lives by, and an end
 * of each channel, so that the kernel waits for an agent that is coming back rather than refuse what it does not know.
 */
export class Supervisor {
  readonly #world: ContainerWorld;
  readonly #stopping = new AbortController();
  readonly #channels: number[] = [];
  #agent: ChildProcess | null = null;

  constructor(world: ContainerWorld) {
    this.#world = world;
  }

  /** Runs until {@link stop}, or until the agent cannot work at all. Answers the exit code. */
  async run(): Promise<number> {
    await this.#prepare();
    for (let waitMs = shortestWaitMs; !this.#stopping.signal.aborted;) {
      const began = performance.now();
      const code = await this.#runAgent();
      if (this.#stopping.signal.aborted) break;
      // It has said why. While nothing is served there is nothing to hold either.
      if (code === cannotWork && !this.#serves()) {
        await this.#tidy();
        return cannotWork;
      }
      if (performance.now() - began > healthyMs) waitMs = shortestWaitMs;
      const nfs = this.#serves() ? "NFS goes on" : "NFS is not served";
      this.#world.say(
        `the agent has ended (${code === null ? "killed" : `exit code ${code}`}); ${nfs}. It is started again in ${waitMs / 1000} s`,
      );
      await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, longestWaitMs);
    }
    await this.#tidy();
    return 0;
  }

  /** Clients wait from now on, and go on when the next container serves. */
  stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#world.say("stopping");
    this.#stopping.abort();
    const agent = this.#agent;
    agent?.kill("SIGTERM");
    setTimeout(() => agent?.kill("SIGKILL"), agentStopMs).unref();
  }

  async #prepare(): Promise<void> {
    const { run, pipefs, nfsd } = this.#world;
    rmSync(run, { recursive: true, force: true });
    mkdirSync(run, { recursive: true });
    // For `swarmnfs`, which says how long the start takes; it knows the place by the socket beside it.
    writeFileSync(path.join(run, "started"), `${new Date().toISOString()}\n`);
    // What cannot be mounted here the agent explains: it examines everything that it needs.
    await this.#mount("rpc_pipefs", pipefs);
    await this.#mount("nfsd", nfsd);
    if (this.#serves()) {
      this.#world.say("an NFS server of a former container still runs; it is stopped first");
      await this.#stopNfsd();
    }
    this.#forget();
    for (const table of tables)
      try {
        const file = path.join(this.#world.rpc, table, "channel");
        this.#channels.push(openSync(file, constants.O_WRONLY | constants.O_NONBLOCK));
      } catch {
        // There is none without nfsd.
      }
  }

  async #mount(type: string, place: string): Promise<void> {
    if (this.#isMounted(place)) return;
    try {
      mkdirSync(place, { recursive: true });
    } catch {
      // /proc/fs/nfsd is there or not, as the kernel says.
    }
    await this.#do("mount", ["-t", type, type, place], startMs);
  }

  #isMounted(place: string): boolean {
    const lines = readFileSync(this.#world.mountinfo, "utf8").split("\n");
    return lines.some((line) => line.split(" ")[4] === place);
  }

  #serves(): boolean {
    try {
      return Number(readFileSync(path.join(this.#world.nfsd, "threads"), "utf8")) > 0;
    } catch {
      return false;
    }
  }

  #runAgent(): Promise<number | null> {
    const { command, args } = this.#world.agent;
    const { promise, resolve } = Promise.withResolvers<number | null>();
    // Threads for files: those that a hanging disk takes do not come back. Node.js has four where nothing is said.
    const env = { UV_THREADPOOL_SIZE: "16", ...process.env };
    const agent = spawn(command, args, { stdio: "inherit", env });
    this.#agent = agent;
    agent.on("error", (error) => {
      this.#world.say(`the agent cannot be started: ${error.message}`);
      resolve(1);
    });
    agent.on("exit", (code) => resolve(code));
    return promise;
  }

  async #tidy(): Promise<void> {
    if (this.#serves()) await this.#stopNfsd();
    for (const channel of this.#channels.splice(0)) closeSync(channel);
    this.#forget();
    this.#endOf("nfsdcld.pid");
    const { exports, nfsd, pipefs } = this.#world;
    const lazily = ["--no-canonicalize", "--lazy"];
    const places = [[exports, "--recursive"], [nfsd], [pipefs]] as const;
    await Promise.all(
      places
        .filter(([place]) => this.#isMounted(place))
        .map(([place, ...how]) => this.#do("umount", [...lazily, ...how, place], unmountMs)),
    );
  }

  #stopNfsd(): Promise<void> {
    return this.#do("rpc.nfsd", ["0"], nfsdStopMs);
  }

  /** The kernel's tables belong to the network, which may be the machine's own, and outlive us. */
  #forget(): void {
    for (const table of tables)
      try {
        const now = `${Math.floor(Date.now() / 1000)}\n`;
        writeFileSync(path.join(this.#world.rpc, table, "flush"), now, { flag: "r+" });
      } catch {
        // There is none without nfsd.
      }
  }

  /** Ends what the agent has left running on purpose. */
  #endOf(pidFile: string): void {
    try {
      process.kill(Number(readFileSync(path.join(this.#world.run, pidFile), "utf8")), "SIGTERM");
    } catch {
      // It does not run.
    }
  }

  /** Runs a program that may hang in the kernel; a failure is said, and it goes on. */
  async #do(command: string, args: readonly string[], boundMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<string | null>();
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    let complaint = "";
    child.stderr.on("data", (data: Buffer) => (complaint += data.toString()));
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code) =>
      resolve(code === 0 ? null : complaint.trim() || `exit code ${code}`),
    );
    // It may not even die: then it is left to itself.
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve(`no answer within ${boundMs / 1000} s`);
    }, boundMs);
    const failure = await promise;
    clearTimeout(timer);
    child.unref();
    if (failure !== null) this.#world.say(`${[command, ...args].join(" ")}: ${failure}`);
  }
}
