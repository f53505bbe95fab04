import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { StagingEntry } from "../storage.ts";
import { isTrouble } from "./file-trouble.ts";
import type { Layout, Parts } from "./parts.ts";
import { countTree, deleteTree } from "./tree.ts";

/** Whatever works on something touches it much more often. */
const leastMs = 60 * 60_000;
/** Copies and restores of a volume, by its id: what the next attempt goes on with. */
const work = /^(fill|restore)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-/;

/**
 * What was begun in staging and given up, and nobody touched since before then (milliseconds), oldest first; nothing that is
 * younger than an hour, and nothing that a volume may still be filled with. Housekeeping sweeps it after a day as well.
 */
export async function listStaging(
  parts: Parts,
  layout: Layout,
  before: number,
): Promise<readonly StagingEntry[]> {
  const tmp = await layout.folder("tmp");
  const found: StagingEntry[] = [];
  for (const name of await tmp.names()) {
    const since = await abandonedSince(parts, layout, name, before);
    if (since === null) continue;
    found.push({ name, since: rfc3339(since), ...(await sizeOf(parts, layout, name)) });
  }
  return found.toSorted((a, b) => a.since.localeCompare(b.since));
}

/** Looks at it again, and destroys it. Throws `not-found` for what is gone or in work. */
export async function dropStaging(
  parts: Parts,
  layout: Layout,
  name: string,
  before: number,
): Promise<void> {
  const tmp = await layout.folder("tmp");
  const isThere = (await tmp.names()).includes(name);
  if (!isThere || (await abandonedSince(parts, layout, name, before)) === null)
    throw new UserError("not-found", "it is gone, or somebody works on it again");
  // In one step: whoever would go on with it finds it whole or not at all. Housekeeping ends what is interrupted here.
  const doomed = name.startsWith("purge-") ? name : `purge-${name}`;
  if (doomed !== name && !(await tmp.rename(name, tmp, doomed)))
    throw new UserError("not-found", "it is gone already");
  await parts.checkpoint("staging:taken");
  await deleteTree(tmp, doomed, parts.progress);
}

/** Null: it is not abandoned. */
async function abandonedSince(
  parts: Parts,
  layout: Layout,
  name: string,
  before: number,
): Promise<number | null> {
  const stamp = await (await layout.folder("tmp")).stat(name);
  const changed = stamp === null ? Infinity : Number(stamp.ctimeMs);
  if (changed >= before || parts.clock.now() - changed < leastMs) return null;
  const [, , id] = work.exec(name) ?? [];
  if (id === undefined) return changed;
  const { records, damaged } = await parts.volumes.list(layout);
  // A record that cannot be read may be that volume's.
  const mayGoOn =
    damaged.length > 0 || records.some((each) => each.id === id && each.state === "filling");
  return mayGoOn ? null : changed;
}

async function sizeOf(
  parts: Parts,
  layout: Layout,
  name: string,
): Promise<{ readonly bytes: number; readonly files: number }> {
  const tmp = await layout.folder("tmp");
  try {
    await using folder = await tmp.open(name);
    return await countTree(folder, parts.progress);
  } catch (error) {
    if (!isTrouble(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
    const stamp = await tmp.stat(name);
    return { bytes: Number(stamp?.blocks ?? 0) * 512, files: 1 };
  }
}
