import test from "ava";
import { type Point, fullOn, trendOf } from "../../../storage/report/trend.ts";

const dayMs = 86_400_000;
const G = 1024 ** 3;
const now = Date.parse("2026-03-01T12:00:00Z");

function days(...bytes: readonly number[]): Point[] {
  return bytes.map((each, index) => ({
    at: now - (bytes.length - 1 - index) * dayMs,
    bytes: each,
  }));
}

function line(count: number, from: number, perDay: number, noise = 0): Point[] {
  return days(
    ...Array.from(
      { length: count },
      (_, day) => from + day * perDay + (((day * 7919) % 13) - 6) * noise,
    ),
  );
}

test("too few days, or too short a time, say nothing", (t) => {
  const nothing = { direction: "unknown", perDay: null } as const;
  t.deepEqual(trendOf([]), nothing);
  t.deepEqual(trendOf(line(4, G, G)), nothing);
  const hour = line(10, G, G).map(({ bytes }, index) => ({ at: now + index * 3_600_000, bytes }));
  t.deepEqual(trendOf(hour), nothing);
  t.is(fullOn(nothing, G, now), null);
});

test("a straight line is found, and when it fills the room", (t) => {
  const trend = trendOf(line(30, 10 * G, G));
  t.deepEqual(trend, { direction: "growing", perDay: G });
  t.is(fullOn(trend, 10 * G, now), "2026-03-11");
  t.is(fullOn(trend, 0, now), "2026-03-01");
  t.is(fullOn(trend, -G, now), "2026-03-01");
  t.is(fullOn(trend, 10_000 * G, now), null, "not within two years");
});

test("noise, and a file that was there for some days, do not bend it", (t) => {
  const points = line(30, 10 * G, G, G / 10);
  const spiked = points.map(({ at, bytes }, index) => ({
    at,
    bytes: index >= 8 && index < 13 ? bytes + 500 * G : bytes,
  }));
  const { direction, perDay } = trendOf(spiked);
  t.is(direction, "growing");
  t.true(Math.abs((perDay ?? 0) - G) < G / 4, `${perDay}`);
});

test("what shrinks never gets full", (t) => {
  const trend = trendOf(line(10, 100 * G, -G));
  t.is(trend.direction, "shrinking");
  t.is(fullOn(trend, 1, now), null);
});

test("what does not change, or by a little, stands still", (t) => {
  t.is(trendOf(line(20, 10 * G, 0)).direction, "steady");
  t.is(trendOf(line(20, 0, 0)).direction, "steady");
  t.is(trendOf(line(20, 100 * G, 1024)).direction, "steady");
});

test("what goes up and down is said to, and no day is given", (t) => {
  const saw = days(...Array.from({ length: 30 }, (_, day) => (1 + (day % 7)) * 5 * G));
  const trend = trendOf(saw);
  t.is(trend.direction, "irregular");
  t.is(fullOn(trend, G, now), null);
});

test("years of days are looked at as fast as months", (t) => {
  const begun = performance.now();
  for (let round = 0; round < 100; round += 1) trendOf(line(1000, G, G));
  t.true(performance.now() - begun < 5_000);
  t.is(trendOf(line(1000, G, G)).perDay, G);
});
