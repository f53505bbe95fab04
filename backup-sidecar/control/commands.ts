import type { Readable } from "node:stream";
import type {
  BackupAnswer,
  BackupItem,
  BackupRequest,
  BackupVerb,
  WorkProgress,
} from "../../storage/backup/verbs.ts";

/** Whoever asked, while the work goes on. */
export interface Talk<Verb extends BackupVerb> {
  progress(progress: WorkProgress): void;
  /** Something that people should know, a sentence. */
  note(text: string): void;
  /** Settles when the reader has room for more. */
  item(item: BackupItem<Verb>): Promise<void>;
  /** Aborted when whoever asked has hung up, or the service stops. */
  readonly signal: AbortSignal;
}

export type AnsweredVerb = Exclude<BackupVerb, "dump">;

export type Answering = {
  readonly [Verb in AnsweredVerb]: (
    request: BackupRequest<Verb>,
    talk: Talk<Verb>,
  ) => Promise<BackupAnswer<Verb>>;
};

/** Everything the service can be asked, one method for each verb; all reject with `UserError` for what a person can mend. */
export interface Commands extends Answering {
  dump(request: BackupRequest<"dump">, signal: AbortSignal): Promise<Readable>;
}
