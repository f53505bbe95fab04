import { readdir } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { execa } from "execa";
import { read, root, tableOf } from "../../docs/document.ts";

const rules = await read("deploy/prometheus/rules.yml");
const alerts = Array.from(rules.matchAll(/^ +- alert: (\S+)$/gm), ([, name = ""]) => name);
const folder = path.join(root, "test/deploy/prometheus");
const files = (await readdir(folder)).filter((name) => name.endsWith(".test.yml"));

test("promtool finds nothing wrong with the rules", async (t) => {
  const { stdout } = await execa("promtool", ["check", "rules", "deploy/prometheus/rules.yml"], {
    cwd: root,
  });
  t.regex(stdout, /SUCCESS/);
});

for (const file of files) {
  test(`alerts fire by their fault alone, and end with it: ${file}`, async (t) => {
    const { stdout } = await execa("promtool", ["test", "rules", file], { cwd: folder });
    t.regex(stdout, /SUCCESS/);
  });
}

test("each alert is proved to fire, not to fire before, and to end", async (t) => {
  const texts = await Promise.all(files.map((file) => read(`test/deploy/prometheus/${file}`)));
  const cases = texts.flatMap((text) => text.split(/^(?= {2}- name: )/m).slice(1));
  const named = cases.map((text) => /^ {2}- name: (\S+)/.exec(text)?.[1] ?? "");
  t.deepEqual(named.toSorted(), alerts.toSorted());
  for (const [index, text] of cases.entries()) {
    const times = Array.from(
      text.matchAll(/eval_time: (\S+)\n +exp_samples:(.*)/g),
      ([, time = "", samples = ""]) => ({ at: minutes(time), fires: samples.trim() !== "[]" }),
    );
    const firing = times.filter(({ fires }) => fires).map(({ at }) => at);
    const calm = times.filter(({ fires }) => !fires).map(({ at }) => at);
    t.true(firing.length > 0, named[index]);
    t.true(Math.min(...calm) < Math.min(...firing), `${named[index]}: before`);
    t.true(Math.max(...calm) > Math.max(...firing), `${named[index]}: after`);
  }
});

test("each alert has a severity, and says what it means and where to read what to do", (t) => {
  for (const text of rules.split(/^(?= +- alert: )/m).slice(1)) {
    const name = /alert: (\S+)/.exec(text)?.[1] ?? "";
    t.regex(text, /^ +severity: (info|warning|critical)$/m, name);
    for (const field of ["summary", "description"])
      t.regex(text, new RegExp(`^ +${field}: .{10,}$`, "m"), name);
    const url = /^ +runbook_url: (\S+)$/m.exec(text)?.[1];
    t.is(
      url,
      `https://github.com/swarmnfs/swarmnfs/blob/main/docs/runbook.md#${name.toLowerCase()}`,
    );
  }
});

test("every alert has a section in docs/runbook.md, in the same order, and every section an alert", async (t) => {
  const sections = Array.from(
    (await read("docs/runbook.md")).matchAll(/^## (.*)$/gm),
    ([, title = ""]) => title,
  );
  t.deepEqual(sections, alerts);
});

test("rules ask only for what the programs tell", async (t) => {
  const table = tableOf(await read("docs/metrics.md"), "metrics");
  const told = new Set(table.map(([name = ""]) => name.replaceAll("`", "")));
  const asked = rules.match(/(?<![:\w])swarmnfs_[a-z_]+/g) ?? [];
  t.deepEqual(
    [...new Set(asked)].filter((name) => !told.has(name)),
    [],
  );
});

/** `1d16h`, `30m` */
function minutes(text: string): number {
  const each = { d: 1440, h: 60, m: 1 };
  return Array.from(text.matchAll(/(\d+)([dhm])/g)).reduce(
    (sum, [, digits, unit]) => sum + Number(digits) * each[unit as keyof typeof each],
    0,
  );
}
