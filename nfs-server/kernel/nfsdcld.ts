import { mkdir, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { KeptProgram } from "../../service/kept-program.ts";
import type { Log } from "../../service/log.ts";

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

/**
 * nfsdcld(8), which remembers for the kernel which clients it had, so that a restart of the server costs them nothing but
 * its length. It must be there before nfsd starts, or nfsd does without, and while nfsd runs. nfsd must have been stopped
 * before it is.
 */
export class Nfsdcld extends KeptProgram {
  constructor(places: NfsdcldPlaces, log: Log) {
    const { storage, pipefs, pidFile, program = "nfsdcld", isReady = watchesPipes } = places;
    super({
      program,
      args: ["--foreground", "--storagedir", storage, "--pipefsdir", pipefs],
      pidFile,
      isReady,
      prepare: async () => {
        await mkdir(storage, { recursive: true, mode: 0o700 });
      },
      purpose: "which remembers NFS clients over a restart",
      advice: `it needs to write to ${storage}`,
      told: (text, error) => log.warn({ err: error }, text),
    });
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
