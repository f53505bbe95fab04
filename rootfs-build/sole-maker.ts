import { execa } from "execa";

/**
 * Does `work` while no other process does one with this `lock`, a file: the others wait. The lock is free again when the work
 * is done or this process is gone, however it ended. Where flock(1) is missing, as on macOS, nobody waits.
 */
export async function asSoleMaker<T>(lock: string, work: () => Promise<T>): Promise<T> {
  // It says that it has the lock, and keeps it until its input ends, as it does with this process.
  const holder = execa("flock", [lock, "sh", "-c", "echo; exec cat"], { reject: false });
  await new Promise((resolve) => {
    holder.stdout.once("data", resolve);
    void holder.then(resolve);
  });
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await holder;
  }
}
