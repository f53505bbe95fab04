import { readFile } from "node:fs/promises";
import path from "node:path";
import type { PluginView } from "../../../plugin/metrics/metrics.ts";
import { parseMountstats } from "../../../plugin/metrics/mountstats.ts";
import { volumeTraffic } from "../../../plugin/metrics/volume-traffic.ts";
import { parseMountinfo } from "../../../storage/mounting/mountinfo.ts";

const sample = await readFile(path.join(import.meta.dirname, "mountstats.txt"), "utf8");

/** A node on which there is something to be told of everything. */
export const livelyView: PluginView = {
  volumes: 12,
  mounted: [
    { name: "blog_data", app: "blog", holders: 2, used: 9_500_000_000, size: 10_000_000_000 },
    { name: "shop_db", app: "shop", holders: 1, used: null, size: null },
  ],
  failing: new Map([["wiki_data", { times: 4, since: 0, last: 60_000, reason: "mount(8): no" }]]),
  trouble: { reason: "it does not answer", since: "2026-03-01T09:00:00Z" },
  health: { state: "nearly-full", total: 1_000_000_000_000, free: 100_000_000_000, notes: [] },
  guard: { condition: "standing", restored: 2 },
  membership: {
    certifiedUntil: Date.parse("2026-05-12T10:00:00Z"),
    aheadMs: -250,
    leases: { held: 2, lost: 0, owed: 0, fenced: false },
  },
  traffic: volumeTraffic(
    parseMountstats(sample),
    parseMountinfo("41 40 0:60 / /mnt/volumes/blog_data rw - nfs4 10.77.0.5:/blog_data rw"),
    new Map([["blog_data", "/mnt/volumes/blog_data"]]),
  ),
  connections: 2,
};
