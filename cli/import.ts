import type { TransferAnswer } from "../storage/works.ts";
import { showCompose } from "./adopt.ts";
import type { Call, ExitCode } from "./call.ts";
import { showTransfer, transferBar } from "./transfer-report.ts";
import { UsageError } from "./usage-error.ts";

/** Copies data of this node into a volume. */
export async function importData(call: Call): Promise<ExitCode> {
  const [source = ""] = call.operands;
  const { app, volume, live, json } = call.options;
  if (app === null) throw new UsageError("whose is it? Say --app APP", "import");
  if (volume === null) throw new UsageError("into which volume? Say --volume VOLUME", "import");
  const request = { source, app, volume, live };
  let answer: TransferAnswer;
  try {
    answer = await call.works.follow("Import", request, transferBar(call, volume));
  } finally {
    call.bar.clear();
  }
  const { report } = answer;
  if (json) call.screen.json(answer);
  else {
    showTransfer(call.screen, report, source, `volume "${volume}"`);
    if (report.whole) {
      showCompose(call.screen, volume);
      call.screen.paragraph(
        `The source is as it was. Remove it when you have seen that all is well.`,
      );
    }
  }
  return report.whole ? 0 : 3;
}
