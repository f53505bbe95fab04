import { join } from "node:path";
import { rfc3339 } from "../../service/clock.ts";
import type { BackupAnswer, BackupRequest } from "../../storage/backup/verbs.ts";
import type { Talk } from "../control/commands.ts";
import { VersionRestorer } from "../restore/version-restorer.ts";
import { toldOf } from "./running.ts";
import { forReading, type Shared } from "./shared.ts";

/** Brings versions back: into new volumes, in place, and into volumes that somebody created from one. */
export class Restoring {
  readonly #shared: Shared;
  readonly #restorer: VersionRestorer;

  constructor(shared: Shared, node: { readonly id: string; readonly name: string }) {
    this.#shared = shared;
    const { place, versions, log } = shared;
    this.#restorer = new VersionRestorer({
      storage: place.storage,
      // A mount point of its own, so that a restore and a backup do not meet there.
      place: { root: place.root, mountPoint: join(shared.views.mountPoint, "..", "restore") },
      node,
      open: (app, signal) => forReading(shared, app, signal),
      versions: async () => versions.volumes,
      log,
    });
  }

  async restore(
    { source, at, paths, to, inPlace, force }: BackupRequest<"restore">,
    talk: Talk<"restore">,
  ): Promise<BackupAnswer<"restore">> {
    const request = {
      source,
      at,
      paths,
      to: inPlace ? { kind: "in-place" as const, force } : { kind: "volume" as const, name: to },
    };
    const doing = "restoring";
    talk.progress(toldOf(this.#shared, source, null, "looking for it", null));
    // The storage itself looks up there what is meant by a moment.
    await this.#shared.publish();
    const report = await this.#restorer.restore(request, {
      onProgress: (progress) =>
        talk.progress(toldOf(this.#shared, source, source, doing, progress)),
      signal: talk.signal,
    });
    return { ...report, at: rfc3339(Date.parse(report.at)) };
  }

  /** Volumes that wait to be filled; never rejects. */
  round(): Promise<void> {
    return this.#restorer.round();
  }
}
