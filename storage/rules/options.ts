import type { AccessMode, OnRemove } from "../records/volume.ts";

/** `-o key=value` as understood; null means: not asked for. */
export interface VolumeOptions {
  /** Word for word as asked, for comparing and for the record. */
  readonly asked: Readonly<Record<string, string>>;
  readonly app: string | null;
  readonly services: readonly string[] | null;
  readonly hosts: readonly string[] | null;
  readonly access: AccessMode | null;
  /** Bytes. */
  readonly size: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mode: number | null;
  readonly onRemove: OnRemove | null;
  readonly from: string | null;
  readonly backup: string | null;
  readonly squash: "app" | null;
  readonly mirror: boolean | null;
  readonly mountOptions: readonly string[] | null;
  readonly root: boolean;
}
