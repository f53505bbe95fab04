import type { Call, ExitCode } from "./call.ts";

/** A new volume that begins as a copy of another. */
export async function cloneVolume(call: Call): Promise<ExitCode> {
  const [name = "", as = ""] = call.operands;
  const view = await call.plugin.ask("CloneVolume", { name, as }, `copying "${name}"`);
  if (call.options.json) {
    call.screen.json(view);
    return 0;
  }
  const { record, status } = view;
  if (record.state === "filling") {
    call.screen.paragraph(
      `"${record.name}" is becoming a copy of "${name}" (${status.filling ?? "just begun"}), and can be mounted when it is whole. See: swarmnfs volumes show ${record.name}`,
    );
  } else {
    call.screen.line(`"${record.name}" is a copy of "${name}", in app "${record.app}"`);
  }
  return 0;
}
