import test from "ava";
import { pino } from "pino";
import { guardFindings } from "../../../plugin/guard/guard-findings.ts";
import { Guard } from "../../../plugin/guard/guard.ts";
import type { MountRow } from "../../../plugin/mount-table.ts";
import type { StorageServer } from "../../../storage/storage-server.ts";
import { FakePacketFilter } from "./fake-packet-filter.ts";

const minute = 60_000;

/** A guard with everything around it. */
class Post {
  readonly filter = new FakePacketFilter();
  readonly rows: MountRow[] = [];
  readonly lines: string[] = [];
  server: StorageServer | undefined = { host: "nas.lan", port: 2049, address: "10.0.0.5" };
  now = 0;
  readonly guard: Guard;

  constructor({ enabled = true, always = false } = {}) {
    this.guard = this.another(enabled, always);
  }

  another(enabled = true, always = false): Guard {
    return new Guard({
      filter: this.filter,
      enabled,
      always,
      server: () => this.server,
      rows: () => this.rows,
      monotonic: () => this.now,
      log: pino({ base: null }, { write: (line: string) => this.lines.push(line) }),
    });
  }

  hold(source: string): void {
    const at = "2026-03-01T09:14:02Z";
    const holders = [{ id: String(this.rows.length), count: 1, source }];
    const row = { volume: "v", since: at, touchedAt: at, consumers: [], provisional: false };
    this.rows.push({ ...row, holders });
  }
}

test("the guard stands before the first mount and is gone after the last", async (t) => {
  const post = new Post();
  await post.guard.round();
  t.is<string | null, null>(post.filter.table, null);
  await post.guard.ensure("10.0.0.5");
  t.is(post.filter.table, "10.0.0.5:2049");
  post.hold("10.0.0.5:/blog_data");
  await post.guard.round();
  t.is(post.filter.table, "10.0.0.5:2049");
  post.rows.length = 0;
  await post.guard.round();
  t.is<string | null, null>(post.filter.table, null);
});

test("many mounts at once cost one change", async (t) => {
  const post = new Post();
  await Promise.all(Array.from({ length: 20 }, () => post.guard.ensure("10.0.0.5")));
  t.deepEqual(post.filter.calls, ["install 10.0.0.5:2049"]);
});

test("where a server lets a node in whether or not it mounts, the guard stands as soon as the address is known", async (t) => {
  const post = new Post({ always: true });
  post.server = { host: "nas.lan", port: 2049, address: null };
  await post.guard.round();
  t.deepEqual(post.filter.calls, []);
  post.server = { host: "nas.lan", port: 2049, address: "10.0.0.5" };
  await post.guard.round();
  t.is(post.filter.table, "10.0.0.5:2049");
});

test("all addresses of the server are guarded: of its name, former ones, and those that mounts came from", async (t) => {
  const post = new Post({ always: true });
  post.hold("[fd00::7]:/v");
  post.server = {
    host: "nas.lan",
    port: 20490,
    address: "10.0.0.5",
    addresses: ["10.0.0.5", "10.0.0.6"],
    left: ["10.0.0.4"],
  };
  await post.guard.round();
  t.is(
    post.filter.table,
    ["10.0.0.4", "10.0.0.5", "10.0.0.6", "fd00::7"].map((each) => `${each}:2049/20490`).join(" "),
  );
});

test("a server that moves is guarded at its new address at once", async (t) => {
  const post = new Post({ always: true });
  await post.guard.round();
  post.server = { host: "nas.lan", port: 2049, address: "10.0.0.9", left: ["10.0.0.5"] };
  await post.guard.round();
  t.is(post.filter.table, "10.0.0.5:2049 10.0.0.9:2049");
});

for (const [what, table] of [
  ["flushed", null],
  ["changed", "accept everything"],
] as const) {
  test(`rules that somebody ${what} are back within a minute, and that is told`, async (t) => {
    const post = new Post({ always: true });
    await post.guard.round();
    post.filter.table = table;
    await post.guard.round();
    t.is(post.filter.table, table);
    t.is((await post.guard.state()).state, table === null ? "missing" : "changed");
    post.now = minute;
    await post.guard.round();
    t.is(post.filter.table, "10.0.0.5:2049");
    t.regex(post.lines.at(-1) ?? "", /taken away or changed; it is back/);
    t.is((await post.guard.state()).state, "standing");
    t.is(post.guard.condition, "standing");
    t.is(post.guard.restored, 1);
  });
}

test("doctor --fix does not wait for the minute", async (t) => {
  const post = new Post({ always: true });
  await post.guard.round();
  post.filter.table = null;
  t.deepEqual(await guardFindings(post.guard), [
    {
      level: "problem",
      title: "guard: containers can reach 10.0.0.5:2049",
      advice:
        'The nftables table "swarmnfs" is missing. It is put back within a minute; to do it now: swarmnfs doctor --fix',
    },
  ]);
  await post.guard.round(true);
  t.deepEqual(await guardFindings(post.guard), [
    { level: "ok", title: "guard: containers cannot reach 10.0.0.5:2049" },
  ]);
});

test("a plugin that ends takes the guard away, unless containers use volumes", async (t) => {
  const post = new Post({ always: true });
  await post.guard.round();
  post.hold("10.0.0.5:/v");
  await post.guard.stop();
  t.is(post.filter.table, "10.0.0.5:2049");
  post.rows.length = 0;
  await post.guard.stop();
  t.is<string | null, null>(post.filter.table, null);
});

test("what an earlier run left is taken over while it is needed, and taken away when not", async (t) => {
  const post = new Post();
  post.filter.table = "10.0.0.4:2049";
  post.hold("10.0.0.5:/v");
  const next = post.another();
  await next.round();
  t.is(post.filter.table, "10.0.0.5:2049");
  post.rows.length = 0;
  await post.another().round();
  t.is<string | null, null>(post.filter.table, null);
});

for (const [what, failure, missing, words] of [
  ["there is no nft", null, true, /nft is missing/],
  ["the kernel forbids it", "Error: Operation not permitted", false, /CAP_NET_ADMIN/],
] as const) {
  test(`where ${what} volumes are mounted all the same, with a warning`, async (t) => {
    const post = new Post({ always: true });
    post.filter.missing = missing;
    post.filter.failure = failure;
    await post.guard.ensure("10.0.0.5");
    t.regex(post.guard.warning ?? "", words);
    t.regex(post.guard.warning ?? "", /can speak NFS to nas\.lan/);
    t.is(post.guard.condition, "failed");
    const [finding] = await guardFindings(post.guard);
    t.is(finding?.level, "problem");
    t.regex(finding?.advice ?? "", words);
    t.is(post.lines.length, 1);
    await post.guard.round();
    t.is(post.filter.calls.length, 1);

    post.filter.missing = false;
    post.filter.failure = null;
    post.now = minute;
    await post.guard.round();
    t.is(post.guard.warning, null);
    t.is(post.filter.table, "10.0.0.5:2049");
  });
}

test("switched off, there is no guard, what an earlier run left goes, and somebody is told", async (t) => {
  const post = new Post({ enabled: false, always: true });
  post.filter.table = "10.0.0.5:2049";
  await post.guard.ensure("10.0.0.5");
  t.is<string | null, null>(post.filter.table, null);
  t.regex(post.guard.warning ?? "", /SWARMNFS_GUARD=on/);
  t.is(post.guard.condition, "off");
  const [finding] = await guardFindings(post.guard);
  t.is(finding?.level, "warning");
});

test("on a storage without a server nft is never started", async (t) => {
  const post = new Post();
  post.server = undefined;
  post.hold("/srv/swarm/apps/blog/blog_data");
  await post.guard.round(true);
  post.rows.length = 0;
  await post.guard.round(true);
  await post.guard.stop();
  t.deepEqual(post.filter.calls, []);
  t.is(post.guard.condition, "resting");
  t.is(post.guard.warning, null);
  t.deepEqual(await guardFindings(post.guard), []);
});
