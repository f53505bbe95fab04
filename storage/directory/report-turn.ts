import { UserError } from "../../service/user-error.ts";
import { DamagedRecord, parseRecord } from "../records/parse.ts";
import { type ReportTurn, reportTurnSchema } from "../records/report-turn.ts";
import type { Layout, Parts } from "./parts.ts";
import { textOf } from "./record-file.ts";
import { replaceSingleFile } from "./single-file.ts";

const file = "report.json";

/** How far the reports are; null: nobody ever did. Throws `conflict` where that cannot be read. */
export async function readReportTurn(layout: Layout): Promise<ReportTurn | null> {
  const found = await layout.meta.read(file);
  return found === null ? null : understood(found.text);
}

/** Writes down the next turn, if it follows the one that is there. */
export async function putReportTurn(
  parts: Parts,
  layout: Layout,
  turn: ReportTurn,
): Promise<boolean> {
  return replaceSingleFile(parts, layout, {
    file,
    text: textOf(turn),
    may: (current) =>
      (current === null ? 0 : understood(current.text).revision) === turn.revision - 1,
  });
}

function understood(text: string): ReportTurn {
  try {
    return parseRecord(text, reportTurnSchema);
  } catch (error) {
    if (!(error instanceof DamagedRecord)) throw error;
    throw new UserError(
      "conflict",
      `the file .swarmnfs/${file} of the storage, which says when the last report was sent, cannot be read: ${error.message}. Delete it, and reports go on from then`,
      { cause: error },
    );
  }
}
