import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { buildIn, pluginFolder } from "../../engine-box/plugin.ts";
import { cached, keyOf } from "./cache.ts";
import { run } from "./command.ts";
import type { System } from "./system.ts";

/**
 * The image of a file system for `/var/lib/docker` in which the engine of `system` has images for tests, and the present
 * build of the plugin (`make rootfs`), installed from the lab's registry and not enabled. From the cache, or made anew in
 * half a minute.
 */
export async function provideDockerDisk(
  system: System,
  tell: (line: string) => void,
): Promise<string> {
  const script = path.join(import.meta.dirname, "docker-data.sh");
  const build = await buildIn(pluginFolder);
  const key = keyOf(build, system.tree, await readFile(script));
  const folder = await cached("lab-docker", key, async (making) => {
    tell(`installing the plugin ${build} into the nodes' image`);
    const [data, registry] = [path.join(making, "data"), path.join(making, "registry")];
    await run("sh", [script, system.tree, data, registry, pluginFolder, releaseOf(build)]);
    await image(data, path.join(making, "disk.img"), "8G");
    await image(registry, registryDisk(making), "2G");
  });
  return path.join(folder, "disk.img");
}

/** Beside the nodes' image lies that of what the lab's registry keeps: this build of the plugin, and one that is newer. */
export function registryDisk(folder: string): string {
  return path.join(folder, "registry.img");
}

/** The release that a build is of: its tag in the registry. */
function releaseOf(build: string): string {
  return build.replace(/\+.*/, "");
}

async function image(folder: string, file: string, size: string): Promise<void> {
  await run("mkfs.ext4", ["-q", "-m", "0", "-d", folder, file, size]);
  await rm(folder, { recursive: true });
}
