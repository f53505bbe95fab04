import type { AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";

/** Who wants a volume, as far as the engine's own facts prove it. */
export type Consumer =
  | { readonly kind: "service"; readonly service: string; readonly stack: string | null; readonly container: string }
  | { readonly kind: "compose"; readonly project: string; readonly service: string; readonly container: string }
  | { readonly kind: "container"; readonly container: string }
  /** Labels that contradict each other or what the engine says: never allowed. */
  | { readonly kind: "forged"; readonly reason: string; readonly container: string };

export interface AccessQuestion {
  readonly app: AppRecord;
  readonly volume: VolumeRecord;
  readonly node: string;
  readonly consumers: readonly Consumer[];
  /** Names that may mount `root` volumes. */
  readonly rootServices: readonly string[];
}

export type Decision =
  | { readonly allow: true; readonly rule: string; readonly claim: Consumer | null }
  | { readonly allow: false; readonly reason: string };
