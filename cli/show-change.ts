import type { Call, ExitCode } from "./call.ts";
import type { Screen } from "./screen.ts";

export interface Change {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

/** What a `set` did, key by key; `subject` as in `app "blog"`. */
export function showChange(screen: Screen, subject: string, changes: readonly Change[]): void {
  const real = changes.filter((change) => change.before !== change.after);
  if (real.length === 0) {
    screen.line(`${subject} was like that already; nothing changed`);
    return;
  }
  screen.line(`${subject} changed`);
  screen.facts(
    real.map(({ key, before, after }) => [key, `${before} ${screen.symbols.arrow} ${after}`]),
    "  ",
  );
}

/** Whoever was asked has said no. */
export function unchanged(call: Call): ExitCode {
  call.screen.line("Nothing was changed.");
  return 1;
}
