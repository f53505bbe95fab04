import { mkdir } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { bundle } from "../rootfs-build/bundle.ts";
import { PlainProcess } from "./plain-process.ts";
import type { Subject } from "./subject.ts";

/** Bundles the plugin as the root file system gets it, into `folder`; returns its entry file. */
export async function bundledPlugin(folder: string): Promise<string> {
  await bundle(folder, { version: "bench", id: "bench" });
  return path.join(folder, "entry.mjs");
}

/** Our plugin as a plain process on `dir://`, with everything it keeps below `folder`. */
export async function startSwarmnfs(
  entry: string,
  folder: string,
  socketFolder: string,
  nodeOptions: readonly string[],
): Promise<Subject> {
  const socket = path.join(socketFolder, "swarmnfs.sock");
  await mkdir(path.join(folder, "data"), { recursive: true });
  const env = {
    ...process.env,
    SWARMNFS_STORAGE: `dir://${path.join(folder, "data")}`,
    SWARMNFS_STATE: path.join(folder, "state"),
    SWARMNFS_MOUNTS: path.join(folder, "mounts"),
    SWARMNFS_SOCKET: socket,
    SWARMNFS_DOCKER: "off",
  };
  const log = path.join(folder, "swarmnfs.log");
  const args = [...nodeOptions, entry];
  const running = await PlainProcess.listening(socket, log, process.execPath, args, env);
  return {
    name: "swarmnfs",
    socket,
    options: () => ({}),
    stop: () => running.stop(),
  };
}
