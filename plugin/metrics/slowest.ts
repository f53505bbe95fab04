import type { SlowVolume } from "../../storage/verbs.ts";
import { together, type VolumeTraffic } from "./volume-traffic.ts";

/** Of fewer nobody can say how long one takes. */
const leastOperations = 100;
const volumesAtMost = 20;

/** The volumes whose reads and writes take longest, from being asked for to the end, since they were mounted here. Pure. */
export function slowest(traffic: readonly VolumeTraffic[]): SlowVolume[] {
  return traffic
    .map(({ volume, kinds: { read, write } }) => {
      const operations = read.count + write.count;
      const milliseconds = (read.executeMs + write.executeMs) / Math.max(1, operations);
      return { volume, operations, milliseconds: Math.round(milliseconds * 100) / 100 };
    })
    .filter(({ volume, operations }) => volume !== together && operations >= leastOperations)
    .toSorted((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, volumesAtMost);
}
