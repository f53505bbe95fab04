import type { AppRecord } from "../records/app.ts";
import type { Quotas } from "../quota/quotas.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { Layout } from "./layout.ts";
import type { Mutex } from "./mutex.ts";
import type { RecordFolder } from "./record-folder.ts";
import type { StorageClock } from "./storage-clock.ts";
import type { UseSigns } from "./use-signs.ts";

/** What the parts of a directory storage share. */
export interface Parts {
  readonly url: string;
  readonly clock: StorageClock;
  readonly volumes: RecordFolder<VolumeRecord>;
  readonly apps: RecordFolder<AppRecord>;
  readonly uses: UseSigns;
  /** Days that a removed volume stays in the trash. */
  readonly trashDays: number;
  /** Volumes are mounted by bind, for which most mount options mean nothing. */
  readonly bound: boolean;
  /** Our own server stands before it, which keeps exclusive volumes on one node and squashes users. */
  readonly served: boolean;
  /** How the file system limits directories. */
  readonly quotas: (layout: Layout) => Promise<Quotas>;
  /** Whoever adds up the sizes of an app's volumes and then gives one. */
  readonly sizing: Mutex;
  /** Called between the steps of an operation. Tests stop here; everything must be repeatable from each. */
  readonly checkpoint: (name: string) => Promise<void>;
  /** Called whenever long work got on, so that it can be told from work that hangs. */
  readonly progress: () => void;
}

/** A change was begun again because somebody else came first; this often at most. */
export const attempts = 10;

export type { Layout };
