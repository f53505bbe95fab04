import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { buildIn, pluginFolder } from "../../engine-box/plugin.ts";
import { cached, keyOf } from "./cache.ts";
import { run } from "./command.ts";
import type { System } from "./system.ts";

/**
 * The image of a file system for `/var/lib/docker` in which the engine of `system` has a busybox image and the present
 * build of the plugin (`make rootfs`), installed and not enabled. From the cache, or made anew in a few seconds.
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
    const data = path.join(making, "data");
    await run("sh", [script, system.tree, data, pluginFolder]);
    await run("mkfs.ext4", ["-q", "-d", data, path.join(making, "disk.img"), "8G"]);
    await rm(data, { recursive: true });
  });
  return path.join(folder, "disk.img");
}
