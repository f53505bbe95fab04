import * as z from "zod";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import { timeSchema } from "../records/fields.ts";
import { DamagedRecord, parseRecord } from "../records/parse.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { HousekeepingReport, NodeIdentity, Usage } from "../storage.ts";
import type { AdvisoryTable } from "./advisory-table.ts";
import { isTrouble } from "./file-trouble.ts";
import { noteDay } from "./history.ts";
import { sweepHookCalls } from "./hook-calls.ts";
import { keepLimits } from "./limits.ts";
import type { Layout, Parts } from "./parts.ts";
import { textOf } from "./record-file.ts";
import { settleRemoval } from "./removal.ts";
import { sweepRollCalls } from "./roll-calls.ts";
import { replaceSingleFile } from "./single-file.ts";
import { dropUnfinished, listExpired, listTrash, purge } from "./trash.ts";
import { deleteTree } from "./tree.ts";
import { countVolume } from "./usage.ts";

const leaseFile = "housekeeper.json";
/**
 * Nodes come round every five minutes. A lease of five would lapse just then and wander from node to node, each of
 * which would read everything anew; this one bears a missed round.
 */
const leaseMs = 12 * 60_000;
const leaseSchema = z.looseObject({
  schema: z.literal(1),
  node: z.string(),
  nodeId: z.uuid(),
  renewedAt: timeSchema,
});

/** Staging and claims that nobody finished for that long are swept, and signs of use that nobody renewed. */
const abandonedMs = 86_400_000;
/** A volume is counted anew after that long. */
const countEveryMs = 60 * 60_000;
/** Counting stops after that long; the next round goes on with those not counted for longest. */
const countForMs = 2 * 60_000;

/** What the housekeeper writes down for all nodes. */
export interface Tables {
  readonly usage: AdvisoryTable<Usage>;
  /** RFC 3339: when a node last showed a sign of use, to within a few minutes. */
  readonly lastUse: AdvisoryTable<string>;
}

/** Does what one node does for all, if this is the one. */
export async function housekeep(
  parts: Parts,
  layout: Layout,
  tables: Tables,
  by: NodeIdentity,
  held: readonly string[],
): Promise<HousekeepingReport> {
  if (!(await holdLease(parts, layout, by))) return { held: false, purged: [], sweptStaging: [] };
  const { records } = await parts.volumes.list(layout);
  for (const record of records)
    if (record.state === "trashed") await settleRemoval(parts, layout, record);
  const used = [...new Set([...held, ...Object.keys(await parts.uses.all(layout))])];
  const purged = await purgeExpired(parts, layout, records, used);
  await dropUnfinished(parts, layout);
  await dropForgottenApps(parts, layout);
  const sweptStaging = await sweep(parts, layout);
  await sweepRollCalls(parts, layout, by);
  await sweepHookCalls(parts, layout);
  await parts.uses.sweep(layout, abandonedMs).catch(unlessStuck);
  await noteUses(parts, layout, tables.lastUse, records, used);
  await keepLimits(parts, layout, records);
  await countUsage(parts, layout, tables.usage, records, by);
  await noteDay(parts, layout, await tables.usage.read(layout));
  return { held: true, purged, sweptStaging };
}

/** Takes or renews the lease, `housekeeper.json`: its age is the file's, by the storage's clock. */
async function holdLease(parts: Parts, layout: Layout, by: NodeIdentity): Promise<boolean> {
  const lease = { schema: 1, node: by.name, nodeId: by.id, renewedAt: rfc3339(parts.clock.now()) };
  return replaceSingleFile(parts, layout, {
    file: leaseFile,
    text: textOf(lease),
    may: (current) =>
      current === null ||
      holderOf(current.text) === by.id ||
      parts.clock.now() - Number(current.stamp.mtimeMs) >= leaseMs,
    passing: true,
  });
}

/**
 * A node that was silent for a while may have mounted what others took for unused and removed. As long as it shows
 * signs of a volume that is no more, what it may be writing into stays.
 */
async function purgeExpired(
  parts: Parts,
  layout: Layout,
  records: readonly VolumeRecord[],
  used: readonly string[],
): Promise<readonly string[]> {
  const orphans = new Set(used);
  for (const { name, state } of records) if (state !== "trashed") orphans.delete(name);
  const expired = (await listExpired(parts, layout))
    .filter(({ record }) => !orphans.has(record.volume.name))
    .map(({ id }) => id);
  const purged: string[] = [];
  for (const id of expired) {
    // What is left of it is swept.
    await purge(parts, layout, [id]).then((ids) => purged.push(...ids), unlessStuck);
  }
  return purged;
}

/** Something is mounted in it, or it may not be removed (immutable files): it stays, and is tried again next time. */
function unlessStuck(error: unknown): void {
  const isStuck = error instanceof UserError || isTrouble(error, "EPERM", "EACCES", "EBUSY");
  if (!isStuck) throw error;
}

async function sweep(parts: Parts, layout: Layout): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const name of ["tmp", "claims"] as const) {
    const folder = await layout.folder(name);
    for (const file of await folder.names()) {
      const stamp = await folder.stat(file);
      const age = stamp === null ? 0 : parts.clock.now() - Number(stamp.ctimeMs);
      if (age < abandonedMs && !file.startsWith("purge-")) continue;
      await deleteTree(folder, file, parts.progress).then(() => swept.push(file), unlessStuck);
    }
  }
  return swept;
}

/**
 * Apps that say no more than their absence would, as those of anonymous volumes, go a day after they were made, when
 * neither a volume nor the trash knows them.
 */
async function dropForgottenApps(parts: Parts, layout: Layout): Promise<void> {
  const [apps, volumes, trash] = [
    await parts.apps.list(layout),
    await parts.volumes.list(layout),
    await listTrash(layout),
  ];
  if (volumes.damaged.length > 0) return; // any of them could be a volume of any app
  const known = new Set([
    ...volumes.records.map(({ app }) => app),
    ...trash.map(({ record }) => record.volume.app),
  ]);
  for (const record of apps.records) {
    const { app, services, owner, hosts, size, createdAt } = record;
    const says = services !== "first" || owner !== null || size !== null || hosts.join() !== "*";
    const isYoung = parts.clock.now() - Date.parse(createdAt) < abandonedMs;
    if (says || isYoung || known.has(app)) continue;
    if (!(await parts.apps.delete(layout, app, record))) continue;
    // A volume of it may have been begun at this very moment.
    if (await hasFolder(layout, app)) await parts.apps.create(layout, app, record);
  }
}

async function hasFolder(layout: Layout, app: string): Promise<boolean> {
  await using apps = await layout.root.make("apps", 0o755);
  return (await apps.stat(app)) !== null;
}

async function noteUses(
  parts: Parts,
  layout: Layout,
  table: AdvisoryTable<string>,
  records: readonly VolumeRecord[],
  used: readonly string[],
): Promise<void> {
  if (used.length === 0) return;
  const now = rfc3339(parts.clock.now());
  const times = new Map(used.map((volume) => [volume, now] as const));
  await table.write(layout, times, new Set(records.map(({ name }) => name)));
}

async function countUsage(
  parts: Parts,
  layout: Layout,
  table: AdvisoryTable<Usage>,
  records: readonly VolumeRecord[],
  by: NodeIdentity,
): Promise<void> {
  const known = await table.read(layout);
  const begun = parts.clock.now();
  const age = (record: VolumeRecord): number =>
    begun - Date.parse(known.get(record.name)?.at ?? "1970-01-01T00:00:00Z");
  const due = records
    .filter(
      (record) =>
        !record.root &&
        (record.state === "ready" || record.state === "retained") &&
        age(record) >= countEveryMs,
    )
    .toSorted((a, b) => age(b) - age(a));
  const counted = new Map<string, Usage>();
  for (const record of due) {
    if (parts.clock.now() - begun > countForMs) break;
    counted.set(record.name, await countVolume(layout, record, parts.clock.now(), parts.progress));
  }
  const keep = new Set(records.map((record) => record.name));
  if (counted.size > 0 || [...known.keys()].some((name) => !keep.has(name)))
    await table.write(layout, counted, keep);
  if (counted.size > 0) await holdLease(parts, layout, by);
}

function holderOf(text: string): string | null {
  try {
    return parseRecord(text, leaseSchema).nodeId;
  } catch (error) {
    if (error instanceof DamagedRecord) return null;
    throw error;
  }
}
