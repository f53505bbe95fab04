import test from "ava";
import { slowest } from "../../../plugin/metrics/slowest.ts";
import { together, type VolumeTraffic } from "../../../plugin/metrics/volume-traffic.ts";

function operations(count: number, executeMs: number): VolumeTraffic["kinds"]["read"] {
  const nothing = { retransmissions: 0, timeouts: 0, sentBytes: 0, receivedBytes: 0, errors: 0 };
  return { ...nothing, count, queueMs: 0, rttMs: 0, executeMs };
}

function traffic(volume: string, reads: number, writes: number, executeMs: number): VolumeTraffic {
  const bytes = {
    read: 0,
    written: 0,
    directRead: 0,
    directWritten: 0,
    fromServer: 0,
    toServer: 0,
  };
  // Locks that wait for each other, and long lists, are no slowness of the storage.
  const other = operations(1000, 1_000_000);
  return {
    volume,
    bytes,
    kinds: { read: operations(reads, executeMs), write: operations(writes, 0), other },
  };
}

test("the slowest volume is the one whose reads and writes take longest each, not in all", (t) => {
  const found = slowest([
    traffic("busy", 1_000_000, 0, 1_000_000),
    traffic("slow", 100, 100, 5_000),
    traffic("quiet", 10, 10, 60_000),
    traffic(together, 1000, 0, 99_000),
    traffic("idle", 0, 0, 0),
  ]);
  t.deepEqual(found, [
    { volume: "slow", operations: 200, milliseconds: 25 },
    { volume: "busy", operations: 1_000_000, milliseconds: 1 },
  ]);
});
