import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { Export } from "../exports/exports.ts";
import type { LeaseRecord } from "./lease-file.ts";

/** What of a volume's record decides how the kernel shows it. */
export type Shown = Pick<
  LeaseRecord,
  "app" | "exclusive" | "readOnly" | "isReader" | "fsid" | "squash"
>;

/** How a node sees a volume, as its record says now. A reader reads, whatever that says, and has nothing alone. */
export function shownBy(record: VolumeRecord, isReader = false): Shown {
  const { uid, gid } = record.owner;
  return {
    app: record.app,
    exclusive: record.access === "exclusive" && !isReader,
    readOnly: record.access === "readonly" || isReader,
    isReader,
    fsid: record.fsid,
    squash: record.squash === null ? null : { uid, gid },
  };
}

export function sameShown(a: Shown, b: Shown): boolean {
  return (
    a.app === b.app &&
    a.exclusive === b.exclusive &&
    a.readOnly === b.readOnly &&
    (a.isReader ?? false) === (b.isReader ?? false) &&
    a.fsid === b.fsid &&
    a.squash?.uid === b.squash?.uid &&
    a.squash?.gid === b.squash?.gid
  );
}

export function exportOf({ volume, app, fsid, readOnly, squash }: LeaseRecord): Export {
  return { volume, app, fsid, readOnly, squash };
}
