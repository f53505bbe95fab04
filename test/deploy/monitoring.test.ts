import { readdir } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { execa } from "execa";
import { read, root } from "../docs/document.ts";

const stack = await read("deploy/monitoring.stack.yml");
const scraped = await read("deploy/prometheus/prometheus.yml");

test("promtool understands what is scraped, and finds the rules beside it", async (t) => {
  const { stdout } = await execa("promtool", ["check", "config", "prometheus.yml"], {
    cwd: path.join(root, "deploy/prometheus"),
  });
  t.regex(stdout, /1 rule files found/);
});

test("the jobs that the rules ask for are those that are scraped", async (t) => {
  const asked = found(await read("deploy/prometheus/rules.yml"), /job="([^"]+)"/g);
  const jobs = found(scraped, /job_name: (\S+)/g);
  t.deepEqual([...new Set(asked)].toSorted(), jobs.toSorted());
});

test("the stack hands on every file of Prometheus and Grafana, each to one place", async (t) => {
  const handed = found(stack, /^ {4}file: \.\/(\S+)$/gm);
  const there = await Promise.all(
    ["prometheus", "grafana"].map(async (folder) =>
      (await readdir(path.join(root, "deploy", folder))).map((file) => `${folder}/${file}`),
    ),
  );
  t.deepEqual(handed.toSorted(), there.flat().toSorted());
  const made = found(stack, /^ {2}(\w+):\n {4}name: /gm);
  const used = found(stack, /- source: (\S+)$/gm);
  t.deepEqual(used.toSorted(), made.toSorted());
});

test("Grafana's way to Prometheus is the one that the dashboards go", async (t) => {
  const uid = /^ +uid: (\S+)$/m.exec(await read("deploy/grafana/datasource.yml"))?.[1];
  for (const file of ["overview", "volume", "backup"]) {
    const dashboard = await read(`deploy/grafana/${file}.json`);
    const uids = found(dashboard, /"type": "prometheus",\s*"uid": "([^"]+)"/g);
    t.deepEqual([...new Set<string | undefined>(uids)], [uid], file);
  }
});

test("no image of the stack is whatever is newest, and no password is in it", (t) => {
  for (const [, image = ""] of stack.matchAll(/image: (\S+)/g))
    t.regex(image, /:v?\d+\.\d+\.\d+\}$/);
  t.regex(stack, /GF_SECURITY_ADMIN_PASSWORD__FILE: \/run\/secrets\//);
  t.notRegex(stack, /published: 9090|9090:9090/);
});

function found(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, part = ""]) => part);
}
