// Measures the plugin on real NFS, beside Docker's own local driver and a mount by hand, in a lab of its own (a NAS and a
// node) or in the one that LAB names. Nothing here passes or fails by a number; where machines are emulated, look at the ratios only.
import process from "node:process";
import { parseArgs } from "node:util";
import { checkedParts } from "../parts.ts";
import { beginReport } from "../report.ts";
import type { Row } from "../row.ts";
import { BenchLab } from "./bench-lab.ts";
import { measureData } from "./data.ts";
import { measureGrants } from "./grants.ts";
import { measureOutage } from "./outage.ts";
import { measureRestart } from "./restart.ts";
import { measureStart } from "./start.ts";

const parts: Readonly<Record<string, (bench: BenchLab, rounds: number) => Promise<Row[]>>> = {
  start: measureStart,
  data: measureData,
  outage: measureOutage,
  grants: measureGrants,
  restart: measureRestart,
};
/** Of our own NFS server, which need a machine for it. */
const onOurServer = new Set(["grants", "restart"]);
const { values: asked } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(parts).join(",") },
    rounds: { type: "string", default: "4" },
    json: { type: "boolean", default: false },
  },
});
const wanted = checkedParts(asked.only, Object.keys(parts));

const report = beginReport();
const storage = wanted.some((part) => onOurServer.has(part));
const bench = await BenchLab.start(process.env["LAB"] || undefined, storage);
const rows: Row[] = [];
try {
  for (const part of wanted)
    rows.push(...(await bench.watched(() => parts[part]!(bench, Number(asked.rounds)))));
} finally {
  await bench.stop();
  // Also what was measured before something failed.
  const machines = bench.isEmulated ? "emulated machines: only ratios count" : "virtual machines";
  process.stdout.write(report(rows, asked.json, machines));
}
// The signals' listeners would keep it alive.
process.exit();
