import type { ReviewView } from "../../storage/verbs.ts";

const dayMs = 86_400_000;
const G = 1024 ** 3;
const M = 1024 ** 2;

/** Forty days until the morning of the test, in which all grew by a straight line to what they hold now. */
export function fortyDays(now: number): ReviewView {
  const ages = Array.from({ length: 40 }, (_, index) => 39 - index);
  const grown = (bytes: number, perDay: number): number[] =>
    ages.map((age) => Math.max(0, Math.round(bytes - perDay * age)));
  const at = (age: number): string =>
    new Date(now - age * dayMs - 6 * 3_600_000).toISOString().replace(/\.\d+Z/, "Z");
  return {
    days: ages.map((age) => ({ at: at(age), total: 200 * G, free: 157 * G + age * 520 * M })),
    volumes: {
      blog_data: grown(2 * G, 20 * M),
      db: grown(41 * G, 0.5 * G),
      old_wiki: grown(120 * M, 0),
    },
    backup: {
      node: "node1",
      version: "0.1.0",
      seenAt: "2026-03-01T12:13:30Z",
      volumes: {
        blog_data: {
          app: "blog",
          versions: 212,
          lastGood: "2026-03-01T09:00:00Z",
          suspect: null,
        },
        db: { app: "shop", versions: 180, lastGood: "2026-03-01T09:00:00Z", suspect: null },
        old_wiki: { app: "wiki", versions: 30, lastGood: "2026-02-27T06:00:00Z", suspect: null },
      },
      drills: {
        blog: { at: "2026-02-24T03:00:00Z", ok: true },
        shop: { at: "2026-02-24T04:00:00Z", ok: false },
      },
    },
    lastUse: {
      blog_data: "2026-03-01T12:10:00Z",
      db: "2026-03-01T12:10:00Z",
      old_wiki: "2026-01-19T12:00:00Z",
    },
    wanted: { scope: "swarm", by: { blog_data: ["service blog_web"] } },
    labels: {},
    slow: [],
  };
}
