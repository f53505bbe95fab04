import { UserError } from "../service/user-error.ts";
import { configView } from "./config-view.ts";
import { parseSettings } from "./settings.ts";

/**
 * Prints what the service would understand of its settings, as a table or (`--json`) for programs, and touches nothing.
 * Answers the exit code: 0, 1 where the service would refuse to start, 2 for wrong usage.
 */
export function printConfig(
  environment: NodeJS.ProcessEnv,
  args: readonly string[],
  write: (text: string) => void,
): number {
  const unknown = args.find((word) => word !== "--json");
  if (unknown !== undefined) {
    write(`print-config knows --json, and not "${unknown}"\n`);
    return 2;
  }
  try {
    const view = configView(parseSettings(environment), environment);
    if (args.length > 0) write(`${JSON.stringify(view, null, 2)}\n`);
    else {
      const rows = view.settings.map(({ name, value, from }) => [name, value || "–", from]);
      write(table(["SETTING", "VALUE", "FROM"], rows));
      for (const note of view.notes) write(`! ${note}\n`);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    write(`${error.message}\n`);
    return 1;
  }
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows];
  const widths = titles.map((_, column) =>
    Math.max(...lines.map((row) => row[column]?.length ?? 0)),
  );
  return lines
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
