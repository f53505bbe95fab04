import { UserError } from "../../service/user-error.ts";
import type { BackupStatus } from "../records/backup-status.ts";

/** `volume@moment` in its two parts; without a moment null. */
export function splitVersion(from: string): {
  readonly volume: string;
  readonly moment: string | null;
} {
  const at = from.indexOf("@");
  if (at === -1) return { volume: from, moment: null };
  return { volume: from.slice(0, at), moment: from.slice(at + 1) };
}

const shape =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T _](\d{2})[:-]?(\d{2})(?:[:-]?(\d{2})(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * The last millisecond, since 1970, that a moment as people write it means: `2026-03-01T06:00` is all of that minute,
 * `2026-03-01` all of that day, `latest` all there is. UTC unless it says otherwise. Throws `invalid`.
 */
export function endOfMoment(text: string): number {
  if (text === "latest") return Number.MAX_SAFE_INTEGER;
  const found = shape.exec(text.trim());
  const [, year, month, day, hour, minute, second, zone = "Z"] = found ?? [];
  const date = `${year}-${month}-${day}`;
  const time = `${hour ?? "00"}:${minute ?? "00"}:${second ?? "00"}`;
  const begins = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  // 31 February is one that the parser moves to March.
  const isDay = !Number.isNaN(begins) && new Date(`${date}T00:00Z`).toISOString().startsWith(date);
  if (found === null || !isDay)
    throw new UserError(
      "invalid",
      `"${text}" is not a moment: write 2026-03-01T06:00 (UTC), 2026-03-01 or latest`,
    );
  const span = hour === undefined ? 86_400_000 : second === undefined ? 60_000 : 1000;
  return begins + span - 1;
}

/**
 * When the version was made that `volume@moment` means (RFC 3339): the newest that is not younger; by `latest` none of a
 * source that looked destroyed, if there is another. Throws `not-found`, saying what there is.
 */
export function versionAt(
  volumes: BackupStatus["volumes"],
  volume: string,
  moment: string,
): { readonly app: string; readonly at: string } {
  const end = endOfMoment(moment);
  const known = Object.hasOwn(volumes, volume) ? volumes[volume] : undefined;
  const times = (known?.snapshots ?? []).toSorted();
  if (known === undefined || times.length === 0)
    throw new UserError(
      "not-found",
      `there is no backup of "${volume}". Volumes that have one: ${listed(Object.keys(volumes).filter((each) => volumes[each]?.snapshots.length !== 0))}`,
    );
  const sound = times.filter((time) => known.doubted?.includes(time) !== true);
  const meant = moment === "latest" && sound.length > 0 ? sound : times;
  const at = meant.findLast((time) => Date.parse(time) <= end);
  if (at !== undefined) return { app: known.app, at };
  throw new UserError(
    "not-found",
    `there is no backup of "${volume}" from ${moment} or before: the oldest is of ${times[0]}. Take that: ${volume}@${times[0]}`,
  );
}

function listed(names: readonly string[]): string {
  const some = names.toSorted().slice(0, 10);
  if (some.length === 0) return "none yet";
  return `${some.join(", ")}${names.length > some.length ? ` and ${names.length - some.length} more` : ""}`;
}
