import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import type { GuardedStorage } from "../../../storage/keeper/guarded-storage.ts";
import { create, directoryOf, node1 } from "../conformance.ts";
import { directoryStorage, guardedStorage, keeper, temporaryDirectory } from "../places.ts";

/** What is done to a storage that holds a volume `v` with a file and a removed one `gone`. */
const stories: Readonly<Record<string, (storage: GuardedStorage) => Promise<unknown>>> = {
  create: (storage) => create(storage, "new", { uid: "7" }),
  remove: (storage) => storage.remove("v", node1),
  undelete: async (storage) =>
    storage.undelete((await storage.trash())[0]?.id ?? "", "back", node1),
  purge: async (storage) =>
    storage.purge(
      (await storage.trash()).map(({ id }) => id),
      node1,
    ),
  attach: (storage) => storage.attach("v", node1, []),
};

async function prepare(t: ExecutionContext): Promise<{ path: string; marks: string; id: string }> {
  const folder = await temporaryDirectory(t);
  const [path, marks] = [join(folder, "storage"), join(folder, "killed")];
  await mkdir(path);
  const storage = directoryStorage(path);
  const { id } = await storage.open(null);
  for (const name of ["v", "gone"]) {
    await create(storage, name);
    await writeFile(join(await directoryOf(storage, name), "file"), name);
  }
  await storage.remove("gone", node1);
  return { path, marks, id };
}

for (const [title, act] of Object.entries(stories)) {
  test.serial(
    `a keeper that is killed at any step of ${title} is replaced, and the caller does not notice`,
    async (t) => {
      t.timeout(120_000);
      let killed = 0;
      for (let step = 1; ; step += 1) {
        const { path, marks, id } = await prepare(t);
        const program = join(import.meta.dirname, "crashing-keeper.ts");
        const storage = guardedStorage(t, path, {
          keeper: { command: process.execPath, args: [program, `${step}`, marks] },
        });
        await storage.open(id);
        await t.notThrowsAsync(act(storage), `step ${step}`);
        if (!existsSync(marks)) break;
        killed += 1;
        const { volumes, damaged } = await storage.list();
        t.true(
          volumes.every(({ state }) => state === "ready"),
          `step ${step}`,
        );
        t.deepEqual(damaged, []);
        if (title === "undelete")
          t.is(await readFile(join(path, "apps/gone/back/file"), "utf8"), "gone");
        if (title === "remove") t.is((await storage.trash()).length, 2);
        await storage.close();
      }
      t.true(killed > 0);
    },
  );
}

test("a keeper that cannot be started is told as what it is", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = guardedStorage(t, path, {
    keeper: { command: join(path, "no-such-program"), args: [] },
  });
  await t.throwsAsync(storage.open(null), { message: /the keeper cannot be started: .+ENOENT/ });
});

test("a keeper that always ends at once is not tried for ever", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = guardedStorage(t, path, {
    keeper: { ...keeper, args: ["-e", "process.exit(3)"] },
  });
  await t.throwsAsync(storage.open(null), { message: /the keeper ended \(3\)/ });
});
