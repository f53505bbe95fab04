import { messageOf } from "../../service/message-of.ts";
import type { AppRepository } from "../engine/app-repository.ts";
import type { RunReport } from "../engine/run-report.ts";
import { withDoubts, type Snapshot } from "../engine/snapshot.ts";
import type { History } from "../history/history.ts";
import type { RemoteHistory } from "../history/remote-history.ts";
import type { Shared } from "./shared.ts";

/** The history on the server; and at the same time what a repository holds after a run is noted here. */
export class SeenHistory implements History {
  readonly #history: Pick<RemoteHistory, "record">;
  readonly #shared: Shared;

  constructor(history: Pick<RemoteHistory, "record">, shared: Shared) {
    this.#history = history;
    this.#shared = shared;
  }

  async record(repository: AppRepository, report: RunReport, signal?: AbortSignal): Promise<void> {
    const listing = this.#marked(repository, signal);
    const added = report.volumes.reduce((sum, { bytesAdded }) => sum + bytesAdded, 0);
    try {
      await note(this.#shared, repository, await listing, signal, added);
    } catch (error) {
      const { log } = this.#shared;
      log.warn({ app: repository.app, reason: messageOf(error) }, "its snapshots cannot be listed");
    }
    await this.#history.record(repository, await listing, report, signal);
  }

  /** Its versions; those of a source that looked destroyed are marked. */
  async #marked(repository: AppRepository, signal?: AbortSignal): Promise<readonly Snapshot[]> {
    const { snapshots } = await this.#shared.states.suspect(repository.app);
    return withDoubts(await repository.snapshots(signal), snapshots);
  }
}

/** Looks which versions a repository has, and how large it is, and notes it. */
export async function see(
  shared: Shared,
  repository: AppRepository,
  signal?: AbortSignal,
): Promise<void> {
  await note(shared, repository, await repository.snapshots(signal), signal);
}

/** Notes its versions, and how large it is: by what was added if that is known, else by asking. */
async function note(
  { states, versions, histories, clock, publish }: Shared,
  repository: AppRepository,
  snapshots: readonly Snapshot[],
  signal?: AbortSignal,
  added: number | null = null,
): Promise<void> {
  const { app } = repository;
  const suspect = await states.suspect(app);
  const integrity = await states.integrity(app);
  versions.saw({ app, snapshots, suspect, integrity });
  await publish();
  const history = await histories.of(app);
  const before = history.known.repository?.stored ?? null;
  const stored =
    added === null || before === null ? (await repository.stats(signal)).stored : before + added;
  await history.saw({ snapshots: snapshots.length, stored }, clock.now());
}
