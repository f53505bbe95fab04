import { UserError } from "../service/user-error.ts";
import type { Finding } from "../storage/verbs.ts";
import type { Call, ExitCode } from "./call.ts";
import { runClusterDoctor } from "./doctor-cluster.ts";
import { exitCodeOf, showFinding, summaryOf } from "./findings.ts";

interface Examination {
  /** `node2`, and what its storage is called; null when the plugin could not be asked. */
  readonly subject: { readonly node: string; readonly storage: string } | null;
  readonly findings: readonly Finding[];
}

/** Exit code 1 when there is a problem; warnings alone are 0. */
export async function runDoctor(call: Call): Promise<ExitCode> {
  if (call.options.cluster) return runClusterDoctor(call);
  const { subject, findings } = await examine(call);
  if (call.options.json) {
    call.screen.json({ ...subject, findings });
  } else {
    const { screen } = call;
    screen.line(
      subject === null ? "this node" : `${subject.node} ${screen.symbols.arrow} ${subject.storage}`,
    );
    for (const finding of findings) showFinding(finding, screen);
    screen.line(summaryOf(findings));
  }
  return exitCodeOf(findings);
}

async function examine(call: Call): Promise<Examination> {
  try {
    const { node, storage } = await call.plugin.ask("Status", {}, "asking the plugin how it is");
    const request = call.options.fix ? { fix: true } : {};
    const { findings } = await call.plugin.ask("Doctor", request, "examining this node");
    return { subject: { node, storage }, findings };
  } catch (error) {
    // Not reaching the plugin, or the storage server in its container, is what people call a doctor for.
    if (!(error instanceof UserError) || error.code !== "unavailable") throw error;
    return {
      subject: null,
      findings: [
        {
          level: "problem",
          title: "this node cannot be examined",
          advice: error.message,
        },
      ],
    };
  }
}
