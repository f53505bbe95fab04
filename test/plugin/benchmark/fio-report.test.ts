import test from "ava";
import { NoDirect, readFio } from "../../../plugin/benchmark/fio-report.ts";
import { measures } from "../../../plugin/benchmark/profiles.ts";
import { said } from "./fake-throw-away.ts";

const ofDatabase = measures.filter(({ profile }) => profile === "database");
const ofStreaming = measures.filter(({ profile }) => profile === "streaming");

test("what Debian's fio says is understood, figure by figure", async (t) => {
  const readings = readFio(await said("fio-3.39"), measures, true);
  t.deepEqual(
    [...readings.keys()],
    measures.map(({ id }) => id),
  );
  for (const [id, { rate, iops, bytesPerSecond, p50, p99 }] of readings) {
    t.true(rate > 0 && iops > 0 && bytesPerSecond > 0, id);
    t.is(p50 === null, p99 === null);
    if (p50 !== null && p99 !== null) t.true(0 < p50 && p50 <= p99 && p99 < 1000, id);
  }
});

test("an older fio is understood as well", async (t) => {
  const readings = readFio(await said("fio-3.33"), measures, true);
  t.is(readings.size, measures.length);
  t.is(readings.get("streaming-write")?.rate, readings.get("streaming-write")?.bytesPerSecond);
});

test("what a commit takes is what fdatasync takes, not the write before it", async (t) => {
  const commit = readFio(await said("fio-3.39"), ofDatabase, true).get("database-commit");
  // One after the other: so many a second cannot each take longer than that, and a write to memory takes microseconds.
  t.true((commit?.p50 ?? 0) > 0.02);
  t.true((commit?.p50 ?? 0) < 2 * (1000 / (commit?.rate ?? 0)));
});

test("a file system without O_DIRECT is told apart", async (t) => {
  const text = await said("fio-3.39-no-direct");
  t.throws(() => readFio(text, ofDatabase, true), { instanceOf: NoDirect });
  t.throws(() => readFio(text, ofDatabase, false), { message: /could not do its job/ });
});

test("a disk that fills up is told as such", async (t) => {
  const text = await said("fio-3.39-full");
  t.throws(() => readFio(text, ofStreaming, false), { code: "full", message: /no room left/ });
});

test("what is no report, half a report or one of something else is not taken for one", async (t) => {
  const text = await said("fio-3.39");
  const unusable = { code: "unavailable", message: /^fio did not do what was asked/ } as const;
  t.throws(() => readFio("", measures, true), unusable);
  t.throws(() => readFio("fio: cannot open /bench\n", measures, true), unusable);
  t.throws(() => readFio(text.slice(0, text.length / 2), measures, true), unusable);
  t.throws(() => readFio('{\n"jobs": []\n}\n', measures, true), unusable);
  t.throws(() => readFio('{\n"jobs": [{}]\n}\n', measures, true), unusable);
});
