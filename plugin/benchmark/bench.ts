import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import {
  benchProfiles,
  type BenchFigure,
  type BenchTrial,
  type BenchProgress,
  type BenchReport,
  type BenchRequest,
} from "../../storage/bench-report.ts";
import type { AppRecord } from "../../storage/records/app.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { NodeIdentity, Storage } from "../../storage/storage.ts";
import type { VolumeView } from "../../storage/verbs.ts";
import { requireFit } from "./fitness.ts";
import { type Candidate, notTried, optionsToTry } from "./options-to-try.ts";
import type { Passes } from "./passes.ts";
import { fioWords } from "./fio-words.ts";
import { fullScale, measures, quickScale, roomFor, secondsOf } from "./profiles.ts";
import { type Place, Rounds } from "./rounds.ts";
import type { ScratchVolumes } from "./scratch-volumes.ts";
import { Series } from "./series.ts";
import type { ThrowAway } from "./throw-away.ts";
import { judge } from "./trials.ts";

/** `again`: more of them, for an option that looked better. */
const rounds = { full: 5, quick: 3, again: 4 };
const MiB = 1024 ** 2;

export interface BenchParts {
  readonly storage: Storage;
  readonly node: NodeIdentity;
  readonly throwAway: ThrowAway;
  readonly scratch: ScratchVolumes;
  readonly passes: Passes;
  /** The volume as it is now, and its app. Throws `UserError` (not-found). */
  readonly look: (
    volume: string,
  ) => Promise<{ view: Pick<VolumeView, "record" | "status">; app: AppRecord }>;
  readonly log: Log;
}

type Tell = (progress: BenchProgress) => void;

/** Measures a volume beside this node's own disk, on scratch volumes. One at a time. */
export class Bench {
  readonly #parts: BenchParts;
  #running: string | null = null;

  constructor(parts: BenchParts) {
    this.#parts = parts;
  }

  /**
   * Takes half a minute to a few minutes. Whatever it made is gone when this settles, also when `signal` aborts, but for what
   * the report says remains. Throws `UserError`.
   */
  async run(request: BenchRequest, tell: Tell, signal: AbortSignal): Promise<BenchReport> {
    if (this.#running !== null)
      throw new UserError(
        "in-use",
        `"${this.#running}" is being measured on ${this.#parts.node.name}, and two at a time would measure each other. Try again when it is done`,
      );
    this.#running = request.volume;
    try {
      return await this.#run(request, tell, signal);
    } finally {
      this.#running = null;
    }
  }

  /** Takes away what a run that was killed left behind. Rejects while that cannot be done. */
  async sweep(): Promise<void> {
    if (this.#running !== null || this.#parts.scratch.names.length === 0) return;
    await this.#parts.throwAway.sweep();
    for (const name of this.#parts.scratch.names) await this.#parts.scratch.discard(name);
  }

  async #run(request: BenchRequest, tell: Tell, signal: AbortSignal): Promise<BenchReport> {
    const { storage, node, throwAway, look, log } = this.#parts;
    const { view, app } = await look(request.volume);
    const { record, status } = view;
    const profiles = request.profile === null ? benchProfiles : [request.profile];
    const scale = request.quick ? quickScale : fullScale;
    const room = roomFor(profiles, scale);
    requireFit(view, app, node.name, await storage.health(), room);
    await throwAway.requireImage();
    await this.sweep();

    const wanted = measures.filter(({ profile }) => profiles.includes(profile));
    const candidates = request.quick ? [] : optionsToTry(record, storage.url);
    const count = request.quick ? rounds.quick : rounds.full;
    // Each place is warmed up once.
    const runs = (count + 1) * (2 + candidates.length);
    const series = new Series(runs, secondsOf(profiles, scale));
    log.info({ audit: "bench", ...request }, "a volume is measured");
    const remains: string[] = [];
    let report: Omit<BenchReport, "remains">;
    try {
      tell(series.progress("making scratch volumes", 0));
      const size = app.size === null ? null : Math.ceil((1.25 * room) / MiB) * MiB;
      const places = await this.#places(record, candidates, size, signal);
      const plan = {
        places,
        measures: wanted,
        words: (past: boolean) => fioWords(profiles, scale, past),
      };
      const runner = new Rounds(this.#parts, series, tell);
      const direct = await runner.warmUp(plan, signal);
      await runner.run(plan, places, count, direct, signal);
      // What looks better may be an accident, one of the many that are looked at: it must happen again.
      const better = judged(candidates, series.figures(wanted), record.name).flatMap(
        ({ verdict }, index) => (verdict === "worth it" ? [optionPlace(index)] : []),
      );
      if (better.length > 0) {
        const again = places.filter(({ id }) => id === "volume" || better.includes(id));
        series.expect(again.length * rounds.again);
        await runner.run(plan, again, rounds.again, direct, signal);
      }
      const figures = series.figures(wanted);
      report = {
        volume: record.name,
        app: record.app,
        node: node.name,
        storage: status.storage,
        mountOptions: record.mountOptions,
        rounds: count,
        direct,
        places: places.map(({ id, what }) => ({ id, what })),
        figures,
        trials: judged(candidates, figures, record.name),
        leftOut: [
          ...(request.quick
            ? [{ what: "mount options", why: "--quick: too few rounds to tell a gain from noise" }]
            : []),
          ...notTried(storage.url),
        ],
      };
    } finally {
      remains.push(...(await this.#clear(tell, series)));
    }
    return { ...report, remains };
  }

  /** Makes a scratch volume as it is, and one for each option. */
  async #places(
    model: VolumeRecord,
    candidates: readonly Candidate[],
    size: number | null,
    signal: AbortSignal,
  ): Promise<Place[]> {
    const make = async (id: string, what: string, options: readonly string[]): Promise<Place> => {
      signal.throwIfAborted();
      const made = await this.#parts.scratch.make(model, options, size);
      const { uid, gid } = made.owner;
      const at = { kind: "volume", name: made.name, uid, gid } as const;
      return { id, what, at, container: made.name, volumeId: made.id };
    };
    const volume = await make("volume", "the volume", model.mountOptions);
    const node: Place = {
      id: "node",
      what: "this node's disk",
      at: { kind: "node" },
      container: `${volume.container}-node`,
      volumeId: null,
    };
    const places = [volume, node];
    for (const [index, { option, mountOptions }] of candidates.entries())
      places.push(await make(optionPlace(index), option, mountOptions));
    return places;
  }

  async #clear(tell: Tell, series: Series): Promise<string[]> {
    const { scratch, throwAway, log } = this.#parts;
    tell(series.progress("taking scratch volumes away", 0));
    const remains: string[] = [];
    try {
      await throwAway.sweep();
      for (const name of scratch.names) {
        const left = await scratch.discard(name);
        if (left !== null) remains.push(left);
      }
    } catch (error) {
      log.warn({ err: error, volumes: scratch.names }, "scratch volumes are left; tried again");
      remains.push(
        `scratch volumes (${scratch.names.join(", ")}) could not be taken away, which is tried again every minute: ${messageOf(error)}`,
      );
    }
    return remains;
  }
}

function judged(
  candidates: readonly Candidate[],
  figures: readonly BenchFigure[],
  volume: string,
): BenchTrial[] {
  return candidates.map((candidate, index) =>
    judge(candidate, optionPlace(index), figures, volume),
  );
}

function optionPlace(index: number): string {
  return `option-${index + 1}`;
}
