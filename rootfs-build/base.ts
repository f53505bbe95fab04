import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { compressedSize } from "./compressed-size.ts";
import { pluginRecipe, type Recipe } from "./recipe.ts";
import { asSoleMaker } from "./sole-maker.ts";

const here = import.meta.dirname;
const suite = "trixie";

/** What of a root file system comes from Debian and Node.js: everything but our own code. */
export interface Base {
  /** Everything of it lies in here; files that others derive from it may as well. */
  readonly folder: string;
  /** A directory: the programs and their libraries. */
  readonly rootfs: string;
  /** A static busybox, for the small images that tests and the demo run. */
  readonly busybox: string;
  /** Bytes that `rootfs` takes as a compressed layer. */
  readonly compressed: number;
}

/** `docker` needs an engine with a registry; `debootstrap` needs root and a Debian mirror. Both give the same files. */
export type BaseMaker = "docker" | "debootstrap";

/** Any of them may make it, unless SWARMNFS_BASE names one. */
export function chosenMakers(): readonly BaseMaker[] {
  const only = process.env["SWARMNFS_BASE"];
  return only === "docker" || only === "debootstrap" ? [only] : ["docker", "debootstrap"];
}

/**
 * Returns the base of that recipe for this machine's architecture: from the user's cache if it is there, else made by the
 * first of `makers` that can, while other processes that want one wait. Throws with the reason of each maker when none could.
 */
export async function provideBase(
  makers: readonly BaseMaker[],
  recipe: Recipe = pluginRecipe,
): Promise<Base> {
  const cache = path.join(
    process.env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"),
    "swarmnfs",
  );
  const folder = path.join(cache, `base-${await key(recipe)}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    await asSoleMaker(path.join(cache, "making.lock"), async () => {
      if (!existsSync(folder)) await makeIn(folder, makers, recipe);
    });
  }
  return {
    folder,
    rootfs: path.join(folder, "rootfs"),
    busybox: path.join(folder, "busybox"),
    compressed: Number(await readFile(path.join(folder, "compressed"), "utf8")),
  };
}

async function key(recipe: Recipe): Promise<string> {
  const hash = createHash("sha256");
  hash.update([suite, process.arch, process.version, JSON.stringify(recipe)].join("\n"));
  hash.update(await readFile(path.join(here, "collect.sh")));
  return hash.digest("hex").slice(0, 16);
}

async function makeIn(folder: string, makers: readonly BaseMaker[], recipe: Recipe): Promise<void> {
  const made = await make(path.dirname(folder), makers, recipe);
  try {
    await writeFile(
      path.join(made, "compressed"),
      String(await compressedSize(path.join(made, "rootfs"))),
    );
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    // Where nobody waits, somebody else may have made the same meanwhile.
    if (!existsSync(folder)) throw error;
  }
}

async function make(cache: string, makers: readonly BaseMaker[], recipe: Recipe): Promise<string> {
  const failures: string[] = [];
  for (const maker of makers) {
    const folder = await mkdtemp(path.join(cache, "making-"));
    try {
      process.stderr.write(
        `Making the base of a root file system by ${maker} (once; about a minute) …\n`,
      );
      await (maker === "docker" ? byDocker(folder, recipe) : byDebootstrap(folder, recipe));
      return folder;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      failures.push(`  by ${maker}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`The base of a root file system could not be made:\n${failures.join("\n")}`);
}

async function byDocker(folder: string, recipe: Recipe): Promise<void> {
  const docker = process.env["DOCKER"] || "docker";
  const context = path.join(folder, "context");
  const image = `swarmnfs-base-${path.basename(folder).toLowerCase()}`;
  await mkdir(context);
  await copyFile(path.join(here, "collect.sh"), path.join(context, "collect.sh"));
  await copyFile(await linuxNode(folder), path.join(context, "node"));
  const given = { SUITE: suite, PACKAGES: recipe.packages.join(" "), ...forCollect(recipe) };
  const settings = Object.entries(given).flatMap(([name, value]) => [
    "--build-arg",
    `${name}=${value}`,
  ]);
  await run(docker, [
    "build",
    "--tag",
    image,
    ...settings,
    "--file",
    path.join(here, "Dockerfile"),
    context,
  ]);
  try {
    const { stdout: container } = await execa(docker, ["create", image, "nothing"]);
    try {
      await run("sh", [
        "-c",
        `"$0" export ${container} | tar -x -C "$1" --strip-components=1 base`,
        docker,
        folder,
      ]);
    } finally {
      await execa(docker, ["rm", container]);
    }
  } finally {
    await execa(docker, ["rmi", image], { reject: false });
  }
  await rm(context, { recursive: true });
}

async function byDebootstrap(folder: string, recipe: Recipe): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error(
      "debootstrap needs root; run this as root, or with an engine that reaches a registry",
    );
  const debian = path.join(folder, "debian");
  // Older debootstraps do not know the suite by name; all of them make it the way they make sid.
  const scripts = "/usr/share/debootstrap/scripts";
  const script = existsSync(`${scripts}/${suite}`) ? [] : [`${scripts}/sid`];
  const options = ["--variant=minbase", `--include=${recipe.packages.join(",")}`];
  const mirror = process.env["DEBIAN_MIRROR"] || "http://deb.debian.org/debian";
  // In a mount name space of its own, nothing stays mounted however it ends.
  await run("unshare", ["--mount", "debootstrap", ...options, suite, debian, mirror, ...script]);
  await copyFile(path.join(here, "collect.sh"), path.join(debian, "collect.sh"));
  await copyFile(await linuxNode(folder), path.join(debian, "node"));
  const collect = ["sh", "/collect.sh", "/node", "/base/rootfs"];
  await run("chroot", [debian, ...collect], forCollect(recipe));
  await rename(path.join(debian, "base/rootfs"), path.join(folder, "rootfs"));
  await cp(path.join(debian, "usr/bin/busybox"), path.join(folder, "busybox"));
  await rm(debian, { recursive: true });
}

/** The recipe as collect.sh takes it. */
function forCollect({ programs, links, files, folders }: Recipe): Record<string, string> {
  return {
    PROGRAMS: programs.join(" "),
    LINKS: Object.entries(links)
      .map((link) => link.join("="))
      .join(" "),
    FILES: files.join(" "),
    FOLDERS: folders.join(" "),
  };
}

/** The Node.js that runs this, which package.json pins; on another system than Linux, the same release for Linux. */
async function linuxNode(folder: string): Promise<string> {
  if (process.platform === "linux") return process.execPath;
  const release = `node-linux-${process.arch}@${process.version.slice(1)}`;
  await run("npm", [
    "install",
    "--no-save",
    "--force",
    "--prefix",
    path.join(folder, "node"),
    release,
  ]);
  return path.join(folder, "node/node_modules", `node-linux-${process.arch}`, "bin/node");
}

/** Throws with the end of what the command said. */
async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { failed, all } = await execa(command, args, { all: true, reject: false, env });
  if (failed)
    throw new Error(
      `${command} ${args[0]} failed: ${(all ?? "").split("\n").slice(-8).join("\n    ")}`,
    );
}
