import type { TransferAnswer } from "../storage/works.ts";
import type { Call, ExitCode } from "./call.ts";
import { showTransfer, transferBar } from "./transfer-report.ts";
import { UsageError } from "./usage-error.ts";

/** Copies a volume's data to a place of this node. */
export async function exportData(call: Call): Promise<ExitCode> {
  const [volume = ""] = call.operands;
  const { to, live, json } = call.options;
  if (to === null)
    throw new UsageError("where to? Say --to local:NAME, or --to /a/directory", "export");
  let answer: TransferAnswer;
  try {
    const request = { volume, target: to, live };
    answer = await call.works.follow("Export", request, transferBar(call, volume));
  } finally {
    call.bar.clear();
  }
  if (json) call.screen.json(answer);
  else showTransfer(call.screen, answer.report, `volume "${volume}"`, to);
  return answer.report.whole ? 0 : 3;
}
