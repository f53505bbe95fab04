import { messageOf } from "../../service/message-of.ts";
import type { AppRepository } from "../engine/app-repository.ts";
import type { RunReport } from "../engine/run-report.ts";
import type { History } from "../history/history.ts";
import type { Shared } from "./shared.ts";

/** The history on the server; and at the same time what a repository holds after a run is noted here. */
export class SeenHistory implements History {
  readonly #history: History;
  readonly #shared: Shared;

  constructor(history: History, shared: Shared) {
    this.#history = history;
    this.#shared = shared;
  }

  async record(repository: AppRepository, report: RunReport, signal?: AbortSignal): Promise<void> {
    try {
      await see(this.#shared, repository, signal);
    } catch (error) {
      const { log } = this.#shared;
      log.warn({ app: repository.app, reason: messageOf(error) }, "its snapshots cannot be listed");
    }
    await this.#history.record(repository, report, signal);
  }
}

/** Notes which versions a repository has, and how large it is. */
export async function see(
  { states, versions, histories, clock, publish }: Shared,
  repository: AppRepository,
  signal?: AbortSignal,
): Promise<void> {
  const { app } = repository;
  const snapshots = await repository.snapshots(signal);
  const suspect = await states.suspect(app);
  const integrity = await states.integrity(app);
  versions.saw({ app, snapshots, suspect, integrity });
  await publish();
  const { stored } = await repository.stats(signal);
  const history = await histories.of(app);
  await history.saw({ snapshots: snapshots.length, stored }, clock.now());
}
