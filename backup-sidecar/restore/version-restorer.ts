import { bounded } from "../../service/bounded.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import type { BackupStatus } from "../../storage/records/backup-status.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { parseOptions } from "../../storage/rules/options.ts";
import { versionAt } from "../../storage/rules/version.ts";
import { restoreVolume, giveUp, type RestoreParts, type RestoreTask } from "./restore-work.ts";
import type { RestoreAttended, RestoreReport, RestoreRequest, Restorer } from "./restorer.ts";
import { wantedPaths } from "./wanted-paths.ts";

/** What could not be brought back is tried again so much later, in milliseconds. */
const againMs = 30_000;
/** Each reads from the same server, and writes to the same disk. */
const fillsAtOnce = 2;
/** A round asks the storage once, and gives up where it does not answer. */
const roundMs = 30_000;

export interface RestorerParts extends RestoreParts {
  /** The volumes that have versions, as status.json tells everybody. */
  readonly versions: () => Promise<BackupStatus["volumes"]>;
  readonly log: Log;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic?: () => number;
}

/** Restores on one storage, one at a time for each volume. */
export class VersionRestorer implements Restorer {
  readonly #parts: RestorerParts;
  readonly #monotonic: () => number;
  readonly #working = new Map<string, Promise<unknown>>();
  readonly #tried = new Map<string, number>();
  readonly #filling = new Map<string, Promise<void>>();

  constructor(parts: RestorerParts) {
    this.#parts = parts;
    this.#monotonic = parts.monotonic ?? (() => performance.now());
  }

  async restore(
    { source, at, paths, to }: RestoreRequest,
    attended: RestoreAttended = {},
  ): Promise<RestoreReport> {
    wantedPaths(paths);
    const versions = await this.#parts.versions();
    const volume = volumeOf(versions, source);
    const version = versionAt(versions, volume, at ?? "latest");
    if (to.kind === "in-place") {
      const plan = { from: volume, at: version.at, paths, force: to.force };
      return this.#work({ volume, plan, paths, force: to.force }, "in-place", attended);
    }
    const name = to.name ?? `${volume}_restored`;
    await this.#create(name, volume, version.at);
    return this.#work({ volume: name, plan: null, paths, force: false }, "new", attended);
  }

  async round(): Promise<void> {
    const { storage, log } = this.#parts;
    try {
      const { volumes } = await bounded(storage.list(), roundMs, silent);
      const waiting = volumes.filter(isWaiting);
      for (const name of this.#tried.keys())
        if (!waiting.some((record) => record.name === name)) this.#tried.delete(name);
      for (const record of waiting) {
        if (this.#filling.size >= fillsAtOnce) break;
        if (this.#filling.has(record.name) || !this.#isDue(record.name)) continue;
        const fill = this.#fill(record).finally(() => this.#filling.delete(record.name));
        this.#filling.set(record.name, fill);
      }
    } catch (error) {
      log.warn({ reason: messageOf(error) }, "volumes that wait for a version cannot be listed");
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.#filling.values());
  }

  #isDue(name: string): boolean {
    const tried = this.#tried.get(name) ?? -Infinity;
    return !this.#working.has(name) && this.#monotonic() - tried >= againMs;
  }

  /** A volume that somebody created from a version, or whose restore a former life of ours began. */
  async #fill(record: VolumeRecord): Promise<void> {
    const { name, fill } = record;
    const tried = this.#tried.get(name) ?? -Infinity;
    if (this.#working.has(name) || this.#monotonic() - tried < againMs) return;
    const { inPlace = null, from = "", at = null } = fill ?? {};
    const paths = inPlace?.paths ?? [];
    const plan = inPlace === null ? null : { from, at: at ?? "", paths, force: true };
    const { log } = this.#parts;
    try {
      const report = await this.#work({ volume: name, plan, paths, force: false }, null, {});
      log.info({ volume: name, at: report.at, files: report.files }, "filled from a version");
    } catch (error) {
      log.warn({ volume: name, reason: messageOf(error) }, "could not be filled from a version");
    } finally {
      this.#tried.set(name, this.#monotonic());
    }
  }

  async #create(name: string, from: string, at: string): Promise<void> {
    const { storage, node } = this.#parts;
    const existing = await storage.get(name);
    const isSame = existing?.fill?.from === from && existing.fill.at === at;
    if (existing !== null && !(isSame && existing.state === "filling"))
      throw new UserError(
        "conflict",
        `a volume "${name}" exists. Restore to another one: --to NAME; or, to replace what "${from}" holds: --in-place`,
      );
    if (existing === null)
      await storage.create({ name, options: parseOptions({ from: `${from}@${at}` }) }, node);
  }

  /** `asked`: by somebody who waits for it, of a volume that was made for that or of one that was there. */
  async #work(
    task: RestoreTask,
    asked: "new" | "in-place" | null,
    attended: RestoreAttended,
  ): Promise<RestoreReport> {
    const { volume } = task;
    if (this.#working.has(volume))
      throw new UserError("in-use", `"${volume}" is being restored already. See: swarmnfs volumes`);
    const work = restoreVolume(this.#parts, task, attended);
    this.#working.set(volume, work);
    try {
      return await work;
    } catch (error) {
      // Whoever asked for it does not want it any more, or cannot have it: the volume is not left half made. What
      // only waits for the server goes on by itself.
      const isRefused = error instanceof UserError && error.code !== "in-use";
      if (asked !== null && (attended.signal?.aborted === true || isRefused))
        await giveUp(this.#parts, volume, asked === "new").catch((trouble: unknown) =>
          this.#parts.log.warn({ volume, reason: messageOf(trouble) }, "could not be given up"),
        );
      throw error;
    } finally {
      this.#working.delete(volume);
    }
  }
}

function isWaiting({ state, fill }: VolumeRecord): boolean {
  return state === "filling" && fill !== null && fill.at !== null;
}

/** The volume that is meant by a volume's name, or by that of an app with one. */
function volumeOf(versions: BackupStatus["volumes"], source: string): string {
  if (Object.hasOwn(versions, source)) return source;
  const own = Object.keys(versions).filter((name) => versions[name]?.app === source);
  const [only, ...more] = own.toSorted();
  if (only === undefined)
    throw new UserError(
      "not-found",
      `there is no backup of an app or a volume "${source}". See: swarmnfs backup status`,
    );
  if (more.length === 0) return only;
  throw new UserError(
    "invalid",
    `app "${source}" has several volumes: say which one, ${[only, ...more].join(", ")}`,
  );
}

function silent(): Error {
  return new Error("the storage does not answer");
}
