import { readFile } from "node:fs/promises";
import { v7 as uuid } from "uuid";
import * as z from "zod";
import { exactSize } from "../../service/size.ts";
import { UserError } from "../../service/user-error.ts";
import { CommandFailed } from "../mounting/bounded-command.ts";
import type { Quotas } from "../quota/quotas.ts";
import type { AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { checkAppSize } from "../rules/app-size.ts";
import type { Directory } from "./confined.ts";
import type { Layout, Parts } from "./parts.ts";
import { textOf } from "./record-file.ts";
import { deleteTree } from "./tree.ts";

/** That limits were seen to hold: `.swarmnfs/quota-proof.json`. */
const proofFile = "quota-proof.json";
const proofSchema = z.object({ kind: z.string(), boot: z.string() });

/** Throws `unsupported` if the file system cannot limit a directory, or does not although it says so. */
export async function checkLimits(parts: Parts, layout: Layout): Promise<void> {
  const quotas = await parts.quotas(layout);
  if (quotas.why !== null)
    throw new UserError(
      "unsupported",
      `option "size": ${parts.url} cannot limit a volume's size: ${quotas.why}. Or leave it out; what a volume uses is shown by docker volume inspect`,
    );
  await told(parts, "the quotas", () => proveOnce(parts, layout, quotas));
}

/** Marks a new volume's directory, before anything is in it: without that it could never be limited. */
export async function markDirectory(
  parts: Parts,
  layout: Layout,
  folder: Directory,
  volume: VolumeRecord,
): Promise<void> {
  const quotas = await parts.quotas(layout);
  if (quotas.kind === "none") return;
  await told(parts, `the quota of "${volume.name}"`, async () => {
    await quotas.assign(folder.magicPath(), volume.fsid);
    if (volume.size !== null) await quotas.limit(volume.fsid, volume.size);
  });
}

/**
 * Writes a size down (by `write`) if the sizes of all of the app's volumes together stay within the app's own. Throws
 * `full` or `invalid` if they would not. Whoever does it at once in this process does it one after another.
 */
export async function withinApp<Result>(
  parts: Parts,
  layout: Layout,
  app: AppRecord,
  volume: Pick<VolumeRecord, "name" | "size">,
  write: () => Promise<Result>,
): Promise<Result> {
  if (app.size === null) return write();
  return parts.sizing.run(async () => {
    const { records } = await parts.volumes.list(layout);
    checkAppSize(
      app,
      records.filter(({ state }) => state !== "trashed"),
      volume,
    );
    return await write();
  });
}

/** Throws `unsupported` for a volume that was made while the file system had no quotas: its data would not be counted. */
export async function checkMarked(
  parts: Parts,
  layout: Layout,
  volume: VolumeRecord,
): Promise<void> {
  const quotas = await parts.quotas(layout);
  await using folder = await layout.volume(volume);
  if (folder === null || volume.state === "creating") return;
  await told(parts, `the quota of "${volume.name}"`, async () => {
    if ((await quotas.projectOf(folder.magicPath())) !== volume.fsid) throw unmarked(parts, volume);
  });
}

/** Brings the limit in the kernel to what the record says, and makes sure that it is so. */
export async function applyLimit(
  parts: Parts,
  layout: Layout,
  volume: VolumeRecord,
): Promise<void> {
  const quotas = await parts.quotas(layout);
  if (quotas.kind === "none" || volume.root) return;
  await using folder = await layout.volume(volume);
  if (folder === null) return; // its loss is told by whoever mounts it
  await told(parts, `the quota of "${volume.name}"`, () => quotas.limit(volume.fsid, volume.size));
  if (await quotas.isLimited(folder.magicPath(), layout.root.magicPath(), volume.size)) return;
  throw new UserError(
    "unsupported",
    `the size of volume "${volume.name}" was set, but the file system of ${parts.url} does not show it in df. Look at how its disk is mounted`,
  );
}

/** Puts limits right that are not what the records say: after a crash, or when somebody changed them by hand. */
export async function keepLimits(
  parts: Parts,
  layout: Layout,
  records: readonly VolumeRecord[],
): Promise<void> {
  const quotas = await parts.quotas(layout);
  if (quotas.kind === "none") return;
  for (const record of records) {
    const isHere = record.state === "ready" || record.state === "retained";
    if (record.size === null || !isHere) continue;
    await using folder = await layout.volume(record);
    if (folder === null) continue;
    const root = layout.root.magicPath();
    if (await quotas.isLimited(folder.magicPath(), root, record.size)) continue;
    // Of one that cannot be limited whoever sets its size is told.
    await applyLimit(parts, layout, record).catch(unlessRefused);
  }
}

/** Forgets the limit of a volume whose data is gone for good. */
export async function dropLimit(parts: Parts, layout: Layout, volume: VolumeRecord): Promise<void> {
  const quotas = await parts.quotas(layout);
  if (quotas.kind !== "none" && volume.size !== null && !volume.root)
    await told(parts, `the quota of "${volume.name}"`, () => quotas.limit(volume.fsid, null));
}

/** What should be known of sizes although all is well; null if there is nothing. */
export async function limitsNote(parts: Parts, layout: Layout): Promise<string | null> {
  if ((await parts.quotas(layout)).kind !== "ext4") return null;
  const { records } = await parts.volumes.list(layout);
  const open = records.filter(({ size, squash }) => size !== null && squash === null);
  const [first] = open;
  if (first === undefined) return null;
  const others = open.length === 1 ? "" : ` and of ${open.length - 1} more`;
  return `the size of "${first.name}"${others} does not bind root in a container: on ext4 only other users are limited over NFS. Use XFS for the data, or make volumes with -o squash=app`;
}

async function proveOnce(parts: Parts, layout: Layout, quotas: Quotas): Promise<void> {
  const proof = { kind: quotas.kind, boot: await bootId() };
  const kept = await layout.meta.read(proofFile);
  if (kept !== null && isSame(kept.text, proof)) return;
  const tmp = await layout.folder("tmp");
  const name = `quota-proof-${uuid()}`;
  await tmp.mkdir(name, 0o700);
  try {
    await using scratch = await tmp.open(name);
    await quotas.prove(scratch.magicPath());
  } finally {
    await deleteTree(tmp, name, parts.progress);
  }
  await tmp.write(name, textOf(proof));
  await tmp.rename(name, layout.meta, proofFile);
}

function isSame(text: string, proof: z.infer<typeof proofSchema>): boolean {
  try {
    const { kind, boot } = proofSchema.parse(JSON.parse(text));
    return kind === proof.kind && boot === proof.boot;
  } catch {
    return false;
  }
}

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

/** A program that failed says why in words of its own; whoever asked for a volume needs to know what it was about. */
async function told(parts: Parts, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new UserError(
      "unavailable",
      `${what} on ${parts.url} cannot be set: ${error.command} says "${error.reason.split("\n")[0]}"`,
      { cause: error },
    );
  }
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof UserError)) throw error;
}

function unmarked({ url }: Parts, { name, size }: VolumeRecord): UserError {
  return new UserError(
    "unsupported",
    `volume "${name}" was made while ${url} had no quotas, so what is in it is not counted and it cannot be limited${size === null ? "" : ` to ${exactSize(size)}`}. Make a new one as a copy of it: docker volume create -d swarmnfs -o from=${name} -o size=… NAME`,
  );
}
