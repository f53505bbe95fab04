// The examples of deploy/examples on one engine, with stand-ins for the images of Docker Hub; on three nodes, with our own
// server: test/lab/examples.test.ts.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { provideExampleImages } from "../../../lab/image/example-images.ts";
import { theTask } from "../../examples/example-swarm.ts";
import { postgresExample, sql } from "../../examples/postgres.ts";
import { siteExample } from "../../examples/site.ts";
import { wordpressExample } from "../../examples/wordpress.ts";
import { until } from "../engine-under-test.ts";
import { fileEngine } from "../file-engine.ts";
import { engineSwarm } from "./engine-swarm.ts";

const backupImage = path.join(import.meta.dirname, "../../../dist/backup/image.tar");
const on = fileEngine("examples");
const swarm = engineSwarm(on, (app) => backup(`run ${app}`));

function backup(line: string): Promise<string> {
  return on.docker(`exec backup swarmnfs backup ${line}`);
}

test.serial.before(async (t) => {
  t.timeout(1_800_000);
  const images = await provideExampleImages((line) => t.log(line));
  await on.docker(`load --input ${images}`);
  await on.docker("swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377");
  await on.engine.run("mkdir", ["-p", "/var/lib/dav"]);
  const serving = "serve webdav /var/lib/dav --addr 127.0.0.1:8089 --user backup --pass let-me-in";
  await on.engine.launch("webdav", "rclone", ...serving.split(" "));
  const loaded = await on.docker(`load --input ${backupImage}`);
  const [, image = ""] = /(swarmnfs\/backup:\S+)/.exec(loaded) ?? [];
  const settings = {
    WEBDAV_URL: "http://127.0.0.1:8089/",
    WEBDAV_USERNAME: "backup",
    WEBDAV_PASSWORD: "let-me-in",
    BACKUP_PASSWORD: "correct-horse",
    NTP_SERVERS: "127.0.0.1",
  };
  const env = Object.entries(settings).map(([name, value]) => `--env ${name}=${value}`);
  // It has Docker's socket, so that it does what labels of containers ask for.
  await on.docker(
    `run --detach --name backup --network host --cap-add SYS_ADMIN --security-opt apparmor=unconfined ${env.join(" ")} -v /var/lib/swarmnfs/data:/storage -v /run/docker.sock:/run/docker.sock ${image}`,
  );
  await until("the backup service can be asked", async () => {
    return (await on.attempt("exec backup swarmnfs backup status --json")).stdout !== "";
  });
});

test.serial(
  "PostgreSQL: moved while a client writes, dumped by the backup service, restored",
  async (t) => {
    await postgresExample(t, swarm);
    const found = JSON.parse(await backup("snapshots postgres --json")) as {
      snapshots: { id: string; volume: string }[];
    };
    t.deepEqual([...new Set(found.snapshots.map(({ volume }) => volume))], ["postgres_dumps"]);
    const dump = await backup(`dump ${found.snapshots.at(-1)?.id} /all.sql`);
    t.regex(dump, /^1000000$/m);

    await sql(swarm, "drop table lines");
    const file = path.join(on.engine.folder, "all.sql");
    await writeFile(file, dump);
    const { id } = await theTask(swarm, "postgres_db");
    await on.docker(`cp ${file} ${id}:/tmp/all.sql`);
    await on.docker(
      `exec ${id} psql --username postgres --quiet --output /dev/null --file /tmp/all.sql`,
    );
    t.is(await sql(swarm, "select max(n) from lines"), "1000000");
    await on.docker("stack rm postgres");
  },
);

test.serial(
  "a static site: pages and configuration are changed, a mistake stops nobody",
  async (t) => {
    await siteExample(t, swarm);
    await on.docker("stack rm site");
  },
);

test.serial(
  "WordPress: two of them share uploads and guests, and its database moves",
  async (t) => {
    await wordpressExample(t, swarm);
    await on.docker("stack rm wordpress");
  },
);
