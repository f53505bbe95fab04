import type { BigIntStats } from "node:fs";
import * as fs from "node:fs/promises";
import { join, normalize } from "node:path/posix";
import { UserError } from "../../service/user-error.ts";
import { adoptedSteps } from "../rules/adopted-path.ts";
import type { AdoptableDirectory } from "../storage.ts";
import type { Directory } from "./confined.ts";
import { FileTrouble, isTrouble, placed } from "./file-trouble.ts";
import type { Layout, Parts } from "./parts.ts";
import { mountId } from "./tree.ts";

/** Longer nobody waits for a look that changes nothing, in milliseconds; what was not seen by then is said. */
const lookForMs = 15_000;
/** Deeper than that nobody looks: each level keeps a directory open. */
const maximumDepth = 200;
/** So many names are shown of what stands out. */
const examples = 5;

/**
 * Looks at a directory of the storage that is to become a volume, without changing anything. Throws as {@link openAdoptable}
 * does, and `in-use` if something is mounted below it.
 */
export async function examineAdoptable(
  parts: Parts,
  layout: Layout,
  path: string,
): Promise<AdoptableDirectory> {
  const steps = adoptedSteps(path);
  await using root = await openAdoptable(parts, layout, steps);
  const found = await root.self();
  const survey = {
    progress: parts.progress,
    until: performance.now() + lookForMs,
    device: found.dev,
    mount: await mountId(root.magicPath()),
    links: new Map<bigint, Names>(),
    files: 0,
    bytes: Number(found.blocks) * 512,
    whole: true,
    leadOut: [] as string[],
  };
  try {
    await look(root.magicPath(), "", survey, 0);
  } catch (error) {
    throw placed(error, root.place);
  }
  const { files, bytes, whole, leadOut } = survey;
  const shared = [...survey.links.values()].filter(({ seen, all }) => seen < all);
  return {
    path: steps.join("/"),
    owner: ownerOf(found),
    files,
    bytes,
    whole,
    leadOut: { count: leadOut.length, first: leadOut.slice(0, examples) },
    // Of a tree that was not seen whole the other names may lie in what was not seen.
    shared: whole
      ? { count: shared.length, first: shared.slice(0, examples).map(({ first }) => first) }
      : { count: 0, first: [] },
  };
}

/**
 * Opens a directory of the storage that may become a volume by being renamed. Throws `not-found`, `invalid` for what is no
 * directory or reached through a symlink, `unsupported` if it lies on another file system.
 */
export async function openAdoptable(
  parts: Parts,
  layout: Layout,
  steps: readonly string[],
): Promise<Directory> {
  const folder = await openSteps(parts, layout, steps);
  try {
    const [own, above] = await Promise.all([folder.self(), layout.root.self()]);
    const mounts = await Promise.all(
      [folder, layout.root].map((each) => mountId(each.magicPath())),
    );
    if (own.dev !== above.dev || mounts[0] !== mounts[1])
      throw new UserError(
        "unsupported",
        `"${steps.join("/")}" is on another file system than the rest of ${parts.url}, so it cannot become a volume where it is. Copy it: swarmnfs import`,
      );
    return folder;
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** Opens a directory below the storage's root, step by step. Throws `not-found` and `invalid`. */
export async function openSteps(
  parts: Parts,
  layout: Layout,
  steps: readonly string[],
): Promise<Directory> {
  let current: Directory | null = null;
  try {
    for (const step of steps) {
      const next: Directory = await (current ?? layout.root).open(step);
      await current?.[Symbol.asyncDispose]();
      current = next;
    }
  } catch (error) {
    await current?.[Symbol.asyncDispose]();
    throw unopened(error, parts.url);
  }
  if (current === null) throw new Error("no steps");
  return current;
}

function unopened(error: unknown, url: string): unknown {
  if (!(error instanceof FileTrouble)) return error;
  if (isTrouble(error, "ENOENT"))
    return new UserError(
      "not-found",
      `there is no directory "${error.place}" on ${url}. Say where it is from the storage's root on`,
      { cause: error },
    );
  if (isTrouble(error, "ENOTDIR", "ELOOP"))
    return new UserError(
      "invalid",
      `"${error.place}" on ${url} is a symlink or a file, and a directory was expected. Symlinks are not followed: name the directory itself`,
      { cause: error },
    );
  return error;
}

/** Owner and mode as they are recorded. */
export function ownerOf({ uid, gid, mode }: BigIntStats): AdoptableDirectory["owner"] {
  return { uid: Number(uid), gid: Number(gid), mode: Number(mode) & 0o7777 };
}

interface Names {
  readonly first: string;
  readonly all: bigint;
  seen: bigint;
}

interface Survey {
  readonly progress: () => void;
  readonly until: number;
  readonly device: bigint;
  readonly mount: string;
  readonly links: Map<bigint, Names>;
  readonly leadOut: string[];
  files: number;
  bytes: number;
  whole: boolean;
}

async function look(folder: string, below: string, survey: Survey, depth: number): Promise<void> {
  for await (const { name } of await fs.opendir(folder, { encoding: "latin1", bufferSize: 256 })) {
    survey.progress();
    if (performance.now() > survey.until) survey.whole = false;
    if (!survey.whole) return;
    const bytes = Buffer.from(name, "latin1");
    const path = Buffer.concat([Buffer.from(`${folder}/`), bytes]);
    const place = join(below, bytes.toString());
    const found = await unlessGone(fs.lstat(path, { bigint: true }));
    if (found === null) continue;
    if (found.dev !== survey.device) throw mounted(place);
    survey.files += 1;
    if (found.isDirectory()) await descend(path, place, survey, depth);
    else if (found.isSymbolicLink()) await follow(path, place, survey);
    if (!found.isDirectory() && found.nlink > 1n && !named(found, place, survey)) continue;
    survey.bytes += Number(found.blocks) * 512;
  }
}

async function descend(path: Buffer, place: string, survey: Survey, depth: number): Promise<void> {
  if (depth >= maximumDepth) {
    survey.whole = false;
    return;
  }
  const opened = await unlessGone(fs.open(path, folderFlags));
  if (opened === null) return;
  await using handle = opened;
  const magic = `/proc/self/fd/${handle.fd}`;
  if ((await mountId(magic)) !== survey.mount) throw mounted(place);
  await look(magic, place, survey, depth + 1);
}

const folderFlags = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;

/** Only notes where it leads; it is followed nowhere. */
async function follow(path: Buffer, place: string, survey: Survey): Promise<void> {
  const target = await unlessGone(fs.readlink(path));
  if (target === null) return;
  const leads = target.startsWith("/") ? ".." : normalize(join(place, "..", target));
  if (leads === ".." || leads.startsWith("../")) survey.leadOut.push(`${place} -> ${target}`);
}

/** Counts the names of a file; false for all but the first. */
function named({ ino, nlink }: BigIntStats, place: string, { links }: Survey): boolean {
  const known = links.get(ino);
  if (known === undefined) {
    links.set(ino, { first: place, all: nlink, seen: 1n });
    return true;
  }
  known.seen += 1n;
  return false;
}

function mounted(place: string): UserError {
  return new UserError(
    "in-use",
    `something is mounted at "${place}" in it. Unmount that first, or copy the directory: swarmnfs import`,
  );
}

async function unlessGone<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT", "ENOTDIR", "ELOOP", "EINVAL")) return null;
    throw error;
  }
}
