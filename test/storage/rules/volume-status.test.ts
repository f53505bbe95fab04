import test from "ava";
import { statusOf, type StatusFacts } from "../../../storage/rules/volume-status.ts";
import { newApp, newVolume } from "../../../storage/rules/new-volume.ts";
import { parseOptions } from "../../../storage/rules/options.ts";

const options = parseOptions({ app: "blog", size: "10G" });
const birth = {
  id: "01953f5e-0000-7000-8000-000000000000",
  fsid: 7,
  createdAt: "2026-02-11T08:00:00Z",
  createdBy: "node1",
};
const app = newApp("blog", options, birth);
const record = { ...newVolume("blog_data", options, app, birth), state: "ready" as const };
const since = "2026-03-01T09:14:02Z";
const well: StatusFacts = {
  record,
  app,
  storage: "dir:///srv/swarm",
  here: { state: "mounted", since },
  trouble: null,
  health: { state: "ok", total: 100, free: 50, notes: [] },
  healthSince: since,
  usage: null,
  lastUse: null,
  lastSnapshot: null,
  mountedOn: ["node1", "node3"],
  drift: [],
  warnings: [],
  left: null,
  damage: null,
};

function used(share: number): StatusFacts["usage"] {
  return { bytes: 10 * 1024 ** 3 * share, files: 7, by: "walk", at: since };
}

test("a volume that is well says all that is known of it", (t) => {
  t.deepEqual(statusOf({ ...well, usage: used(0.2) }), {
    app: "blog",
    storage: "dir:///srv/swarm",
    path: "apps/blog/blog_data",
    state: "mounted",
    health: "ok",
    since,
    services: "blog",
    hosts: "*",
    access: "shared",
    size: 10737418240,
    used: 2147483648,
    files: 7,
    usedPercent: 20,
    mountedOn: ["node1", "node3"],
  });
});

const troubles: [string, Partial<StatusFacts>, object][] = [
  [
    "a storage that does not answer",
    { trouble: { reason: "it does not answer", since: "2026-03-01T14:02:11Z" } },
    { health: "unreachable", reason: "it does not answer", since: "2026-03-01T14:02:11Z" },
  ],
  [
    "a storage that is full",
    { health: { state: "full", total: 1, free: 0, notes: ["no space left"] } },
    { health: "full", reason: "no space left" },
  ],
  [
    "a volume that is nearly full",
    { usage: used(0.82) },
    {
      health: "nearly-full",
      reason: "82 % of its size is used. More: swarmnfs volumes set blog_data size=…",
    },
  ],
  ["a volume that is full", { usage: used(1) }, { health: "full", usedPercent: 100 }],
  [
    "a damaged record, before anything else",
    { damage: "it is not JSON", trouble: { reason: "it does not answer", since } },
    { health: "damaged", reason: "it is not JSON" },
  ],
  [
    "a volume being filled",
    {
      record: {
        ...record,
        state: "filling",
        fill: { from: "blog", at: null, done: 512 * 1024 ** 2, total: 1024 ** 3 },
      },
    },
    { state: "filling", filling: '50 % (512M of 1.0G) from "blog"' },
  ],
  [
    "an owner who came first",
    {
      app: { ...app, services: "first", owner: { kind: "stack", name: "blog", since } },
    },
    { services: "first", owner: "stack blog (first, since 2026-03-01)" },
  ],
  ["drift", { drift: ["size: 10G was asked for"] }, { drift: ["size: 10G was asked for"] }],
  ["warnings", { warnings: ["the guard is off"] }, { warnings: ["the guard is off"] }],
  ["rules that are not known here yet", { app: null }, { services: "unknown", hosts: "*" }],
];

for (const [title, facts, expected] of troubles) {
  test(`the status shows ${title}`, (t) => {
    t.like(statusOf({ ...well, ...facts }), expected);
  });
}

test("when it was last backed up is shown where it was", (t) => {
  t.false("lastSnapshot" in statusOf(well));
  const at = "2026-03-01T06:00:00Z";
  t.is(statusOf({ ...well, lastSnapshot: at }).lastSnapshot, at);
});
