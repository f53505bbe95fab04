import { UserError } from "../service/user-error.ts";
import { configView } from "./config-view.ts";
import { loadPolicy } from "./policy/policy.ts";
import { parseSettings } from "./settings.ts";

/** Where it goes, and how a policy file is read: the process's own, or a test's. */
export interface PrintEffects {
  readonly write: (text: string) => void;
  readonly read?: (file: string) => Promise<string>;
}

/**
 * Prints what the server would understand of its settings and its policy file, as a table or (`--json`) for programs, and
 * touches nothing. Answers the exit code: 0, 1 where the server would refuse to start, 2 for wrong usage.
 */
export async function printConfig(
  environment: NodeJS.ProcessEnv,
  args: readonly string[],
  { write, read }: PrintEffects,
): Promise<number> {
  const unknown = args.find((word) => word !== "--json");
  if (unknown !== undefined) {
    write(`print-config knows --json, and not "${unknown}"\n`);
    return 2;
  }
  try {
    const settings = parseSettings(environment);
    const view = configView(settings, await loadPolicy(settings, read), environment);
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
