import type { AppRepository } from "../engine/app-repository.ts";
import type { RunReport } from "../engine/run-report.ts";

/** What people find on the server beside the repository. All of it can be made again from the repository. */
export interface History {
  /**
   * After a run: a folder with a manifest for each new version, metadata.json, the browsable copies of volumes that have
   * one, and what was forgotten goes. Each step may be repeated; one that a crash left out is made up for by the next.
   * Throws `RemoteFailure`, and nothing of the repository depends on it.
   */
  record(repository: AppRepository, report: RunReport, signal?: AbortSignal): Promise<void>;
}
