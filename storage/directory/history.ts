import { v7 as uuid } from "uuid";
import { rfc3339 } from "../../service/clock.ts";
import { bytesOf, historyDaySchema, type HistoryDay } from "../records/history-day.ts";
import { DamagedRecord, parseRecord } from "../records/parse.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { dayOf, daysToDrop, fileOfDay } from "../rules/kept-days.ts";
import type { Review, Usage } from "../storage.ts";
import type { Directory } from "./confined.ts";
import type { Layout, Parts } from "./parts.ts";

/** More than are kept of some ten years. */
const readAtMost = 400;

/** Writes down what the storage holds today, unless somebody did, and forgets days that are not kept any more. */
export async function noteDay(
  { clock, checkpoint }: Pick<Parts, "clock" | "checkpoint">,
  layout: Layout,
  usage: ReadonlyMap<string, Usage>,
): Promise<void> {
  const history = await layout.folder("history");
  const now = clock.now();
  const file = fileOfDay(now);
  if ((await history.stat(file)) !== null) return;
  const { blocks, bavail, bsize } = await layout.root.statfs();
  const day: HistoryDay = {
    schema: 1,
    at: rfc3339(now),
    total: blocks * bsize,
    free: bavail * bsize,
    volumes: Object.fromEntries(
      [...usage].map(([name, { bytes, files }]) => [name, [bytes, files ?? null]] as const),
    ),
  };
  const tmp = await layout.folder("tmp");
  const temporary = uuid();
  try {
    await tmp.write(temporary, `${JSON.stringify(day)}\n`);
    await checkpoint("history:written");
    // Of two only one is the first.
    if (!(await tmp.link(temporary, history, file))) return;
    await history.sync();
  } finally {
    await tmp.unlink(temporary);
  }
  for (const old of daysToDrop(await history.names(), now)) await history.unlink(old);
}

/**
 * How the storage and these volumes grew since then, oldest first. A volume is only as old as its record says: what was known
 * of an earlier one of its name is not its own. Days that cannot be read are left out.
 */
export async function readHistory(
  layout: Layout,
  since: number,
  volumes: readonly Pick<VolumeRecord, "name" | "createdAt">[],
  progress: () => void,
): Promise<Pick<Review, "days" | "volumes">> {
  const history = await layout.folder("history");
  const files = (await history.names())
    .filter((file) => (dayOf(file) ?? -Infinity) >= since - 86_400_000)
    .toSorted()
    .slice(-readAtMost);
  const days: HistoryDay[] = [];
  for (const file of files) {
    const day = await readDay(history, file);
    if (day !== null && Date.parse(day.at) >= since) days.push(day);
    progress();
  }
  const rows = volumes.flatMap(({ name, createdAt }) => {
    const own = days.map((day) => (day.at < createdAt ? null : bytesOf(day, name)));
    return own.some((bytes) => bytes !== null) ? [[name, own] as const] : [];
  });
  return {
    days: days.map(({ at, total, free }) => ({ at, total, free })),
    volumes: Object.fromEntries(rows),
  };
}

async function readDay(history: Directory, file: string): Promise<HistoryDay | null> {
  try {
    const found = await history.read(file);
    return found === null ? null : parseRecord(found.text, historyDaySchema);
  } catch (error) {
    if (error instanceof DamagedRecord) return null;
    throw error;
  }
}
