import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { backupFlags, bundle } from "../../rootfs-build/bundle.ts";
import { resticOfTheImage } from "../../test/backup-sidecar/restic.ts";
import { run } from "./measure.ts";
import type { CountedServer } from "./server.ts";

/** Something that backs a directory up. */
export interface Subject {
  readonly name: string;
  /** Its folder on the server. */
  readonly folder: string;
  /** The process whose tree is measured; 0: what is started for it. */
  readonly pid: number;
  backup(): Promise<void>;
  /** Null: it has none. */
  readonly check: (() => Promise<void>) | null;
  restore(target: string): Promise<void>;
  stop(): Promise<void>;
}

/** Our service, in a process of its own and bundled, as in its container. `storage` holds the volume `bench` of app `bench`. */
export async function swarmnfs(
  server: CountedServer,
  storage: string,
  work: string,
): Promise<Subject> {
  const settings = {
    SWARMNFS_STORAGE: `dir://${storage}`,
    SWARMNFS_STORAGE_NAME: "ours",
    SWARMNFS_STATE: path.join(work, "state"),
    WEBDAV_URL: server.url,
    WEBDAV_USERNAME: server.user,
    WEBDAV_PASSWORD: server.password,
    BACKUP_PASSWORD_FILE: path.join(work, "password"),
    NTP_SERVERS: ",",
    NFS_CONFIGS: "off",
  };
  await mkdir(work, { recursive: true });
  await writeFile(path.join(work, "password"), "bench");
  const app = path.join(work, "app");
  const others = { keeper: "storage/keeper/main.ts", main: "bench/backup/service.ts" };
  await bundle(app, { version: "bench", id: "bench" }, { first: {}, others });
  const child = fork(path.join(app, "main.mjs"), [work, await resticOfTheImage()], {
    execArgv: [...backupFlags],
    env: { ...process.env, ...settings },
  });
  await once(child, "message");
  let count = 0;
  return {
    name: "swarmnfs",
    folder: "ours",
    pid: child.pid ?? 0,
    backup: () => ask(child, { verb: "run", request: { apps: ["bench"] } }),
    check: () => ask(child, { verb: "verify", request: { apps: ["bench"], read: null } }),
    restore: () => {
      count += 1;
      const request = { source: "bench", at: null, paths: [], inPlace: false, force: false };
      return ask(child, { verb: "restore", request: { ...request, to: `restored${count}` } });
    },
    stop: async () => {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

async function ask(child: ChildProcess, question: object): Promise<void> {
  const answered = once(child, "message");
  child.send(question);
  const [{ failure }] = (await answered) as [{ failure: string | null }];
  if (failure !== null) throw new Error(failure);
}

/** The same restic, over rclone, as most people do it. */
export async function resticOverRclone(
  server: CountedServer,
  source: string,
  work: string,
): Promise<Subject> {
  const config = await rcloneConfig(server, work);
  const restic = await resticOfTheImage();
  const env = {
    RCLONE_CONFIG: config,
    RESTIC_REPOSITORY: "rclone:bench:restic",
    RESTIC_PASSWORD: "bench",
    RESTIC_CACHE_DIR: path.join(work, "cache"),
  };
  let begun = false;
  return {
    name: "restic over rclone",
    folder: "restic",
    pid: 0,
    // A run of ours makes the repository where there is none, and looks through it afterwards.
    backup: async () => {
      if (!begun) await run(restic, ["init"], env);
      begun = true;
      await run(restic, ["backup", source], env);
      await run(restic, ["check"], env);
    },
    check: () => run(restic, ["check"], env),
    // And what ours has restored it compares.
    restore: (target) =>
      run(restic, ["restore", "latest", "--target", target, "--sparse", "--verify"], env),
    stop: async () => undefined,
  };
}

export async function rcloneMirror(
  server: CountedServer,
  source: string,
  work: string,
): Promise<Subject> {
  const env = { RCLONE_CONFIG: await rcloneConfig(server, work) };
  return {
    name: "rclone mirror",
    folder: "mirror",
    pid: 0,
    backup: () => run("rclone", ["sync", source, "bench:mirror"], env),
    check: () => run("rclone", ["check", source, "bench:mirror"], env),
    restore: (target) => run("rclone", ["copy", "bench:mirror", target], env),
    stop: async () => undefined,
  };
}

export async function tarball(
  server: CountedServer,
  source: string,
  work: string,
): Promise<Subject> {
  const env = { RCLONE_CONFIG: await rcloneConfig(server, work) };
  const shell = (script: string): Promise<unknown> => execa("sh", ["-c", script], { env });
  return {
    name: "tar.gz",
    folder: "tarball",
    pid: 0,
    backup: async () => {
      await shell(`tar -C '${source}' -cz . | rclone rcat bench:tarball/backup.tar.gz`);
    },
    check: null,
    restore: async (target) => {
      await mkdir(target, { recursive: true });
      await shell(`rclone cat bench:tarball/backup.tar.gz | tar -C '${target}' -xz`);
    },
    stop: async () => undefined,
  };
}

async function rcloneConfig(server: CountedServer, work: string): Promise<string> {
  const file = path.join(work, "rclone.conf");
  await mkdir(work, { recursive: true });
  await rm(file, { force: true });
  const { stdout: hidden } = await execa("rclone", ["obscure", server.password]);
  const lines = ["[bench]", "type = webdav", `url = ${server.url}`, "vendor = other"];
  await writeFile(file, `${[...lines, `user = ${server.user}`, `pass = ${hidden}`].join("\n")}\n`);
  return file;
}
