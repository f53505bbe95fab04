import { formatSize } from "../../service/size.ts";
import type { VolumeRecord } from "../records/volume.ts";

/** The state of a volume whose directory is there: `filling` until all is in it that it begins with. */
export function stateWhenMade({ fill }: Pick<VolumeRecord, "fill">): "filling" | "ready" {
  return fill === null || fill.filledAt ? "ready" : "filling";
}

/** Its directory is there, whatever has to be in it yet. */
export function isMade({ state }: Pick<VolumeRecord, "state">): boolean {
  return state === "ready" || state === "filling";
}

/** How far a volume that is being filled is: `42 % (1.2G of 2.9G) from "blog_data"`; null for any other. */
export function fillText(record: Pick<VolumeRecord, "fill" | "state">): string | null {
  const { fill, state } = record;
  if (fill === null || state !== "filling") return null;
  const from = `from "${fill.from}"`;
  const trouble = fill.trouble ? `, stopped: ${fill.trouble}` : "";
  const done = fill.done ?? 0;
  if (!fill.total) return `${done === 0 ? "begun" : formatSize(done)} ${from}${trouble}`;
  const percent = Math.min(99, Math.floor((done / fill.total) * 100));
  const amount = `${formatSize(Math.min(done, fill.total))} of ${formatSize(fill.total)}`;
  return `${percent} % (${amount}) ${from}${trouble}`;
}
