import { type MountEntry, topmostAt } from "../../storage/mounting/mountinfo.ts";
import type { NfsBytes, NfsMount, NfsOperation } from "./mountstats.ts";

/** Everything that is neither of the two is `other`: opening, listing, locking, attributes, removing … */
export const operationKinds = ["read", "write", "other"] as const;
export type OperationKind = (typeof operationKinds)[number];

/** What one volume's containers and the server have done with each other since it was mounted here. */
export interface VolumeTraffic {
  /** {@link together} for what several volumes did. */
  readonly volume: string;
  readonly bytes: NfsBytes;
  readonly kinds: Readonly<Record<OperationKind, NfsOperation>>;
}

/** Stands for several volumes that are one NFS file system here, which the kernel counts as one. No volume has this name. */
export const together = "*";

const readNames = new Set(["READ", "READ_PLUS"]);
/** COMMIT is what makes written data safe: an app that waits for its fsync waits for that. */
const writeNames = new Set(["WRITE", "COMMIT"]);

const none: NfsOperation = {
  count: 0,
  retransmissions: 0,
  timeouts: 0,
  sentBytes: 0,
  receivedBytes: 0,
  queueMs: 0,
  rttMs: 0,
  executeMs: 0,
  errors: null,
};

/**
 * What the kernel counts, volume by volume, each file system once. `mounts` and `entries` are the two tables of this mount
 * name space; `paths`: where each volume is mounted. What lies under another mount is not counted.
 */
export function volumeTraffic(
  mounts: readonly NfsMount[],
  entries: readonly MountEntry[],
  paths: ReadonlyMap<string, string>,
): VolumeTraffic[] {
  const volumeAt = new Map(Array.from(paths, ([volume, path]) => [path, volume]));
  const byPlace = new Map(mounts.map((mount) => [mount.mountPoint, mount]));
  const found = Array.from(byPlace).flatMap(([place, mount]) => {
    const volume = volumeAt.get(place);
    const device = topmostAt(entries, place)?.device;
    return volume === undefined || device === undefined ? [] : [{ volume, device, mount }];
  });
  const counted = [...Map.groupBy(found, ({ device }) => device).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { mount } = first;
    const volume = same.length === 1 ? first.volume : together;
    return [{ volume, bytes: mount.bytes, kinds: kindsOf(mount) }];
  });
  return addedUp(counted);
}

/** Several file systems of several volumes each, as one. */
function addedUp(all: readonly VolumeTraffic[]): VolumeTraffic[] {
  return [...Map.groupBy(all, ({ volume }) => volume).values()].flatMap((same) => {
    const [first, ...others] = same;
    return first === undefined ? [] : [others.reduce(sum, first)];
  });
}

function kindsOf({ operations }: NfsMount): VolumeTraffic["kinds"] {
  const all = [...operations];
  const of = (kind: OperationKind): NfsOperation =>
    all
      .filter(([name]) => kindOf(name) === kind)
      .map(([, operation]) => operation)
      .reduce(plus, none);
  return { read: of("read"), write: of("write"), other: of("other") };
}

function kindOf(name: string): OperationKind {
  if (readNames.has(name)) return "read";
  return writeNames.has(name) ? "write" : "other";
}

function sum(a: VolumeTraffic, b: VolumeTraffic): VolumeTraffic {
  return {
    volume: a.volume,
    bytes: {
      read: a.bytes.read + b.bytes.read,
      written: a.bytes.written + b.bytes.written,
      directRead: a.bytes.directRead + b.bytes.directRead,
      directWritten: a.bytes.directWritten + b.bytes.directWritten,
      fromServer: a.bytes.fromServer + b.bytes.fromServer,
      toServer: a.bytes.toServer + b.bytes.toServer,
    },
    kinds: {
      read: plus(a.kinds.read, b.kinds.read),
      write: plus(a.kinds.write, b.kinds.write),
      other: plus(a.kinds.other, b.kinds.other),
    },
  };
}

function plus(a: NfsOperation, b: NfsOperation): NfsOperation {
  return {
    count: a.count + b.count,
    retransmissions: a.retransmissions + b.retransmissions,
    timeouts: a.timeouts + b.timeouts,
    sentBytes: a.sentBytes + b.sentBytes,
    receivedBytes: a.receivedBytes + b.receivedBytes,
    queueMs: a.queueMs + b.queueMs,
    rttMs: a.rttMs + b.rttMs,
    executeMs: a.executeMs + b.executeMs,
    errors: a.errors === null && b.errors === null ? null : (a.errors ?? 0) + (b.errors ?? 0),
  };
}
