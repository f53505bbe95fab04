import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DockerCli } from "./docker-cli.ts";

/** The name under which the tests, the demo and the benchmarks install the plugin, as a user would. */
export const pluginName = "swarmnfs";

/** What `make rootfs` made: the directory that `docker plugin create` takes. */
export const pluginFolder = path.join(import.meta.dirname, "../dist/plugin");

/** The build in `folder`; throws if there is none. */
export async function buildIn(folder: string): Promise<string> {
  try {
    return (await readFile(path.join(folder, "rootfs/app/build"), "utf8")).trim();
  } catch (error) {
    throw new Error(`There is no plugin in ${folder}. Build it first: make rootfs`, {
      cause: error,
    });
  }
}

/**
 * Sets the plugin up and enables it. `settings` are as `docker plugin set` takes them: `SWARMNFS_…` variables, and
 * `state.source`, `run.source`, `storage.source`.
 */
export async function enablePlugin(
  docker: DockerCli,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  if (pairs.length > 0) await docker.run("plugin", "set", pluginName, ...pairs);
  await docker.run("plugin", "enable", pluginName);
}

/** Makes a copy of the plugin with another build id, as a newer release would be, and gives its folder to `use`. */
export async function withAnotherBuild<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const parent = path.dirname(pluginFolder);
  const folder = await mkdtemp(path.join(parent, "plugin-newer-"));
  try {
    await cp(pluginFolder, folder, { recursive: true, verbatimSymlinks: true });
    await writeFile(path.join(folder, "rootfs/app/build"), `${await buildIn(folder)}.newer\n`);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * The main process of the enabled plugin, as the engine's machine counts, or null. Kill it with
 * `engine.run("kill", ["-9", String(pid)])`; dockerd starts another within half a second.
 */
export async function pluginProcess(
  run: (command: string, args: readonly string[]) => Promise<{ readonly stdout: string }>,
): Promise<number | null> {
  const { stdout } = await run("pgrep", [
    "--full",
    "--oldest",
    "^/usr/local/bin/node /app/entry.mjs",
  ]);
  return stdout === "" ? null : Number(stdout);
}
