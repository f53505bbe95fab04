// Ten thousand volumes with a hundred days of history: the storage, the plugin and the command as they are.
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import test from "ava";
import { run } from "../../../cli/run.ts";
import { historyDaySchema } from "../../../storage/records/history-day.ts";
import { concurrently } from "../../../storage/directory/concurrently.ts";
import { startPlugin } from "../../plugin/plugin-under-test.ts";
import { volumeRecord } from "../../storage/records/volume-record.ts";
import { directoryStorage } from "../../storage/places.ts";
import { node1 } from "../../storage/conformance.ts";
import { utf8 } from "../spoken.ts";

const dayMs = 86_400_000;
const count = 10_000;
const names = Array.from({ length: count }, (_, index) => `volume-${index}`);
const M = 1024 ** 2;

/** What a volume holds on a day; every tenth grows. */
function held(index: number, day: number): number {
  return (index + 1) * M + (index % 10 === 0 ? day * 100 * M : 0);
}

/** Files as a storage has them that was used for long, without making a directory for each volume. */
async function fill(path: string): Promise<void> {
  const meta = join(path, ".swarmnfs");
  const createdAt = new Date(Date.now() - 200 * dayMs).toISOString();
  await concurrently(names, async (name) => {
    const [, number = "0"] = name.split("-");
    const id = `01953f5e-0000-7000-8000-${number.padStart(12, "0")}`;
    const record = volumeRecord(name, { id, app: name, createdAt, fsid: Number(number) + 1 });
    await writeFile(join(meta, "volumes", `${name}.json`), JSON.stringify(record));
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

test("ten thousand volumes: a day is small and quickly written, a report soon made, its page small", async (t) => {
  const plugin = await startPlugin(t);
  const path = plugin.storagePath;
  await fill(path);
  const history = join(path, ".swarmnfs/history");

  const storage = directoryStorage(path);
  await storage.open(null);
  const begun = performance.now();
  await storage.housekeep(node1);
  const housekeeping = performance.now() - begun;
  const today = `${new Date().toISOString().slice(0, 10)}.json`;
  const text = await readFile(join(history, today), "utf8");
  t.is(Object.keys(historyDaySchema.parse(JSON.parse(text)).volumes).length, count);
  t.true(text.length < 500_000, `a day has ${text.length} bytes`);
  t.log(`housekeeping ${Math.round(housekeeping)} ms, a day ${Math.round(text.length / 1024)} KiB`);
  t.is((await readdir(history)).length, 101 - 3, "three old days went");

  const said: Record<string, string> = {};
  const ask = async (...argv: string[]): Promise<number> => {
    const [started, before] = [performance.now(), process.cpuUsage()];
    const written = { out: "", err: "" };
    const exit = await run(argv, {
      environment: utf8,
      stdout: { isTTY: false, columns: 100, write: (each) => void (written.out += String(each)) },
      stderr: { isTTY: false, columns: 100, write: (each) => void (written.err += String(each)) },
      person: { present: false, ask: async () => "" },
      clock: { now: () => Date.now() },
      isRoot: true,
      pluginsDirectory: plugin.directory,
      serverSocket: "/nowhere/server.sock",
      // How busy this machine is shall not matter: work is counted, not waiting.
      limits: { doctor: 600_000, other: 600_000 },
    });
    const ms = Math.round(performance.now() - started);
    const { user, system } = process.cpuUsage(before);
    const work = Math.round((user + system) / 1000);
    t.is(exit, 0, written.err);
    said[argv.join(" ")] = written.out;
    const memory = Math.round(process.memoryUsage().rss / M);
    t.log(
      `${argv.join(" ")}: ${work} ms of work in ${ms} ms, ${Math.round(written.out.length / 1024)} KiB, ${memory} MiB`,
    );
    return work;
  };
  const page = join(plugin.directory, "report.html");
  t.true((await ask("report")) < 15_000);
  t.true((await ask("report", "--html", page)) < 15_000);
  t.true((await ask("report", "--json")) < 15_000);
  t.true((await ask("clean", "unused")) < 15_000);
  t.true((await ask("volumes", "--json")) < 15_000);
  t.true((said["report"]?.length ?? Infinity) < 10_000, "the text is for people");
  t.regex(said["report"] ?? "", /volume-9990 +volume-9990 +20G .* \+100M a day/);
  const { size } = await stat(page);
  t.log(`the page has ${Math.round(size / 1024)} KiB`);
  t.true(size < M, "and so is the page");
  const { volumes } = JSON.parse(said["report --json"] ?? "") as {
    volumes: { volume: string; trend: { direction: string } }[];
  };
  t.is(volumes.length, count);
  t.is(volumes.filter(({ trend }) => trend.direction === "growing").length, count / 10);
});
