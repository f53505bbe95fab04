import { formatSize } from "../service/size.ts";
import type { AdoptableDirectory } from "../storage/storage.ts";
import type { Verbs } from "../storage/verbs.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Screen } from "./screen.ts";
import { UsageError } from "./usage-error.ts";

const topic = "adopt";

type Examined = Verbs["Examine"]["answer"];

/** A directory that lies on the storage becomes a volume. */
export async function adopt(call: Call): Promise<ExitCode> {
  const { operands, options, plugin, screen } = call;
  const [path = ""] = operands;
  const { app, volume, dryRun } = options;
  if (app === null) throw new UsageError("whose is it? Say --app APP", topic);
  if (volume === null) throw new UsageError("what shall it be called? Say --volume VOLUME", topic);
  const found = await plugin.ask("Examine", { path }, `looking at "${path}"`);
  if (!options.json) showFound(screen, found, app, volume);
  if (dryRun) {
    if (options.json) screen.json({ directory: found, volume: null });
    else screen.line("Nothing was changed. The same without --dry-run makes it a volume.");
    return 0;
  }
  const view = await plugin.ask("Adopt", { path, app, volume }, `adopting "${path}"`);
  if (options.json) {
    screen.json({ directory: found, volume: view });
    return 0;
  }
  screen.line({
    text: `It is volume "${view.record.name}" now; nothing was copied.`,
    tone: "fine",
  });
  showCompose(screen, view.record.name);
  screen.paragraph(
    `It lies in ${view.status.path} on the storage. How it becomes a plain directory again: docs/migrate.md`,
  );
  return 0;
}

/** The lines of a compose file for a volume that is there. */
export function showCompose(screen: Screen, volume: string): void {
  screen.line("In a compose or stack file:");
  for (const line of ["volumes:", `  ${volume}:`, "    external: true"]) screen.line(`  ${line}`);
}

function showFound(screen: Screen, found: Examined, app: string, volume: string): void {
  const { owner, files, bytes, whole, leadOut, shared, users } = found;
  screen.line(`${found.path} ${screen.symbols.arrow} volume "${volume}" of app "${app}"`);
  const count = `${files.toLocaleString("en")} files and directories, ${formatSize(bytes)}`;
  screen.facts(
    [
      ["holds", whole ? count : `more than ${count}: it was not looked at whole`],
      [
        "owner",
        `${owner.uid}:${owner.gid}, mode ${owner.mode.toString(8).padStart(4, "0")}; they stay`,
      ],
    ],
    "  ",
  );
  if (leadOut.count > 0)
    warn(
      screen,
      `${plural(leadOut.count, "symlink")} lead${leadOut.count === 1 ? "s" : ""} out of it, and will lead elsewhere in a container: ${some(leadOut)}`,
    );
  if (shared.count > 0)
    warn(
      screen,
      `${plural(shared.count, "file")} ${shared.count === 1 ? "has another name" : "have other names"} outside of it (hard links), by which others go on to see and change what is in the volume: ${some(shared)}`,
    );
  if (users !== null && users.length > 0)
    warn(screen, `It is mounted by ${users.join(", ")}, which has to be ended first.`);
  warn(
    screen,
    users === null
      ? "Whether somebody has it open or mounted, here or on another machine, is not known: end what uses it first."
      : "No other container of this node has it mounted; whether a program or another machine has it open is not known.",
  );
}

function warn(screen: Screen, text: string): void {
  screen.paragraph(text, "    ", [{ text: `  ${screen.symbols.warning} `, tone: "look" }]);
}

function some({ count, first }: AdoptableDirectory["leadOut"]): string {
  return count > first.length ? `${first.join(", ")}, …` : first.join(", ");
}
