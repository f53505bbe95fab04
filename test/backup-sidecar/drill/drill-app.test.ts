import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { drillApp } from "../../../backup-sidecar/drill/drill-app.ts";
import { sampleOf } from "../../../backup-sidecar/drill/sample.ts";
import type { Node } from "../../../backup-sidecar/engine/app-repository.ts";
import { sourceView } from "../../../backup-sidecar/source/source-view.ts";
import { systemClock } from "../../../service/clock.ts";
import { Restorable } from "../restorable.ts";

test.serial(
  "files of the newest version are brought back and compared, also with the live ones that did not change",
  async (t) => {
    const place = await Restorable.begin(t);
    const folder = place.folder("blog_data");
    await mkdir(join(folder, "posts"));
    for (const name of ["one", "two", "odd [name]*?", "changed"])
      await writeFile(join(folder, "posts", name), name);
    await place.save("blog_data", "2026-03-01T06:00:00Z");
    await writeFile(join(folder, "posts/changed"), "since then");
    const scratch = join(place.place.top, "scratch");
    const view = sourceView(place.views, await place.record("blog_data"));
    const world = { scratch, clock: systemClock };
    const report = await drillApp(await place.repository(), [view], world);
    t.like(report, { app: "blog", ok: true });
    t.like(report.volumes[0], { sampled: 4, files: 4, comparedLive: 3, problems: [] });
    t.deepEqual(await readdir(scratch), []);

    // A disk that lies: other content, and the same size and time.
    const then = new Date("2026-03-01T05:00:00Z");
    await utimes(join(folder, "posts/one"), then, then);
    await place.save("blog_data", "2026-03-01T07:00:00Z");
    await writeFile(join(folder, "posts/one"), "eno");
    await utimes(join(folder, "posts/one"), then, then);
    const second = await drillApp(await place.repository(), [view], world);
    t.false(second.ok);
    t.deepEqual(second.volumes[0]?.problems, [
      "/posts/one differs from the live file, which has not changed since",
    ]);
  },
);

async function* files(count: number, size: number): AsyncIterable<Node> {
  const rest = { mode: 0o644, uid: 0, gid: 0, mtime: "2026-03-01T06:00:00Z" };
  for (let at = 0; at < count; at += 1) yield { path: `/${at}`, type: "file", size, ...rest };
}

test("a sample stays within its limits, and every file may be in it", async (t) => {
  const seen = new Set<string>();
  for (let round = 0; round < 60; round += 1) {
    const { chosen, files: all } = await sampleOf(
      files(20, 10),
      { files: 4, bytes: 30 },
      Math.random,
    );
    t.is(all, 20);
    t.is(chosen.length, 3);
    for (const { path } of chosen) seen.add(path);
  }
  t.true(seen.size > 15, String(seen.size));
});
