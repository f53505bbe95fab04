import { formatSize } from "../service/size.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Screen } from "./screen.ts";
import { UsageError } from "./usage-error.ts";

export async function verifyBackup(call: Call): Promise<ExitCode> {
  const read = call.options.read === null ? null : percentOf(call.options.read);
  const request = { apps: [...call.operands], read };
  const answer = await call.backup.ask("verify", request, "checking the repositories");
  const { screen } = call;
  if (call.options.json) screen.json(answer);
  else
    for (const { app, ok, healed, errors } of answer.reports) {
      const words = healed ? "damage was found and healed" : "whole";
      verdict(screen, ok, `${app}: ${ok ? words : "damaged"}`);
      for (const error of errors) screen.paragraph(error, "    ");
    }
  return answer.reports.every(({ ok }) => ok) ? 0 : 1;
}

function percentOf(text: string): number {
  const value = Number(/^(\d{1,3})\s*%?$/.exec(text)?.[1] ?? NaN);
  if (value >= 1 && value <= 100) return value;
  throw new UsageError(`"${text}" is not a share: write 1 to 100, as --read 10`, "backup verify");
}

export async function drillBackup(call: Call): Promise<ExitCode> {
  const answer = await call.backup.ask(
    "drill",
    { apps: [...call.operands] },
    "restoring for practice",
  );
  const { screen } = call;
  if (call.options.json) screen.json(answer);
  else
    for (const { app, ok, files, bytes, problems } of answer.reports) {
      verdict(
        screen,
        ok,
        `${app}: ${plural(files, "file")} (${formatSize(bytes)}) brought back and compared`,
      );
      for (const problem of problems) screen.paragraph(problem, "    ");
    }
  return answer.reports.every(({ ok }) => ok) ? 0 : 1;
}

export async function confirmSource(call: Call): Promise<ExitCode> {
  const [app = ""] = call.operands;
  const answer = await call.backup.ask("confirm", { app }, `confirming "${app}"`);
  if (call.options.json) call.screen.json(answer);
  else if (answer.confirmed.length === 0)
    call.screen.line(`Nothing of app "${app}" looks destroyed: there is nothing to confirm`);
  else
    call.screen.paragraph(
      `What these hold now is right from now on: ${answer.confirmed.join(", ")}. Old versions go as the rule for keeping them says`,
    );
  return 0;
}

export async function forgetSnapshots(call: Call): Promise<ExitCode> {
  const { dryRun, json } = call.options;
  const request = { apps: [...call.operands], dryRun };
  const answer = await call.backup.ask("forget", request, "looking for old snapshots");
  const { screen } = call;
  if (json) {
    screen.json(answer);
    return 0;
  }
  for (const { app, forgotten, withheld } of answer.reports) {
    for (const { id, volume, time } of forgotten)
      screen.line(`  ${id.slice(0, 8)}  ${time}  ${volume}`);
    const words = dryRun ? "would be removed" : "removed";
    screen.line(`${app}: ${plural(forgotten.length, "snapshot")} ${words}`);
    for (const why of withheld) screen.paragraph(why, "  ", [{ text: "! ", tone: "look" }]);
  }
  return 0;
}

export async function pruneRepositories(call: Call): Promise<ExitCode> {
  const { dryRun, json } = call.options;
  const request = { apps: [...call.operands], dryRun };
  const answer = await call.backup.ask("prune", request, "making room on the server");
  const { screen } = call;
  if (json) screen.json(answer);
  else
    for (const { app, files, bytes, withheld, errors } of answer.reports) {
      if (withheld !== null) {
        screen.paragraph(`${app}: ${withheld}`, "  ", [{ text: "! ", tone: "look" }]);
        continue;
      }
      const words = dryRun ? "could be freed" : "freed";
      screen.line(`${app}: ${formatSize(bytes)} in ${plural(files, "file")} ${words}`);
      if (errors.length > 0) verdict(screen, false, `${app}: damaged`);
      for (const error of errors) screen.paragraph(error, "    ");
    }
  if (answer.reports.some(({ errors }) => errors.length > 0)) return 1;
  return answer.reports.some(({ withheld }) => withheld !== null) ? 3 : 0;
}

function verdict(screen: Screen, ok: boolean, text: string): void {
  const { symbols } = screen;
  screen.line({ text: ok ? symbols.ok : symbols.problem, tone: ok ? "fine" : "act" }, ` ${text}`);
}
