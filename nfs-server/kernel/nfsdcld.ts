import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, readlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { writeFileAtomic } from "../../service/atomic-file.ts";
import type { Log } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";

export interface NfsdcldPlaces {
  /** On the data disk: who may reclaim what after a restart of the server. */
  readonly storage: string;
  /** Where rpc_pipefs is mounted: by a pipe in there the kernel speaks with it. */
  readonly pipefs: string;
  /** Not on a disk: it is about a process. */
  readonly pidFile: string;
  /** The program; another one in tests. */
  readonly program?: string;
  /** Whether it can be spoken to; something else in tests. */
  readonly isReady?: (pid: number) => Promise<boolean>;
}

/** It opens a database, on a disk that may be busy. */
const startBoundMs = 10_000;
const stopBoundMs = 2_000;
const lookEveryMs = 1_000;
const firstLooksMs = 20;

/**
 * nfsdcld(8), which remembers for the kernel which clients it had, so that a restart of the server costs them nothing but
 * its length. It must be there before nfsd starts, or nfsd does without, and while nfsd runs. So it outlives this process:
 * a later one finds it by its pid.
 */
export class Nfsdcld {
  readonly #places: NfsdcldPlaces;
  readonly #program: string;
  readonly #log: Log;
  #watching: AbortController | null = null;

  constructor(places: NfsdcldPlaces, log: Log) {
    this.#places = places;
    this.#program = places.program ?? "nfsdcld";
    this.#log = log;
  }

  /** When this settles the kernel can speak with it; from then on it is started again when it ends. Throws `unavailable`. */
  async start(): Promise<void> {
    await this.#ensure();
    const watching = new AbortController();
    this.#watching = watching;
    void this.#watch(watching.signal);
  }

  /** Not watched any more; it goes on. For when only this process ends. */
  leave(): void {
    this.#watching?.abort();
  }

  /** Ends it. nfsd must have been stopped before. */
  async stop(): Promise<void> {
    this.leave();
    const pid = await this.pid();
    if (pid === null) return;
    process.kill(pid, "SIGTERM");
    const until = performance.now() + stopBoundMs;
    while ((await this.pid()) !== null) {
      if (performance.now() > until) {
        process.kill(pid, "SIGKILL");
        return;
      }
      await delay(firstLooksMs);
    }
  }

  /** Its process, if it runs: by the file, and by its name, for a number may be somebody else's by now. */
  async pid(): Promise<number | null> {
    try {
      const pid = Number(await readFile(this.#places.pidFile, "utf8"));
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      const [, name, state] = /^\d+ \((.*)\) (\S)/s.exec(stat) ?? [];
      const isOurs = name === this.#program.replace(/^.*\//, "").slice(0, 15);
      return isOurs && state !== "Z" ? pid : null;
    } catch {
      return null;
    }
  }

  async #ensure(): Promise<void> {
    if ((await this.pid()) !== null) return;
    const { storage, pipefs, pidFile, isReady = watchesPipes } = this.#places;
    await mkdir(storage, { recursive: true, mode: 0o700 });
    await mkdir(dirname(pidFile), { recursive: true });
    // In a session of its own: what ends us does not end it.
    const args = ["--foreground", "--storagedir", storage, "--pipefsdir", pipefs];
    const child = spawn(this.#program, args, {
      detached: true,
      stdio: ["ignore", "inherit", "inherit"],
    });
    let failure: Error | null = null;
    child.on("error", (error) => (failure = error));
    child.unref();
    if (child.pid !== undefined) await writeFileAtomic(pidFile, `${child.pid}\n`);
    const until = performance.now() + startBoundMs;
    while (child.pid === undefined || !(await isReady(child.pid))) {
      const hasEnded = failure !== null || child.exitCode !== null || child.signalCode !== null;
      if (hasEnded || performance.now() > until) {
        child.kill("SIGKILL");
        throw didNotStart(this.#program, hasEnded, storage, failure);
      }
      await delay(firstLooksMs);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(lookEveryMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      if ((await this.pid()) !== null) continue;
      this.#log.warn("nfsdcld has ended; it is started again");
      await this.#ensure().catch((error: unknown) => {
        this.#log.error({ err: error }, "nfsdcld cannot be started; it is tried again");
      });
    }
  }
}

/** It is ready once it waits for the kernel's pipe to appear. */
async function watchesPipes(pid: number): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(
    names.map((name) => readlink(join(folder, name)).catch(() => "")),
  );
  return targets.includes("anon_inode:inotify");
}

function didNotStart(
  program: string,
  hasEnded: boolean,
  storage: string,
  cause: Error | null,
): UserError {
  const what = hasEnded ? "has ended at once" : `is not ready after ${startBoundMs / 1000} s`;
  return new UserError(
    "unavailable",
    `${program}, which remembers NFS clients over a restart, ${what}${cause === null ? "" : ` (${cause.message})`}. Its own lines above say why; it needs to write to ${storage}`,
    { cause },
  );
}
