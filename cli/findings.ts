import type { Finding } from "../storage/verbs.ts";
import { plural } from "./plural.ts";
import type { Screen } from "./screen.ts";
import type { Tone } from "./terminal.ts";
import { pad } from "./wrap.ts";

const tones: Record<Finding["level"], Tone> = { ok: "fine", warning: "look", problem: "act" };

/** What was found and, below it, what to do. */
export function showFinding({ level, title, advice }: Finding, screen: Screen): void {
  const { ok, warning, problem } = screen.symbols;
  const symbol = { ok, warning, problem }[level];
  const width = Math.max(ok.length, warning.length, problem.length);
  const mark = ["  ", { text: symbol, tone: tones[level] }, pad(width - symbol.length + 1)];
  screen.paragraph(title, pad(width + 3), mark);
  if (advice !== undefined) screen.paragraph(advice, "      ");
}

/** `3 ok, 2 warnings, 1 problem`. */
export function summaryOf(findings: readonly Finding[]): string {
  const count = (level: Finding["level"]) =>
    findings.filter((finding) => finding.level === level).length;
  const parts = [`${count("ok")} ok`];
  if (count("warning") > 0) parts.push(plural(count("warning"), "warning"));
  if (count("problem") > 0) parts.push(plural(count("problem"), "problem"));
  return parts.join(", ");
}

/** Exit code 1 when there is a problem; warnings alone are 0. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ level }) => level === "problem") ? 1 : 0;
}
