import type { Call, ExitCode } from "./call.ts";

export async function printConfig(call: Call): Promise<ExitCode> {
  const config = await call.server.ask("config", {}, undefined, "reading the settings");
  if (call.options.json) {
    call.screen.json(config);
    return 0;
  }
  const { none } = call.screen.symbols;
  call.screen.table(
    [{ title: "SETTING" }, { title: "VALUE", wraps: true }, { title: "FROM" }],
    config.settings.map(({ name, value, from }) => [name, value || none, from]),
  );
  for (const note of config.notes)
    call.screen.paragraph(note, "  ", [{ text: "! ", tone: "look" }]);
  return 0;
}
