import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import process from "node:process";
import { text } from "node:stream/consumers";
import { UserError } from "../../service/user-error.ts";
import type { Quotas } from "./quotas.ts";

/** The project that proofs are made with; volumes have smaller ones. */
export const proofProject = 2 ** 31 - 1;
const limit = 1024 ** 2;
/** Far enough past the limit that no rounding explains it, little enough to be written on a disk that is nearly full. */
const attempted = 3 * limit;
const boundMs = 6_000;
/** Not root, whom ext4 lets exceed what it may do by CAP_SYS_RESOURCE. */
const nobody = 65_534;

/** Writes past a limit in an open directory, as somebody who is not root: true if that was refused for want of space. */
export type WritePast = (descriptor: number) => Promise<boolean>;

/**
 * Proves that limits hold, by writing past one in `directory`: an empty directory of ours (absolute, without symlinks),
 * which belongs to the proof's project afterwards. Throws `unsupported` if the limit let everything through.
 */
export async function proveQuotas(
  quotas: Pick<Quotas, "kind" | "assign" | "limit">,
  directory: string,
  writePast: WritePast = writeAsNobody,
): Promise<void> {
  await quotas.assign(directory, proofProject);
  await quotas.limit(proofProject, limit);
  try {
    await using handle = await open(`${directory}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
    if (process.getuid?.() === 0) await handle.chown(nobody, nobody);
    if (await writePast(handle.fd)) return;
  } finally {
    await quotas.limit(proofProject, null);
  }
  throw new UserError(
    "unsupported",
    `sizes do not hold on this ${quotas.kind}: ${attempted / limit} MiB went into a directory that was limited to ${limit / 1024 ** 2} MiB. Look at how the disk is mounted: prjquota is needed, and its quotas must be switched on (quotaon -P)`,
  );
}

const script = `
const fs = require("node:fs");
const file = fs.openSync("/proc/self/fd/0/proof", "w");
try {
  for (let written = 0; written < ${attempted}; written += 65536) {
    fs.writeSync(file, Buffer.alloc(65536));
    fs.fsyncSync(file);
  }
  console.log("written");
} catch (error) {
  console.log(error.errno === -28 || error.errno === -122 ? "limited" : error.message);
}`;

/** ENOSPC is what XFS says, EDQUOT (which Node.js has no name for) what ext4 says. */
async function writeAsNobody(descriptor: number): Promise<boolean> {
  const child = spawn(process.execPath, ["--eval", script], {
    stdio: [descriptor, "pipe", "ignore"],
    timeout: boundMs,
    killSignal: "SIGKILL",
    ...(process.getuid?.() === 0 && { uid: nobody, gid: nobody }),
  });
  const ended = once(child, "close");
  const [said] = await Promise.all([child.stdout === null ? "" : text(child.stdout), ended]);
  const answer = said.trim();
  if (answer === "limited" || answer === "written") return answer === "limited";
  throw new Error(`the proof of quotas could not be made: ${answer || "no answer"}`);
}
