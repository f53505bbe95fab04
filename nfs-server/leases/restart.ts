import { rfc3339 } from "../../service/clock.ts";
import { concurrently } from "../../storage/directory/concurrently.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { exportOf, sameShown, shownBy } from "./export-of.ts";
import { keyOf, type LeaseRecord } from "./lease-file.ts";
import type { Held } from "./lease-table.ts";
import type { Shared } from "./shared.ts";

/** The record of a volume; null: there is no such volume; "unknown": it cannot be read now. */
export type LookUp = (volume: string) => VolumeRecord | null | "unknown";

/**
 * Takes up what an earlier run left: who may mount what is told to the kernel again. What
 * cannot be read is left alone. Fences that were interrupted are finished when the kernel listens to us, by `sweep`.
 */
export async function takeUp(parts: Shared, lookUp: LookUp): Promise<void> {
  const { files, table, attendance, damaged, exports, terms, log } = parts;
  const standings = await attendance.open();
  const found = await files.open();
  for (const damage of [...standings, ...found.damaged])
    log.error({ ...damage }, "a file of the server cannot be read; it is left alone");
  for (const damage of found.damaged) damaged.note(damage);
  for (const record of found.records) {
    table.put(record, terms.now(), []);
    attendance.saw(record.nodeId, record.node);
  }
  // Killed in the middle of taking everything from a revoked node: it gets nothing back, and the rest is done as a fence.
  for (const { nodeId, node } of found.records) {
    if (parts.isMember(nodeId) || attendance.fence(nodeId) !== null) continue;
    const at = rfc3339(parts.clock.now());
    const because = "it is not a node of this storage any more";
    await attendance.setFence(nodeId, node, { because, at });
  }
  // Others keep the address at which a fence that was interrupted is finished.
  for (const id of attendance.fenced())
    if (table.ofNode(id).length === 0) attendance.moved(id, null);
  const isGood = ({ record }: Held): boolean => attendance.fence(record.nodeId) === null;
  // One volume or node that makes trouble keeps no other from going on.
  const unless = (held: Held, work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      const { volume, node } = held.record;
      log.error({ volume, node, err: error }, "a lease could not be taken up; it stays");
    });
  await concurrently(table.all().filter(isGood), (held) =>
    unless(held, settle(parts, held, lookUp(held.record.volume))),
  );
  const good = table.all().filter(isGood);
  const newest = good.toSorted((a, b) => compare(b.record.grantedAt, a.record.grantedAt));
  for (const held of newest) await unless(held, admit(parts, held.record));
  const grant = ({ record }: Held): Promise<void> => exports.grant(record.nodeId, exportOf(record));
  await Promise.all(good.map((held) => unless(held, grant(held))));
  log.info(
    { leases: table.all().length, fenced: attendance.fenced().length },
    "leases are taken up",
  );
}

/** The lease as the volume is now; a volume that is gone, or another one, has none. */
async function settle(
  { grants, files, table }: Shared,
  held: Held,
  volume: VolumeRecord | null | "unknown",
): Promise<void> {
  const { record } = held;
  if (volume === "unknown") return; // its apps go on with what was granted
  if (volume === null || volume.id !== record.volumeId || volume.state !== "ready") {
    await grants.end(held, "its volume is gone");
    return;
  }
  const shown = shownBy(volume, record.isReader);
  const isAlone = table.ofVolume(record.volume).length === 1;
  // Only by hands on the data disk does a volume become exclusive that several have.
  const next = { ...shown, exclusive: isAlone && shown.exclusive };
  if (sameShown(record, next)) return;
  held.record = { ...record, ...next };
  await files.write(keyOf(record.volume, record.nodeId), held.record);
}

/** The lease's node is known where it called from last; where two had one address, the one that comes first here has it. */
export async function admit({ attendance, exports }: Shared, record: LeaseRecord): Promise<void> {
  const { nodeId, address } = record;
  if (address === "" || attendance.at(address) !== null) return;
  if (attendance.addressOf(nodeId) !== null) return;
  await exports.admit(nodeId, address);
  attendance.moved(nodeId, address);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
