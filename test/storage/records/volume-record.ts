import type { VolumeRecord } from "../../../storage/records/volume.ts";

/** A volume as it is when nothing was said of it, of an app of its own name. */
export function volumeRecord(name: string, given: Partial<VolumeRecord> = {}): VolumeRecord {
  return {
    schema: 1,
    revision: 1,
    id: "01953f5e-0000-7000-8000-000000000000",
    name,
    app: name,
    options: {},
    services: null,
    hosts: null,
    access: "shared",
    owner: { uid: 0, gid: 0, mode: 0o755 },
    squash: null,
    size: null,
    onRemove: "archive",
    backup: "default",
    mirror: null,
    mountOptions: [],
    root: false,
    fsid: 7,
    fill: null,
    state: "ready",
    createdAt: "2026-02-11T08:00:00Z",
    createdBy: "node1",
    ...given,
  };
}
