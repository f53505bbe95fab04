// The examples of deploy/examples on one engine, with stand-ins for the images of Docker Hub; on three nodes, with our own
// server: test/lab/examples.test.ts.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { provideExampleImages } from "../../../lab/image/example-images.ts";
import { said, theTask } from "../../examples/example-swarm.ts";
import { postgresExample, sql } from "../../examples/postgres.ts";
import { siteExample } from "../../examples/site.ts";
import { wordpressExample } from "../../examples/wordpress.ts";
import { until } from "../engine-under-test.ts";
import { fileEngine } from "../file-engine.ts";
import { engineSwarm } from "./engine-swarm.ts";

const backupImage = path.join(import.meta.dirname, "../../../dist/backup/swarmnfs-backup.tar");
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
    const dump = await newestDump(t, "postgres", "/all.sql");
    t.regex(await readFile(dump, "utf8"), /^1000000$/m);
    await sql(swarm, "drop table lines");
    await fed(dump, "postgres_db", "psql -U postgres");
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
    const dump = await newestDump(t, "wordpress", "/wordpress.sql");
    const root = 'mariadb -u root -p"$(cat /run/secrets/wordpress_db_root_password)" wordpress';
    const db = await theTask(swarm, "wordpress_db");
    await said(db, `${root} --execute "delete from wp_users"`);
    await fed(dump, "wordpress_db", root);
    t.is(
      await said(db, `${root} --skip-column-names --execute "select user_login from wp_users"`),
      "admin",
    );
    await on.docker("stack rm wordpress");
  },
);

/** The newest dump of an app out of the backup, as a file; of its database's own volume there is no version. */
async function newestDump(t: ExecutionContext, app: string, place: string): Promise<string> {
  const found = JSON.parse(await backup(`snapshots ${app} --json`)) as {
    snapshots: { id: string; volume: string }[];
  };
  const volumes = new Set(found.snapshots.map(({ volume }) => volume));
  t.true(volumes.has(`${app}_dumps`));
  for (const name of ["data", "db"]) t.false(volumes.has(`${app}_${name}`));
  const dumps = found.snapshots.filter(({ volume }) => volume === `${app}_dumps`);
  const file = path.join(on.engine.folder, path.basename(place));
  await writeFile(file, await backup(`dump ${dumps.at(-1)?.id} ${place}`));
  return file;
}

/** As docs/examples.md says: `docker exec -i CONTAINER COMMAND < FILE`. */
async function fed(file: string, service: string, command: string): Promise<void> {
  const { id } = await theTask(swarm, service);
  await on.engine.cli.feed(file, "exec", "-i", id, "sh", "-c", command);
}
