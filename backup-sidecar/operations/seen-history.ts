import { messageOf } from "../../service/message-of.ts";
import type { AppRepository } from "../engine/app-repository.ts";
import type { RunReport } from "../engine/run-report.ts";
import { withDoubts, type Snapshot } from "../engine/snapshot.ts";
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
    const asked = this.#asked(repository);
    const added = report.volumes.reduce((sum, { bytesAdded }) => sum + bytesAdded, 0);
    try {
      await see(this.#shared, asked, signal, added);
    } catch (error) {
      const { log } = this.#shared;
      log.warn({ app: repository.app, reason: messageOf(error) }, "its snapshots cannot be listed");
    }
    await this.#history.record(asked, report, signal);
  }

  /**
   * The same repository, whose versions are listed once, for each question to restic derives its key anew, which takes a
   * second; those of a source that looked destroyed are marked.
   */
  #asked(repository: AppRepository): AppRepository {
    const { states } = this.#shared;
    const list = async (signal?: AbortSignal): Promise<readonly Snapshot[]> => {
      const { snapshots } = await states.suspect(repository.app);
      return withDoubts(await repository.snapshots(signal), snapshots);
    };
    let listed: Promise<readonly Snapshot[]> | null = null;
    return new Proxy(repository, {
      get(target, name) {
        if (name === "snapshots") return (signal?: AbortSignal) => (listed ??= list(signal));
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
}

/** Notes which versions a repository has, and how large it is: by what was added if that is known, else by asking. */
export async function see(
  { states, versions, histories, clock, publish }: Shared,
  repository: AppRepository,
  signal?: AbortSignal,
  added: number | null = null,
): Promise<void> {
  const { app } = repository;
  const snapshots = await repository.snapshots(signal);
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
