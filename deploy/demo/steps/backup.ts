import { readFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { outcomeOf, type Outcome } from "../../../engine-box/outcome.ts";
import { label } from "../names.ts";
import { expect, type Story } from "../story.ts";
import type { Stage } from "../stage.ts";
import { said } from "./said.ts";

const here = import.meta.dirname;
const builder = path.join(here, "../../../rootfs-build/images.ts");
const archive = path.join(here, "../../../dist/backup/swarmnfs-backup.tar");
const image = "swarmnfs/backup:latest";
const server = "swarmnfs-demo-webdav";
const service = "swarmnfs-demo-backup";

/** An app is saved to a WebDAV server, damaged, and brought back as it was at a moment. */
export async function backupSteps(story: Story, stage: Stage): Promise<void> {
  const { docker } = stage;
  const backup = (...asked: string[]): Promise<Outcome> =>
    docker.attempt("exec", service, "swarmnfs", "backup", ...asked);
  const inBlog = (name: string, volume: string, script: string): Promise<Outcome> =>
    docker.attempt(
      ...words(`run --rm --label ${label} --name ${name} -v ${volume}:/data ${stage.image}`),
      "sh",
      "-c",
      script,
    );
  let moment = "";

  const begun = await story.step("service", async () => {
    const built = await outcomeOf(process.execPath, [builder, "backup"]);
    expect(built.exitCode === 0, "the backup image to be built", built.stderr);
    await docker.run("load", "--input", archive);
    await startServer(stage);
    await startService(stage);
    return "docker run swarmnfs/backup, and beside it a WebDAV server";
  });
  if (!begun) return;

  await story.step("backup", async () => {
    const ran = await ready(() => backup("run", "blog"));
    expect(ran.exitCode === 0, "app blog to be backed up", said(ran));
    const list = await backup("snapshots", "blog", "--json");
    const found = /"time": "([^"]+)"/.exec(list.stdout)?.[1];
    expect(found !== undefined, "a snapshot with a time", said(list));
    moment = found ?? "";
    return `swarmnfs backup run blog →\n${ran.stdout}`;
  });

  await story.step("damage", async () => {
    const wrote = await inBlog("blog-4", "blog_data", "echo oops >/data/greeting");
    expect(wrote.exitCode === 0, "blog-4 to write", said(wrote));
    // Moments are told to the second.
    await pause(1100);
    const ran = await backup("run", "blog");
    expect(ran.exitCode === 0, "app blog to be backed up again", said(ran));
    return 'blog-4 wrote "oops" over "hello", and that was backed up as well';
  });

  await story.step("restore", async () => {
    const line = `restore blog_data --at ${moment} --to blog_then`;
    const restored = await backup(...words(line));
    expect(restored.exitCode === 0, `a volume as of ${moment}`, said(restored));
    const then = await inBlog("blog-5", "blog_then", "cat /data/greeting");
    const now = await inBlog("blog-6", "blog_data", "cat /data/greeting");
    expect(then.stdout === "hello", 'blog_then to hold "hello"', said(then));
    expect(now.stdout === "oops", 'blog_data to hold "oops" still', said(now));
    return `swarmnfs backup ${line} →\n${restored.stdout}\nblog_then has "hello", blog_data "oops"`;
  });

  await story.step("verify", async () => {
    const verified = await backup("verify", "blog", "--read", "100");
    expect(verified.exitCode === 0, "all of it to be read back whole", said(verified));
    return `swarmnfs backup verify blog --read 100 → ${verified.stdout}`;
  });
}

async function startServer({ docker }: Stage): Promise<void> {
  const program = await readFile(path.join(here, "../webdav-server.mjs"), "utf8");
  await docker.run(
    ...words(`run --detach --name ${server} --label ${label}`),
    ...words(`--entrypoint /usr/local/bin/node ${image} --input-type=module -e`),
    program,
  );
}

async function startService({ docker, settings }: Stage): Promise<void> {
  const data = `${settings["state.source"] ?? "/var/lib"}/swarmnfs/data`;
  const environment = {
    WEBDAV_URL: "http://127.0.0.1:8080/backups",
    BACKUP_PASSWORD: "only for the demo",
    SWARMNFS_NODE: "demo",
    NTP_SERVERS: ",",
    // What it does by itself would only stand in the way of the story.
    SCHEDULE: "0 0 1 1 *",
    JITTER: "0",
    NFS_CONFIGS: "off",
  };
  const variables = Object.entries(environment).flatMap(([name, value]) => [
    "--env",
    `${name}=${value}`,
  ]);
  await docker.run(
    ...words(`run --detach --name ${service} --label ${label} --network container:${server}`),
    ...words(`--cap-add SYS_ADMIN --security-opt apparmor=unconfined --volume ${data}:/storage`),
    ...variables,
    image,
  );
}

function words(line: string): string[] {
  return line.split(" ");
}

/** The service takes a moment to start. */
async function ready(act: () => Promise<Outcome>): Promise<Outcome> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const outcome = await act();
    const isStarting = outcome.exitCode !== 0 && outcome.stderr.includes("no backup service");
    if (!isStarting || Date.now() > deadline) return outcome;
    await pause(500);
  }
}
