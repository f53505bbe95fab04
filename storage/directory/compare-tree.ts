import { constants, type BigIntStats } from "node:fs";
import * as fs from "node:fs/promises";
import { concurrently } from "./concurrently.ts";
import type { Directory } from "./confined.ts";
import { ExtendedAttributes } from "./extended-attributes.ts";
import { isTrouble, placed } from "./file-trouble.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** So many entries of a directory are looked at together. */
const batch = 32;
const chunkBytes = 1024 ** 2;
/** Times are set with the precision of Node.js, which is not that of the disk. */
const nearlyNs = 2_000n;
/** So many of a kind are named. */
const examples = 20;

/** Things of a kind, with the first few in words: `cache/db: its content differs`. */
export interface Named {
  readonly count: number;
  readonly first: readonly string[];
}

/** What became of a comparison. */
export interface Comparison {
  /** Files, directories and symlinks that were compared. */
  readonly files: number;
  /** That were read on both sides. */
  readonly bytes: number;
  readonly differences: Named;
  /** What copies leave out: sockets, pipes, devices, and what is mounted inside. */
  readonly leftOut: Named;
}

/**
 * Compares a copy with its source: names, types, owners, modes, times, targets of symlinks, which names are hard links of
 * one file, extended attributes and ACLs, and every byte. The two top directories themselves are not compared. `tick` is
 * awaited whenever it got on, with the bytes that were read of the source.
 */
export async function compareTrees(
  source: Directory,
  copy: Directory,
  tick: (bytes: number) => Promise<void>,
): Promise<Comparison> {
  const attributes = await ExtendedAttributes.of(source.magicPath(), () => void tick(0));
  const { dev } = await source.self();
  const comparing = new Comparing(dev, attributes, tick);
  try {
    await comparing.folders(source.magicPath(), copy.magicPath(), "");
  } catch (error) {
    throw placed(error, copy.place);
  }
  return comparing.result();
}

class Comparing {
  readonly #device: bigint;
  readonly #attributes: ExtendedAttributes | null;
  readonly #tick: (bytes: number) => Promise<void>;
  readonly #links = new Map<bigint, bigint>();
  readonly #differences = new Names();
  readonly #leftOut = new Names();
  #files = 0;
  #bytes = 0;

  constructor(
    device: bigint,
    attributes: ExtendedAttributes | null,
    tick: (bytes: number) => Promise<void>,
  ) {
    this.#device = device;
    this.#attributes = attributes;
    this.#tick = tick;
  }

  result(): Comparison {
    return {
      files: this.#files,
      bytes: this.#bytes,
      differences: this.#differences.named,
      leftOut: this.#leftOut.named,
    };
  }

  async folders(from: string, to: string, below: string): Promise<void> {
    const [names, copied] = await Promise.all([namesIn(from), namesIn(to)]);
    const known = new Set(names.map(keyOf));
    for (const name of copied)
      if (!known.has(keyOf(name))) this.#differs(shown(below, name), "is in the copy alone");
    const there = new Set(copied.map(keyOf));
    for (let at = 0; at < names.length; at += batch) {
      const inner = await concurrently(names.slice(at, at + batch), async (name) => {
        const paths = { from: inside(from, name), to: inside(to, name), shown: shown(below, name) };
        return (await this.#entry(paths, there.has(keyOf(name)))) ? [paths] : [];
      });
      for (const paths of inner.flat()) await this.#folder(paths);
    }
  }

  /** Whether both are directories, which are to be compared as well. */
  async #entry(paths: Paths, isCopied: boolean): Promise<boolean> {
    const found = await unlessGone(fs.lstat(paths.from, { bigint: true }));
    const why = found === null ? null : this.#whyLeftOut(found);
    if (found === null) {
      this.#differs(paths.shown, "went from the source meanwhile");
      return false;
    }
    if (why !== null) {
      this.#leftOut.add(`${paths.shown}: ${why}`);
      return false;
    }
    this.#files += 1;
    const copy = isCopied ? await unlessGone(fs.lstat(paths.to, { bigint: true })) : null;
    const difference =
      copy === null ? "is missing in the copy" : await this.#difference(paths, found, copy);
    if (difference !== null) this.#differs(paths.shown, difference);
    await this.#tick(found.isFile() ? 0 : Number(found.blocks) * 512);
    return found.isDirectory() && copy?.isDirectory() === true;
  }

  async #difference(paths: Paths, found: BigIntStats, copy: BigIntStats): Promise<string | null> {
    if (typeOf(found) !== typeOf(copy)) return "is something else in the copy";
    if (found.uid !== copy.uid || found.gid !== copy.gid) return "its owner differs";
    if (!found.isSymbolicLink() && (found.mode & 0o7777n) !== (copy.mode & 0o7777n))
      return "its mode differs";
    if (!found.isDirectory() && !this.#isLinkedAlike(found, copy)) return "its hard links differ";
    const apart = found.mtimeNs - copy.mtimeNs;
    const hasOtherTime = apart >= nearlyNs || apart <= -nearlyNs;
    if (found.isSymbolicLink()) {
      const targets = await Promise.all([paths.from, paths.to].map(targetOf));
      if (targets[0]?.equals(targets[1] ?? Buffer.alloc(0)) !== true) return "it leads elsewhere";
    }
    if (found.isFile() && found.size !== copy.size) return "its length differs";
    if (found.isFile() || found.isDirectory()) {
      const inner = await this.#content(paths, found);
      if (inner !== null) return inner;
    }
    return hasOtherTime ? "its time differs" : null;
  }

  async #content(paths: Paths, found: BigIntStats): Promise<string | null> {
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | (found.isDirectory() ? O_DIRECTORY : 0);
    const [from, to] = await Promise.all(
      [paths.from, paths.to].map((path) => unlessGone(fs.open(path, flags))),
    );
    try {
      if (!from || !to) return "went meanwhile";
      if (found.isFile() && !(await this.#sameBytes(from, to))) return "its content differs";
      if (this.#attributes !== null && !(await this.#attributes.same(from, to)))
        return "its extended attributes or ACL differ";
      return null;
    } finally {
      await from?.close();
      await to?.close();
    }
  }

  async #sameBytes(from: fs.FileHandle, to: fs.FileHandle): Promise<boolean> {
    const chunks = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)] as const;
    for (let at = 0; ;) {
      const [a, b] = await Promise.all([fill(from, chunks[0], at), fill(to, chunks[1], at)]);
      if (a !== b || chunks[0].compare(chunks[1], 0, b, 0, a) !== 0) return false;
      if (a === 0) return true;
      at += a;
      this.#bytes += a;
      await this.#tick(a);
    }
  }

  #isLinkedAlike(found: BigIntStats, copy: BigIntStats): boolean {
    if (found.nlink === 1n) return copy.nlink === 1n;
    const known = this.#links.get(found.ino);
    this.#links.set(found.ino, known ?? copy.ino);
    return known === undefined || known === copy.ino;
  }

  #whyLeftOut(found: BigIntStats): string | null {
    if (found.dev !== this.#device) return "something is mounted there";
    if (found.isFile() || found.isDirectory() || found.isSymbolicLink()) return null;
    if (found.isSocket()) return "a socket";
    return found.isFIFO() ? "a pipe" : "a device";
  }

  async #folder(paths: Paths): Promise<void> {
    const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    const opened = [
      await unlessGone(fs.open(paths.from, flags)),
      await unlessGone(fs.open(paths.to, flags)),
    ] as const;
    try {
      const [from, to] = opened;
      if (from === null || to === null) this.#differs(paths.shown, "went meanwhile");
      else await this.folders(magic(from), magic(to), paths.shown);
    } finally {
      for (const each of opened) await each?.close();
    }
  }

  #differs(place: string, how: string): void {
    this.#differences.add(`${place}: ${how}`);
  }
}

interface Paths {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly shown: string;
}

class Names {
  #count = 0;
  readonly #first: string[] = [];

  add(text: string): void {
    this.#count += 1;
    if (this.#first.length < examples) this.#first.push(text);
  }

  get named(): Named {
    return { count: this.#count, first: this.#first };
  }
}

/** Reads until the chunk is full or the file ends: a read may answer less. */
async function fill(file: fs.FileHandle, chunk: Buffer, at: number): Promise<number> {
  let length = 0;
  while (length < chunk.length) {
    const { bytesRead } = await file.read(chunk, length, chunk.length - length, at + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

function namesIn(folder: string): Promise<Buffer[]> {
  return fs.readdir(folder, { encoding: "buffer" });
}

/** A name's bytes, each as it is. */
function keyOf(name: Buffer): string {
  return name.toString("latin1");
}

function shown(below: string, name: Buffer): string {
  return below === "" ? name.toString() : `${below}/${name.toString()}`;
}

function inside(folder: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), name]);
}

function magic({ fd }: fs.FileHandle): string {
  return `/proc/self/fd/${fd}`;
}

async function targetOf(path: Buffer): Promise<Buffer | null> {
  return unlessGone(fs.readlink(path, { encoding: "buffer" }));
}

function typeOf({ mode }: BigIntStats): bigint {
  return mode & BigInt(constants.S_IFMT);
}

async function unlessGone<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT", "ENOTDIR", "ELOOP", "EINVAL")) return null;
    throw error;
  }
}
