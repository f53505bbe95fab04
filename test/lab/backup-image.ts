import path from "node:path";
import { execa } from "execa";
import type { Machine } from "../../lab/machine.ts";

const root = path.join(import.meta.dirname, "../..");

/** Images that `make images` built, by what people call the archive. */
export const images = {
  "swarmnfs-backup.tar": path.join(root, "dist/backup/swarmnfs-backup.tar"),
  "swarmnfs-nfs-server.tar": path.join(root, "dist/server/swarmnfs-nfs-server.tar"),
} as const;

/** Puts a file of this machine on one of the lab, where it is called `place`. */
export async function sendFile(machine: Machine, file: string, place: string): Promise<void> {
  await execa("ssh", [...machine.sshArguments, `cat >'${place}'`], { inputFile: file });
}

/** The same for a file of the project. */
export function sendOurs(machine: Machine, file: string, place: string): Promise<void> {
  return sendFile(machine, path.join(root, file), place);
}
