import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import type { DockerCli } from "../../engine-box/docker-cli.ts";
import { engineUnderTest, until } from "./engine-under-test.ts";

const image = path.join(import.meta.dirname, "../../dist/backup/swarmnfs-backup.tar");

/** The backup service in a container, beside a WebDAV server on the same machine. */
async function runService(
  cli: DockerCli,
  options: string,
  storage: string,
  ...words: string[]
): Promise<string> {
  const loaded = await cli.run("images", "--format", "{{.Repository}}:{{.Tag}}", "swarmnfs/backup");
  const settings = {
    WEBDAV_URL: "http://127.0.0.1:8080/",
    WEBDAV_USERNAME: "backup",
    WEBDAV_PASSWORD: "let me in",
    BACKUP_PASSWORD: "correct horse",
    NTP_SERVERS: "127.0.0.1",
  };
  const env = Object.entries(settings).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  return cli.run(
    ...split(`run ${options} --network host --cap-add SYS_ADMIN`),
    ...split("--security-opt apparmor=unconfined"),
    ...env,
    ...split(`-v ${storage}:/storage -v /run/docker.sock:/run/docker.sock`),
    loaded.split("\n")[0] ?? "",
    ...words,
  );
}

function split(words: string): string[] {
  return words.split(" ");
}

test("an app is backed up, its volume removed and purged, its versions read by new containers, and all of it recovered from the server", async (t) => {
  const engine = await engineUnderTest(t);
  const { cli } = engine;
  await engine.run("mkdir", ["-p", "/var/lib/dav"]);
  await engine.launch(
    "webdav",
    "rclone",
    ...split("serve webdav /var/lib/dav --addr 127.0.0.1:8080 --user backup --pass"),
    "let me in",
  );
  await cli.run("volume", "create", "-d", "swarmnfs", "-o", "app=blog", "blog_data");
  const inVolume = (volume: string, command: string): Promise<string> =>
    cli.run(...split(`run --rm --name blog-shell -v ${volume}:/data busybox sh -c`), command);
  await cli.run(
    ...split("run --detach --name blog-web -v blog_data:/data"),
    "--label",
    "swarmnfs.backup.pre=cp /data/post /data/dump",
    ...split("--label swarmnfs.backup.pause=true busybox sh -c"),
    "trap exit TERM; while :; do sleep 1; done",
  );
  await inVolume("blog_data", "echo first >/data/post; chown 70:80 /data; chmod 2770 /data");
  await cli.run("load", "--input", image);
  await runService(cli, "--detach --name backup", "/var/lib/swarmnfs/data");
  const backup = (...args: string[]): Promise<string> =>
    cli.run("exec", "backup", "swarmnfs", "backup", ...args);
  await until("the service can be asked", async () => {
    const asked = await cli.attempt("exec", "backup", "swarmnfs", "backup", "status", "--json");
    return asked.exitCode === 0;
  });
  await backup("run", "blog");
  const [state, paused] = (
    await cli.run("inspect", "blog-web", "--format", "{{.State.Status}} {{.State.Paused}}")
  ).split(" ");
  t.deepEqual([state, paused], ["running", "false"]);
  const [time] = /20\d\d-\d\d-\d\dT[\d:]+Z/.exec(await backup("snapshots", "blog", "--json")) ?? [];
  // Of two versions within a second nobody could tell which is meant.
  await until("a second is over", () => Date.now() - Date.parse(time ?? "") > 2000);
  await inVolume("blog_data", "echo second >/data/post; rm /data/dump");
  await backup("run", "blog");

  await cli.run("rm", "--force", "blog-web");
  await until("the volume is let go", async () => {
    return (await cli.attempt("volume", "rm", "blog_data")).exitCode === 0;
  });
  await rm(engine.at("/var/lib/swarmnfs/data/.swarmnfs/trash"), { recursive: true });

  await cli.run("volume", "create", "-d", "swarmnfs", "-o", `from=blog_data@${time}`, "again");
  const asked = await cli.attempt(
    "run",
    "--rm",
    "--name",
    "blog-early",
    "-v",
    "again:/d",
    "busybox",
  );
  t.true(asked.exitCode === 0 || /still being filled/.test(asked.stderr), asked.stderr);
  await until("the volume is filled", async () => {
    const found = await cli.run("volume", "inspect", "again", "--format", "{{json .Status}}");
    return !/filling/i.test(found);
  });
  t.is(
    await inVolume("again", "cat /data/post /data/dump; stat -c %a:%u:%g /data"),
    "first\nfirst\n2770:70:80",
  );

  await backup("restore", "blog_data", "--to", "latest");
  t.is(await inVolume("latest", "cat /data/post"), "second");

  // The storage is gone, and every disk of it; what is left is the server and the password.
  await backup("run");
  await cli.run("rm", "--force", "backup");
  await engine.run("mkdir", ["-p", "/var/lib/new"]);
  const said = await runService(cli, "--rm", "/var/lib/new", "recover");
  t.regex(said, /^again \(app blog\): 20/m);
  const twice = await runService(cli, "--rm", "/var/lib/new", "recover").catch(String);
  t.regex(twice, /is not empty/);
  await runService(cli, "--detach --name backup", "/var/lib/new");
  const file = (volume: string): Promise<string | null> =>
    readFile(engine.at(`/var/lib/new/apps/blog/${volume}/post`), "utf8").catch(() => null);
  await until("the volumes are filled", async () => {
    return (await file("again")) === "first\n" && (await file("latest")) === "second\n";
  });
  const last = await cli.attempt("exec", "backup", "swarmnfs", "backup", "run");
  t.is(last.exitCode, 0, `${last.stdout}${last.stderr}`);
});
