import type { VolumeRecord } from "../records/volume.ts";
import { sharedApp } from "./names.ts";

/** What decides where a volume lies. */
export type VolumePlace = Pick<VolumeRecord, "app" | "name" | "root">;

/** The folders from the storage's root down to a volume's directory. Always computed, never stored or believed. */
export function volumeFolders(volume: VolumePlace): readonly string[] {
  if (volume.root) return [];
  return volume.app === sharedApp ? [sharedApp, volume.name] : ["apps", volume.app, volume.name];
}
