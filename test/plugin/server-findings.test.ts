import test from "ava";
import { serverFindings } from "../../plugin/server-findings.ts";
import type { MountRow } from "../../plugin/mount-table.ts";
import type { StorageHealth } from "../../storage/storage.ts";

const server = { host: "nas.lan", port: 2049, address: "10.0.0.6" };
const now = "2026-03-01T09:14:02Z";
const row: MountRow = {
  volume: "blog_data",
  holders: [
    {
      id: "1",
      count: 1,
      source: "10.0.0.5:/v/apps/blog/blog_data",
      consumers: ["service blog_web"],
    },
  ],
  since: now,
  touchedAt: now,
  consumers: ["service blog_web"],
  provisional: false,
};

function well(...notes: readonly string[]): StorageHealth {
  return { state: "ok", total: 100, free: 50, notes };
}

test("of a server that is well there is one line, with what was found on the way to it", async (t) => {
  const seen = { rows: () => [], nfsVersion: async () => "4.2", now: Date.now };
  t.deepEqual(await serverFindings(server, well(), seen), [
    {
      level: "ok",
      title: "nas.lan is 10.0.0.6, answers on 2049, mounted with NFS 4.2, and lets root be root",
    },
  ]);
  const byAddress = { ...server, host: "10.0.0.6" };
  const [{ title } = { title: "" }] = await serverFindings(byAddress, null, seen);
  t.is(title, "10.0.0.6 answers on 2049, mounted with NFS 4.2, and lets root be root");
});

test("what the storage notes of its server is a warning, with what to do", async (t) => {
  const note =
    "the name nas.lan cannot be resolved since 09:14Z; its last known address 10.0.0.6 is used. Look at the DNS of this node, or put the name into /etc/hosts";
  const seen = { rows: () => [], nfsVersion: async () => null, now: Date.now };
  const [, warning, ...more] = await serverFindings(server, well(note), seen);
  t.deepEqual(warning, {
    level: "warning",
    title:
      "the name nas.lan cannot be resolved since 09:14Z; its last known address 10.0.0.6 is used",
    advice: "Look at the DNS of this node, or put the name into /etc/hosts",
  });
  t.deepEqual(more, []);
});

test("containers that wait for a former address are a warning that names them", async (t) => {
  const seen = { rows: () => [row], nfsVersion: async () => "4.1", now: Date.now };
  const [, warning] = await serverFindings(server, well(), seen);
  t.deepEqual(warning, {
    level: "warning",
    title: "nas.lan was at 10.0.0.5 and is at 10.0.0.6 now",
    advice:
      "Containers that were started before wait for the old address. Restart them: service blog_web",
  });
});

for (const [what, identity, level, title] of [
  [
    "this node's own",
    { name: "7b0c1a52-0000-4000-8000-000000000001", isOurs: true },
    "ok",
    `this node's NFS client is called "7b0c1a52-0000-4000-8000-000000000001" (its own id)`,
  ],
  [
    "an administrator's",
    { name: "web-1", isOurs: false },
    "ok",
    `this node's NFS client is called "web-1" (set by hand; no other node may have it)`,
  ],
  [
    "not set",
    { name: null, isOurs: false },
    "warning",
    "this node's NFS client has no name of its own, and its host name stands for it",
  ],
] as const) {
  test(`the name of this node's NFS client is said: ${what}`, async (t) => {
    const seen = { rows: () => [], nfsVersion: async () => "4.2", now: Date.now };
    const [, finding, ...more] = await serverFindings({ ...server, identity }, well(), seen);
    t.like(finding, { level, title });
    t.is(finding?.advice === undefined, level === "ok");
    t.deepEqual(more, []);
  });
}

test("of a storage node of ours it is told how this node stands with it", async (t) => {
  const day = 86_400_000;
  const seen = { rows: () => [], nfsVersion: async () => null, now: () => 10 * day };
  const ours = { ...server, host: "storage1" };
  const control = { port: 2050, servesNfs: true, certifiedUntil: 93 * day, aheadMs: -2_000 };
  t.deepEqual(await serverFindings({ ...ours, control }, well(), seen), [
    { level: "ok", title: "storage1 is 10.0.0.6, answers on 2050 (control) and 2049 (NFS)" },
    { level: "ok", title: "this node has joined it, with a certificate that ends in 83 d" },
    { level: "ok", title: "this node's clock and that of the storage node agree" },
  ]);
  const mute = { port: 2050, servesNfs: false, certifiedUntil: null, aheadMs: null };
  t.deepEqual(await serverFindings({ ...ours, control: mute }, well(), seen), [
    { level: "ok", title: "storage1 is 10.0.0.6, answers on 2050 (control)" },
  ]);
  for (const [aheadMs, words] of [
    [3_600_000, "1 h behind that of the storage node"],
    [-20_000, "20 s ahead of that of the storage node"],
  ] as const) {
    const findings = await serverFindings(
      { ...ours, control: { ...control, aheadMs } },
      null,
      seen,
    );
    t.like(findings[2], { level: "warning", title: `this node's clock is ${words}` });
    t.regex(findings[2]?.advice ?? "", /timedatectl/);
  }
});
