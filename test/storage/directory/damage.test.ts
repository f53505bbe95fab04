import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { create, node1 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const damages: readonly (readonly [string, (text: string) => string, RegExp])[] = [
  ["is empty", () => "", /it is empty/],
  ["is cut off", (text) => text.slice(0, 40), /it is not JSON/],
  [
    "is of a newer schema",
    (text) => text.replace(`"schema": 1`, `"schema": 7`),
    /newer version of swarmnfs \(schema 7/,
  ],
  [
    "is another volume's",
    (text) => text.replace(`"name": "v"`, `"name": "w"`),
    /the record of "w"/,
  ],
  [
    "names an app that is a path",
    (text) => text.replace(`"app": "x"`, `"app": "../../etc"`),
    /Invalid string/,
  ],
  [
    "names a reserved app",
    (text) => text.replace(`"app": "x"`, `"app": "repositories"`),
    /reserved/,
  ],
  [
    "claims to be the whole storage",
    (text) => text.replace(`"root": false`, `"root": true`),
    /root is true/,
  ],
  [
    "has dangerous mount options",
    (text) => text.replace(`"mountOptions": []`, `"mountOptions": ["suid"]`),
    /"suid" is not allowed/,
  ],
  [
    "has options nobody knows",
    (text) => text.replace(`"options": {`, `"options": {"colour": "green",`),
    /unknown option/,
  ],
  ["has a mode beyond reason", (text) => text.replace(`"mode": 493`, `"mode": 99999`), /Too big/],
];

for (const [title, damage, reason] of damages) {
  test(`a record that ${title} is reported and left alone, and so is its volume`, async (t) => {
    const path = await temporaryDirectory(t);
    const storage = directoryStorage(path);
    await storage.open(null);
    await create(storage, "v", { app: "x" });
    await create(storage, "healthy");
    const file = join(path, ".swarmnfs/volumes/v.json");
    const text = damage(await readFile(file, "utf8"));
    await writeFile(file, text);
    const catalog = await storage.list();
    t.deepEqual(
      catalog.volumes.map(({ name }) => name),
      ["healthy"],
    );
    t.deepEqual(
      catalog.damaged.map(({ file: name }) => name),
      [".swarmnfs/volumes/v.json"],
    );
    t.regex(catalog.damaged[0]?.reason ?? "", reason);
    for (const call of [
      () => storage.get("v"),
      () => create(storage, "v", { app: "x" }),
      () => storage.remove("v", node1),
      () => storage.attach("v", node1, []),
      () => storage.update("v", { backup: "off" }, node1),
    ]) {
      await t.throwsAsync(call(), {
        code: "unavailable",
        message: /cannot be read: .+ It is left as it is/,
      });
    }
    t.is(await readFile(file, "utf8"), text);
    t.is((await storage.get("healthy"))?.state, "ready");
  });
}

test("a damaged app keeps its volumes as they are, and takes no new ones", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  await create(storage, "v", { app: "x" });
  await writeFile(join(path, ".swarmnfs/apps/x.json"), "{");
  await t.throwsAsync(create(storage, "w", { app: "x" }), {
    code: "unavailable",
    message: /apps\/x\.json/,
  });
  t.is((await storage.attach("v", node1, [])).type, "bind");
  t.is((await storage.remove("v", node1)).kind, "trashed");
  t.deepEqual(
    (await storage.list()).damaged.map(({ file }) => file),
    [".swarmnfs/apps/x.json"],
  );
});

test("fields that a newer version wrote survive our changes", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  await create(storage, "v");
  const file = join(path, ".swarmnfs/volumes/v.json");
  await writeFile(file, (await readFile(file, "utf8")).replace("{", `{ "colour": "green",`));
  await storage.update("v", { backup: "off" }, node1);
  t.like(JSON.parse(await readFile(file, "utf8")), { colour: "green", backup: "off" });
});

test("what is no record does not disturb the list", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  await mkdir(join(path, ".swarmnfs/volumes/folder.json"));
  await writeFile(join(path, ".swarmnfs/volumes/v.json~"), "an editor's backup");
  await writeFile(join(path, ".swarmnfs/usage.json"), "{");
  await writeFile(join(path, ".swarmnfs/use/stray"), "");
  await writeFile(join(path, ".swarmnfs/trash/stray"), "");
  await mkdir(join(path, ".swarmnfs/trash/v@20260301T000000Z-00000000"));
  const { volumes, damaged } = await storage.list();
  t.deepEqual(volumes, []);
  t.deepEqual(
    damaged.map(({ file }) => file),
    [".swarmnfs/volumes/folder.json"],
  );
  t.deepEqual(await storage.trash(), []);
});
