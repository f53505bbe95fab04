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
  const errors: string[] = [];
  let summary: unknown = null;
  const { exitCode, said } = await repository.run(
    {
      args: ["check", "--json", "--no-lock", ...readingOf(read)],
      signal,
      accepts: [found],
      onMessage: (message) => {
        const told = errorSchema.safeParse(message).data;
        if (told?.message_type === "summary") summary = message;
        if (told?.message_type !== "error" || errors.length >= namedErrors) return;
        errors.push(told.message ?? told.error?.message ?? JSON.stringify(message));
      },
    },
    { readOnly: true },
  );
  const done = checkSummarySchema.safeParse(summary).data;
  // With code 1 and no finding it stumbled before it could look.
  const looked = done !== undefined && (exitCode === 0 || done.num_errors > 0);
  if (!looked || (exitCode !== 0 && errors.length === 0 && said.length === 0))
    throw failureOf({ command: "check", exitCode, signal: null, ended: null, said });
  return {
    ok: exitCode === 0 && done.num_errors === 0,
    errors: errors.length > 0 || exitCode === 0 ? errors : said.slice(-namedErrors),
    brokenPacks: [...new Set([...(done.broken_packs ?? []), ...packsIn([...errors, ...said])])],
    indexDamaged: done.suggest_repair_index,
  };
}

/** Without reading back, what is cached of the index and of folders is not fetched again. */
function readingOf(read: CheckRequest["read"]): string[] {
  if (read === undefined) return ["--with-cache"];
  if (read === "all") return ["--read-data"];
  return ["--read-data-subset", `${read.slice}/${read.of}`];
}

/** Missing packs are in no list of restic's, only in its sentences: "pack <64 digits>: does not exist". */
function packsIn(sentences: readonly string[]): string[] {
  return sentences.flatMap((sentence) => /\bpack ([0-9a-f]{64})\b/.exec(sentence)?.[1] ?? []);
}
