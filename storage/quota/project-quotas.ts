import { constants } from "node:fs";
import { open, statfs, type FileHandle } from "node:fs/promises";
import process from "node:process";
import { readBounded } from "../mounting/bounded-command.ts";
import { ensureDeviceNode } from "./device-node.ts";
import { proveQuotas } from "./quota-proof.ts";
import type { QuotaDisk } from "./quota-support.ts";
import type { Quotas } from "./quotas.ts";

/** Milliseconds for a program that makes a system call or two; emulated machines take a quarter of a second. */
const boundMs = 4_000;
/** The unit of setquota(8), in bytes. */
const unit = 1024;

/** Runs a program to its end; answers what it wrote, rejects with `CommandFailed`. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>;

const runProgram: RunProgram = (program, args) => readBounded(program, args, boundMs);

/** Project quotas of XFS and ext4, by the programs that both have in common: chattr, lsattr (e2fsprogs) and setquota (quota). */
export class ProjectQuotas implements Quotas {
  readonly why = null;
  readonly #disk: QuotaDisk;
  readonly #run: RunProgram;
  readonly #ensureNode: typeof ensureDeviceNode;

  constructor(disk: QuotaDisk, run: RunProgram = runProgram, ensureNode = ensureDeviceNode) {
    this.#disk = disk;
    this.#run = run;
    this.#ensureNode = ensureNode;
  }

  get kind(): "xfs" | "ext4" {
    return this.#disk.kind;
  }

  async assign(directory: string, project: number): Promise<void> {
    await using handle = await openDirectory(directory);
    // +P: what is made in it inherits the project, and statfs(2) of it answers for the limit.
    await this.#run("chattr", ["-p", String(project), "+P", seenByPrograms(handle)]);
  }

  async projectOf(directory: string): Promise<number | null> {
    await using handle = await openDirectory(directory);
    const said = await this.#run("lsattr", ["-pd", seenByPrograms(handle)]);
    const [, project = "0", flags = ""] = /^\s*(\d+)\s+(\S+)/.exec(said) ?? [];
    return project === "0" || !flags.includes("P") ? null : Number(project);
  }

  async limit(project: number, bytes: number | null): Promise<void> {
    const { device, number } = this.#disk;
    await this.#ensureNode(device, number);
    // Rounded up: nobody gets less than he asked for. 0 is "no limit".
    const units = bytes === null ? 0 : Math.max(1, Math.ceil(bytes / unit));
    const limits = ["0", String(units), "0", "0"];
    await this.#run("setquota", ["-P", String(project), ...limits, device]);
  }

  async isLimited(directory: string, root: string, bytes: number | null): Promise<boolean> {
    const [here, whole] = await Promise.all([statfs(directory), statfs(root)]);
    const expected = Math.min(bytes ?? Infinity, whole.blocks * whole.bsize);
    // The limit in whole blocks, rounded by one or the other.
    return Math.abs(here.blocks * here.bsize - expected) <= 2 * here.bsize;
  }

  prove(directory: string): Promise<void> {
    return proveQuotas(this, directory);
  }
}

function openDirectory(directory: string): Promise<FileHandle> {
  // "." makes it the directory itself where the name is the kernel's link to an open one.
  return open(`${directory}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
}

/** By our descriptor, so that it is this very directory whatever happens to its name; "." since they take no symlink. */
function seenByPrograms(handle: FileHandle): string {
  return `/proc/${process.pid}/fd/${handle.fd}/.`;
}
