/**
 * What kept the backup server from doing what it was asked. Decide by this, never by a text.
 *
 * | kind | what happened |
 * |---|---|
 * | gone | what was asked for is not there, and its folder says so |
 * | auth | user name or password are refused |
 * | forbidden | known, but not allowed to do this |
 * | full | no space, or a quota is used up |
 * | too-big | the server takes no body of that size |
 * | locked | somebody on the server holds a lock |
 * | busy | asked to wait: too many requests, maintenance |
 * | server | an answer that is an error of the server's own, or is not true |
 * | network | no answer: refused, cut, silent, too slow, name not found |
 * | tls | the certificate is not one we trust |
 * | wrong-target | an answer, but not from the place that is ours: base folder or repository missing, foreign redirect |
 */
export type FailureKind =
  | "gone"
  | "auth"
  | "forbidden"
  | "full"
  | "too-big"
  | "locked"
  | "busy"
  | "server"
  | "network"
  | "tls"
  | "wrong-target";

/** Kinds that go by themselves often enough to be waited for. */
const passing: ReadonlySet<FailureKind> = new Set(["locked", "busy", "server", "network"]);

interface FailureDetails extends ErrorOptions {
  /** The server's status, where there was an answer. */
  readonly status?: number;
  /** How long the server asks to wait (Retry-After), in milliseconds. */
  readonly retryAfterMs?: number;
  /** Overrides what the kind says. */
  readonly waitingHelps?: boolean;
}

/** A failure of the backup server; its message is a sentence for people: what is wrong and what to do next. */
export class RemoteFailure extends Error {
  override readonly name = "RemoteFailure";
  readonly kind: FailureKind;
  /** Whether the same request may succeed later without anybody doing anything. */
  readonly waitingHelps: boolean;
  readonly status: number | null;
  readonly retryAfterMs: number | null;

  constructor(kind: FailureKind, sentence: string, details: FailureDetails = {}) {
    super(sentence, details);
    this.kind = kind;
    this.waitingHelps = details.waitingHelps ?? passing.has(kind);
    this.status = details.status ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}
