import { readFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { parseMountstats } from "../../../plugin/metrics/mountstats.ts";
import { volumeTraffic } from "../../../plugin/metrics/volume-traffic.ts";
import { parseMountinfo } from "../../../storage/mounting/mountinfo.ts";

const sample = await readFile(path.join(import.meta.dirname, "mountstats.txt"), "utf8");
const mounts = parseMountstats(sample);
const paths = new Map([
  ["blog_data", "/mnt/volumes/blog_data"],
  ["two words", "/mnt/volumes/two words"],
  ["not_nfs", "/mnt/volumes/not_nfs"],
]);

function table(blog: string, words: string): ReturnType<typeof parseMountinfo> {
  return parseMountinfo(
    [
      "40 30 0:51 / /mnt/volumes/blog_data ro - tmpfs none ro",
      `41 40 ${blog} / /mnt/volumes/blog_data rw - nfs4 10.77.0.5:/blog_data rw`,
      String.raw`42 30 ${words} / /mnt/volumes/two\040words rw - nfs4 nas:/x rw`,
    ].join("\n"),
  );
}

test("each volume has its own figures, and operations are of three kinds", (t) => {
  const [blog, words] = volumeTraffic(mounts, table("0:60", "0:61"), paths);
  t.is(blog?.volume, "blog_data");
  t.is(blog?.bytes.toServer, 104_865_792);
  t.like(blog?.kinds.write, { count: 100, retransmissions: 3, errors: 2 });
  t.like(blog?.kinds.read, { count: 40, rttMs: 310 });
  t.like(blog?.kinds.other, { count: 1 + 600 + 9, rttMs: 712, errors: 1 });
  t.is(words?.volume, "two words");
  t.is(words?.kinds.read.errors, null);
});

test("volumes of one file system are counted once, together", (t) => {
  const all = volumeTraffic(mounts, table("0:60", "0:60"), paths);
  t.is(all.length, 1);
  t.like(all[0], { volume: "*" });
  t.is(all[0]?.bytes.fromServer, 2_097_152);
});

test("what is mounted at a volume's place twice is counted as what lies on top", (t) => {
  const again = parseMountstats(sample + sample.replaceAll("104865792", "7"));
  const [blog] = volumeTraffic(again, table("0:60", "0:61"), paths);
  t.is(blog?.bytes.toServer, 7);
});

test("of mounts that are not volumes nothing is told", (t) => {
  t.deepEqual(volumeTraffic(mounts, table("0:60", "0:61"), new Map()), []);
  t.deepEqual(volumeTraffic(mounts, [], paths), []);
});
