import { writeFile } from "node:fs/promises";
import path from "node:path";
import { exampleFile, type ExampleSwarm, type Task } from "../../examples/example-swarm.ts";
import { until } from "../engine-under-test.ts";
import type { FileEngine } from "../file-engine.ts";

/** Milliseconds: a busy machine makes a database in minutes. */
const patience = 600_000;

/** A swarm of one node on a private engine, whose storage is a directory. What it lacks is said below. */
export function engineSwarm(
  on: FileEngine,
  beforeBackup: ExampleSwarm["beforeBackup"],
): ExampleSwarm {
  return {
    docker: (line, ...more) => on.docker(line, ...more),
    secret: async (name, value) => {
      const file = path.join(on.engine.folder, name);
      await writeFile(file, `${value}\n`);
      return on.docker(`secret create ${name} ${file}`);
    },
    deploy: async (name) => {
      const file = path.join(on.engine.folder, `${name}.stack.yml`);
      // Exclusive volumes are for our own server, which needs a kernel of its own.
      await writeFile(file, (await exampleFile(name)).replace(/^ +access: exclusive\n/m, ""));
      return on.docker(`stack deploy --resolve-image never -c ${file} ${name}`);
    },
    tasks: async (service) => {
      const filter = `--filter label=com.docker.swarm.service.name=${service}`;
      const ids = (await on.docker(`ps --quiet --no-trunc ${filter}`)).split("\n").filter(Boolean);
      return ids.map((id): Task => ({
        node: on.engine.hostname,
        id,
        run: (script) => on.attempt(`exec ${id} sh -c`, script),
      }));
    },
    awayFrom: () => "",
    move: (service) => on.docker(`service update --detach --force ${service}`),
    // Published ports need the kernel's ip_vs, which machines that run this may lack.
    published: async () => [],
    beforeBackup,
    until: (what, condition) => until(what, () => condition().catch(() => null), patience),
  };
}
