import type { VolumeRecord } from "../../storage/records/volume.ts";
import { volumeFolders } from "../../storage/rules/volume-path.ts";
import { privateView, type PrivateView, type ViewPlace } from "./private-view.ts";

/** One volume as a backup sees it: this one only, read-only, in a mount namespace of its own. */
export interface SourceView extends PrivateView {
  readonly volume: VolumeRecord;
}

/** Nothing is touched before a command of it is started. */
export function sourceView(place: ViewPlace, volume: VolumeRecord): SourceView {
  return { ...privateView(place, volumeFolders(volume), "ro"), volume };
}
