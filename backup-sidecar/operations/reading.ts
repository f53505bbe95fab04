import type { Readable } from "node:stream";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { BackupAnswer, BackupRequest, SnapshotView } from "../../storage/backup/verbs.ts";
import type { Talk } from "../control/commands.ts";
import type { AppRepository } from "../engine/app-repository.ts";
import { RepositoryTrouble } from "../engine/repository-trouble.ts";
import { tags, withDoubts, type Snapshot } from "../engine/snapshot.ts";
import { chosenApps, forReading, knownApps, type Shared } from "./shared.ts";

const marks = new Set<string>([tags.suspect, tags.partial, tags.doubtfulTime]);

/** What can be read from the backup: snapshots, and what is in them. Changes nothing anywhere. */
export class Reading {
  readonly #shared: Shared;
  /** In which app's repository a snapshot was last seen. */
  readonly #apps = new Map<string, string>();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  async snapshots(
    { app }: BackupRequest<"snapshots">,
    { signal }: Talk<"snapshots">,
  ): Promise<BackupAnswer<"snapshots">> {
    const apps = chosenApps(app === null ? [] : [app], await knownApps(this.#shared));
    const snapshots: SnapshotView[] = [];
    for (const each of apps) snapshots.push(...(await this.#of(each, signal)));
    return { snapshots: snapshots.toSorted((a, b) => (a.time < b.time ? -1 : 1)) };
  }

  async ls({ snapshot, path }: BackupRequest<"ls">, talk: Talk<"ls">): Promise<BackupAnswer<"ls">> {
    const { repository, id } = await this.#find(snapshot, talk.signal);
    let entries = 0;
    for await (const node of repository.ls(id, path, talk.signal)) {
      entries += 1;
      await talk.item(node);
    }
    return { entries };
  }

  async diff(
    { before, after }: BackupRequest<"diff">,
    talk: Talk<"diff">,
  ): Promise<BackupAnswer<"diff">> {
    const one = await this.#find(before, talk.signal);
    const two = await this.#find(after, talk.signal);
    if (one.repository.app !== two.repository.app)
      throw new UserError(
        "invalid",
        `snapshot ${before} is of app "${one.repository.app}" and ${after} of "${two.repository.app}": only snapshots of one app can be compared`,
      );
    let changes = 0;
    for await (const change of two.repository.diff(one.id, two.id, talk.signal)) {
      changes += 1;
      await talk.item(change);
    }
    return { changes };
  }

  async dump({ snapshot, path }: BackupRequest<"dump">, signal: AbortSignal): Promise<Readable> {
    const { repository, id } = await this.#find(snapshot, signal);
    const content = await repository.dump(id, path, signal);
    // What cannot be had at all is said before the first byte.
    await new Promise<void>((resolve, reject) => {
      content.once("readable", resolve);
      content.once("end", resolve);
      content.once("error", reject);
    });
    return content;
  }

  async #of(app: string, signal: AbortSignal): Promise<SnapshotView[]> {
    try {
      const snapshots = await (await forReading(this.#shared, app, signal)).snapshots(signal);
      for (const { id } of snapshots) this.#apps.set(id, app);
      const { snapshots: doubted } = await this.#shared.states.suspect(app);
      return withDoubts(snapshots, doubted).map((each) => viewOf(app, each));
    } catch (error) {
      if (error instanceof RepositoryTrouble && error.trouble === "new") return [];
      throw error;
    }
  }

  /** By the beginning of its id, wherever it is; `latest` would not say of which volume. */
  async #find(
    snapshot: string,
    signal: AbortSignal,
  ): Promise<{ readonly repository: AppRepository; readonly id: string }> {
    if (snapshot === "latest")
      throw new UserError(
        "invalid",
        'say which snapshot, by the beginning of its id: see swarmnfs backup snapshots. "latest" does not say of which volume',
      );
    for (const isFresh of [false, true]) {
      if (isFresh) for (const app of await knownApps(this.#shared)) await this.#of(app, signal);
      const found = [...this.#apps.keys()].filter((id) => id.startsWith(snapshot));
      const [id] = found;
      if (found.length > 1)
        throw new UserError(
          "invalid",
          `${found.length} snapshots begin with ${snapshot}: say more of it`,
        );
      const app = this.#apps.get(id ?? "");
      if (id !== undefined && app !== undefined)
        return { id, repository: await forReading(this.#shared, app, signal) };
    }
    throw new UserError(
      "not-found",
      `there is no snapshot ${snapshot}. See which there are: swarmnfs backup snapshots`,
    );
  }
}

function viewOf(app: string, snapshot: Snapshot): SnapshotView {
  const { id, volume, time, files, bytes, added } = snapshot;
  return {
    id,
    app,
    volume,
    time: rfc3339(time),
    files,
    bytes,
    added,
    marks: snapshot.tags.filter((tag) => marks.has(tag)),
  };
}
