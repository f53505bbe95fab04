import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { concurrently } from "../../../storage/directory/concurrently.ts";
import { Directory } from "../../../storage/directory/confined.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

test("a directory that was closed says nothing about what is in it", async (t) => {
  const path = await temporaryDirectory(t);
  await writeFile(join(path, "file"), "hello");
  const folder = await Directory.root(path);
  t.is((await folder.read("file"))?.text, "hello");
  await folder[Symbol.asyncDispose]();
  // "Not there" would be a lie, by which volumes are forgotten.
  for (const question of [
    () => folder.read("file"),
    () => folder.stat("file"),
    () => folder.rename("file", folder, "other"),
    () => folder.unlink("file"),
    () => folder.names(),
  ])
    await t.throwsAsync(question(), { message: /closed/ });
});

test("of work on many all is done before a failure is told", async (t) => {
  const done: number[] = [];
  const work = concurrently([1, 2, 3], async (item) => {
    await new Promise((resolve) => setTimeout(resolve, item * 5));
    if (item === 1) throw new Error("the first");
    done.push(item);
  });
  await t.throwsAsync(work, { message: "the first" });
  t.deepEqual(done, [2, 3]);
});

test("a sign of use that cannot be written keeps none of the others from being renewed", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  const names = Array.from({ length: 40 }, (_, index) => `v${index}`);
  const inTheWay = names.slice(0, 20);
  for (const name of inTheWay) await writeFile(join(path, ".swarmnfs/use", name), "not a folder");
  const since = "2026-03-01T09:00:00Z";
  const signs = names.map((volume) => ({ volume, since, consumers: [] }));
  await t.throwsAsync(storage.renew(signs, { id: randomUUID(), name: "node1" }));
  t.is(Object.keys((await storage.list()).uses).length, 20);
});
