import { randomBytes } from "node:crypto";
import { v7 as uuid } from "uuid";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { TrashRecord } from "../records/trash.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { NodeIdentity, RestorePlan } from "../storage.ts";
import { keptChanging } from "./apps.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import { giveNumberBack, takeNumber } from "./numbers.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import { createRecordFile } from "./record-file.ts";
import { notFound } from "./removal.ts";
import { dropEntry } from "./trash.ts";
import { refuseInUse } from "./use-signs.ts";

const dayMs = 86_400_000;

/**
 * Makes a volume one that cannot be mounted until it is what it was at some time. A mount writes its sign before it reads
 * the record, we write the record before we read the signs: so one of the two sees the other. One that is on this way
 * already is left as it is. Throws `in-use` while somebody has it mounted, unless by force.
 */
export async function markInPlace(
  parts: Parts,
  layout: Layout,
  name: string,
  plan: RestorePlan,
  by: NodeIdentity,
): Promise<VolumeRecord> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const record = await parts.volumes.read(layout, name);
    if (record === null || record.state === "trashed") throw notFound(name, parts.url);
    if (isOnTheWay(record, plan)) return record;
    if (record.state !== "ready" || record.root)
      throw new UserError(
        "conflict",
        record.root
          ? `"${name}" is the whole storage, and has no versions`
          : `"${name}" is ${record.state === "filling" ? "being filled" : record.state} and cannot be brought back to a version now. See: swarmnfs volumes show ${name}`,
      );
    await refuseUsed(parts, layout, name, by, plan.force);
    const fsid = await takeNumber(layout);
    const heldBy = await holders(parts, layout, name);
    const marked = await parts.volumes.replace(layout, name, record, {
      state: "filling",
      fill: { from: plan.from, at: plan.at, inPlace: fateOf(parts, record, plan, fsid, heldBy) },
    });
    if (marked === null) {
      await giveNumberBack(layout, fsid);
      continue;
    }
    await parts.checkpoint("restore:marked");
    try {
      await refuseUsed(parts, layout, name, by, plan.force);
      return marked;
    } catch (error) {
      await releaseInPlace(parts, layout, marked);
      throw error;
    }
  }
  throw keptChanging(`volume "${name}"`);
}

/** Gives the volume back as it was. */
export async function releaseInPlace(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
): Promise<VolumeRecord> {
  const { inPlace } = record.fill ?? {};
  const released = await parts.volumes.replace(layout, record.name, record, {
    state: "ready",
    fill: null,
  });
  if (released === null) throw keptChanging(`volume "${record.name}"`);
  if (inPlace) await giveNumberBack(layout, inPlace.fsid);
  return released;
}

/**
 * Puts what was brought back in the place of what is there, which goes to the trash as a volume of its own. May be begun
 * again after a crash at any point.
 */
export async function exchange(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
  tmp: Directory,
  staging: string,
): Promise<void> {
  const { inPlace } = record.fill ?? {};
  if (!inPlace) return;
  const trash = await layout.folder("trash");
  if ((await tmp.stat(staging)) === null) {
    if ((await trash.stat(inPlace.entry)) === null) throw sweptAway(record);
    return; // all done but writing it down
  }
  await using parent = await layout.makeParent(record);
  if (parent === null) throw notFound(record.name, parts.url);
  await using entry = await trash.make(inPlace.entry, 0o700);
  if ((await entry.stat("record.json")) === null) {
    const app = await parts.apps.read(layout, record.app);
    const trashed: TrashRecord = {
      schema: 1,
      // Another volume from now on: with an id of its own, and the number by which its files are counted.
      volume: { ...record, id: uuid(), fill: null, state: "ready" },
      app,
      removedAt: rfc3339(parts.clock.now()),
      removedBy: record.fill?.by ?? "",
      purgeAt: inPlace.purgeAt,
    };
    await createRecordFile(layout, entry, "record.json", trashed, parts.clock, (_folder, call) =>
      call(),
    );
    await trash.sync();
  }
  await parts.checkpoint("restore:written");
  if ((await entry.stat("data")) === null) await parent.rename(record.name, entry, "data");
  await parts.checkpoint("restore:displaced");
  try {
    await tmp.rename(staging, parent, record.name);
  } catch (error) {
    // An earlier attempt's is there, and could not be written down.
    if (!isTrouble(error, "ENOTEMPTY", "EEXIST")) throw error;
  }
  await parent.sync();
  await entry.sync();
  if ((await entry.stat("data")) === null) await dropEntry(trash, inPlace.entry); // there was nothing
}

/** What was to be put in place is gone: whoever restores has to begin anew. */
export function sweptAway({ name }: VolumeRecord): UserError {
  return new UserError(
    "conflict",
    `what was brought back for "${name}" was swept away before it was put in its place, as what nobody touched for a day is. Nothing else was changed; it is brought back again`,
  );
}

function isOnTheWay({ state, fill }: VolumeRecord, plan: RestorePlan): boolean {
  return (
    state === "filling" &&
    fill?.inPlace?.paths.join("\0") === plan.paths.join("\0") &&
    fill.at === plan.at &&
    fill.from === plan.from
  );
}

function fateOf(
  parts: Parts,
  record: VolumeRecord,
  plan: RestorePlan,
  fsid: number,
  heldBy: string[],
): NonNullable<NonNullable<VolumeRecord["fill"]>["inPlace"]> {
  const now = parts.clock.now();
  const second = rfc3339(now).replaceAll(/[-:]/g, "");
  return {
    paths: [...plan.paths],
    entry: `${record.name}@${second}-${randomBytes(4).toString("hex")}`,
    purgeAt: new Date(now + parts.trashDays * dayMs).toISOString(),
    // What is put into a directory that stays has to be counted with it.
    fsid,
    heldBy,
  };
}

async function refuseUsed(
  parts: Parts,
  layout: Layout,
  name: string,
  by: NodeIdentity,
  force: boolean,
): Promise<void> {
  // Our own sign is a mount too.
  const other = { ...by, id: "" };
  if (!force) refuseInUse(name, await parts.uses.of(layout, name), other, parts.clock.now());
  // Whoever has it from a server of ours would go on in what was displaced, and nobody would notice.
  const leases = await leasesOf(layout, name);
  if (leases.length > 0)
    throw new UserError(
      "in-use",
      `"${name}" is mounted on ${leases.join(" and on ")}. Remove the service or container there first, also with --force`,
    );
}

async function holders(parts: Parts, layout: Layout, name: string): Promise<string[]> {
  const uses = await parts.uses.of(layout, name);
  return uses.map(({ node, consumers }) => [node, ...consumers].join(": "));
}

/** Nodes that have it from a server of ours that stands before this storage: it keeps leases instead of signs of use. */
async function leasesOf(layout: Layout, name: string): Promise<string[]> {
  try {
    await using server = await layout.meta.open("server");
    await using leases = await server.open("leases");
    const files = (await leases.names()).filter((file) => file.startsWith(`${name}@`));
    return await Promise.all(
      files.map(async (file) => {
        const text = (await leases.read(file))?.text ?? "";
        return /"node":\s*"([^"]+)"/.exec(text)?.[1] ?? "a node";
      }),
    );
  } catch (error) {
    if (isTrouble(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
