import { setTimeout as pause } from "node:timers/promises";
import { Callers } from "./callers.ts";
import type { BenchEngine } from "./engine.ts";
import { memoryOf, processesOf, processorTime } from "./processes.ts";
import { progress } from "./progress.ts";
import { below, type Row } from "./row.ts";

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
  const pids = await processesOf(engine.pluginId, engine.pid);
  const before = await processorTime(pids);
  await pause(seconds * 1000);
  const share = (((await processorTime(pids)) - before) / seconds) * 100;
  const { resident, proportional } = await memoryOf(pids);

  const of = `at rest, ${volumes.toLocaleString("en")} volumes`;
  const row = (what: string, unit: Row["unit"], median: number, bound: number): Row => ({
    what: `${of}: ${what}`,
    unit,
    swarmnfs: { median },
    other: null,
    ratio: null,
    goals: [below("", median, bound, ` ${unit}`)],
  });
  return [
    row(`resident memory (RSS) of ${pids.length} processes`, "MiB", resident, 100),
    row("memory with shared pages counted once (PSS)", "MiB", proportional, 100),
    row(`one core's time over ${seconds} s`, "%", share, 1),
  ];
}
