import * as z from "zod";
import { rfc3339 } from "../../service/clock.ts";
import { timeSchema } from "../../storage/records/fields.ts";
import { Documents } from "./documents.ts";

const suspectSchema = z.looseObject({
  schema: z.literal(1),
  app: z.string(),
  /** By volume: why its source looks destroyed, and since when. */
  volumes: z.record(z.string(), z.looseObject({ reason: z.string(), since: timeSchema })),
  /** Ids of versions that were made of such a source since an administrator last said that it is as it should be. */
  snapshots: z.array(z.string()),
  /** When an administrator last said that it is as it should be. */
  confirmedAt: timeSchema.nullable(),
  /** By volume: its newest version at that moment. Up to it none is a measure of what the volume should hold. */
  confirmed: z.record(z.string(), z.string()).default({}),
});
export type SuspectRecord = z.infer<typeof suspectSchema>;

const runSchema = z.looseObject({
  schema: z.literal(1),
  app: z.string(),
  run: z.string(),
  startedAt: timeSchema,
  counter: z.int(),
});
export type RunningRecord = z.infer<typeof runSchema>;

const lossSchema = z.looseObject({
  at: timeSchema,
  packs: z.array(z.string()),
  /** Ids of the pieces that nobody has any more. */
  missing: z.array(z.string()),
  /** Which files of which versions cannot be restored; a path that ends with "/" is a directory with all in it. */
  lost: z.array(z.looseObject({ snapshot: z.string(), path: z.string() })),
});
export type Loss = z.infer<typeof lossSchema>;

const integritySchema = z.looseObject({
  schema: z.literal(1),
  app: z.string(),
  /** Ids of versions after whose run the repository was found whole. */
  verified: z.array(z.string()),
  /** By slice (`7/30`): when it was last read back and found whole. */
  slices: z.record(z.string(), timeSchema),
  /** Damage that could not be healed, as it is now; null if there is none. */
  loss: lossSchema.nullable(),
  /** Packs that were taken out and whose data is not all back yet: healing goes on with them. */
  quarantined: z.array(z.string()),
});
export type IntegrityRecord = z.infer<typeof integritySchema>;

/** What must not be forgotten of an app, on the storage itself: whoever is in charge of its backups finds it there. */
export class AppStates {
  readonly #suspects: Documents;
  readonly #running: Documents;
  readonly #integrity: Documents;

  /** `root`: the storage's. */
  constructor(root: string) {
    const folder = (name: string): Documents => new Documents(root, [".swarmnfs", "backup", name]);
    this.#suspects = folder("suspect");
    this.#running = folder("running");
    this.#integrity = folder("integrity");
  }

  async suspect(app: string): Promise<SuspectRecord> {
    const known = await this.#suspects.read(app, suspectSchema);
    return (
      known ?? { schema: 1, app, volumes: {}, snapshots: [], confirmedAt: null, confirmed: {} }
    );
  }

  writeSuspect(record: SuspectRecord): Promise<void> {
    return this.#suspects.write(record.app, record);
  }

  /**
   * An administrator says that the app's volumes are as they should be: its history goes on from here. `newest`: by volume,
   * its newest version.
   */
  async confirm(
    app: string,
    now: number,
    newest: Readonly<Record<string, string>> = {},
  ): Promise<SuspectRecord> {
    const known = await this.suspect(app);
    const own = Object.entries(newest).filter(([volume]) => Object.hasOwn(known.volumes, volume));
    const confirmed = { ...known.confirmed, ...Object.fromEntries(own) };
    const record = { ...known, volumes: {}, snapshots: [], confirmedAt: rfc3339(now), confirmed };
    await this.writeSuspect(record);
    return record;
  }

  /** A run that has begun and did not come to its end, as far as is known; null if none. */
  running(app: string): Promise<RunningRecord | null> {
    return this.#running.read(app, runSchema);
  }

  begin(record: RunningRecord): Promise<void> {
    return this.#running.write(record.app, record);
  }

  end(app: string): Promise<void> {
    return this.#running.remove(app);
  }

  async integrity(app: string): Promise<IntegrityRecord> {
    const known = await this.#integrity.read(app, integritySchema);
    return known ?? { schema: 1, app, verified: [], slices: {}, loss: null, quarantined: [] };
  }

  writeIntegrity(record: IntegrityRecord): Promise<void> {
    return this.#integrity.write(record.app, record);
  }
}
