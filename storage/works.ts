import type { BenchProgress, BenchReport, BenchRequest } from "./bench-report.ts";
import type { VerbFailure } from "./verbs.ts";

/**
 * Verbs of the plugin that take long: `POST /Swarmnfs.<Work>` with a JSON body, answered 200 with a line of JSON for each
 * thing {@link Said}. The last is an answer or a failure. Whoever hangs up ends the work, which then leaves nothing behind.
 */
export interface Works {
  Bench: { request: BenchRequest; progress: BenchProgress; answer: BenchReport };
}

export type Work = keyof Works;

/** One line. */
export type Said<W extends Work> =
  | { readonly progress: Works[W]["progress"] }
  | { readonly answer: Works[W]["answer"] }
  | { readonly failure: VerbFailure };
