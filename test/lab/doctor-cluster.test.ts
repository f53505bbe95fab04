// What `swarmnfs doctor --cluster` says of a swarm of real machines on a real NAS.
import test from "ava";
import * as z from "zod";
import { swarmnfs } from "./cli.ts";
import { labCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

const on = labCluster();

const finding = z.object({ level: z.string(), title: z.string() });
const report = z.object({
  nodes: z.array(
    z.object({ node: z.string(), version: z.string().nullable(), findings: z.array(finding) }),
  ),
  findings: z.array(finding),
});

/** With exit code 1 it is a report as well. */
async function examined(): Promise<z.infer<typeof report>> {
  return report.parse(JSON.parse(await swarmnfs(on.leader, "doctor --cluster --json || true")));
}

test("every node answers, and reads what another one wrote", async (t) => {
  const { nodes, findings } = await examined();
  t.deepEqual(
    nodes.map(({ node }) => node).toSorted(),
    on.nodes.map(({ name }) => name).toSorted(),
  );
  t.true(nodes.every(({ version }) => version !== null));
  const others = on.nodes.length - 1;
  const title = `${others} of ${others} other nodes read what this node wrote through a volume`;
  t.true(findings.some((each) => each.title === title && each.level === "ok"));
  // A node may tell for some seconds what it knew before.
  for (const node of on.nodes)
    await eventually(
      async () => !(await on.docker(node, "volume ls --quiet")).includes("swarmnfs-check"),
      `the check's volume is gone on ${node.name}`,
    );
});

test("a node without its plugin is named", async (t) => {
  const here = on.node(2);
  on.afterwards(() => on.attempt(here, "plugin enable swarmnfs"));
  await on.docker(here, "plugin disable --force swarmnfs");
  const { nodes } = await examined();
  const found = nodes.find(({ node }) => node === here.name);
  t.is(found?.version, null);
  t.is(found?.findings[0]?.level, "problem");
});
