import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { pino } from "pino";
import { Attachments } from "../../plugin/attachments.ts";
import { Call } from "../../plugin/call.ts";
import { MountAttempts } from "../../plugin/mount-attempts.ts";
import { MountTable } from "../../plugin/mount-table.ts";
import { Mounts } from "../../plugin/mounts.ts";
import { RefusingStorage } from "../../storage/refusing-storage.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { newApp, newVolume } from "../../storage/rules/new-volume.ts";
import { parseOptions } from "../../storage/rules/options.ts";
import type { Attachment, Storage } from "../../storage/storage.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { FakeMounter } from "./fake-mounter.ts";
import { until } from "./until.ts";

const birth = {
  id: "01953f5e-0000-7000-8000-000000000000",
  fsid: 7,
  createdAt: "2026-02-11T08:00:00Z",
  createdBy: "node1",
};
const options = parseOptions({ app: "blog" });
const record: VolumeRecord = {
  ...newVolume("v", options, newApp("blog", options, birth), birth),
  state: "ready",
};
const bind: Attachment = { type: "bind", source: "/srv/swarm/apps/blog/v", options: [] };
const node = { id: "7b0c1a52-1111-4000-8000-000000000001", name: "node1" };

/** Docker goes away in the very moment in which the mount is there. */
class LeavingCall extends Call {
  override async within<T>(work: Promise<T>, late: () => Error): Promise<T> {
    const result = await super.within(work, late);
    this.hangUp();
    return result;
  }
}

async function mounts(
  t: ExecutionContext,
  live: () => readonly string[] | null,
  {
    log = pino({ level: "silent" }),
    monotonic,
    ...answers
  }: { readonly log?: Log; readonly monotonic?: () => number } & Partial<Storage> = {},
): Promise<{ mounts: Mounts; mounter: FakeMounter; table: MountTable; directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "swarmnfs-mounts-"));
  t.teardown(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
  const table = await MountTable.open(directory, "boot-1", t.fail);
  const mounter = new FakeMounter("/mounts");
  const storage: Storage = Object.assign(
    new RefusingStorage("dir:///srv/swarm", new UserError("unavailable", "not asked here")),
    { attach: async () => bind, get: async () => record, ...answers },
  );
  const attachments = new Attachments(storage, node, log, monotonic);
  const parts = { table, mounter, attachments, lingerMs: 5, attempted: new MountAttempts(), log };
  const made = new Mounts({ ...parts, holders: { of: async () => live() } });
  return { mounts: made, mounter, table, directory };
}

test("a hold is undone when Docker left between the mount and the answer", async (t) => {
  const { mounts: held, mounter, table } = await mounts(t, () => []);
  const call = new LeavingCall(performance.now());
  await t.throwsAsync(held.hold(record, "id-1", [], false, call), { code: "unavailable" });
  t.deepEqual(table.get("v")?.holders ?? [], []);
  await until("it is unmounted", () => mounter.table.size === 0);
});

test("a volume stays mounted while the engine is silent or knows a user, and is looked at again", async (t) => {
  let live: readonly string[] | null = null;
  const { mounts: held, mounter } = await mounts(t, () => live);
  await held.hold(record, "id-1", [], false, new Call(performance.now()));
  t.deepEqual(await held.collect("v"), ["a container"]);
  await held.release("v", "id-1");
  t.is(await held.collect("v"), null);
  live = ['container "web"'];
  t.deepEqual(await held.collect("v"), live);
  t.true(mounter.table.has("v"));
  live = [];
  t.deepEqual(await held.collect("v"), []);
  t.false(mounter.table.has("v"));
});

test("whoever comes for a volume after it was forsaken keeps it", async (t) => {
  const { mounts: held, mounter } = await mounts(t, () => []);
  mounter.valve.close();
  const hold = held.hold(record, "id-1", [], false, new Call(performance.now()));
  await until("mount(8) runs", () => mounter.valve.waiting > 0);
  // Waits for the mount, and makes the next one wait for longer than the hold.
  const collected = held.collect("v");
  const forsaken = held.forsake("v");
  mounter.valve.open();
  await hold;
  t.deepEqual(await collected, ["a container"]);
  t.deepEqual(await forsaken, ["a container"]);
  t.true(mounter.table.has("v"));

  t.deepEqual(await held.forsake("v"), [], "what was held before that counts for nothing");
  t.false(mounter.table.has("v"));
});

test("a start does not fail because the table cannot be written", async (t) => {
  const { mounts: held, mounter, directory } = await mounts(t, () => null);
  mounter.table.set("v", { type: "bind", source: "/srv/swarm/apps/blog/v", options: [] });
  await rm(directory, { recursive: true });
  await held.adopt();
  t.is(held.state("v").state, "mounted");
});

test("what is mounted at the start is told as mounted", async (t) => {
  const { mounts: held, mounter } = await mounts(t, () => null);
  mounter.table.set("v", { type: "bind", source: "/srv/swarm/apps/blog/v", options: [] });
  await held.adopt();
  t.is(held.state("v").state, "mounted");
  t.deepEqual(
    held.signs().map(({ volume }) => volume),
    ["v"],
  );
});

test("all who ask at once for a volume that cannot be mounted share one attempt, and one line of the log", async (t) => {
  const refusal = new UserError("unavailable", "nobody is there");
  const attempts: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => lines.push(line) });
  const lines: string[] = [];
  const { mounts: held } = await mounts(t, () => [], {
    log,
    attach: async (name) => {
      attempts.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      throw refusal;
    },
  });
  const holds = Array.from({ length: 20 }, (_, index) =>
    held.hold(record, `id-${index}`, [], false, new Call(performance.now())),
  );
  const ends = await Promise.allSettled(holds);
  t.true(ends.every((end) => end.status === "rejected" && end.reason === refusal));
  t.deepEqual(attempts, ["v"]);
  t.is(lines.filter((line) => line.includes("could not be mounted")).length, 1);
});

test("what mount(8) says is told in the storage's words, where it has some", async (t) => {
  const { mounts: held, mounter } = await mounts(t, () => [], {
    explainMount: (error) => new UserError("unavailable", `nas.lan says: ${messageOf(error)}`),
  });
  mounter.failure = "access denied by server";
  const call = new Call(performance.now());
  await t.throwsAsync(held.hold(record, "one", [], false, call), {
    message: "nas.lan says: access denied by server",
  });
});

test("a server that moved is mounted anew for the next container, and who had it before is known", async (t) => {
  let address = "10.0.0.5";
  const attach = async (): Promise<Attachment> => ({
    type: "nfs4",
    source: `${address}:/volume1/apps/blog/v`,
    options: ["hard"],
  });
  const server = { host: "nas.lan", port: 2049, address };
  const { mounts: held, mounter, table } = await mounts(t, () => ["blog-1"], { attach, server });
  await held.hold(record, "one", ["blog-1"], false, new Call(performance.now()));
  address = "10.0.0.6";
  server.address = address;
  await held.hold(record, "two", ["blog-2"], false, new Call(performance.now()));
  t.is(mounter.table.get("v")?.source, "10.0.0.6:/volume1/apps/blog/v");
  t.deepEqual(mounter.calls, ["mount v", "mount v"]);
  const sources = table.get("v")?.holders.map(({ id, source }) => [id, source]);
  t.deepEqual(sources, [
    ["one", "10.0.0.5:/volume1/apps/blog/v"],
    ["two", "10.0.0.6:/volume1/apps/blog/v"],
  ]);
});

/** A volume that blog-1 has, on a storage that counts what it is asked. */
async function warm(
  t: ExecutionContext,
  get: Storage["get"] = async () => record,
): Promise<{
  asked: string[];
  mounter: FakeMounter;
  held: Mounts;
  again: (as?: VolumeRecord) => Promise<string>;
  pass: (ms: number) => void;
}> {
  let now = 0;
  const asked: string[] = [];
  const { mounts: held, mounter } = await mounts(t, () => ["blog-1"], {
    attach: async () => {
      asked.push("attach");
      return bind;
    },
    get: async (name) => {
      asked.push("get");
      return get(name);
    },
    renew: async (signs) => void asked.push(`renew ${signs.map(({ volume }) => volume).join()}`),
    monotonic: () => now,
  });
  const again = (as = record): Promise<string> =>
    held.hold(as, "two", ["blog-2"], false, new Call(performance.now()));
  await held.hold(record, "one", ["blog-1"], false, new Call(performance.now()));
  t.deepEqual(asked.splice(0), ["attach"]);
  return { asked, mounter, held, again, pass: (ms) => void (now += ms) };
}

test("a container on a volume that is mounted already costs one look at the storage", async (t) => {
  const { asked, mounter, held, again } = await warm(t);
  t.is(await again(), "/mounts/v");
  t.deepEqual(asked, ["get"]);
  t.deepEqual(mounter.calls, ["mount v"]);
  t.deepEqual(
    held.row("v")?.holders.map(({ id, source }) => [id, source]),
    [
      ["one", bind.source],
      ["two", bind.source],
    ],
  );
  t.deepEqual(held.signs()[0]?.consumers, ["blog-1", "blog-2"]);
});

test("a storage that does not answer gives no container a volume that is mounted already", async (t) => {
  const refusal = new UserError("unavailable", "nobody is there");
  const { asked, again, held } = await warm(t, () => Promise.reject(refusal));
  t.is(await t.throwsAsync(again()), refusal);
  t.deepEqual(asked, ["get"]);
  t.is(held.row("v")?.holders.length, 1);
});

for (const [what, now] of [
  ["is gone", null],
  ["is another one", { ...record, id: "01953f5e-0000-7000-8000-00000000ffff" }],
  ["is on its way to the trash", { ...record, state: "trashed" as const }],
  ["has other rules", { ...record, revision: record.revision + 1 }],
] as const) {
  test(`a volume that is mounted already, and ${what} on the storage, is attached anew`, async (t) => {
    const { asked, again } = await warm(t, async () => now);
    await again();
    t.deepEqual(asked, ["get", "attach"]);
  });
}

test("of another record, or of other rules, what was given says nothing", async (t) => {
  for (const other of [
    { ...record, id: "01953f5e-0000-7000-8000-00000000ffff" },
    { ...record, revision: record.revision + 1 },
  ]) {
    const { asked, again } = await warm(t);
    await again(other);
    t.deepEqual(asked, ["attach"]);
  }
});

test("what is mounted and is not what was given is attached and mounted anew", async (t) => {
  const { asked, mounter, again } = await warm(t);
  mounter.table.set("v", { ...bind, source: "/elsewhere" });
  await again();
  t.deepEqual(asked, ["attach"]);
  t.deepEqual(mounter.table.get("v"), bind);
});

test("a sign of use that was not renewed for half its time is left anew", async (t) => {
  const { asked, held, again, pass } = await warm(t);
  pass(44_000);
  await held.renew();
  pass(44_000);
  await again();
  t.deepEqual(asked.splice(0), ["renew v", "get"]);
  pass(1_000);
  await again();
  t.deepEqual(asked, ["attach"]);
});

test("a sign of use that was taken away is left anew", async (t) => {
  const live = { holders: [] as string[] };
  const asked: string[] = [];
  const { mounts: held } = await mounts(t, () => live.holders, {
    attach: async () => {
      asked.push("attach");
      return bind;
    },
    detach: async () => void asked.push("detach"),
  });
  await held.hold(record, "one", [], false, new Call(performance.now()));
  await held.release("v", "one");
  t.deepEqual(await held.collect("v"), []);
  await held.hold(record, "two", [], false, new Call(performance.now()));
  t.deepEqual(asked, ["attach", "detach", "attach"]);
});

test("a volume that was taken away from under its containers is in use by them, until the last has ended", async (t) => {
  let live: readonly string[] | null = ['service "shop_db"'];
  const { mounts: held, mounter } = await mounts(t, () => live);
  await held.hold(record, "id-1", [], false, new Call(performance.now()));
  await held.abandon("v");
  await held.release("v", "id-1");
  t.is(mounter.table.size, 0, "it is mounted nowhere that we know of");
  t.deepEqual(await held.collect("v"), ['service "shop_db"']);
  live = null;
  t.is(await held.collect("v"), null, "and while Docker is silent nobody can say so");
  live = [];
  t.deepEqual(await held.collect("v"), []);
});

test("a volume of which nothing is known here is in use where Docker names a container", async (t) => {
  const { mounts: held } = await mounts(t, () => ['container "db"']);
  t.deepEqual(await held.collect("v"), ['container "db"']);
});
