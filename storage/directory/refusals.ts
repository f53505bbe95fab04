import { UserError } from "../../service/user-error.ts";
import { describeDifferences, differences } from "../rules/differences.ts";
import type { VolumeOptions } from "../rules/options.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { VolumeChange } from "../storage.ts";
import type { Parts } from "./parts.ts";

/** Throws `unsupported` for what only later kinds of storage can do, saying what to do instead. */
export function refuseUnsupported(
  { url, served }: Pick<Parts, "url" | "served">,
  options: Pick<VolumeOptions, "squash" | "access">,
): void {
  if (served) return;
  if (options.access === "exclusive") {
    throw unsupported(
      url,
      "access=exclusive",
      "fence a node off yet. Use access=shared, and let only one container write",
    );
  }
  if (options.squash !== null) {
    throw unsupported(
      url,
      "squash",
      "change who users are; only swarmnfs:// storages will. Use uid, gid and mode instead",
    );
  }
}

/** The same for an administrator's change. */
export function refuseUnsupportedChange(
  parts: Pick<Parts, "url" | "served">,
  change: VolumeChange,
): void {
  refuseUnsupported(parts, {
    squash: null,
    access: change.access ?? null,
  });
}

/** Throws `conflict`, listing them, if a request differs from the volume that exists. */
export function refuseDifferences(
  record: VolumeRecord,
  options: VolumeOptions,
  trashDays: number,
): void {
  const found = differences(record, options);
  if (found.length === 0) return;
  const state = record.state === "retained" ? "was removed and kept" : "exists";
  const days = record.onRemove === "delete" ? "24 hours" : `${trashDays} days`;
  const advice =
    record.state === "retained"
      ? "Create it without these options and it is back as it was; then remove it for good with on-remove=archive"
      : record.onRemove === "retain"
        ? "Use another name"
        : `Use another name, or remove the volume first (its data goes to the trash for ${days})`;
  throw new UserError(
    "conflict",
    `volume "${record.name}" ${state} with ${describeDifferences(found)}. ${advice}.`,
  );
}

function unsupported(url: string, option: string, what: string): UserError {
  return new UserError("unsupported", `option "${option}": ${url} cannot ${what}.`);
}
