// Builds dist/plugin, the directory that `docker plugin create` takes: config.json and rootfs/.
import { randomBytes } from "node:crypto";
import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import * as z from "zod";
import { provideBase, type BaseMaker } from "./base.ts";
import { bundle } from "./bundle.ts";
import { compressedSize } from "./compressed-size.ts";

const root = path.join(import.meta.dirname, "..");
const dist = path.join(root, "dist");
const goal = 50_000_000;

const manifest: unknown = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
const { version } = z.object({ version: z.string() }).parse(manifest);
const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
const id = `${version}+${time}.${randomBytes(3).toString("hex")}`;

const only = process.env["SWARMNFS_BASE"];
const makers: readonly BaseMaker[] =
  only === "docker" || only === "debootstrap" ? [only] : ["docker", "debootstrap"];
const base = await provideBase(makers);

// Whoever uses the last build meanwhile must find it whole: the new one takes its place only when it is complete.
await mkdir(dist, { recursive: true });
const work = await mkdtemp(path.join(dist, "building-"));
try {
  const app = path.join(work, "app");
  const plugin = path.join(work, "plugin");
  await bundle(app, { version, id });
  await mkdir(plugin);
  await cp(base.rootfs, path.join(plugin, "rootfs"), { recursive: true, verbatimSymlinks: true });
  await cp(app, path.join(plugin, "rootfs/app"), { recursive: true });
  await writeFile(path.join(plugin, "rootfs/app/build"), `${id}\n`);
  await copyFile(path.join(root, "config.json"), path.join(plugin, "config.json"));
  for (const name of ["app", "plugin"]) {
    const place = path.join(dist, name);
    if (existsSync(place)) await rename(place, path.join(work, `${name}-before`));
    await rename(path.join(work, name), place);
  }
} finally {
  await rm(work, { recursive: true, force: true });
}

const size = base.compressed + (await compressedSize(path.join(dist, "app")));
process.stdout.write(
  `swarmnfs ${id}: ${(size / 1e6).toFixed(1)} MB compressed (goal: at most ${goal / 1e6} MB)\n`,
);
