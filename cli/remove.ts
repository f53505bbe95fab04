import type { Call, ExitCode } from "./call.ts";

/** The same as `docker volume rm`, and says what can be done about it. */
export async function removeVolume(call: Call): Promise<ExitCode> {
  const [name = ""] = call.operands;
  const { outcome } = await call.plugin.ask("RemoveVolume", { name }, `removing "${name}"`);
  if (call.options.json) {
    call.screen.json({ volume: name, outcome });
    return 0;
  }
  if (outcome?.kind === "trashed") {
    call.screen.paragraph(
      `"${name}" is removed; its data stays in the trash and is destroyed ${call.moments.until(outcome.purgeAt)}. To bring it back: swarmnfs trash undelete ${name}`,
    );
  } else if (outcome?.kind === "retained") {
    call.screen.paragraph(
      `"${name}" is removed, and its directory kept. To have it again: docker volume create -d swarmnfs ${name}`,
    );
  } else {
    call.screen.line(`"${name}" is removed`);
  }
  return 0;
}
