import type { Call, ExitCode } from "./call.ts";
import type { Tone } from "./terminal.ts";

export async function printBackupConfig(call: Call): Promise<ExitCode> {
  const config = await call.backup.ask("config", {}, "reading the settings");
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

const tones: Readonly<Record<string, Tone>> = { ok: "fine", warning: "look", problem: "act" };

/** Exit code 1 when the server cannot be backed up to. */
export async function checkTarget(call: Call): Promise<ExitCode> {
  const view = await call.backup.ask("checkTarget", {}, "trying the backup server");
  const problems = view.findings.filter(({ level }) => level === "problem").length;
  const { screen } = call;
  if (call.options.json) screen.json(view);
  else {
    screen.line(view.server);
    for (const { level, title, advice } of view.findings) {
      const symbol = level === "ok" ? screen.symbols.ok : symbolOf(call, level);
      screen.line("  ", { text: symbol, tone: tones[level] ?? "look" }, ` ${title}`);
      if (advice !== undefined) screen.paragraph(advice, "      ");
    }
  }
  return problems === 0 ? 0 : 1;
}

function symbolOf({ screen }: Call, level: string): string {
  return level === "problem" ? screen.symbols.problem : screen.symbols.warning;
}
