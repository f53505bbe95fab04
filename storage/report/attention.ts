import { formatSize } from "../../service/size.ts";
import type { Report, ReportStatus } from "./report.ts";

const dayMs = 86_400_000;
/** Within so many days somebody has to act, or should look. */
const soonDays = 7;
const comingDays = 30;
/** So many names are said; the rest is in the tables. */
const namesAtMost = 5;

/** One thing that should be looked at, in words for people. */
export interface Attention {
  readonly level: "problem" | "warning";
  readonly text: string;
}

/** Problems first. Pure. */
export function attentionOf(
  report: Omit<Report, "attention">,
  status: ReportStatus,
  now: number,
): Attention[] {
  const found: Attention[] = [];
  const problem = (text: string): unknown => found.push({ level: "problem", text });
  const warning = (text: string): unknown => found.push({ level: "warning", text });
  const { disk, volumes, unused, backup } = report;

  if (status.trouble !== null)
    problem(`the storage cannot be used since ${status.trouble.since}: ${status.trouble.reason}`);
  for (const { file, reason } of status.damaged) problem(`${file} cannot be read: ${reason}`);
  if (disk !== null && disk.state !== "ok")
    problem(`the storage is ${disk.state.replace("-", " ")}: ${disk.notes.join("; ")}`);
  if (disk !== null && disk.fullOn !== null) {
    const days = daysUntil(disk.fullOn, now);
    const text = `the disk is full on ${disk.fullOn} (in ${days} d) if it goes on as it did: ${formatSize(disk.free)} are free`;
    if (days <= soonDays) problem(text);
    else if (days <= comingDays) warning(text);
  }
  const full = volumes.filter(({ health }) => health === "full");
  if (full.length > 0) problem(`full: ${named(full.map(({ volume }) => volume))}`);
  const filling = volumes.filter(
    (each) =>
      each.health === "nearly-full" && each.size !== null && (each.used ?? 0) >= each.size * 0.8,
  );
  if (filling.length > 0) warning(`nearly full: ${named(filling.map(({ volume }) => volume))}`);
  const coming = volumes.filter(
    ({ fullOn, health }) =>
      fullOn !== null && daysUntil(fullOn, now) <= comingDays && health === "ok",
  );
  if (coming.length > 0)
    warning(
      `full within ${comingDays} d by their growth: ${named(coming.map(({ volume, fullOn }) => `${volume} (${fullOn})`))}`,
    );
  if (backup !== null) {
    if (backup.isSilent)
      problem(
        `the backup service (on ${backup.node}) has shown no sign of life since ${backup.seenAt}`,
      );
    const inState = (state: string): string[] =>
      backup.volumes.filter((each) => each.state === state).map(({ volume }) => volume);
    const [suspect, never, late] = [inState("suspect"), inState("never"), inState("late")];
    if (suspect.length > 0) problem(`look destroyed to the backup: ${named(suspect)}`);
    if (never.length > 0) problem(`never backed up: ${named(never)}`);
    if (late.length > 0) warning(`the last good backup is old: ${named(late)}`);
    const failed = backup.drills.filter(({ drill }) => drill?.ok === false).map(({ app }) => app);
    if (failed.length > 0) problem(`could not be restored for practice: ${named(failed)}`);
  }
  if (unused.volumes.length > 0) {
    const bytes = unused.volumes.reduce((sum, { used }) => sum + (used ?? 0), 0);
    warning(
      `${unused.volumes.length === 1 ? "1 volume" : `${unused.volumes.length.toLocaleString("en")} volumes`} unused for ${unused.days} d or longer, ${formatSize(bytes)} in all. To see what to do: swarmnfs clean unused`,
    );
  }
  return found.toSorted((a, b) => Number(a.level === "warning") - Number(b.level === "warning"));
}

/** Days from today to a day, at least none. */
export function daysUntil(day: string, now: number): number {
  return Math.max(0, Math.ceil((Date.parse(`${day}T00:00:00Z`) - now) / dayMs));
}

function named(names: readonly string[]): string {
  const more = names.length - namesAtMost;
  const shown = names.slice(0, namesAtMost).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
