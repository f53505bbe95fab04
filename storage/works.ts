import type { BenchProgress, BenchReport, BenchRequest } from "./bench-report.ts";
import type { TransferProgress, TransferReport } from "./transfer/transfer-report.ts";
import type { VerbFailure } from "./verbs.ts";

/** Data from a place of this node into a volume, which is made if it is not there. */
export interface ImportRequest {
  /** `local:NAME`, `nfs:NAME`, `volume:NAME`, or a directory of this node. */
  readonly source: string;
  readonly app: string;
  readonly volume: string;
  /** Although something uses the source. */
  readonly live: boolean;
}

/** A volume's data to a place of this node, which holds nothing yet. */
export interface ExportRequest {
  readonly volume: string;
  readonly target: string;
  readonly live: boolean;
}

export interface TransferAnswer {
  readonly volume: string;
  readonly report: TransferReport;
}

/**
 * Verbs of the plugin that take long: `POST /Swarmnfs.<Work>` with a JSON body, answered 200 with a line of JSON for each
 * thing {@link Said}. The last is an answer or a failure. Whoever hangs up ends the work, which then leaves nothing behind.
 */
export interface Works {
  Bench: { request: BenchRequest; progress: BenchProgress; answer: BenchReport };
  Import: { request: ImportRequest; progress: TransferProgress; answer: TransferAnswer };
  Export: { request: ExportRequest; progress: TransferProgress; answer: TransferAnswer };
}

export type Work = keyof Works;

/** One line. */
export type Said<W extends Work> =
  | { readonly progress: Works[W]["progress"] }
  | { readonly answer: Works[W]["answer"] }
  | { readonly failure: VerbFailure };
