import type { CheckRequest, CheckResult } from "./app-repository.ts";
import { failureOf } from "./restic-failure.ts";
import { checkSummarySchema, errorSchema } from "./restic-messages.ts";
import type { Runner } from "./runner.ts";

/** Exit code 1: something was found, or it could not look. */
const found = 1;
const namedErrors = 100;

/**
 * Looks whether everything that must be there is there, and reads data back if asked to. Throws if it could not look; what
 * it finds is no failure. Takes no lock: only the holder of the lease ever removes anything, and it does one thing at a time.
 */
export async function check(repository: Runner, request: CheckRequest): Promise<CheckResult> {
  const { read, signal } = request;
  const findings = new Findings();
  let summary: unknown = null;
  const { exitCode, said } = await repository.run(
    {
      args: ["check", "--json", "--no-lock", ...readingOf(read)],
      signal,
      accepts: [found],
      onMessage: (message) => {
        const told = errorSchema.safeParse(message).data;
        if (told?.message_type === "summary") summary = message;
        if (told?.message_type === "error") findings.add(told.message ?? told.error?.message ?? "");
      },
    },
    { readOnly: true },
  );
  const done = checkSummarySchema.safeParse(summary).data;
  // With code 1 and no finding it stumbled before it could look.
  if (done === undefined || (exitCode !== 0 && findings.errors.length === 0))
    throw failureOf({ command: "check", exitCode, signal: null, ended: null, said });
  const { errors, packs, blobs, trees, snapshots } = findings;
  return {
    ok: exitCode === 0 && done.num_errors === 0,
    errors,
    brokenPacks: [...new Set([...(done.broken_packs ?? []), ...packs])],
    brokenSnapshots: [...snapshots],
    missing: { blobs: [...blobs], trees: [...trees] },
    indexDamaged: done.suggest_repair_index,
  };
}

/** What it finds is told in sentences; what is missing is in no list of restic's. */
class Findings {
  readonly errors: string[] = [];
  readonly packs = new Set<string>();
  readonly blobs = new Set<string>();
  readonly trees = new Set<string>();
  readonly snapshots = new Set<string>();

  add(sentence: string): void {
    if (advice.test(sentence)) return;
    if (this.errors.length < namedErrors) this.errors.push(sentence.trim());
    const [, pack] = brokenPack.exec(sentence) ?? [];
    const [, snapshot] = /failed to load snapshot ([0-9a-f]{8,64})/.exec(sentence) ?? [];
    const [, blob] = /\bblob ([0-9a-f]{64}) not found in index/.exec(sentence) ?? [];
    const [, tree] = /\bid ([0-9a-f]{64}) not found in repository/.exec(sentence) ?? [];
    if (pack !== undefined) this.packs.add(pack);
    if (snapshot !== undefined) this.snapshots.add(snapshot);
    if (blob !== undefined) this.blobs.add(blob);
    if (tree !== undefined) this.trees.add(tree);
  }
}

/** Of a pack that is only in no index, or in two, nothing is broken. */
const brokenPack =
  /\bpack ([0-9a-f]{64})(?:: (?:does not exist|unexpected file size)| contains \d+ errors)/;

/** What to do about it is none of a finding. */
const advice =
  /^\s*(The repository (contains damaged|is damaged)|restic repair|Damaged pack files)/;

/** Without reading back, what is cached of the index and of folders is not fetched again. */
function readingOf(read: CheckRequest["read"]): string[] {
  if (read === undefined) return ["--with-cache"];
  if (read === "all") return ["--read-data"];
  return ["--read-data-subset", `${read.slice}/${read.of}`];
}
