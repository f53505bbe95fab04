import { mkdir, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { pino } from "pino";
import { Mirror } from "../../../backup-sidecar/history/mirror.ts";
import { mirrorPath } from "../../../backup-sidecar/history/mirror-name.ts";
import { RemoteHistory } from "../../../backup-sidecar/history/remote-history.ts";
import type { RunReport } from "../../../backup-sidecar/engine/run-report.ts";
import { systemClock } from "../../../service/clock.ts";
import { Restorable } from "../restorable.ts";

for (const [path, name] of [
  ["/plain/file-1.txt", "plain/file-1.txt"],
  ["/My photo.jpg", "My_20photo.jpg"],
  ["/caf\u00E9", "caf_C3_A9"],
  ["/a_b/a_20b", "a_b/a_5F20b"],
  ["/..hidden", "_2E.hidden"],
  ["/100%#", "100_25_23"],
] as const)
  test(`${path} is called ${name} on the server`, (t) => {
    t.is(mirrorPath(path), name);
  });

test("long names are cut, and stay different; what is no text has no name", (t) => {
  const [one, two] = ["1", "2"].map((end) => mirrorPath(`/${"\u00E9".repeat(100)}${end}`) ?? "");
  t.true((one ?? "").length <= 180);
  t.not(one, two);
  t.is(mirrorPath("/bad\uFFFD"), null);
});

test.serial(
  "fault 41: the copy follows what changed, also changes that keep size and time; what was there is in the history",
  async (t) => {
    const place = await Restorable.begin(t);
    const { server } = place.place;
    const scratch = join(place.place.top, "scratch");
    const log = pino({ enabled: false });
    const mirror = new Mirror({ remote: server, wants: async () => true, scratch, log });
    const rest = { storageName: "home", storageId: "x", clock: systemClock };
    const history = new RemoteHistory({ remote: server, ...rest, mirror });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const report = { run: "run" } as RunReport;
    const folder = place.folder("blog_data");
    const then = new Date("2026-02-01T00:00:00Z");
    await mkdir(join(folder, "posts/old"), { recursive: true });
    await mkdir(join(folder, "empty"));
    await mkdir(join(folder, "posts/shared"));
    await writeFile(join(folder, "posts/shared/own"), "own");
    await writeFile(join(folder, "becomes a folder"), "file");
    await mkdir(join(folder, "becomes a file"));
    await writeFile(join(folder, "becomes a file/inside"), "inside");
    await writeFile(join(folder, "posts/same size"), "one");
    await writeFile(join(folder, "posts/old/gone"), "gone");
    await writeFile(join(folder, "stays"), "stays");
    await place.save("blog_data", "2026-03-01T06:00:00Z");
    const repository = await place.repository();
    await history.record(repository, await repository.snapshots(), report);
    const copy = server.at("blog/blog_data");
    t.is(await readFile(join(copy, "posts/same_20size"), "utf8"), "one");
    t.deepEqual((await readdir(copy)).toSorted(), [
      "becomes_20a_20file",
      "becomes_20a_20folder",
      "empty",
      "posts",
      "stays",
    ]);
    await writeFile(join(copy, "posts/shared/of somebody else"), "theirs");

    await rm(join(folder, "posts/shared"), { recursive: true });
    for (const name of ["becomes a folder", "becomes a file"])
      await rm(join(folder, name), { recursive: true });
    await mkdir(join(folder, "becomes a folder/deep"), { recursive: true });
    await writeFile(join(folder, "becomes a folder/deep/file"), "deep");
    await writeFile(join(folder, "becomes a file"), "now a file");
    await writeFile(join(folder, "posts/same size"), "two");
    await utimes(join(folder, "posts/same size"), then, then);
    await rm(join(folder, "posts/old"), { recursive: true });
    await mkdir(join(folder, "new"));
    await writeFile(join(folder, "new/file"), "new");
    await place.save("blog_data", "2026-03-01T12:00:00Z");
    // What the live files are by now is nothing to the copy.
    await writeFile(join(folder, "new/file"), "newer");
    const later = await place.repository();
    await history.record(later, await later.snapshots(), report);
    t.is(await readFile(join(copy, "posts/same_20size"), "utf8"), "two");
    t.is(await readFile(join(copy, "new/file"), "utf8"), "new");
    t.deepEqual((await readdir(join(copy, "posts"))).toSorted(), ["same_20size", "shared"]);
    t.deepEqual(await readdir(join(copy, "posts/shared")), ["of somebody else"]);
    t.is(await readFile(join(copy, "becomes_20a_20folder/deep/file"), "utf8"), "deep");
    t.is(await readFile(join(copy, "becomes_20a_20file"), "utf8"), "now a file");
    const before = server.at("backup_historys/blog/2026-03-01_12-00/files/blog_data");
    t.is(await readFile(join(before, "posts/same_20size"), "utf8"), "one");
    t.is(await readFile(join(before, "posts/old/gone"), "utf8"), "gone");
    t.is(await readFile(join(before, "becomes_20a_20folder"), "utf8"), "file");
    t.is(await readFile(join(before, "becomes_20a_20file/inside"), "utf8"), "inside");
    t.deepEqual((await readdir(before)).toSorted(), [
      "becomes_20a_20file",
      "becomes_20a_20folder",
      "posts",
    ]);
    t.deepEqual(await readdir(scratch), []);
  },
);
