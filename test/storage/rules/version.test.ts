import test from "ava";
import { endOfMoment, splitVersion, versionAt } from "../../../storage/rules/version.ts";

for (const [text, end] of [
  ["2026-03-01T06:00", "2026-03-01T06:00:59.999Z"],
  ["2026-03-01 06:00", "2026-03-01T06:00:59.999Z"],
  ["2026-03-01_06-00", "2026-03-01T06:00:59.999Z"],
  ["2026-03-01", "2026-03-01T23:59:59.999Z"],
  ["2026-03-01T06:00:13Z", "2026-03-01T06:00:13.999Z"],
  ["2026-03-01T06:00+02:00", "2026-03-01T04:00:59.999Z"],
] as const)
  test(`${text} goes until ${end}`, (t) => {
    t.is(new Date(endOfMoment(text)).toISOString(), end);
  });

for (const text of ["yesterday", "2026-02-31", "2026-13-01", "06:00", "2026-03-01T25:00", ""])
  test(`"${text}" is no moment`, (t) => {
    t.throws(() => endOfMoment(text), { code: "invalid", message: /write 2026-03-01T06:00/ });
  });

const volumes = {
  blog_data: {
    app: "blog",
    snapshots: ["2026-03-01T00:00:11Z", "2026-03-01T06:00:13Z", "2026-03-01T12:00:09Z"],
    lastGood: null,
  },
  fresh: { app: "fresh", snapshots: [], lastGood: null },
};

test("a moment means the newest version that is not younger", (t) => {
  const at = (moment: string) => versionAt(volumes, "blog_data", moment).at;
  t.is(at("2026-03-01T06:00"), "2026-03-01T06:00:13Z");
  t.is(at("2026-03-01T05:59"), "2026-03-01T00:00:11Z");
  t.is(at("2026-03-01"), "2026-03-01T12:00:09Z");
  t.is(at("latest"), "2026-03-01T12:00:09Z");
  t.is(versionAt(volumes, "blog_data", "latest").app, "blog");
});

test("the latest is none of a source that looked destroyed, unless there is no other", (t) => {
  const [first, second, third] = volumes.blog_data.snapshots as [string, string, string];
  const of = (...doubted: string[]) => ({ blog_data: { ...volumes.blog_data, doubted } });
  t.is(versionAt(of(second, third), "blog_data", "latest").at, first);
  t.is(versionAt(of(first, second, third), "blog_data", "latest").at, third);
  t.is(versionAt(of(third), "blog_data", "2026-03-01").at, third);
});

test("what is not there is told with what is", (t) => {
  t.throws(() => versionAt(volumes, "blog_data", "2026-02-01"), {
    code: "not-found",
    message: /the oldest is of 2026-03-01T00:00:11Z/,
  });
  for (const name of ["fresh", "constructor", "none"])
    t.throws(() => versionAt(volumes, name, "latest"), {
      code: "not-found",
      message: /no backup of ".*that have one: blog_data$/,
    });
});

test("a volume and its moment are told apart", (t) => {
  t.deepEqual(splitVersion("db@2026-03-01"), { volume: "db", moment: "2026-03-01" });
  t.deepEqual(splitVersion("db"), { volume: "db", moment: null });
});
