import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { parseOptions } from "../../../storage/rules/options.ts";
import type { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const here = { id: "01890a5d-ac96-774b-bcce-b302099a8057", name: "node1" };
const there = { id: "01890a5d-ac96-774b-bcce-b302099a8058", name: "node2" };

/** A volume whose record was written an hour ago, and two nodes that have listed it. */
async function listed(
  t: ExecutionContext,
): Promise<{ mine: DirectoryStorage; theirs: DirectoryStorage; file: string }> {
  const path = await temporaryDirectory(t);
  const [mine, theirs] = [directoryStorage(path), directoryStorage(path)];
  const { id } = await mine.open(null);
  await theirs.open(id);
  await mine.create({ name: "blog_data", options: parseOptions({ app: "blog" }) }, here);
  const file = join(path, ".swarmnfs/volumes/blog_data.json");
  await age(file);
  await Promise.all([mine.list(), theirs.list()]);
  return { mine, theirs, file };
}

/** Written an hour ago, and read two days ago: a file system that notes reads notes the next one, relatime or not. */
async function age(file: string): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await utimes(file, now - 172_800, now - 3_600);
}

async function isRead(file: string, work: () => Promise<unknown>): Promise<boolean> {
  const { mtimeMs } = await stat(file);
  await utimes(file, 1_000_000, mtimeMs / 1000);
  await work();
  return (await stat(file)).atimeMs !== 1_000_000_000;
}

test("a record that has not changed since the last list is not read again", async (t) => {
  const { mine, file } = await listed(t);
  t.false(await isRead(file, () => mine.get("blog_data")));
  t.false(await isRead(file, () => mine.attach("blog_data", here, [])));
  t.is((await mine.get("blog_data"))?.state, "ready");
});

test("what another node changed since is seen at once", async (t) => {
  const { mine, theirs } = await listed(t);
  await theirs.update("blog_data", { access: "readonly" }, there);
  t.like(await mine.get("blog_data"), { revision: 3, access: "readonly" });
  t.deepEqual((await mine.attach("blog_data", here, [])).options, ["ro"]);
  await mine.detach("blog_data", here);
  await theirs.remove("blog_data", there);
  t.is(await mine.get("blog_data"), null);
  await t.throwsAsync(mine.attach("blog_data", here, []), { message: /blog_data/ });
});

test("what somebody edited is seen at once, also where the file is as long as before", async (t) => {
  const { mine, file } = await listed(t);
  const text = await readFile(file, "utf8");
  const edited = text.replace(/"onRemove": "archive"/, '"onRemove": "retain" ');
  t.is(edited.length, text.length);
  t.not(edited, text);
  await writeFile(file, edited);
  t.is((await mine.get("blog_data"))?.onRemove, "retain");
});

test("a record damaged since is told of, not what it said before", async (t) => {
  const { mine, file } = await listed(t);
  await writeFile(file, "{");
  await t.throwsAsync(mine.get("blog_data"), { code: "unavailable" });
});
