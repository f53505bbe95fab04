import test from "ava";
import { formatAge, formatDuration, formatMoment } from "../../service/age.ts";
import { didYouMean, nearest } from "../../service/nearest.ts";
import { exactSize, formatSize, parseSize } from "../../service/size.ts";

test("sizes are read in powers of 1024", (t) => {
  t.is(parseSize("10G"), 10 * 1024 ** 3);
  t.is(parseSize("1.5g"), 1.5 * 1024 ** 3);
  t.is(parseSize("512MiB"), 512 * 1024 ** 2);
  t.is(parseSize("4096"), 4096);
});

for (const text of ["", "0", "-1G", "10X", "ten", "1e9", "99999999P", "10 G", "0x10"]) {
  test(`"${text}" is not a size`, (t) => {
    t.throws(() => parseSize(text), { code: "invalid", message: /like 10G/ });
  });
}

test("sizes are shown as people say them", (t) => {
  t.is(formatSize(0), "0");
  t.is(formatSize(999), "999");
  t.is(formatSize(1000), "1.0K");
  t.is(formatSize(2147483648), "2.0G");
  t.is(formatSize(41 * 1024 ** 3), "41G");
  t.is(formatSize(120 * 1024 ** 2), "120M");
  t.is(formatSize(1023 * 1024 ** 2), "1.0G");
});

test("exact sizes read back as the same number of bytes", (t) => {
  for (const bytes of [1, 1000, 1024, 1536 * 1024 ** 2, 10 * 1024 ** 3])
    t.is(parseSize(exactSize(bytes)), bytes);
});

test("spans of time have at most two units", (t) => {
  t.is(formatDuration(4_200), "4 s");
  t.is(formatDuration(192_000), "3 m 12 s");
  t.is(formatDuration(120_000), "2 m");
  t.is(formatDuration(2.5 * 3_600_000), "2 h 30 m");
  t.is(formatDuration(30 * 3_600_000), "30 h");
  t.is(formatDuration(41 * 86_400_000), "41 d");
  t.is(formatAge("2026-03-01T06:00:00Z", Date.parse("2026-03-01T09:30:00Z")), "3 h ago");
});

test("a moment of another day carries its date", (t) => {
  const then = Date.parse("2026-03-01T14:02:11Z");
  t.is(formatMoment(then, then + 60_000), "14:02:11Z");
  t.is(formatMoment(then, then + 86_400_000), "2026-03-01 14:02:11Z");
});

test("the nearest word is found, and none when nothing is near", (t) => {
  t.is(nearest("apps", ["access", "app", "backup"]), "app");
  t.is(nearest("serivces", ["hosts", "services"]), "services");
  t.is(nearest("APP", ["app"]), "app");
  t.is(nearest("zebra", ["app", "size"]), null);
  t.is(didYouMean("zebra", ["app"]), "");
});
