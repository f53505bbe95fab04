import { UserError } from "../../service/user-error.ts";
import { messageOf } from "../../service/message-of.ts";
import type { Call, ExitCode } from "../call.ts";
import { UsageError } from "../usage-error.ts";
import { gatherReport } from "./gather.ts";
import { reportPage } from "./page.ts";
import { saveWhole } from "./save-whole.ts";
import { showReport } from "./text.ts";

/** How it stands with the storage: as text, as JSON, or as a page in a file. */
export async function report(call: Call): Promise<ExitCode> {
  const { html, json } = call.options;
  if (html !== null && json)
    throw new UsageError("--html and --json exclude each other: use one of them.", "report");
  const found = await gatherReport(call);
  if (json) call.screen.json(found);
  else if (html === null) showReport(found, call);
  else await save(html, reportPage(found), call);
  return 0;
}

async function save(file: string, page: string, { screen }: Call): Promise<void> {
  try {
    await saveWhole(file, page);
  } catch (error) {
    throw new UserError(
      "invalid",
      `the page could not be written to "${file}": ${messageOf(error).split(", ")[0]}. Give --html a file in a directory that exists and can be written to`,
      { cause: error },
    );
  }
  screen.line(`The report is in ${file}. It needs nothing else: open it in any browser.`);
}
