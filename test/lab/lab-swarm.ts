import type { Outcome } from "../../engine-box/outcome.ts";
import type { Machine } from "../../lab/machine.ts";
import {
  exampleFile,
  said,
  theTask,
  type ExampleSwarm,
  type Task,
} from "../examples/example-swarm.ts";
import type { Cluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

/** Milliseconds: emulated machines make a database in many minutes; a command in a container may be a whole page of PHP. */
const [patience, commandPatience] = [1_800_000, 600_000];

/** The lab's swarm, for the examples. */
export function labSwarm(on: Cluster): ExampleSwarm {
  const swarm: ExampleSwarm = {
    docker: (line, ...more) => on.docker(on.leader, line, ...more),
    secret: async (name, value) => {
      on.afterwards(() => on.attempt(on.leader, `secret rm ${name}`));
      return on.leader.must(`printf %s '${value}' | docker secret create ${name} -`);
    },
    deploy: async (name) => {
      on.afterwards(() => removed(on, name));
      const text = await exampleFile(name);
      return on.leader.must(
        `cat >/run/${name}.stack.yml <<'STACK'\n${text}\nSTACK
        docker stack deploy --resolve-image never -c /run/${name}.stack.yml ${name}`,
        { timeout: commandPatience },
      );
    },
    tasks: async (service) => {
      const filter = `--filter label=com.docker.swarm.service.name=${service}`;
      const lists = await Promise.all(
        on.nodes.map(async (node) => {
          const ids = await on.docker(node, `ps --quiet --no-trunc ${filter}`);
          return ids
            .split("\n")
            .filter(Boolean)
            .map((id) => taskOn(node, id));
        }),
      );
      return lists.flat();
    },
    awayFrom: ({ node }) => `--constraint node.hostname!=${node}`,
    move: async (service) => {
      const { node } = await theTask(swarm, service);
      on.afterwards(() => on.attempt(on.leader, `node update --availability active ${node}`));
      return on.docker(on.leader, `node update --availability drain ${node}`);
    },
    published: async (place, host) => {
      // The NAS is none of them.
      const asking = on.nodes.map(
        ({ plan }) =>
          `busybox wget -T 120 -q -O - --header 'Host: ${host}' 'http://${plan.address}:8080/${place}'; printf '\\0'`,
      );
      const { stdout } = await on.nas.run(asking.join("\n"), { timeout: commandPatience });
      return stdout
        .split("\0")
        .slice(0, -1)
        .map((answer) => answer.trim());
    },
    // The service itself works on the storage machine, and reaches containers of its own machine alone.
    beforeBackup: async (app) => {
      const task = await theTask(swarm, `${app}_dump`);
      const label = '{{index .Config.Labels "swarmnfs.backup.pre"}}';
      return said(
        task,
        await on.docker(on.lab.machine(task.node), "inspect --format", label, task.id),
      );
    },
    until: (what, condition) => eventually(() => condition().catch(() => null), what, patience),
  };
  return swarm;
}

function taskOn(node: Machine, id: string): Task {
  const run = (script: string): Promise<Outcome> =>
    node.run(`docker exec ${id} sh -c '${script.replaceAll("'", `'\\''`)}'`, {
      timeout: commandPatience,
    });
  return { node: node.name, id, run };
}

async function removed(on: Cluster, stack: string): Promise<void> {
  await on.attempt(on.leader, `stack rm ${stack}`);
  const filter = `label=com.docker.stack.namespace=${stack}`;
  await eventually(
    async () => {
      const left = await Promise.all(
        on.nodes.map((node) => on.docker(node, `ps --all --quiet --filter ${filter}`)),
      );
      return left.every((each) => each === "");
    },
    `the stack ${stack} is gone`,
    commandPatience,
  );
  const volumes = await on.docker(on.leader, `volume ls --quiet --filter name=${stack}_`);
  for (const volume of volumes.split("\n").filter(Boolean))
    await eventually(
      async () => (await on.attempt(on.leader, `volume rm ${volume}`)).exitCode === 0,
      `${volume} can be removed`,
    );
}
