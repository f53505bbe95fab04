// Ten thousand volumes with a hundred days of history: the storage, the plugin and the command as they are.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { historyDaySchema } from "../../../storage/records/history-day.ts";
import { startPlugin } from "../../plugin/plugin-under-test.ts";
import { directoryStorage } from "../../storage/places.ts";
import { node1 } from "../../storage/conformance.ts";
import { Asking, fill } from "./many.ts";

const count = 10_000;
const M = 1024 ** 2;

test("ten thousand volumes: a day is small and quickly written, a report soon made, its page small", async (t) => {
  const plugin = await startPlugin(t);
  const path = plugin.storagePath;
  await fill(path, count);
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

  const asking = new Asking(t, plugin.directory);
  const ask = (...argv: string[]): Promise<number> => asking.ask(...argv);
  const { said } = asking;
  const page = join(plugin.directory, "report.html");
  t.true((await ask("report")) < 15_000);
  t.true((await ask("report", "--html", page)) < 15_000);
  t.true((await ask("report", "--json")) < 15_000);
  t.true((await ask("clean", "unused")) < 15_000);
  t.true((await ask("volumes", "--json")) < 15_000);
  t.true((await ask("apps", "--json")) < 15_000);
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
