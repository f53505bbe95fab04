import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { create, directoryOf, node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const sign = { volume: "v", since: "2026-03-01T09:00:00Z", consumers: ["service s"] };

interface Scene {
  readonly path: string;
  readonly storage: DirectoryStorage;
  readonly id: string;
  /** A second connection to the storage, on which `act` happens when an operation gets to `step`. */
  readonly remover: DirectoryStorage;
}

/** A volume that holds a file and that nobody uses. */
async function scene(
  t: ExecutionContext,
  step: string,
  act: (storage: DirectoryStorage) => Promise<void>,
): Promise<Scene> {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  const { id } = await create(storage, "v");
  await writeFile(join(await directoryOf(storage, "v"), "file"), "hello");
  const remover = directoryStorage(path, {
    checkpoint: async (name) => (name === step ? act(storage) : undefined),
  });
  await remover.open(null);
  return { path, storage, id, remover };
}

/** A volume whose remover, node1, dies at a step, with `user` having mounted it at that moment. */
async function interrupted(t: ExecutionContext, step: string, user: typeof node1): Promise<Scene> {
  const made = await scene(t, step, async (storage) => {
    await storage.renew([sign], user);
    throw new Error("crash");
  });
  await t.throwsAsync(made.remover.remove("v", node1), { message: "crash" });
  t.is(await made.storage.get("v"), null);
  return made;
}

async function isAsBefore(t: ExecutionContext, storage: DirectoryStorage, id: string) {
  t.like(await storage.get("v"), { id, state: "ready", removal: null });
  t.is(await readFile(join(await directoryOf(storage, "v"), "file"), "utf8"), "hello");
  t.deepEqual(await storage.trash(), []);
}

test("whoever keeps house takes back an interrupted removal of what a node uses", async (t) => {
  const { storage, id } = await interrupted(t, "removal:marked", node2);
  await storage.housekeep(node1);
  await isAsBefore(t, storage, id);
});

test("a housekeeper that uses the volume itself takes the removal back, too", async (t) => {
  const { storage, id } = await interrupted(t, "removal:written", node2);
  await storage.housekeep(node2);
  await isAsBefore(t, storage, id);
});

test("creating a volume anew takes back an interrupted removal of what a node uses", async (t) => {
  const { storage, id } = await interrupted(t, "removal:marked", node2);
  t.is((await create(storage, "v")).id, id);
  await isAsBefore(t, storage, id);
});

test("repeating an interrupted removal is refused and takes it back while a node uses the volume", async (t) => {
  const { storage, id } = await interrupted(t, "removal:marked", node2);
  await t.throwsAsync(storage.remove("v", node1), { code: "in-use" });
  await isAsBefore(t, storage, id);
  await storage.detach("v", node2);
  await storage.detach("v", node1);
  t.is((await storage.remove("v", node1)).kind, "trashed");
});

test("a volume that was still being made is so again when its removal is taken back", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  const half = directoryStorage(path, {
    checkpoint: async (name) => {
      if (name === "create:provisioned" || name === "removal:marked") throw new Error("crash");
    },
  });
  await half.open(null);
  await t.throwsAsync(create(half, "v"), { message: "crash" });
  await t.throwsAsync(half.remove("v", node1), { message: "crash" });
  await storage.renew([sign], node2);
  await storage.housekeep(node1);
  t.is((await storage.get("v"))?.state, "creating");
});

test("the remover's own sign of use does not take its removal back", async (t) => {
  const { path, storage } = await interrupted(t, "removal:marked", node1);
  await storage.housekeep(node2);
  t.deepEqual(await readdir(join(path, ".swarmnfs/volumes")), []);
  t.is((await storage.trash()).length, 1);
});

test("a removal whose data has gone to the trash is finished, whatever signs of use there are", async (t) => {
  const { path, storage } = await interrupted(t, "removal:moved", node2);
  await storage.housekeep(node1);
  t.deepEqual(await readdir(join(path, ".swarmnfs/volumes")), []);
  t.is((await storage.trash()).length, 1);
});

test("a remover that moves the data while another takes its removal back puts it in its place again", async (t) => {
  const { storage, id, remover } = await scene(t, "removal:moving", async (other) => {
    await other.renew([sign], node2);
    await other.housekeep(node2);
  });
  await t.throwsAsync(remover.remove("v", node1), { code: "in-use" });
  await isAsBefore(t, storage, id);
});
