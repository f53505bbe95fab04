import { readdir } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import * as z from "zod";
import { read, root, tableOf } from "../../docs/document.ts";
import { livelyPages } from "../../docs/lively-pages.ts";
import { until } from "../../plugin/until.ts";
import { RealPrometheus } from "../prometheus/real-prometheus.ts";

const panelSchema = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string(),
  description: z.string().optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z.array(z.object({ expr: z.string() })).default([]),
});
const dashboardSchema = z.object({
  uid: z.string(),
  panels: z.array(panelSchema),
  templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string() })) }),
});

const files = (await readdir(path.join(root, "deploy/grafana"))).filter((name) =>
  name.endsWith(".json"),
);
const dashboards = await Promise.all(
  files.map(async (file) => {
    const text = await read(`deploy/grafana/${file}`);
    const { uid, panels, templating } = dashboardSchema.parse(JSON.parse(text));
    return { file, uid, panels, templating };
  }),
);
const queries = dashboards.flatMap(({ file, panels }) =>
  panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({ where: `${file}, ${title}`, expr })),
  ),
);
/** How Prometheus' jobs are called for each program. */
const jobs = new Map([
  ["plugin", "swarmnfs-plugin"],
  ["storage node", "swarmnfs-server"],
  ["backup", "swarmnfs-backup"],
]);
/** A query needs two scrapes at least, rules and an alert some more; the machine may be busy. */
const dataBoundMs = 90_000;

test("every query of every panel, and of every choice, has data of a Prometheus that scrapes the three programs", async (t) => {
  const targets = Array.from(livelyPages(), ([program, page]) => {
    const job = jobs.get(program) ?? program;
    return { job, instance: job, page };
  });
  const prometheus = await RealPrometheus.start(t, targets);
  for (const { where, expr } of queries) {
    const query = filled(expr);
    const hasData = async (): Promise<boolean> => {
      const samples = await prometheus.ask(query);
      return samples.length > 0 && samples.every(({ value: [, text] }) => text !== "NaN");
    };
    await until(`${where}: ${query}`, hasData, dataBoundMs);
  }
  for (const { file, templating } of dashboards) {
    for (const { definition } of templating.list) {
      const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
      const values = await prometheus.get(`label/${label}/values?match[]=${metric}`);
      t.true(z.array(z.string()).parse(values).length > 0, `${file}: ${definition}`);
    }
  }
  const { groups } = z
    .object({
      groups: z.array(
        z.object({ rules: z.array(z.object({ name: z.string(), health: z.string() })) }),
      ),
    })
    .parse(await prometheus.get("rules"));
  const rules = groups.flatMap((group) => group.rules);
  t.deepEqual(
    rules.filter(({ health }) => health !== "ok").map(({ name }) => name),
    [],
  );
  t.log(`${queries.length} queries, ${rules.length} rules`);
});

test("dashboards ask only for what the programs tell and the rules make", async (t) => {
  const table = tableOf(await read("docs/metrics.md"), "metrics");
  const made = (await read("deploy/prometheus/rules.yml")).matchAll(/- record: (\S+)/g);
  const told = new Set([
    ...table.map(([name = ""]) => name.replaceAll("`", "")),
    ...Array.from(made, ([, name = ""]) => name),
  ]);
  for (const { where, expr } of queries) {
    for (const name of expr.match(/swarmnfs[:_][a-z_:]+/g) ?? [])
      t.true(
        told.has(name) || told.has(name.replace(/_(bucket|count|sum)$/, "")),
        `${where}: ${name}`,
      );
  }
});

test("every panel says what it shows, has a place of its own, and every dashboard its own name", (t) => {
  t.is(new Set(dashboards.map(({ uid }) => uid)).size, dashboards.length);
  for (const { file, panels } of dashboards) {
    t.is(new Set(panels.map(({ id }) => id)).size, panels.length, file);
    const taken = new Map<string, string>();
    for (const { type, title, description = "", gridPos } of panels) {
      if (type !== "row") t.true(description.length > 5, `${file}: ${title}`);
      const { x, y, w, h } = gridPos;
      t.true(x + w <= 24, `${file}: ${title}`);
      for (let row = y; row < y + h; row += 1)
        for (let column = x; column < x + w; column += 1) {
          const cell = `${column} ${row}`;
          t.is(taken.get(cell), undefined, `${file}: ${title}`);
          taken.set(cell, title);
        }
    }
  }
});

/** As Grafana fills it in when everything is chosen. */
function filled(expr: string): string {
  return expr.replaceAll("$__rate_interval", "30s").replaceAll(/\$\w+/g, ".+");
}
