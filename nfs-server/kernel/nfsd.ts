import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../service/user-error.ts";
import { CommandFailed, runBounded } from "../../storage/mounting/bounded-command.ts";
import { parseListeners, type Listener } from "./listeners.ts";

export interface NfsdSettings {
  /** The only address that is listened on. */
  readonly address: string;
  readonly port: number;
  readonly threads: number;
  /** How long clients that were there before a restart may reclaim what they had, in seconds. */
  readonly graceS: number;
  /** How long the kernel keeps the state of a client that it does not hear of, in seconds. */
  readonly leaseS: number;
  /** By what clients know that it is the same server after a restart; 1 to 64 letters as of a host name. */
  readonly scope: string;
}

export interface NfsdState {
  readonly threads: number;
  /** Where it listens, as far as ports of NFS are meant. */
  readonly listeners: readonly Listener[];
  /** Clients are still reclaiming; nobody new gets locks or opens files for now. */
  readonly inGrace: boolean;
}

/** What is done outside this process. */
export interface NfsdEffects {
  /** Throws `CommandFailed`. */
  run(command: string, args: readonly string[], boundMs: number): Promise<void>;
  /** The nfsd file system. */
  readonly folder: string;
  /** `tcp` and `tcp6` in here. */
  readonly net: string;
}

export const systemNfsdEffects: NfsdEffects = {
  run: runBounded,
  folder: "/proc/fs/nfsd",
  net: "/proc/net",
};

/** Starting takes below 2 s; a stop waits for the calls under way, and so for the data disk. */
const startBoundMs = 15_000;
const stopBoundMs = 10_000;

/** What is not told to be off is as it was last. */
const versions =
  "--no-nfs-version 3 --no-nfs-version 4.0 --nfs-version 4.1 --nfs-version 4.2 --tcp --no-udp".split(
    " ",
  );

/**
 * The kernel's NFS server: version 4.1 and 4.2, TCP, one address. It is in the kernel, not in this process, and outlives it.
 */
export class NfsServer {
  readonly #effects: NfsdEffects;

  constructor(effects: NfsdEffects = systemNfsdEffects) {
    this.#effects = effects;
  }

  async state(port = 2049): Promise<NfsdState> {
    const { folder, net } = this.#effects;
    const threads = Number(await readFile(join(folder, "threads"), "utf8"));
    const listeners: Listener[] = [];
    for (const name of ["tcp", "tcp6"]) {
      // A machine without IPv6 has no list of it.
      const text = await readFile(join(net, name), "utf8").catch(() => "");
      listeners.push(...parseListeners(text).filter((each) => each.port === port));
    }
    const ended = await readFile(join(folder, "v4_end_grace"), "utf8").catch(() => "Y");
    return { threads, listeners, inGrace: threads > 0 && ended.trim() === "N" };
  }

  /**
   * Serves as wanted. `adopted`: it did already, started by the agent before us, and no client noticed anything. `started`:
   * what ran otherwise was stopped, and the kernel has forgotten its export tables: they must be told again.
   * Throws `unavailable` if the address is not there (yet), or the kernel refuses.
   */
  async start(settings: NfsdSettings): Promise<"adopted" | "started"> {
    const { threads, listeners } = await this.state(settings.port);
    if (threads > 0) {
      if (listeners.length === 1 && listeners[0]?.address === settings.address) {
        if (threads !== settings.threads) await this.#write("threads", settings.threads);
        return "adopted";
      }
      await this.stop();
    }
    await this.#start(settings);
    return "started";
  }

  /** Clients wait from now on, and go on when it starts again. Returns when no thread runs any more. */
  async stop(): Promise<void> {
    try {
      // In a child: the kernel waits for calls under way, and they may wait for a disk.
      await this.#effects.run("rpc.nfsd", ["0"], stopBoundMs);
    } catch (error) {
      // A kernel whose NFS server has no threads and no place to listen refuses to have none (EIO, Linux 6.12).
      if ((await this.state()).threads === 0) return;
      throw explained(error, "cannot be stopped", "Look at the data disk and at the kernel's log");
    }
  }

  async #start(settings: NfsdSettings): Promise<void> {
    const { address, port, threads, graceS, leaseS, scope } = settings;
    const args = ["--host", address, "--port", String(port), ...versions];
    // Its long names for these differ between versions and from its own list of them.
    args.push("-S", scope, "-G", String(graceS), "-L", String(leaseS), String(threads));
    try {
      await this.#effects.run("rpc.nfsd", args, startBoundMs);
    } catch (error) {
      throw explained(
        error,
        `cannot serve on ${address}:${port}`,
        `Is ${address} an address of this machine, and port ${port} free there? (ss -ltn)`,
      );
    }
    const { threads: running, listeners } = await this.state(port);
    if (running > 0 && listeners.some((each) => each.address === address)) return;
    throw new UserError(
      "unavailable",
      `the kernel's NFS server was started on ${address}:${port}, and does not listen there. Look at the kernel's log`,
    );
  }

  #write(name: string, value: number): Promise<void> {
    return writeFile(join(this.#effects.folder, name), `${value}\n`);
  }
}

function explained(error: unknown, what: string, next: string): unknown {
  if (!(error instanceof CommandFailed)) return error;
  const message = `the kernel's NFS server ${what}: ${error.reason}. ${next}`;
  return new UserError("unavailable", message, { cause: error });
}
