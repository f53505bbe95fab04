import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import { entriesCalled, notInTrash, readTrash } from "./trash.ts";

export async function undelete(call: Call): Promise<ExitCode> {
  const [word = ""] = call.operands;
  const entries = await readTrash(call);
  const [entry, ...others] = entriesCalled(word, entries);
  if (entry === undefined) throw notInTrash(word, entries);

  const request = { entry: entry.id, as: call.options.as };
  const view = await call.plugin.ask("Undelete", request, `bringing "${entry.id}" back`);
  if (call.options.json) {
    call.screen.json({ entry: entry.id, volume: view });
    return 0;
  }
  const { name, app } = view.record;
  const { removedAt, removedBy, volume } = entry.record;
  const renamed = name === volume.name ? "" : `, as "${name}"`;
  call.screen.paragraph(
    `"${volume.name}" is back${renamed}, in app "${app}", as it was when ${removedBy} removed it ${call.moments.at(removedAt)}`,
  );
  call.screen.line(`  entry   ${entry.id}`);
  if (others.length > 0) {
    call.screen.paragraph(
      `It was the newest; ${plural(others.length, "older entry")} of that name stay${others.length === 1 ? "s" : ""} in the trash.`,
    );
  }
  return 0;
}
