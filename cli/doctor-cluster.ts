import { setTimeout as delay } from "node:timers/promises";
import type { ClusterExamination, ClusterReport } from "../storage/verbs.ts";
import type { Call, ExitCode } from "./call.ts";
import { exitCodeOf, showFinding, summaryOf } from "./findings.ts";
import { plural } from "./plural.ts";

/** Milliseconds between two looks at how far it is. */
const everyMs = 500;

/**
 * Has the plugin examine all nodes, and says of each what was found. Ctrl-C is safe: the plugin ends by itself what it has
 * begun.
 */
export async function runClusterDoctor(call: Call): Promise<ExitCode> {
  if (call.options.fix) await call.plugin.ask("Doctor", { fix: true }, "mending this node");
  const { id } = await call.plugin.ask("ExamineCluster", {}, "asking the plugin");
  const report = await followed(call, id);
  const all = [...report.nodes.flatMap(({ findings }) => findings), ...report.findings];
  if (call.options.json) call.screen.json(report);
  else show(call, report, summaryOf(all));
  return exitCodeOf(all);
}

async function followed(call: Call, id: string): Promise<ClusterReport> {
  let told = "";
  for (;;) {
    const now = await call.plugin.ask("ClusterExamination", { id }, "examining all nodes");
    if (now.report !== null) return now.report;
    const words = wordsOf(now);
    if (words !== told && !call.options.json) call.aside.line(words);
    told = words;
    await delay(everyMs);
  }
}

function wordsOf({ doing, answered, waiting }: ClusterExamination): string {
  if (answered.length === 0) return `${doing} …`;
  const rest = waiting.length === 0 ? "" : `; waiting for ${waiting.join(", ")}`;
  return `${doing}: ${plural(answered.length, "node")} answered${rest} …`;
}

function show(
  { screen }: Call,
  { node, storage, nodes, findings }: ClusterReport,
  sum: string,
): void {
  for (const each of nodes) {
    const isSelf = each.node === node;
    screen.line(isSelf ? `${node} ${screen.symbols.arrow} ${storage}` : each.node);
    for (const finding of each.findings) showFinding(finding, screen);
  }
  if (findings.length > 0) screen.line("all together");
  for (const finding of findings) showFinding(finding, screen);
  screen.line(sum);
}
