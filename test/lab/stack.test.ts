// The example of the users' documents, as they deploy it: web servers on every node, and one volume with their pages.
import { readFile } from "node:fs/promises";
import test from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

const on = labCluster();
const stack = "blog";
const example = new URL("../../deploy/example.stack.yml", import.meta.url);

/** A node that is slow refuses now and then; its task shall be tried there again, not on another node that has one. */
const spread = `version: "3.8"
services: {web: {deploy: {placement: {max_replicas_per_node: 1}}}}`;

async function deploy(): Promise<void> {
  const text = await readFile(example, "utf8");
  const files = on.nodes.length < 3 ? [text] : [text, spread];
  const write = files.map(
    (each, index) => `cat >/run/stack-${index}.yml <<'STACK'\n${each}\nSTACK`,
  );
  const names = files.map((_, index) => `--compose-file /run/stack-${index}.yml`).join(" ");
  const command = `docker stack deploy --resolve-image never ${names} ${stack}`;
  await eventually(
    async () =>
      // Right after its removal, the stack's network may still be going.
      (await on.leader.run([...write, command].join("\n"), { timeout: 120_000 })).exitCode === 0,
    "the stack is deployed",
  );
}

async function remove(): Promise<void> {
  await on.attempt(on.leader, `stack rm ${stack}`);
  await eventually(async () => {
    const left = await Promise.all(on.nodes.map((node) => containers(node, "")));
    return left.every((each) => each.length === 0);
  }, "the stack's containers are gone");
}

/** The stack's containers on a node, or those of one of its services. */
async function containers(node: Machine, service: string): Promise<string[]> {
  const filter =
    service === ""
      ? `label=com.docker.stack.namespace=${stack}`
      : `label=com.docker.swarm.service.name=${stack}_${service}`;
  const all = service === "" ? "--all" : "";
  const list = await on.docker(node, `ps --quiet ${all} --filter ${filter}`.replace(/ +/g, " "));
  return list.split("\n").filter((each) => each !== "");
}

/** What each web server says of a page when it is asked in its own container, by node. */
async function served(page: string): Promise<string[]> {
  const answers = await Promise.all(
    on.nodes.map(async (node) =>
      Promise.all(
        (await containers(node, "web")).map(async (id) => {
          const get = `exec ${id} wget -q -O - http://127.0.0.1/${page}`;
          return (await on.attempt(node, get)).stdout.trim();
        }),
      ),
    ),
  );
  return answers.flat();
}

/** Asks every node's published port, from a machine that is none of them. */
async function published(page: string): Promise<string[]> {
  const asks = on.nodes.map(
    ({ plan }) => `busybox wget -T 20 -q -O - http://${plan.address}:8080/${page}`,
  );
  return (await on.nas.run(asks.join("\n"), { timeout: 120_000 })).stdout.trim().split("\n");
}

async function everybodySays(text: string): Promise<void> {
  for (const [who, ask, expected] of [
    ["every web server", served, () => 3],
    ["the published port of every node", published, () => on.nodes.length],
  ] as const)
    await eventually(async () => {
      const answers = await ask("page.txt");
      return answers.length === expected() && answers.every((each) => each === text);
    }, `${who} says "${text}"`);
}

test("the example: three web servers on all nodes serve one volume, and it outlives the stack", async (t) => {
  on.afterwards(async () => {
    await remove();
    await on.attempt(on.leader, "volume rm blog_html");
  });
  await deploy();
  const nodes = await on.running(`${stack}_web`, 3, 300_000);
  if (on.nodes.length >= 3) t.is(new Set(nodes).size, 3);

  await on.says(on.node(2), "blog-editor", "blog_html", "echo first >page.txt");
  await everybodySays("first");
  await on.says(on.node(1), "blog-editor", "blog_html", "echo second >page.txt");
  await everybodySays("second");
  await eventually(
    async () => (await served("index.html")).every((each) => /UTC 20\d\d$/.test(each)),
    "the page that the stack's own writer keeps is served",
  );

  await remove();
  t.is(await on.says(on.node(1), "blog-reader", "blog_html", "cat page.txt"), "second");
  await deploy();
  await on.running(`${stack}_web`, 3, 300_000);
  await everybodySays("second");
});
