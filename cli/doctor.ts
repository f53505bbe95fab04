import { UserError } from "../service/user-error.ts";
import type { Finding } from "../storage/verbs.ts";
import type { Call, ExitCode } from "./call.ts";
import { pad } from "./wrap.ts";
import { plural } from "./plural.ts";
import type { Screen } from "./screen.ts";
import type { Tone } from "./terminal.ts";

interface Examination {
  /** `node2`, and what its storage is called; null when the plugin could not be asked. */
  readonly subject: { readonly node: string; readonly storage: string } | null;
  readonly findings: readonly Finding[];
}

/** Exit code 1 when there is a problem; warnings alone are 0. */
export async function runDoctor(call: Call): Promise<ExitCode> {
  const { subject, findings } = await examine(call);
  if (call.options.json) {
    call.screen.json({ ...subject, findings });
  } else {
    const { screen } = call;
    screen.line(
      subject === null ? "this node" : `${subject.node} ${screen.symbols.arrow} ${subject.storage}`,
    );
    for (const finding of findings) showFinding(finding, screen);
    screen.line(...summary(findings));
  }
  return findings.some((finding) => finding.level === "problem") ? 1 : 0;
}

async function examine(call: Call): Promise<Examination> {
  try {
    const { node, storage } = await call.plugin.ask("Status", {}, "asking the plugin how it is");
    const request = call.options.fix ? { fix: true } : {};
    const { findings } = await call.plugin.ask("Doctor", request, "examining this node");
    return { subject: { node, storage }, findings };
  } catch (error) {
    // Not reaching the plugin is what people call a doctor for.
    if (!(error instanceof UserError) || error.code !== "unavailable") throw error;
    return {
      subject: null,
      findings: [
        {
          level: "problem",
          title: "the plugin of this node cannot be asked",
          advice: error.message,
        },
      ],
    };
  }
}

const tones: Record<Finding["level"], Tone> = { ok: "fine", warning: "look", problem: "act" };

function showFinding({ level, title, advice }: Finding, screen: Screen): void {
  const { ok, warning, problem } = screen.symbols;
  const symbol = { ok, warning, problem }[level];
  const width = Math.max(ok.length, warning.length, problem.length);
  const mark = ["  ", { text: symbol, tone: tones[level] }, pad(width - symbol.length + 1)];
  screen.paragraph(title, pad(width + 3), mark);
  if (advice !== undefined) screen.paragraph(advice, "      ");
}

function summary(findings: readonly Finding[]): string[] {
  const count = (level: Finding["level"]) =>
    findings.filter((finding) => finding.level === level).length;
  const parts = [`${count("ok")} ok`];
  if (count("warning") > 0) parts.push(plural(count("warning"), "warning"));
  if (count("problem") > 0) parts.push(plural(count("problem"), "problem"));
  return [parts.join(", ")];
}
