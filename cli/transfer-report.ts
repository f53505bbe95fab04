import { formatSize } from "../service/size.ts";
import type { TransferProgress, TransferReport } from "../storage/transfer/transfer-report.ts";
import type { Call } from "./call.ts";
import { plural } from "./plural.ts";
import type { Screen } from "./screen.ts";

/** Shows how far a copy of or into a volume is. */
export function transferBar(call: Call, volume: string): (progress: TransferProgress) => void {
  return ({ doing, bytes, total, files }) =>
    call.bar.show({
      app: volume,
      volume,
      doing,
      files,
      totalFiles: null,
      bytes,
      totalBytes: total,
      secondsLeft: null,
      waiting: null,
    });
}

/** What came of it. */
export function showTransfer(
  screen: Screen,
  report: TransferReport,
  from: string,
  to: string,
): void {
  const { whole, files, bytes, differences, leftOut } = report;
  screen.line(`${from} ${screen.symbols.arrow} ${to}`);
  named(screen, leftOut, screen.symbols.warning);
  named(screen, differences, screen.symbols.problem);
  const count = `${files.toLocaleString("en")} files and directories, ${formatSize(bytes)}`;
  if (whole)
    screen.line({
      text: `Copied and compared, every byte: ${count}, no difference.`,
      tone: "fine",
    });
  else
    screen.paragraph(
      `Copied ${count}, and ${plural(differences.count, "difference")} found: the source changes. What was copied is kept, and is not seen yet. End what writes there, and do the same again: only what differs is copied.`,
    );
}

function named(screen: Screen, { count, first }: TransferReport["leftOut"], symbol: string): void {
  for (const text of first) screen.paragraph(text, "    ", [`  ${symbol} `]);
  if (count > first.length) screen.line(`    and ${count - first.length} more`);
}
