// What a swarm is for: volumes that every node sees, and tasks that find their data wherever they run.
import test from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

const on = labCluster();

/** Waits until a container on the node sees these files and no others: NFS shows what is new in a directory within a minute. */
async function sees(node: Machine, volume: string, files: readonly string[]): Promise<void> {
  const expected = files.toSorted().join("\n");
  await eventually(
    async () => (await on.says(node, `${volume}-reader`, volume, "ls")) === expected,
    `${node.name} sees ${files.join(", ")} in ${volume}`,
  );
}

const nodeNames = (): string[] => on.nodes.map(({ name }) => name);

test("a file that a task wrote on one node is read by a task on another", async (t) => {
  const name = on.name("shared");
  const script = "touch /d/$(hostname); exec sleep 3600";
  await on.service(name, script, "--replicas 2 --replicas-max-per-node 1");
  const nodes = await on.running(name, 2);
  t.is(new Set(nodes).size, 2);
  for (const node of nodes) await sees(on.lab.machine(node), name, nodes);
});

test("a volume made on one node is there for a stack on every node, as external: true", async (t) => {
  const name = await on.volume("given");
  const stack = `
version: "3.8"
services:
  web:
    image: busybox
    command: sh -c "touch /d/$$(hostname); exec sleep 3600"
    hostname: "{{.Node.Hostname}}"
    init: true
    stop_grace_period: 1s
    volumes: ["given:/d"]
    deploy: {mode: global}
volumes:
  given: {external: true, name: ${name}}
`;
  on.afterwards(() => on.docker(on.leader, `stack rm ${name}`));
  await on.leader.must(
    `docker stack deploy --resolve-image never --compose-file - ${name} <<'STACK'${stack}STACK`,
    { timeout: 120_000 },
  );
  t.deepEqual((await on.running(`${name}_web`, on.nodes.length)).toSorted(), nodeNames());
  for (const node of on.nodes) {
    const format = ["--format", "{{.Driver}} {{.Name}}"];
    t.is(
      await on.docker(node, `volume ls --filter name=${name}`, ...format),
      `swarmnfs:latest ${name}`,
    );
  }
  await sees(on.node(2), name, nodeNames());
});

test("nodes that make the same volume at once all get it, and it is one volume", async (t) => {
  const name = on.name("same");
  const made = await Promise.all(
    on.nodes.map((node) => on.docker(node, `volume create -d swarmnfs -o app=${name} ${name}`)),
  );
  t.deepEqual(
    made,
    Array.from(on.nodes, () => name),
  );
  for (const node of on.nodes)
    await on.says(node, `${name}-${node.name}`, name, `touch ${node.name}`);
  await sees(on.node(1), name, nodeNames());
});

test("nodes that make a volume at once with different options agree about it, and who is refused is told why", async (t) => {
  const name = on.name("either");
  const two = [on.node(1), on.node(2)] as const;
  const ends = await Promise.all(
    two.map((node, index) => {
      const mode = ["0750", "0770"][index];
      return on.attempt(node, `volume create -d swarmnfs -o app=${name} -o mode=${mode} ${name}`);
    }),
  );
  // Whoever is so late that the volume is there already is not refused: Docker then does not pass on the options.
  const refused = ends.filter(({ exitCode }) => exitCode !== 0);
  t.true(refused.length < 2);
  for (const { stderr } of refused) t.regex(stderr, /mode/);
  const modes = await Promise.all(
    two.map((node) => on.says(node, `${name}-${node.name}`, name, "stat -c %a .")),
  );
  t.regex(modes.join(), /^(750,750|770,770)$/);
});

test("a node is drained: the task goes to another and its data with it", async (t) => {
  const name = on.name("moving");
  const script = "hostname >>/d/places; exec sleep 3600";
  await on.service(name, script);
  const [first = ""] = await on.running(name, 1);
  on.afterwards(() => on.docker(on.leader, `node update --availability active ${first}`));
  await on.docker(on.leader, `node update --availability drain ${first}`);
  const second = await eventually(async () => {
    const [node] = await on.running(name, 1);
    return node !== first && node;
  }, "the task has moved");
  t.is(
    await on.says(on.lab.machine(second), `${name}-reader`, name, "cat places"),
    `${first}\n${second}`,
  );
  await eventually(
    async () => !(await on.mounted(on.lab.machine(first))).includes(name),
    `${name} is unmounted on ${first}`,
  );
  t.pass();
});
