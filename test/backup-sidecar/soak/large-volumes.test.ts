import { mkdir, open, readdir, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import test from "ava";
import { execa } from "execa";
import { Restorable } from "../restorable.ts";

/** The share of the full size, for whoever has less time: `LARGE=0.01`. */
const share = Number(process.env["LARGE"] ?? 1);
const files = Math.round(1_000_000 * share);
const bytes = Math.round(50 * 1024 ** 3 * share);

const back = { kind: "volume", name: "back" } as const;

test.serial(
  `fault 40: a directory with ${files.toLocaleString("en")} files comes back whole`,
  async (t) => {
    const place = await Restorable.begin(t);
    const many = join(place.folder("blog_data"), "many");
    await mkdir(many);
    await execa("sh", ["-c", `seq -f f%.0f ${files} | xargs touch`], { cwd: many });
    await place.save("blog_data", "2026-03-01T06:00:00Z");
    const report = await place
      .restorer()
      .restore({ source: "blog", at: null, paths: [], to: back });
    t.deepEqual(report.differences, []);
    t.is((await readdir(join(place.folder("back"), "many"))).length, files);
  },
);

test.serial(
  `fault 40: a file of ${bytes.toLocaleString("en")} bytes comes back with its holes and its data`,
  async (t) => {
    const place = await Restorable.begin(t);
    const disk = join(place.folder("blog_data"), "disk");
    await writeFile(disk, "");
    await truncate(disk, bytes);
    await using file = await open(disk, "r+");
    for (const part of [0, 0.3, 0.7]) await file.write("data", Math.floor(bytes * part));
    await place.save("blog_data", "2026-03-01T06:00:00Z");
    const request = { source: "blog", at: null, paths: [], to: back };
    // By its looks it would not fit on most disks.
    const restorer = place.restorer({ storage: place.withRoom(Infinity) });
    const report = await restorer.restore(request);
    t.deepEqual(report.differences, []);
    const found = await stat(join(place.folder("back"), "disk"));
    t.is(found.size, bytes);
    t.true(found.blocks * 512 < 64 * 1024 ** 2, String(found.blocks));
  },
);
