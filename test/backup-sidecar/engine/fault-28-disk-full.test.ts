import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import * as z from "zod";
import { Documents } from "../../../backup-sidecar/engine/documents.ts";
import { AppUnderTest } from "./app-under-test.ts";

test("fault 28: a full cache only costs time", async (t) => {
  const app = await AppUnderTest.begin(t);
  await smallDisk(t, app.service.world.restic.place.cache, "64k");
  t.is((await app.run()).outcome, "ok");
  t.is((await app.run()).outcome, "ok");
});

test("fault 28: no space for restic's temporary files: said plainly, and made good when there is some", async (t) => {
  const app = await AppUnderTest.begin(t);
  const file = path.join(app.place.folder("blog", "blog_data"), "big2");
  await writeFile(file, randomBytes(30_000_000));
  const release = await smallDisk(t, app.service.world.restic.place.temporary, "1m");
  const report = await app.run();
  t.is(report.outcome, "failed");
  t.regex(report.notes.join(), /no space left on a disk of this container/);
  release();
  t.is((await app.run()).outcome, "ok");
});

test("fault 28: no space where something is restored to: the files that lack are named", async (t) => {
  const app = await AppUnderTest.begin(t);
  const snapshot = (await app.run()).volumes[0]?.snapshot ?? "";
  const target = path.join(app.place.top, "target");
  await mkdir(target);
  await smallDisk(t, target, "1m");
  const repository = await app.service.repositories.open("blog");
  const restored = await repository.restore({ snapshot, target }).catch((error: unknown) => error);
  t.regex(JSON.stringify(restored) + String(restored), /no space left/);
});

test("fault 28: no space for our own state: the old one stays whole", async (t) => {
  const app = await AppUnderTest.begin(t);
  const folder = path.join(app.place.top, "full");
  await mkdir(folder);
  await smallDisk(t, folder, "32k");
  const documents = new Documents(folder, ["pins"]);
  const schema = z.object({ schema: z.literal(1), text: z.string() });
  await documents.write("blog", { schema: 1, text: "old" });
  await t.throwsAsync(documents.write("blog", { schema: 1, text: "x".repeat(100_000) }), {
    message: /no space/i,
  });
  t.deepEqual(await documents.read("blog", schema), { schema: 1, text: "old" });
  t.deepEqual(await documents.names(), ["blog"]);
});

/** A file system of that size in a directory's place, until the test ends or it is released. */
async function smallDisk(t: ExecutionContext, folder: string, size: string): Promise<() => void> {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "small", folder]);
  let isMounted = true;
  const release = (): void => {
    if (isMounted) execFileSync("umount", ["--lazy", folder]);
    isMounted = false;
  };
  t.teardown(release);
  return release;
}
