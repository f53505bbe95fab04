import test from "ava";
import { compare, median } from "../../../plugin/benchmark/comparison.ts";

test("the median is the middle one", (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
});

test("rounds that lie apart by more than they scatter differ beyond the noise, both ways", (t) => {
  const slow = [100, 104, 98, 101, 99];
  const fast = [150, 155, 149, 151, 160];
  t.deepEqual(compare(slow, fast), { ratio: 1.51, beyondNoise: true });
  t.true(compare(fast, slow).beyondNoise);
});

test("rounds that reach each other do not, however far apart their medians are", (t) => {
  t.false(compare([100, 104, 98, 101, 99], [150, 155, 103, 151, 160]).beyondNoise);
});

test("less than a tenth is not worth a word", (t) => {
  t.false(compare([100, 100, 100, 100, 100], [109, 109, 109, 109, 109]).beyondNoise);
  t.true(compare([100, 100, 100, 100, 100], [111, 111, 111, 111, 111]).beyondNoise);
});

test("three rounds prove nothing", (t) => {
  t.false(compare([1, 1, 1], [5, 5, 5]).beyondNoise);
});

/** Numbers between 80 and 120 that look like chance, the same at each run. */
function* chance(): Generator<number, never> {
  for (let state = 1; ;) {
    state = (state * 48_271) % 2_147_483_647;
    yield 80 + (state / 2_147_483_647) * 40;
  }
}

test("two series of the same thing seldom differ beyond the noise, and long ones hardly ever", (t) => {
  const numbers = chance();
  const series = (length: number): number[] => Array.from({ length }, () => numbers.next().value);
  const found = (length: number): number =>
    Array.from({ length: 10_000 }, () => compare(series(length), series(length))).filter(
      ({ beyondNoise }) => beyondNoise,
    ).length;
  t.true(found(5) < 100);
  t.true(found(9) <= 2);
});
