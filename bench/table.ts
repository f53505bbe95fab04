import type { Row, Value } from "./row.ts";

const titles = ["", "SWARMNFS", "P99", "AGAINST", "", "P99", "RATIO", "GOAL"];
/** Columns of numbers end at the same place. */
const rightward = new Set([1, 2, 4, 5, 6]);

/** The rows as a table for people. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [titles, ...rows.map(cellsOf)];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return rightward.has(column) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cellsOf({ what, swarmnfs, other, ratio, ratioError, goals, unit }: Row): string[] {
  return [
    what,
    ...measured(swarmnfs, unit),
    other?.name ?? "",
    ...measured(other, unit),
    ratio === null ? "" : ratio.toFixed(2) + (ratioError ? ` ± ${ratioError.toFixed(2)}` : ""),
    goals.map(({ text, met }) => `${met ? "✔" : "✘"} ${text}`).join("  "),
  ];
}

function measured(value: Value | null, unit: Row["unit"]): [string, string] {
  if (value === null) return ["", ""];
  const { median, p99, error } = value;
  const chance = error === undefined ? "" : `± ${error.toFixed(1)} `;
  return [shown(median, `${chance}${unit}`), p99 === undefined ? "" : shown(p99, unit)];
}

function shown(value: number, unit: string): string {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${unit}`;
}
