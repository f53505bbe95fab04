import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import * as z from "zod";

const owner = z.object({
  pid: z.int(),
  /** A pid alone may be anybody's by now. */
  startedAt: z.string(),
});

/** Writes into a lab's folder that it is this process's own: it may be removed as soon as this process is gone. */
export async function ownLab(folder: string): Promise<void> {
  const { pid } = process;
  const startedAt = await startOf(pid);
  await writeFile(fileIn(folder), JSON.stringify({ pid, startedAt }));
}

/** Whether the lab in `folder` belonged to a process that is gone. A person's lab belongs to no process. */
export async function isAbandoned(folder: string): Promise<boolean> {
  let text: string;
  try {
    text = await readFile(fileIn(folder), "utf8");
  } catch {
    return false;
  }
  const { success, data } = owner.safeParse(JSON.parse(text || "null"));
  return success && (await startOf(data.pid)) !== data.startedAt;
}

function fileIn(folder: string): string {
  return path.join(folder, "owner.json");
}

/** When a process started, as proc(5) counts, and in which boot; empty when there is none. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    // The second field is the program's name, which may have spaces; the start is the 22nd.
    return `${boot.trim()} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return "";
  }
}
