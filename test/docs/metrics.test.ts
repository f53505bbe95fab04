import test from "ava";
import { codeIn, onlyCode, read, tableOf } from "./document.ts";
import { livelyPages } from "./lively-pages.ts";

const rows = tableOf(await read("docs/metrics.md"), "metrics");
const pages = new Map(
  await Promise.all(
    Array.from(livelyPages(), async ([program, page]) => [program, await page()] as const),
  ),
);

/** `name type label label: meaning` of everything that a program tells. */
function toldBy(page: string): string[] {
  return Array.from(page.matchAll(/^# HELP (\S+) (.*)$/gm), ([, name = "", help = ""]) => {
    const type = new RegExp(String.raw`^# TYPE ${name} (\S+)$`, "m").exec(page)?.[1] ?? "";
    const samples = page.matchAll(new RegExp(String.raw`^${name}(?:_bucket)?\{(.*)\} `, "gm"));
    const labels = Array.from(samples, ([, text = ""]) =>
      Array.from(text.matchAll(/([a-z]+)="/g), ([, label = ""]) => label),
    ).flat();
    const own = [...new Set(labels)].filter((label) => label !== "le").toSorted();
    return `${name} ${type} ${own.join(" ")}: ${help}`;
  });
}

for (const [program, page] of pages) {
  test(`docs/metrics.md has every metric of the ${program}, as the program tells it, and no other`, (t) => {
    const written = rows
      .filter(([, of = ""]) => of.split(", ").includes(program))
      .map(([name = "", , type = "", labels = "", , meaning = ""]) => {
        return `${onlyCode(name) ?? ""} ${type} ${codeIn(labels).toSorted().join(" ")}: ${meaning}`;
      });
    t.deepEqual(written.toSorted(), toldBy(page).toSorted());
  });
}

test("every row is of a program, comes once, and has the unit that its name says", (t) => {
  const names = rows.map(([name = ""]) => name);
  t.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
  for (const [name = "", of = "", , , unit = ""] of rows) {
    for (const program of of.split(", ")) t.true(pages.has(program), `${name}: ${program}`);
    t.is(unit, unitIn(onlyCode(name) ?? ""), name);
  }
});

function unitIn(name: string): string {
  const [, unit = ""] = /_(timestamp_seconds|seconds|bytes|ratio)(?:_total)?$/.exec(name) ?? [];
  if (unit === "timestamp_seconds") return "seconds since 1970";
  return unit === "ratio" ? "0 … 1" : unit;
}
