import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { runBounded } from "../mounting/bounded-command.ts";

const boundMs = 3_000;

/**
 * Sees to it that a block device has its name in this file system: quotactl(2) finds a disk by that, and a container has
 * only the names of devices that it was given. Nothing opens it, so it need not be allowed to be opened.
 */
export async function ensureDeviceNode(device: string, number: string): Promise<void> {
  if ((await numberOf(device)) === number) return;
  await mkdir(dirname(device), { recursive: true });
  const [major = "", minor = ""] = number.split(":");
  try {
    await runBounded("mknod", [device, "b", major, minor], boundMs);
  } catch (error) {
    // Somebody may have made it at this moment.
    if ((await numberOf(device)) !== number) throw error;
  }
}

/** `254:32`; null if there is no block device of that name. */
async function numberOf(device: string): Promise<string | null> {
  const found = await stat(device, { bigint: true }).catch(() => null);
  if (found?.isBlockDevice() !== true) return null;
  return formatDevice(found.rdev);
}

/** How glibc packs the two numbers of a device into one: gnu_dev_major(3). */
export function formatDevice(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}
