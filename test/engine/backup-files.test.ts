// deploy/backup.stack.yml in a swarm of one node, and deploy/backup.compose.yml by the words of docs/disaster.md, on one
// engine; the same on several machines is in test/lab.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import type { PrivateEngine } from "../../engine-box/private-engine.ts";
import { disasterPage } from "../lab/disaster-page.ts";
import { engineUnderTest, until } from "./engine-under-test.ts";

const root = path.join(import.meta.dirname, "../..");
const image = path.join(root, "dist/backup/swarmnfs-backup.tar");
const [user, password, backupPassword] = ["backup", "let-me-in", "correct-horse"];

/** A WebDAV server on the engine's machine, for its containers. */
async function serve(engine: PrivateEngine): Promise<void> {
  await engine.run("mkdir", ["-p", "/var/lib/dav/backups"]);
  const line = `serve webdav /var/lib/dav --addr 0.0.0.0:8080 --user ${user} --pass ${password}`;
  await engine.launch("webdav", "rclone", ...line.split(" "));
}

/** Where it is, for the containers of a network. */
async function addressIn(engine: PrivateEngine, network: string): Promise<string> {
  const gateway = "{{(index .IPAM.Config 0).Gateway}}";
  const address = await engine.cli.run("network", "inspect", network, "--format", gateway);
  return `http://${address}:8080/backups`;
}

async function saidBy(engine: PrivateEngine, name: string, ...words: string[]): Promise<string> {
  return engine.cli.run("exec", name, "swarmnfs", "backup", ...words);
}

test("the stack is deployed as it is: the storage by a volume of the plugin, passwords by Docker's secrets", async (t) => {
  const engine = await engineUnderTest(t);
  const { cli } = engine;
  const docker = (line: string): Promise<string> => cli.run(...line.split(" "));
  await docker("swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377");
  await serve(engine);
  await docker("volume create -d swarmnfs -o app=wiki wiki_data");
  await written(engine);
  await cli.run("load", "--input", image);
  const secrets = {
    webdav_url: await addressIn(engine, "docker_gwbridge"),
    webdav_username: user,
    webdav_password: password,
    backup_password: backupPassword,
  };
  for (const [name, value] of Object.entries(secrets)) {
    const file = path.join(engine.folder, name);
    await writeFile(file, value);
    await cli.run("secret", "create", name, file);
  }
  const stack = path.join(root, "deploy/backup.stack.yml");
  await docker(`stack deploy --resolve-image never -c ${stack} swarmnfs`);
  const id = await until(
    "the service runs",
    async () => (await docker("ps --quiet --filter name=swarmnfs_backup")).split("\n")[0] || null,
    120_000,
  );
  await until(
    "it can be asked",
    // Whatever the state of the apps is.
    async () =>
      (await cli.attempt("exec", id, "swarmnfs", "backup", "status", "--json")).stdout !== "",
    60_000,
  );
  t.regex(await docker(`exec ${id} node /app/health.mjs`), /"alive":true/);
  t.regex(await saidBy(engine, id, "run", "wiki"), /wiki_data .* ok/);
  t.regex(await saidBy(engine, id, "ls", await newest(engine, id)), /\/page$/m);
  const told = `${await docker(`logs ${id}`)}${await docker(`inspect ${id}`)}`;
  for (const secret of [password, backupPassword]) t.false(told.includes(secret));
  await docker("stack rm swarmnfs");
  await until(
    "it has ended",
    async () => (await docker("ps --all --quiet --filter name=swarmnfs_backup")) === "",
    60_000,
  );
});

/** What the app has in its volume. */
async function written(engine: PrivateEngine): Promise<void> {
  const line = "run --rm --name wiki-editor -v wiki_data:/d busybox sh -c";
  await engine.cli.run(...line.split(" "), "echo text >/d/page; chown 70:80 /d/page");
}

async function newest(engine: PrivateEngine, id: string): Promise<string> {
  const said = await saidBy(engine, id, "snapshots", "wiki", "--json");
  const { snapshots } = JSON.parse(said) as { snapshots: { id: string }[] };
  return snapshots.at(-1)?.id ?? "";
}

test("by the words of docs/disaster.md the compose file makes an empty directory the storage again", async (t) => {
  const engine = await engineUnderTest(t);
  await serve(engine);
  await engine.cli.run("volume", "create", "-d", "swarmnfs", "-o", "app=wiki", "wiki_data");
  await written(engine);
  const before = await machine(t, engine, "before", "/var/lib/swarmnfs/data");
  for (const step of [1, 2]) await before.follow(step);
  await before.typed("docker compose -f backup.compose.yml up -d");
  await before.answers();
  t.regex(await before.asked("run"), /wiki_data .* ok/);
  await before.typed("docker compose -f backup.compose.yml down --volumes");

  await mkdir(engine.at("/var/lib/disk"));
  const after = await machine(t, engine, "after", "/var/lib/disk");
  for (const step of [1, 2]) await after.follow(step);
  t.regex(await after.follow(3), /^wiki_data \(app wiki\): 20/m);
  await after.follow(4);
  const page = engine.at("/var/lib/disk/apps/wiki/wiki_data/page");
  await until(
    "the volume is filled",
    async () => (await readFile(page, "utf8").catch(() => "")) === "text\n",
    240_000,
  );
  t.regex(await after.asked("run"), /wiki_data .* ok/);
});

interface StorageMachine {
  /** Types what the page says in a step, but for our NFS server, whose kernel an engine here lacks. */
  readonly follow: (step: number) => Promise<string>;
  readonly typed: (line: string) => Promise<string>;
  /** `swarmnfs backup LINE` in the service's container. */
  readonly asked: (line: string) => Promise<string>;
  /** Waits until the service can be asked. */
  readonly answers: () => Promise<unknown>;
}

/** A directory with the files of the page, and `disk` of the engine's machine as its disk. */
async function machine(
  t: ExecutionContext,
  engine: PrivateEngine,
  name: string,
  disk: string,
): Promise<StorageMachine> {
  const folder = path.join(engine.folder, name);
  await mkdir(folder);
  // Compose 1, which this machine may have, knows less.
  const file = await readFile(path.join(root, "deploy/backup.compose.yml"), "utf8");
  const plain = file.replace(/^name: .*$/m, "").replace(/^ +create_host_path: .*\n/m, "");
  await writeFile(path.join(folder, "backup.compose.yml"), plain);
  await writeFile(
    path.join(folder, ".env"),
    `SWARMNFS_DISK=${disk}\nCOMPOSE_PROJECT_NAME=${name}\n`,
  );
  const commands = await disasterPage({
    "https://nas.example.org/backups": await addressIn(engine, "bridge"),
    "'backup'": `'${user}'`,
    "THE PASSWORD OF THE WEBDAV SERVER": password,
    "THE BACKUP PASSWORD": backupPassword,
    "swarmnfs-backup.tar": image,
  });
  const typed = async (line: string): Promise<string> => {
    const [, words] = /^docker compose (.*)$/.exec(line) ?? [];
    const { exitCode, stdout, stderr } =
      words === undefined
        ? await engine.run("sh", ["-c", `cd ${folder} && ${line.replace(/^docker/, "docker")}`])
        : await engine.cli.attemptCompose(folder, {}, ...words.split(" "));
    t.is(exitCode, 0, `${line}: ${stdout}${stderr}`);
    return stdout;
  };
  return {
    follow: async (step) => {
      const ours = commands.filter((each) => each.step === step && !/server/.test(each.line));
      let said = "";
      for (const { line } of ours) said += await typed(line);
      return said;
    },
    typed,
    asked: (line) => typed(`${exec} ${line}`),
    answers: () =>
      until(
        "the service can be asked",
        async () => {
          const words = `${exec} status --json`.split(" ").slice(2);
          return (await engine.cli.attemptCompose(folder, {}, ...words)).stdout !== "";
        },
        60_000,
      ),
  };
}

const exec = "docker compose -f backup.compose.yml exec -T backup swarmnfs backup";
