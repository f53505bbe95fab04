import { availableParallelism, cpus, loadavg } from "node:os";
import process from "node:process";
import type { Row } from "./row.ts";
import { tableOf } from "./table.ts";

/**
 * To be called before anything is measured; what it returns makes of the rows what is printed: the table below a line
 * about the machine and how busy it was, or everything as JSON. `remark` is what else there is to say of the machine.
 */
export function beginReport(): (rows: readonly Row[], json: boolean, remark?: string) => string {
  const loadBefore = loadavg();
  return (rows, json, remark) => {
    const machine = {
      processors: availableParallelism(),
      model: cpus()[0]?.model ?? "unknown",
      node: process.version,
      remark,
      loadBefore,
      loadAfter: loadavg(),
      at: new Date().toISOString(),
    };
    if (json) return `${JSON.stringify({ machine, rows }, null, 2)}\n`;
    const [before, after] = [machine.loadBefore, machine.loadAfter].map(([last = 0]) =>
      last.toFixed(2),
    );
    const words = [
      machine.at,
      `${machine.processors} × ${machine.model}`,
      ...(remark === undefined ? [] : [remark]),
      `load average ${before} before, ${after} after`,
    ];
    return `\n${words.join(", ")}\n\n${tableOf(rows)}\n`;
  };
}
