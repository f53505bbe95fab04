import { readdirSync, readFileSync } from "node:fs";

/**
 * Nanoseconds that the threads of a process have run or waited for a processor so far: /proc/PID/task/TID/schedstat. It
 * stands still while all of them sleep, as they do in a file system that hangs, and grows while the process works or is
 * kept from it by others. Null where it cannot be told: no such process, or a kernel without these figures.
 */
export function pulseOf(pid: number): bigint | null {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + timeOf(pid, thread), 0n);
  } catch {
    return null;
  }
}

/** proc_pid_schedstat(5): time on a processor, time in its queue, turns. A thread that has ended counts nothing. */
function timeOf(pid: number, thread: string): bigint {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return 0n;
    throw error;
  }
  const [ran = "0", queued = "0"] = text.split(" ");
  return BigInt(ran) + BigInt(queued);
}
