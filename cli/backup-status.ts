import { formatSize } from "../service/size.ts";
import type { AppBackupView, AppState } from "../storage/backup/verbs.ts";
import { byName } from "./by-name.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Part, Tone } from "./terminal.ts";

const tones: Record<AppState, Tone> = {
  ok: "fine",
  running: "fine",
  never: "look",
  off: "look",
  confirmed: "look",
  partial: "look",
  overdue: "act",
  suspect: "act",
  degraded: "act",
  failed: "act",
};

/** Exit code 1 while an app needs somebody. */
export async function backupStatus(call: Call): Promise<ExitCode> {
  const view = await call.backup.ask("status", {}, "asking the backup service how it is");
  const needs = view.apps.filter(({ state }) => toneOf(state) === "act");
  const exit = needs.length > 0 || view.trouble !== null ? 1 : 0;
  if (call.options.json) {
    call.screen.json(view);
    return exit;
  }
  const { screen } = call;
  if (view.apps.length === 0)
    screen.line("Nothing to back up yet: the first volume makes its app, which is backed up then");
  else {
    const apps = view.apps.toSorted((a, b) => rank(a) - rank(b) || byName(a.app, b.app));
    screen.table(
      columns,
      apps.map((app) => row(app, call)),
    );
  }
  if (view.trouble !== null)
    screen.paragraph(view.trouble, "  ", [{ text: `${screen.symbols.problem} `, tone: "act" }]);
  screen.line(
    `${plural(view.apps.length, "app")} of ${view.storageName} ${screen.symbols.arrow} ${view.server}`,
  );
  return exit;
}

const columns = [
  { title: "APP" },
  { title: "LAST GOOD" },
  { title: "SNAPSHOTS" },
  { title: "ON SERVER" },
  { title: "VERIFIED" },
  { title: "DRILL" },
  { title: "NEXT" },
  { title: "STATE", wraps: true },
];

function row(view: AppBackupView, { screen, moments }: Call): Part[] {
  const { none, ok, problem } = screen.symbols;
  const { drill, verified, state, reason } = view;
  return [
    view.app,
    view.lastGood === null ? none : moments.ago(view.lastGood),
    view.snapshots === null ? none : String(view.snapshots),
    view.stored === null ? none : formatSize(view.stored),
    verified === null ? none : `${Math.floor(verified.share * 100)}% in ${verified.days} d`,
    drill === null ? none : `${moments.ago(drill.at)} ${drill.ok ? ok : problem}`,
    view.next === null ? none : moments.until(view.next),
    { text: reason === null ? state : `${state}: ${reason}`, tone: toneOf(state) },
  ];
}

/** A word that a newer service may have is at least worth a look. */
function toneOf(state: AppState): Tone {
  return Object.hasOwn(tones, state) ? tones[state] : "look";
}

function rank({ state }: AppBackupView): number {
  return toneOf(state) === "act" ? 0 : 1;
}
