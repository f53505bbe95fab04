import type { Clock } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import type { TimeKeeper } from "../clock/trusted-time.ts";
import type { History } from "../history/history.ts";
import type { Keep } from "../retention/keep.ts";
import type { Hooks } from "../../service/hooks/hooks.ts";
import type { GuardRules, SourceLook } from "../source/source-guard.ts";
import type { SourceView } from "../source/source-view.ts";
import type { Progress } from "./app-repository.ts";
import type { AppStates } from "./app-state.ts";
import type { HeldLease, StorageLease } from "./lease.ts";
import type { Repositories } from "./repositories.ts";

/** What a run stands on. */
export interface RunWorld {
  readonly repositories: Repositories;
  readonly lease: StorageLease;
  readonly states: AppStates;
  readonly time: TimeKeeper;
  readonly clock: Clock;
  readonly hooks: Hooks;
  readonly history: History;
  readonly keep: Keep;
  readonly rules: GuardRules;
  /** Our host name in restic's locks; null if it is the container's, which others may have had. */
  readonly lockHost: string | null;
  readonly look: (view: SourceView) => Promise<SourceLook>;
  readonly log: Log;
}

export interface RunRequest {
  readonly app: string;
  /** The app's volumes that are backed up. */
  readonly sources: readonly SourceView[];
  /** What people should know of them, known before they are looked at; for the report. */
  readonly notes?: readonly string[];
  readonly held: HeldLease;
  readonly onProgress?: (volume: string, progress: Progress) => void;
  readonly signal?: AbortSignal;
}
