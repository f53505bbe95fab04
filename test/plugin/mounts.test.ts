import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { pino } from "pino";
import { Call } from "../../plugin/call.ts";
import { MountTable } from "../../plugin/mount-table.ts";
import { Mounts } from "../../plugin/mounts.ts";
import { RefusingStorage } from "../../storage/refusing-storage.ts";
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
const record = newVolume("v", options, newApp("blog", options, birth), birth);
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
    ...answers
  }: { readonly log?: Log } & Partial<Pick<Storage, "attach" | "explainMount">> = {},
): Promise<{ mounts: Mounts; mounter: FakeMounter; table: MountTable; directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "swarmnfs-mounts-"));
  t.teardown(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
  const table = await MountTable.open(directory, "boot-1", t.fail);
  const mounter = new FakeMounter("/mounts");
  const storage: Storage = Object.assign(
    new RefusingStorage("dir:///srv/swarm", new UserError("unavailable", "not asked here")),
    { attach: async () => bind, ...answers },
  );
  const parts = { table, mounter, storage, node, lingerMs: 5, log };
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
  const { mounts: held, mounter, table } = await mounts(t, () => ["blog-1"], { attach });
  await held.hold(record, "one", ["blog-1"], false, new Call(performance.now()));
  address = "10.0.0.6";
  await held.hold(record, "two", ["blog-2"], false, new Call(performance.now()));
  t.is(mounter.table.get("v")?.source, "10.0.0.6:/volume1/apps/blog/v");
  t.deepEqual(mounter.calls, ["mount v", "mount v"]);
  const sources = table.get("v")?.holders.map(({ id, source }) => [id, source]);
  t.deepEqual(sources, [
    ["one", "10.0.0.5:/volume1/apps/blog/v"],
    ["two", "10.0.0.6:/volume1/apps/blog/v"],
  ]);
});
