import type { RemoteFailure } from "../failure.ts";
import type { Permit } from "../permit.ts";

export interface SessionOptions {
  /** What may be deleted besides locks. Without: nothing. */
  readonly permit?: Permit;
  /** Nothing is written or deleted, not even locks: restic must be told `--no-lock`. */
  readonly readOnly?: boolean;
  /** Whether `restic init` may make the repository; only with proof that there is none. Else it is refused. */
  readonly mayCreate?: boolean;
  /** Ends the session at once. */
  readonly signal?: AbortSignal;
}

/** What a session has done so far. */
export interface SessionCounts {
  /** Requests to the server, by method. */
  readonly requests: Readonly<Record<string, number>>;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Times a request was repeated after a failure. */
  readonly repeats: number;
  /** Files deleted, locks not counted. */
  readonly deleted: number;
}

/** One repository, served to one restic (or several) on loopback. */
export interface BridgeSession {
  readonly url: string;
  /** For restic's child process: RESTIC_REPOSITORY, RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD. Never for argv. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Why it makes no sense to go on, once it makes none; from then on every request is refused. restic may still retry for
   * minutes: send it SIGINT. Say this sentence to people rather than what restic prints.
   */
  readonly trouble: RemoteFailure | null;
  /** What is being waited out at this moment, for progress; null when all is well. */
  readonly waitingFor: RemoteFailure | null;
  readonly counts: SessionCounts;
  /** Called once, when `trouble` is first set; at once if it is set already. Returns how to stop listening. */
  onTrouble(listener: (trouble: RemoteFailure) => void): () => void;
  /** Ends what is still going on and forgets the secret. */
  close(): Promise<void>;
}

/**
 * Serves repositories on the backup server to restic, by its REST protocol v2. restic must be given
 * `--stuck-request-timeout 15m`, since a request is held while an outage is ridden out (restic's own patience is 5 minutes).
 */
export interface Bridge {
  /** `repositoryPath` as of {@link Remote}: `repositories/blog`. */
  session(repositoryPath: string, options?: SessionOptions): Promise<BridgeSession>;
  /** What sessions of it remember is asked for anew: for whoever has changed it past them, or doubts that it is the same. */
  forget(repositoryPath: string): Promise<void>;
  close(): Promise<void>;
}
