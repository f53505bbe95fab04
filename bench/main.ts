// Measures the plugin beside rclone's and beside Docker's own local driver, in one run on one machine, and prints one
// table. Nothing here passes or fails by a number: machines differ; the ratios are what to look at.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { enginesFolder } from "../engine-box/private-engine.ts";
import { measureAtRest } from "./at-rest.ts";
import { measureCalls } from "./calls.ts";
import { measureContainerStart } from "./container-start.ts";
import { startEngine } from "./engine.ts";
import { checkedParts } from "./parts.ts";
import { progress } from "./progress.ts";
import { startRclone } from "./rclone.ts";
import { beginReport } from "./report.ts";
import { measureRestart } from "./restart.ts";
import type { Row } from "./row.ts";
import { bundledPlugin, startSwarmnfs } from "./swarmnfs.ts";

const parts = ["calls", "start", "rest"];
const { values: asked } = parseArgs({
  options: {
    only: { type: "string", default: parts.join(",") },
    volumes: { type: "string", default: "100,1000,10000" },
    callers: { type: "string", default: "50" },
    repetitions: { type: "string", default: "40" },
    seconds: { type: "string", default: "60" },
    json: { type: "boolean", default: false },
    profile: { type: "string" },
  },
});
const wanted = checkedParts(asked.only, parts);

const report = beginReport();
const rows: Row[] = [];
if (wanted.includes("calls")) rows.push(...(await calls()));
if (wanted.includes("start") || wanted.includes("rest")) rows.push(...(await inEngine()));

process.stdout.write(report(rows, asked.json));

async function calls(): Promise<Row[]> {
  await mkdir(enginesFolder, { recursive: true });
  const folder = await mkdtemp(path.join(enginesFolder, "bench-"));
  const sockets = await mkdtemp(path.join(tmpdir(), "swarmnfs-bench-"));
  const entry = await bundledPlugin(path.join(folder, "app"));
  const profile =
    asked.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${asked.profile}`];
  const ours = () => startSwarmnfs(entry, path.join(folder, "swarmnfs"), sockets, profile);
  const theirs = () => startRclone(path.join(folder, "rclone"), sockets);
  const sizes = asked.volumes.split(",").map(Number);
  try {
    const measured = await measureCalls(ours, theirs, sizes, Number(asked.callers));
    return [...measured, ...(await measureRestart(ours, theirs, Math.max(...sizes)))];
  } finally {
    await rm(folder, { recursive: true });
    await rm(sockets, { recursive: true });
  }
}

async function inEngine(): Promise<Row[]> {
  progress("a private Docker Engine with the plugin");
  const engine = await startEngine();
  try {
    return [
      ...(wanted.includes("start")
        ? await measureContainerStart(engine, Number(asked.repetitions))
        : []),
      ...(wanted.includes("rest") ? await measureAtRest(engine, 1_000, Number(asked.seconds)) : []),
    ];
  } finally {
    await engine.stop();
  }
}
