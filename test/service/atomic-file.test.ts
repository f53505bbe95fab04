import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { writeFileAtomic } from "../../service/atomic-file.ts";

test("a file is replaced whole, for its owner only, and nothing is left beside it", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "atomic-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "state.json");
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => writeFileAtomic(path, `${index}`.repeat(1000))),
  );
  t.regex(await readFile(path, "utf8"), /^(\d+)\1+$/);
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.deepEqual(await readdir(folder), ["state.json"]);
});

test("so is one that means nothing after a boot, for whose folder nobody waits", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "atomic-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "state.json");
  for (const text of ["old", "new"]) await writeFileAtomic(path, text, 0o600, true);
  t.is(await readFile(path, "utf8"), "new");
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.deepEqual(await readdir(folder), ["state.json"]);
});

test("a failed write leaves nothing behind", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "atomic-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await t.throwsAsync(writeFileAtomic(join(folder, "no", "such", "state.json"), "x"), {
    code: "ENOENT",
  });
  await t.throwsAsync(writeFileAtomic(folder, "x"), { code: "EISDIR" });
  t.deepEqual(await readdir(folder), []);
});
