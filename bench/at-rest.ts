import { setTimeout as pause } from "node:timers/promises";
import { Callers } from "./callers.ts";
import type { BenchEngine } from "./engine.ts";
import { memoryOf, processesOf, processorTime } from "./processes.ts";
import { progress } from "./progress.ts";
import { below, type Goal, type Row, type Value } from "./row.ts";
import { median } from "./sample.ts";

const memoryGoal = 100;

/** What the enabled plugin takes of its machine while nobody asks it for anything: all its processes together. */
export async function measureAtRest(
  engine: BenchEngine,
  volumes: number,
  seconds: number,
): Promise<Row[]> {
  progress(`at rest: making ${volumes.toLocaleString("en")} volumes`);
  const callers = await Callers.open(engine.pluginSocket, 10);
  await callers.run(volumes, (index) => ({
    verb: "Create",
    body: { Name: `rest-${index}`, Opts: {} },
  }));
  callers.close();

  progress(`at rest: looking on for ${seconds} s`);
  const [plugin = 0] = await processesOf(engine.pluginId, engine.pid);
  const own: number[] = [];
  const all: number[] = [];
  const before = await processorTime(await processesOf(engine.pluginId, engine.pid));
  for (let second = 0; second < seconds; second += 1) {
    await pause(1000);
    own.push((await memoryOf([plugin])).resident);
    all.push((await memoryOf(await processesOf(engine.pluginId, engine.pid))).proportional);
  }
  const after = await processorTime(await processesOf(engine.pluginId, engine.pid));
  const share = ((after - before) / seconds) * 100;

  const row = (what: string, unit: Row["unit"], swarmnfs: Value, goals: Goal[]): Row => ({
    what: `at rest, ${volumes.toLocaleString("en")} volumes: ${what}`,
    unit,
    swarmnfs,
    other: null,
    ratio: null,
    goals,
  });
  return [
    row("the plugin's process, resident (RSS)", "MiB", ...inMemory(own)),
    row("with its keepers, shared pages once (PSS)", "MiB", ...inMemory(all)),
    row(`time of one core, over ${seconds} s`, "%", { median: share }, [below("", share, 1, " %")]),
  ];
}

/** The median over time, with the highest value in the place of the 99th percentile. */
function inMemory(values: readonly number[]): [Value, Goal[]] {
  return [
    { median: median(values), p99: Math.max(...values) },
    [below("median", median(values), memoryGoal, " MiB")],
  ];
}
