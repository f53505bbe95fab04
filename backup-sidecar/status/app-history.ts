import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { rfc3339 } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { StateFile } from "../../service/state-file.ts";
import { timeSchema } from "../../storage/records/fields.ts";
import { drillReportSchema, type DrillReport } from "../drill/drill.ts";
import { type RunReport, runReportSchema } from "../engine/run-report.ts";

const jobSchema = z.looseObject({
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  failures: z.int().min(0),
});

/** What one look through the repository came to; reading back a share of all data takes several. */
const verificationSchema = z.looseObject({
  at: timeSchema,
  ok: z.boolean(),
  /** Which part of all data was read back: slice `n` of `of`; 1 of 1 is everything, null nothing. */
  slice: z.looseObject({ n: z.int().min(1), of: z.int().min(1) }).nullable(),
  errors: z.array(z.string()),
});
export type Verification = z.infer<typeof verificationSchema>;

/** How it went with one volume when it was last to be saved. */
const volumeSchema = z.looseObject({
  /** How that run ended, as a whole. */
  outcome: runReportSchema.shape.outcome,
  /** Why it was not good. */
  reason: z.string().nullable(),
  /** The end of its last run after which all was well. */
  goodAt: timeSchema.nullable(),
  /** When an administrator said that it is as it should be, though it looked destroyed in that run; absent: nobody did. */
  confirmedAt: timeSchema.optional(),
});

const documentSchema = z.looseObject({
  schema: z.literal(1),
  app: z.string(),
  /** Newest last. */
  runs: z.array(runReportSchema),
  /** The end of the last run after which all was well. */
  lastGood: timeSchema.nullable(),
  /** By name: volumes of one app may have schedules of their own, and what is well with one says nothing of the others. */
  volumes: z.record(z.string(), volumeSchema).default({}),
  /** By the key of the job. */
  jobs: z.record(z.string(), jobSchema),
  verifications: z.array(verificationSchema),
  drill: drillReportSchema.nullable(),
  /** What was last seen of the repository. */
  repository: z
    .looseObject({ snapshots: z.int().min(0), stored: z.number().min(0), at: timeSchema })
    .nullable(),
});
type Document = z.infer<typeof documentSchema>;

const keptRuns = 50;
/** A month of daily slices, and those that were asked for. */
const keptVerifications = 100;
/** Lists in old reports are cut to this: the document is read and written as a whole. */
const keptNames = 20;

/** What was done for one app, over restarts. Where it is lost, the repository itself still knows its snapshots. */
export class AppHistory {
  readonly #file: StateFile<Document>;

  private constructor(file: StateFile<Document>) {
    this.#file = file;
  }

  static async open(folder: string, app: string, log: Log): Promise<AppHistory> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const initial: Document = {
      schema: 1,
      app,
      runs: [],
      lastGood: null,
      volumes: {},
      jobs: {},
      verifications: [],
      drill: null,
      repository: null,
    };
    const file = await StateFile.open(
      join(folder, `${app}.json`),
      documentSchema,
      initial,
      (setAside, reason) => log.warn({ app, setAside, reason }, "the history could not be read"),
    );
    return new AppHistory(file);
  }

  get known(): Readonly<Document> {
    return this.#file.data;
  }

  /** On disk when it settles: a job that was begun counts, however this process ends. */
  async begin(job: string, now: number): Promise<void> {
    const failures = this.known.jobs[job]?.failures ?? 0;
    this.#file.data.jobs[job] = { startedAt: now, endedAt: null, failures };
    await this.#file.save();
  }

  async end(job: string, now: number, succeeded: boolean): Promise<void> {
    const before = this.known.jobs[job];
    const failures = succeeded ? 0 : (before?.failures ?? 0) + 1;
    this.#file.data.jobs[job] = { startedAt: before?.startedAt ?? now, endedAt: now, failures };
    await this.#file.save();
  }

  /** `wanted`: the volumes that were to be saved, of which the report may lack some. */
  async ran(report: RunReport, wanted: readonly string[]): Promise<void> {
    const { data } = this.#file;
    const { outcome, endedAt, notes } = report;
    data.runs = [...data.runs, shortened(report)].slice(-keptRuns);
    if (outcome === "ok") data.lastGood = endedAt;
    // What was interrupted is made up for, and says nothing of how it was before.
    for (const name of outcome === "interrupted" ? [] : wanted) {
      const own = report.volumes.find(({ volume }) => volume === name)?.reason ?? null;
      const goodAt = outcome === "ok" ? endedAt : (data.volumes[name]?.goodAt ?? null);
      data.volumes[name] = { outcome, reason: own ?? notes[0] ?? null, goodAt };
    }
    await this.#file.save();
  }

  /** What looked destroyed is as it should be, says an administrator: it waits for its next run. */
  async confirmed(now: number): Promise<void> {
    for (const volume of Object.values(this.#file.data.volumes))
      if (volume.outcome === "suspect") volume.confirmedAt = rfc3339(now);
    await this.#file.save();
  }

  async verified(verification: Verification): Promise<void> {
    const { data } = this.#file;
    const errors = verification.errors.slice(0, keptNames);
    data.verifications = [...data.verifications, { ...verification, errors }].slice(
      -keptVerifications,
    );
    await this.#file.save();
  }

  async drilled(drill: DrillReport): Promise<void> {
    this.#file.data.drill = drill;
    await this.#file.save();
  }

  async saw(repository: { snapshots: number; stored: number }, now: number): Promise<void> {
    this.#file.data.repository = { ...repository, at: rfc3339(now) };
    await this.#file.save();
  }
}

function shortened(report: RunReport): RunReport {
  return {
    ...report,
    notes: report.notes.slice(0, keptNames),
    volumes: report.volumes.map((volume) =>
      Object.assign({}, volume, { unread: volume.unread.slice(0, keptNames) }),
    ),
  };
}
