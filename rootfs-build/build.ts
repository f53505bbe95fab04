// Builds dist/plugin, the directory that `docker plugin create` takes: config.json and rootfs/.
import { copyFile, cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { chosenMakers, provideBase } from "./base.ts";
import { bundle } from "./bundle.ts";
import { compressedSize } from "./compressed-size.ts";
import { dist, replaceWhole } from "./dist.ts";
import { newIdentity } from "./identity.ts";
import { leanBase } from "./lean-base.ts";

const root = path.join(import.meta.dirname, "..");
const goal = 50_000_000;

const identity = await newIdentity();
const base = await leanBase(await provideBase(chosenMakers()));

await replaceWhole(["app", "plugin"], async (work) => {
  const app = path.join(work, "app");
  const plugin = path.join(work, "plugin");
  await bundle(app, identity);
  await mkdir(plugin);
  await cp(base.rootfs, path.join(plugin, "rootfs"), { recursive: true, verbatimSymlinks: true });
  await cp(app, path.join(plugin, "rootfs/app"), { recursive: true });
  await writeFile(path.join(plugin, "rootfs/app/build"), `${identity.id}\n`);
  await copyFile(path.join(root, "config.json"), path.join(plugin, "config.json"));
});

const size = base.compressed + (await compressedSize(path.join(dist, "app")));
process.stdout.write(
  `swarmnfs ${identity.id}: ${(size / 1e6).toFixed(1)} MB compressed (goal: at most ${goal / 1e6} MB)\n`,
);
