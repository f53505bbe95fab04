import { readdir, readFile, readlink } from "node:fs/promises";

export interface Memory {
  /** MiB resident, pages that several processes share counted in each. */
  readonly resident: number;
  /** MiB, shared pages divided among those that share them. */
  readonly proportional: number;
}

/** Seconds by which /proc counts processor time, whatever the kernel's own tick is. */
const tick = 0.01;

/** The pids, as this process counts and the oldest first, of everything in control group `group` of the machine that `neighbour` lives on. */
export async function processesOf(group: string, neighbour: number): Promise<number[]> {
  const pids = (await readdir("/proc"))
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b);
  // Several private engines may have the plugin under the same id; each has a network of its own.
  const network = await networkOf(neighbour);
  const isMeant = await Promise.all(
    pids.map(async (pid) => {
      const groups = (await read(pid, "cgroup")) ?? "";
      return groups.includes(`/${group}\n`) && (await networkOf(pid)) === network;
    }),
  );
  return pids.filter((_, index) => isMeant[index]);
}

function networkOf(pid: number): Promise<string | null> {
  return readlink(`/proc/${pid}/ns/net`).catch(() => null);
}

export async function memoryOf(pids: readonly number[]): Promise<Memory> {
  const rollups = await Promise.all(
    pids.map(async (pid) => (await read(pid, "smaps_rollup")) ?? ""),
  );
  const sum = (field: string): number =>
    rollups.reduce(
      (total, text) =>
        total + Number(new RegExp(`^${field}: *(\\d+) kB`, "m").exec(text)?.[1] ?? 0),
      0,
    ) / 1024;
  return { resident: sum("Rss"), proportional: sum("Pss") };
}

/** Seconds of processor time that these processes and their ended children have used so far. */
export async function processorTime(pids: readonly number[]): Promise<number> {
  const stats = await Promise.all(pids.map(async (pid) => (await read(pid, "stat")) ?? ""));
  let ticks = 0;
  for (const stat of stats) {
    // After the command's name, which may hold anything: state is the third field, the times are the 14th to 17th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return ticks * tick;
}

/** Null for a process that has ended meanwhile. */
async function read(pid: number, file: string): Promise<string | null> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => null);
}
