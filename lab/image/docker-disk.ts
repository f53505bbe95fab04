import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { buildIn, pluginFolder } from "../../engine-box/plugin.ts";
import { cached, keyOf } from "./cache.ts";
import { run } from "./command.ts";
import type { System } from "./system.ts";

const here = import.meta.dirname;
const script = path.join(here, "docker-data.sh");

/** What `make images` made of the NFS server. */
export const serverFolder = path.join(here, "../../dist/server");

/**
 * The image of a file system for `/var/lib/docker` in which the engine of `system` has images for tests, and the present
 * build of the plugin (`make rootfs`), installed from the lab's registry and not enabled. From the cache, or made anew in
 * half a minute.
 */
export async function provideDockerDisk(
  system: System,
  tell: (line: string) => void,
): Promise<string> {
  const fill = path.join(here, "fill-node.sh");
  const build = await buildIn(pluginFolder);
  const folder = await cached("lab-docker", await key(build, system, fill), async (making) => {
    tell(`installing the plugin ${build} into the nodes' image`);
    const [data, registry] = [path.join(making, "data"), path.join(making, "registry")];
    await mkdir(registry);
    const given = [registry, pluginFolder];
    await run("sh", [script, system.tree, data, fill, ...given, "--", releaseOf(build)]);
    await image(data, path.join(making, "disk.img"), "8G");
    await image(registry, registryDisk(making), "2G");
  });
  return path.join(folder, "disk.img");
}

/** Beside the nodes' image lies that of what the lab's registry keeps: this build of the plugin, and one that is newer. */
export function registryDisk(folder: string): string {
  return path.join(folder, "registry.img");
}

/** The same for the storage machine, whose engine has the present build of the NFS server (`make images`). */
export async function provideServerDisk(
  system: System,
  tell: (line: string) => void,
): Promise<string> {
  const fill = path.join(here, "fill-storage.sh");
  const build = await serverBuild();
  const folder = await cached("lab-server", await key(build, system, fill), async (making) => {
    tell(`loading the NFS server ${build} into the storage machine's image`);
    const data = path.join(making, "data");
    await run("sh", [script, system.tree, data, fill, serverFolder, "--"]);
    await image(data, path.join(making, "disk.img"), "8G");
  });
  return path.join(folder, "disk.img");
}

async function serverBuild(): Promise<string> {
  try {
    return (await readFile(path.join(serverFolder, "build"), "utf8")).trim();
  } catch (error) {
    throw new Error(`There is no image of the NFS server. Build it first: make images`, {
      cause: error,
    });
  }
}

async function key(build: string, system: System, fill: string): Promise<string> {
  return keyOf(build, system.tree, await readFile(script), await readFile(fill));
}

/** The release that a build is of: its tag in the registry. */
function releaseOf(build: string): string {
  return build.replace(/\+.*/, "");
}

async function image(folder: string, file: string, size: string): Promise<void> {
  await run("mkfs.ext4", ["-q", "-m", "0", "-d", folder, file, size]);
  await rm(folder, { recursive: true });
}
