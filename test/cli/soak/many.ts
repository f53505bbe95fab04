import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { ExecutionContext } from "ava";
import { run } from "../../../cli/run.ts";
import { concurrently } from "../../../storage/directory/concurrently.ts";
import { volumeRecord } from "../../storage/records/volume-record.ts";
import { utf8 } from "../spoken.ts";

const dayMs = 86_400_000;
const M = 1024 ** 2;

/** What a volume holds on a day; every tenth grows. */
function held(index: number, day: number): number {
  return (index + 1) * M + (index % 10 === 0 ? day * 100 * M : 0);
}

/** Files as a storage has them that was used for a hundred days, without making a directory for each of so many volumes. */
export async function fill(path: string, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `volume-${index}`);
  const meta = join(path, ".swarmnfs");
  const createdAt = new Date(Date.now() - 200 * dayMs).toISOString();
  await mkdir(join(meta, "history"), { recursive: true });
  await concurrently(names, async (name) => {
    const [, number = "0"] = name.split("-");
    const id = `01953f5e-0000-7000-8000-${number.padStart(12, "0")}`;
    const record = volumeRecord(name, { id, app: name, createdAt, fsid: Number(number) + 1 });
    await writeFile(join(meta, "volumes", `${name}.json`), JSON.stringify(record));
    const rules = { services: [name], hosts: ["*"], size: null, owner: null };
    const app = { schema: 1, revision: 1, app: name, ...rules, createdAt, createdBy: "node1" };
    await writeFile(join(meta, "apps", `${name}.json`), JSON.stringify(app));
  });
  const now = new Date().toISOString();
  const usage = names.map((name, index) => [
    name,
    { bytes: held(index, 100), files: 3, by: "walk", at: now },
  ]);
  await writeFile(
    join(meta, "usage.json"),
    JSON.stringify({ schema: 1, volumes: Object.fromEntries(usage) }),
  );
  for (let day = 0; day < 100; day += 1) {
    const at = new Date(Date.now() - (100 - day) * dayMs).toISOString();
    const volumes = names.map((name, index) => [name, [held(index, day), 3]]);
    const content = { schema: 1, at, total: 10_000 * 1024 * M, free: (5_000 - day) * 1024 * M };
    await writeFile(
      join(meta, "history", `${at.slice(0, 10)}.json`),
      JSON.stringify({ ...content, volumes: Object.fromEntries(volumes) }),
    );
  }
}

/** The command on the plugin whose socket lies there; what it says is kept in `said`. */
export class Asking {
  readonly said: Record<string, string> = {};
  readonly #t: ExecutionContext;
  readonly #directory: string;

  constructor(t: ExecutionContext, directory: string) {
    this.#t = t;
    this.#directory = directory;
  }

  /** Answers the milliseconds of work that it was: how busy this machine is shall not matter. */
  async ask(...argv: string[]): Promise<number> {
    const [started, before] = [performance.now(), process.cpuUsage()];
    const written = { out: "", err: "" };
    const exit = await run(argv, {
      environment: utf8,
      stdout: { isTTY: false, columns: 100, write: (each) => void (written.out += String(each)) },
      stderr: { isTTY: false, columns: 100, write: (each) => void (written.err += String(each)) },
      person: { present: false, ask: async () => "" },
      clock: { now: () => Date.now() },
      isRoot: true,
      pluginsDirectory: this.#directory,
      serverSocket: "/nowhere/server.sock",
      limits: { doctor: 600_000, other: 600_000 },
    });
    const ms = Math.round(performance.now() - started);
    const { user, system } = process.cpuUsage(before);
    const work = Math.round((user + system) / 1000);
    this.#t.is(exit, 0, written.err);
    this.said[argv.join(" ")] = written.out;
    const memory = Math.round(process.memoryUsage().rss / M);
    this.#t.log(
      `${argv.join(" ")}: ${work} ms of work in ${ms} ms, ${Math.round(written.out.length / 1024)} KiB, ${memory} MiB`,
    );
    return work;
  }
}
