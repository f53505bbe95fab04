import { mkdir } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { PlainProcess } from "./plain-process.ts";
import type { Subject } from "./subject.ts";

/** `rclone serve docker` on its local backend, with everything it keeps below `folder`. */
export async function startRclone(folder: string, socketFolder: string): Promise<Subject> {
  const data = path.join(folder, "data");
  const socket = path.join(socketFolder, "rclone.sock");
  await mkdir(data, { recursive: true });
  const args = ["serve", "docker", "--socket-addr", socket];
  const places = { "base-dir": "mounts", "cache-dir": "cache", config: "rclone.conf" };
  for (const [flag, name] of Object.entries(places))
    args.push(`--${flag}`, path.join(folder, name));
  const log = path.join(folder, "rclone.log");
  const running = await PlainProcess.listening(socket, log, "rclone", args, process.env);
  return {
    name: "rclone",
    socket,
    // With `type` and `path` instead, rclone 1.60 cannot restore its volumes when it starts again.
    options: (index) => ({ remote: `:local:${path.join(data, `v${index}`)}` }),
    stop: () => running.stop(),
  };
}
