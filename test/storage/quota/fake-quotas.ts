import { readdir, stat } from "node:fs/promises";
import type { Quotas } from "../../../storage/quota/quotas.ts";
import { UserError } from "../../../service/user-error.ts";

/** A disk with project quotas, in memory; it outlives the storage on it. */
export class FakeQuotas implements Quotas {
  readonly why = null;
  readonly kind: "xfs" | "ext4";
  /** By project: bytes. */
  readonly limits = new Map<number, number>();
  /** How often it was proved that limits hold. */
  proofs = 0;
  /** Limits are set, and nobody is bound by them. */
  lies = false;
  readonly #projects = new Map<number, number>();

  constructor(kind: "xfs" | "ext4" = "xfs") {
    this.kind = kind;
  }

  async assign(directory: string, project: number): Promise<void> {
    if ((await readdir(directory)).length > 0) throw new Error(`${directory} is not empty`);
    this.#projects.set(await inode(directory), project);
  }

  async projectOf(directory: string): Promise<number | null> {
    return this.#projects.get(await inode(directory)) ?? null;
  }

  async limit(project: number, bytes: number | null): Promise<void> {
    if (bytes === null) this.limits.delete(project);
    else this.limits.set(project, bytes);
  }

  async isLimited(directory: string, _root: string, bytes: number | null): Promise<boolean> {
    const project = await this.projectOf(directory);
    return (project === null ? null : (this.limits.get(project) ?? null)) === bytes;
  }

  async prove(): Promise<void> {
    this.proofs += 1;
    if (this.lies) throw new UserError("unsupported", "sizes do not hold here");
  }
}

async function inode(directory: string): Promise<number> {
  return (await stat(directory)).ino;
}
