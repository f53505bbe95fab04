import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { NoQuotas } from "../../../storage/quota/no-quotas.ts";
import type { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { create, node1 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";
import { FakeQuotas } from "../quota/fake-quotas.ts";

const GiB = 1024 ** 3;

interface Disk {
  readonly storage: DirectoryStorage;
  readonly quotas: FakeQuotas;
  readonly path: string;
}

async function disk(t: ExecutionContext, quotas = new FakeQuotas()): Promise<Disk> {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path, { quotas: async () => quotas });
  await storage.open(null);
  return { storage, quotas, path };
}

test("a new volume is limited before anything can be in it", async (t) => {
  const { storage, quotas } = await disk(t);
  const { fsid } = await create(storage, "v", { size: "10G" });
  t.deepEqual([...quotas.limits], [[fsid, 10 * GiB]]);
});

test("a volume without a size can get one while it is in use, another one, and none again", async (t) => {
  const { storage, quotas, path } = await disk(t);
  const { fsid } = await create(storage, "v", { app: "blog" });
  await writeFile(join(path, "apps/blog/v/file"), "here before");
  for (const size of [GiB, 20 * GiB]) {
    t.is((await storage.update("v", { size }, node1)).size, size);
    t.is(quotas.limits.get(fsid), size);
  }
  t.is((await storage.update("v", { size: null }, node1)).size, null);
  t.is(quotas.limits.get(fsid), undefined);
});

test("other changes leave the size alone", async (t) => {
  const { storage, quotas } = await disk(t);
  const { fsid } = await create(storage, "v", { size: "1G" });
  t.is((await storage.update("v", { backup: "off" }, node1)).size, GiB);
  t.is(quotas.limits.get(fsid), GiB);
});

test("a file system without quotas says why a size is refused, and what would help", async (t) => {
  const path = await temporaryDirectory(t);
  const why = "its XFS is mounted without project quotas";
  const storage = directoryStorage(path, { quotas: async () => new NoQuotas(why) });
  await storage.open(null);
  const refusal = { code: "unsupported", message: /cannot limit .*: its XFS is mounted without/ };
  await t.throwsAsync(create(storage, "v", { size: "1G" }), refusal);
  await create(storage, "v");
  await t.throwsAsync(storage.update("v", { size: GiB }, node1), refusal);
  await t.throwsAsync(storage.updateApp("v", { size: GiB }, node1), refusal);
  await t.notThrowsAsync(storage.update("v", { size: null }, node1));
});

test("that limits hold is proved once, and remembered by who comes later", async (t) => {
  const { storage, quotas, path } = await disk(t);
  await create(storage, "a", { size: "1G" });
  await create(storage, "b", { size: "1G" });
  const later = directoryStorage(path, { quotas: async () => quotas });
  await later.open(null);
  await create(later, "c", { size: "1G" });
  t.is(quotas.proofs, 1);
});

test("limits that bind nobody are not given out", async (t) => {
  const { storage, quotas } = await disk(t);
  quotas.lies = true;
  await t.throwsAsync(create(storage, "v", { size: "1G" }), { code: "unsupported" });
  t.is(await storage.get("v"), null);
});

test("a volume that was made while there were no quotas cannot be limited, and says what to do", async (t) => {
  const { storage: before, path } = await disk(t);
  const without = directoryStorage(path);
  await without.open(null);
  await create(without, "v", { app: "blog" });
  await writeFile(join(path, "apps/blog/v/file"), "not counted");
  await t.throwsAsync(before.update("v", { size: GiB }, node1), {
    code: "unsupported",
    message: /made while .* had no quotas.*from=v -o size=/,
  });
  t.is((await before.get("v"))?.size, null);
});

test("an app's size bounds what the sizes of its volumes add up to", async (t) => {
  const { storage } = await disk(t);
  await create(storage, "a", { app: "blog", size: "4G" });
  await storage.updateApp("blog", { size: 10 * GiB }, node1);
  await t.throwsAsync(create(storage, "b", { app: "blog", size: "7G" }), {
    code: "full",
    message: /app "blog" has 10G for all its volumes, of which 6G are left/,
  });
  await t.throwsAsync(create(storage, "b", { app: "blog" }), {
    code: "invalid",
    message: /each of them needs a size: size=6G is what is left/,
  });
  await create(storage, "b", { app: "blog", size: "6G" });
  await t.throwsAsync(storage.update("a", { size: 5 * GiB }, node1), { code: "full" });
  await storage.update("b", { size: 5 * GiB }, node1);
  await storage.update("a", { size: 5 * GiB }, node1);
  await storage.remove("b", node1);
  await create(storage, "c", { app: "blog", size: "5G" });
});

test("of volumes that are made at once in an app, as many are made as fit into it", async (t) => {
  const { storage } = await disk(t);
  await create(storage, "first", { app: "blog", size: "1G" });
  await storage.updateApp("blog", { size: 4 * GiB }, node1);
  const made = await Promise.allSettled(
    Array.from({ length: 8 }, (_, index) =>
      create(storage, `v${index}`, { app: "blog", size: "1G" }),
    ),
  );
  t.is(made.filter(({ status }) => status === "fulfilled").length, 3);
});

test("what a crash or somebody else left of limits the housekeeper puts right", async (t) => {
  const { quotas, storage, path } = await disk(t);
  const { fsid } = await create(storage, "v", { size: "1G" });
  const crashing = directoryStorage(path, {
    quotas: async () => quotas,
    checkpoint: async (name) => {
      if (name === "update:written") throw new Error("crash");
    },
  });
  await crashing.open(null);
  await t.throwsAsync(crashing.update("v", { size: 2 * GiB }, node1), { message: "crash" });
  t.is(quotas.limits.get(fsid), GiB);
  await storage.housekeep(node1);
  t.is(quotas.limits.get(fsid), 2 * GiB);
});

test("a volume comes back from the trash with its size, and a purged one leaves no limit", async (t) => {
  const { storage, quotas } = await disk(t);
  const { fsid } = await create(storage, "v", { size: "1G" });
  const outcome = await storage.remove("v", node1);
  if (outcome.kind !== "trashed") throw new Error(outcome.kind);
  await storage.undelete(outcome.entry, null, node1);
  t.is((await storage.get("v"))?.size, GiB);
  t.is(quotas.limits.get(fsid), GiB);
  const again = await storage.remove("v", node1);
  if (again.kind !== "trashed") throw new Error(again.kind);
  await storage.purge([again.entry], node1);
  t.deepEqual([...quotas.limits], []);
});

test("on ext4 health says which sizes do not bind root", async (t) => {
  const { storage } = await disk(t, new FakeQuotas("ext4"));
  t.deepEqual((await storage.health()).notes, []);
  await create(storage, "v", { size: "1G" });
  await create(storage, "w", { size: "1G" });
  const { notes } = await storage.health();
  t.regex(notes.join(), /the size of "v" and of 1 more does not bind root .*squash=app/);
});

test("the whole storage has no size", async (t) => {
  const { storage, path } = await disk(t);
  await mkdir(join(path, "anything"));
  await create(storage, "all", { root: "true" });
  await t.throwsAsync(storage.update("all", { size: GiB }, node1), { code: "invalid" });
});
