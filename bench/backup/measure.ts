import { readdir, readFile, readlink } from "node:fs/promises";
import process from "node:process";
import { execa } from "execa";
import type { CountedServer } from "./server.ts";

/** What one action took. */
export interface Taken {
  readonly seconds: number;
  readonly requests: number;
  /** MiB, of the process tree at its largest. */
  readonly memory: number;
  /** MiB on the server afterwards. */
  readonly stored: number;
}

/** Does something and measures it; `root` is the process whose tree counts, 0 for all that this one starts. */
export async function measured(
  server: CountedServer,
  folder: string,
  root: number,
  act: () => Promise<unknown>,
): Promise<Taken> {
  const before = await server.requests();
  let memory = 0;
  const own = root === 0 ? new Set(await tree(process.pid)) : new Set<number>();
  const look = async (): Promise<void> => {
    memory = Math.max(memory, await resident(root === 0 ? process.pid : root, own));
  };
  const watch = setInterval(() => void look(), 100);
  const began = performance.now();
  try {
    await act();
  } finally {
    clearInterval(watch);
  }
  const seconds = (performance.now() - began) / 1000;
  const requests = (await server.requests()) - before;
  return { seconds, requests, memory, stored: await server.stored(folder) };
}

/** A command that must succeed. */
export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await execa(command, args, { env, stdin: "ignore" });
}

/**
 * MiB that the processes take together: what each has for itself, and each program's own pages once, for processes of one
 * program share them.
 */
async function resident(root: number, without: ReadonlySet<number>): Promise<number> {
  const pids = (await tree(root)).filter((pid) => !without.has(pid));
  const programs = new Map<string, number>();
  let own = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const program = await readlink(`/proc/${pid}/exe`).catch(() => "");
    const kibibytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
    own += kibibytes("RssAnon") + kibibytes("RssShmem");
    programs.set(program, Math.max(programs.get(program) ?? 0, kibibytes("RssFile")));
  }
  return [...programs.values()].reduce((sum, size) => sum + size, own) / 1024;
}

async function tree(root: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    parents.set(pid, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found = [root];
  for (const pid of found)
    for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}
