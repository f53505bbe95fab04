import { v7 as uuid } from "uuid";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { volumeFolders } from "../rules/volume-path.ts";
import type { NodeIdentity } from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { keptChanging } from "./apps.ts";
import { cloneTree } from "./clone-tree.ts";
import type { Directory } from "./confined.ts";
import { explain, isTrouble } from "./file-trouble.ts";
import { markDirectory } from "./limits.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import { notFound } from "./removal.ts";
import { countTree, deleteTree } from "./tree.ts";

/** A node that was not seen to fill for that long has given it up, and another one goes on. */
const givenUpMs = 90_000;
/** How often is written down how far it is. */
const noteEveryMs = 3_000;

type Fill = NonNullable<VolumeRecord["fill"]>;

/** Fills a volume with a copy of another, or goes on where that was left; returns the record as it is then. */
export async function fillVolume(
  parts: Parts,
  layout: Layout,
  name: string,
  by: NodeIdentity,
): Promise<VolumeRecord> {
  const filling = await Filling.claim(parts, layout, name, by);
  if (filling instanceof Filling) return filling.run();
  return filling;
}

/** The volume was removed, or is filled by somebody else now. */
class Superseded extends Error {
  override readonly name = "Superseded";
}

class Filling {
  readonly #parts: Parts;
  readonly #layout: Layout;
  /** Tells this attempt from all others. */
  readonly #run: string;
  #record: VolumeRecord;
  #done = 0;
  #total: number | null = null;
  #notedAt: number;
  #noting: Promise<void> | null = null;

  private constructor(parts: Parts, layout: Layout, record: VolumeRecord) {
    this.#parts = parts;
    this.#layout = layout;
    this.#record = record;
    this.#run = record.fill?.run ?? "";
    this.#notedAt = performance.now();
  }

  /** The record as it is, if there is nothing to do for this node. */
  static async claim(
    parts: Parts,
    layout: Layout,
    name: string,
    by: NodeIdentity,
  ): Promise<Filling | VolumeRecord> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const record = await parts.volumes.read(layout, name);
      if (record === null || record.state === "trashed") throw notFound(name, parts.url);
      const { fill, state } = record;
      // What is filled from a version is the backup service's.
      if (fill === null || fill.at !== null || state !== "filling") return record;
      const now = parts.clock.now();
      const isAlive = now - Date.parse(fill.seenAt ?? record.createdAt) < givenUpMs;
      if (fill.byId !== undefined && fill.byId !== by.id && isAlive) return record;
      const whose = { by: by.name, byId: by.id, run: uuid() };
      const mine = { ...fill, ...whose, seenAt: rfc3339(now), done: 0 };
      const claimed = await parts.volumes.replace(layout, name, record, { fill: mine });
      if (claimed !== null) return new Filling(parts, layout, claimed);
    }
    throw keptChanging(`volume "${name}"`);
  }

  async run(): Promise<VolumeRecord> {
    const tmp = await this.#layout.folder("tmp");
    try {
      if (!(await this.#isPlaced())) {
        await this.#copy(tmp);
        await this.#putInPlace(tmp);
      }
      await this.#parts.checkpoint("fill:placed");
      const filledAt = rfc3339(this.#parts.clock.now());
      await this.#write({ done: this.#done, total: this.#done, trouble: null, filledAt }, "ready");
      await this.#tidy(tmp);
    } catch (error) {
      if (!(error instanceof Superseded)) throw await this.#told(error);
      await deleteTree(tmp, this.#staging, this.#parts.progress);
      if (error.cause !== undefined) throw error.cause;
    }
    return this.#record;
  }

  /** What is in place is complete; whoever put it there ended before he could write that down. */
  async #isPlaced(): Promise<boolean> {
    await using folder = await this.#layout.volume(this.#record);
    if (folder === null) throw this.#missing(this.#record);
    return !(await folder.isEmpty());
  }

  async #copy(tmp: Directory): Promise<void> {
    const parts = this.#parts;
    await using source = await this.#source();
    // Half a file of an earlier attempt would count against the size.
    if (this.#record.size !== null) await this.#tidy(tmp);
    const [last] = await this.#attempts(tmp);
    await tmp.mkdir(this.#staging, 0o700);
    await using target = await tmp.open(this.#staging);
    await using before = last === undefined ? null : await tmp.open(last);
    await markDirectory(parts, this.#layout, target, this.#record);
    const counting = countTree(source, parts.progress).then(
      ({ bytes }) => (this.#total = bytes),
      () => null, // how much it is nobody needs to know
    );
    try {
      await cloneTree(
        source,
        target,
        (bytes) => this.#advance(tmp, bytes),
        before === null ? [] : [before],
      );
    } finally {
      await counting;
    }
    await this.#dress(source, target);
    await parts.checkpoint("fill:copied");
  }

  /** What earlier attempts left. */
  async #attempts(tmp: Directory): Promise<string[]> {
    const names = await tmp.names();
    return names.filter((name) => name.startsWith(this.#prefix) && name !== this.#staging);
  }

  async #tidy(tmp: Directory): Promise<void> {
    for (const name of await this.#attempts(tmp)) await deleteTree(tmp, name, this.#parts.progress);
  }

  /**
   * Whoever filled it before and was given up may still be at it, or wake up when the volume is in use. So everybody copies
   * into a directory of his own, and what is complete takes the place of the empty one, once.
   */
  async #putInPlace(tmp: Directory): Promise<void> {
    await this.#note(tmp);
    await using parent = await this.#layout.parent(this.#record);
    if (parent === null) throw this.#missing(this.#record);
    try {
      if (!(await tmp.rename(this.#staging, parent, this.#record.name))) throw new Superseded();
    } catch (error) {
      // Somebody else's came first, and is as good.
      if (!isTrouble(error, "ENOTEMPTY", "EEXIST")) throw error;
      await deleteTree(tmp, this.#staging, this.#parts.progress);
    }
    await parent.sync();
  }

  get #prefix(): string {
    return `fill-${this.#record.id}-`;
  }

  get #staging(): string {
    return `${this.#prefix}${this.#run}`;
  }

  /** The top directory is as the source's is now, where nothing else was asked for. */
  async #dress(source: Directory, target: Directory): Promise<void> {
    const { options, owner } = this.#record;
    const like = await source.self();
    await target.own(
      "uid" in options ? owner.uid : Number(like.uid),
      "gid" in options ? owner.gid : Number(like.gid),
      "mode" in options ? owner.mode : Number(like.mode) & 0o7777,
    );
    await target.sync();
  }

  async #source(): Promise<Directory> {
    const { fill, name } = this.#record;
    const source = await this.#parts.volumes.read(this.#layout, fill?.from ?? "");
    if (source === null || source.state === "trashed" || source.id !== (fill?.source ?? source.id))
      throw new UserError(
        "not-found",
        `volume "${fill?.from}", of which "${name}" was to become a copy, was removed before that was done. Bring it back from the trash (swarmnfs trash undelete), or remove "${name}"`,
      );
    const folder = await this.#layout.volume(source);
    if (folder === null) throw this.#missing(source);
    return folder;
  }

  async #advance(tmp: Directory, bytes: number): Promise<void> {
    this.#done += bytes;
    this.#parts.progress();
    await this.#parts.checkpoint("fill:step");
    if (performance.now() - this.#notedAt < noteEveryMs) return;
    this.#noting ??= this.#note(tmp).finally(() => (this.#noting = null));
    await this.#noting;
  }

  async #note(tmp: Directory): Promise<void> {
    const fill = { done: this.#done, total: this.#total, trouble: null };
    await this.#write({ ...fill, seenAt: rfc3339(this.#parts.clock.now()) }, "filling");
    // What is old there is taken for abandoned.
    await tmp.touch(this.#staging);
    this.#notedAt = performance.now();
  }

  /** Throws `Superseded` if it is not ours to fill any more. */
  async #write(changes: Partial<Fill>, state: "filling" | "ready"): Promise<void> {
    const { volumes } = this.#parts;
    const { id, name } = this.#record;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { fill } = this.#record;
      if (fill !== null) {
        const next = { fill: { ...fill, ...changes }, state };
        const written = await volumes.replace(this.#layout, name, this.#record, next);
        if (written !== null) {
          this.#record = written;
          return;
        }
      }
      // Its rules may have been changed meanwhile, which is nothing to us.
      const now = await volumes.read(this.#layout, name);
      if (now === null) throw new Superseded("removed", { cause: notFound(name, this.#parts.url) });
      this.#record = now;
      if (now.id !== id || now.state !== "filling" || now.fill?.run !== this.#run)
        throw new Superseded();
    }
    throw keptChanging(`volume "${name}"`);
  }

  /** What went wrong, in words for people, which everybody may read who looks at the volume. */
  async #told(error: unknown): Promise<unknown> {
    const told = explain(error, this.#parts.url);
    if (!(told instanceof UserError) || told instanceof StorageUnavailable) return told;
    try {
      await this.#write({ trouble: told.message, done: this.#done }, "filling");
    } catch {
      // Then it is told to whoever asked alone.
    }
    return told;
  }

  #missing(record: VolumeRecord): UserError {
    return new UserError(
      "unavailable",
      `the directory "${volumeFolders(record).join("/")}" of volume "${record.name}" is missing on ${this.#parts.url}. Put it back from a backup, or remove the volume`,
    );
  }
}
