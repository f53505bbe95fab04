import test from "ava";
import { Series, turns } from "../../../plugin/benchmark/series.ts";
import { measures } from "../../../plugin/benchmark/profiles.ts";

test("places take turns, each round from the other end", (t) => {
  t.deepEqual(
    turns(["a", "b", "c"], 2).map(({ place, round }) => `${place}${round}`),
    ["a1", "b1", "c1", "c2", "b2", "a2"],
  );
});

test("how long it still takes is a guess at first, and then what it took so far", (t) => {
  const series = new Series(4, 10);
  t.is(series.progress("warming up", 0).secondsLeft, 40);
  t.is(series.progress("warming up", 4).secondsLeft, 36);
  series.ran(20);
  t.deepEqual(series.progress("round 1", 100), {
    doing: "round 1",
    done: 1,
    total: 4,
    secondsLeft: 40,
  });
});

test("a figure is the median of its rounds, of times that are known", (t) => {
  const [measure] = measures;
  if (measure === undefined) throw new Error("there is none");
  const series = new Series(3, 1);
  for (const [rate, p50] of [
    [10, 1],
    [30, null],
    [20, 3],
  ] as const)
    series.add(
      "volume",
      new Map([[measure.id, { rate, bytesPerSecond: rate * 8192, iops: rate, p50, p99: null }]]),
    );
  t.deepEqual(series.figures([measure])[0]?.values, {
    volume: {
      rounds: [10, 30, 20],
      median: 20,
      bytesPerSecond: 20 * 8192,
      iops: 20,
      p50: 2,
      p99: null,
    },
  });
});
