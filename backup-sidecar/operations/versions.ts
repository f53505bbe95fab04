import { rfc3339 } from "../../service/clock.ts";
import type { BackupStatus } from "../../storage/records/backup-status.ts";
import type { IntegrityRecord, SuspectRecord } from "../engine/app-state.ts";
import { tags, type Snapshot } from "../engine/snapshot.ts";

type Volumes = BackupStatus["volumes"];

/** What is known of an app's versions. */
export interface AppVersions {
  readonly app: string;
  readonly snapshots: readonly Snapshot[];
  readonly suspect: SuspectRecord;
  readonly integrity: IntegrityRecord;
}

/** Which versions of which volumes there are, as last seen on the server; what everybody on the storage is told. */
export class Versions {
  #volumes: Volumes;

  /** `known`: as a former life of the service told it, until the server was asked. */
  constructor(known: Volumes) {
    this.#volumes = known;
  }

  get volumes(): Volumes {
    return this.#volumes;
  }

  /** Replaces everything that was known of the app. */
  saw({ app, snapshots, suspect, integrity }: AppVersions): void {
    const others = Object.entries(this.#volumes).filter(([, each]) => each.app !== app);
    const own = Map.groupBy(snapshots, ({ volume }) => volume);
    const verified = new Set(integrity.verified);
    const doubted = new Set(suspect.snapshots);
    const isGood = ({ id, tags: given }: Snapshot): boolean =>
      verified.has(id) && !doubted.has(id) && !given.includes(tags.partial);
    const entries = [...own].map(([volume, each]) => {
      const good = each.filter(isGood).map(({ time }) => time);
      const known = {
        app,
        snapshots: each.map(({ time }) => rfc3339(time)).toSorted(),
        doubted: each.filter(({ id }) => doubted.has(id)).map(({ time }) => rfc3339(time)),
        lastGood: good.length === 0 ? null : rfc3339(Math.max(...good)),
        suspect: suspect.volumes[volume]?.reason ?? null,
      };
      return [volume, known] as const;
    });
    const all = [...others, ...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
    this.#volumes = Object.fromEntries(all);
  }
}
