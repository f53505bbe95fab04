import type { BenchFigure, BenchReport, BenchValue } from "../../storage/bench-report.ts";
import { measures } from "../../plugin/benchmark/profiles.ts";

/** Of one kind of work: by place, the median and the times in milliseconds. */
type Numbers = readonly [median: number, p50?: number, p99?: number];

function value([median, p50, p99]: Numbers): BenchValue {
  return {
    rounds: [median],
    median,
    bytesPerSecond: median,
    iops: median,
    p50: p50 ?? null,
    p99: p99 ?? null,
  };
}

const M = 1024 ** 2;

/** What was seen, by the id of the work: the volume, the node's disk, and the volume with actimeo=600. */
const seen: Readonly<Record<string, readonly [Numbers, Numbers, Numbers]>> = {
  "database-read": [
    [6210, 0.58, 1.9],
    [21400, 0.17, 0.61],
    [6190, 0.58, 1.9],
  ],
  "database-write": [
    [2660, 0.62, 2.4],
    [9170, 0.18, 0.7],
    [2650, 0.62, 2.4],
  ],
  "database-commit": [
    [212, 4.4, 11.2],
    [1930, 0.47, 1.3],
    [214, 4.4, 11],
  ],
  "web-read": [[2480], [61300], [9120]],
  "streaming-write": [[104 * M], [412 * M], [105 * M]],
  "streaming-read": [[111 * M], [1530 * M], [111 * M]],
  "files-create": [[148], [18400], [150]],
  "files-stat": [
    [5100, 0.19, 0.4],
    [712000, 0.0013, 0.002],
    [402000, 0.0024, 0.2],
  ],
  "files-delete": [
    [610, 1.6, 3.1],
    [131000, 0.007, 0.02],
    [612, 1.6, 3.1],
  ],
};

const figures: readonly BenchFigure[] = measures.map(({ id, profile, what, unit }) => {
  const [volume, node, option] = seen[id]!;
  const values = { volume: value(volume), node: value(node), "option-1": value(option) };
  return { id, profile, what, unit, values };
});

/** Of a volume on a NAS, one of whose mount options is worth a change. */
export const benchReport: BenchReport = {
  volume: "db",
  app: "shop",
  node: "node2",
  storage: "nfs://nas.lan/volume1",
  mountOptions: [],
  rounds: 5,
  direct: true,
  places: [
    { id: "volume", what: "the volume" },
    { id: "node", what: "this node's disk" },
    { id: "option-1", what: "actimeo=600" },
  ],
  figures,
  trials: [
    {
      option: "actimeo=600",
      verdict: "worth it",
      changes: figures
        .filter(({ id }) => id === "web-read" || id === "files-stat")
        .map(({ id, what, unit, values: { volume, "option-1": option } }) => ({
          figure: id,
          what,
          unit,
          before: volume!.median,
          after: option!.median,
          ratio: option!.median / volume!.median,
        })),
      costs:
        "what other nodes change shows up up to 10 min later; this volume is exclusive, so there are none",
      command: "swarmnfs volumes set db mount-options=actimeo=600",
    },
  ],
  leftOut: [
    { what: "the storage's own disk", why: "it is reached on the server alone" },
    {
      what: "another node",
      why: "what it reaches can be measured only there: run this command on it as well",
    },
  ],
  remains: [],
};
