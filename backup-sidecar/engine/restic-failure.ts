/**
 * Why restic did not do what it was asked. Decide by this, never by a text. By its exit codes (its documentation, "Scripting"):
 *
 * | kind | exit code | meaning |
 * |---|---|---|
 * | no-repository | 10 | the place answers, and there is no repository |
 * | locked | 11 | another restic works on it |
 * | wrong-password | 12 | no key of it opens with our password |
 * | failed | 1, 3 and unknown ones | anything else; what restic said is in `said` |
 * | crashed | 2 | a mistake in restic itself |
 * | interrupted | 130 | it was asked to end |
 * | killed | – | by a signal: out of memory, an administrator, a power button |
 * | no-view | 90–92 | the volume could not be shown to it |
 * | stuck | – | nothing moved for so long that it was ended |
 * | disk-full | 1 | no space where restic puts its temporary files or restores to |
 */
export type ResticFailureKind =
  | "no-repository"
  | "locked"
  | "wrong-password"
  | "failed"
  | "crashed"
  | "interrupted"
  | "killed"
  | "no-view"
  | "stuck"
  | "disk-full";

/** restic ended without success; the message is a sentence for people, with what restic said last. */
export class ResticFailure extends Error {
  override readonly name = "ResticFailure";
  readonly kind: ResticFailureKind;
  readonly exitCode: number | null;
  /** The last lines of what it said, without secrets. */
  readonly said: readonly string[];

  constructor(
    kind: ResticFailureKind,
    sentence: string,
    exitCode: number | null,
    said: readonly string[],
    options?: ErrorOptions,
  ) {
    super(sentence, options);
    this.kind = kind;
    this.exitCode = exitCode;
    this.said = said;
  }
}

export interface Ending {
  /** `backup`, for the sentence. */
  readonly command: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Ended by us: why. */
  readonly ended: "aborted" | "stuck" | null;
  readonly said: readonly string[];
}

/** What an ending means. */
export function failureOf(ending: Ending): ResticFailure {
  const kind = kindOf(ending);
  const said = ending.said.slice(-20);
  const last = said.at(-1) ?? "it said nothing";
  const what = `restic ${ending.command}`;
  const sentence: Record<ResticFailureKind, string> = {
    "no-repository": "there is no restic repository at its place on the backup server",
    locked: `another restic is working on this repository: ${last}`,
    "wrong-password": "the backup password does not open this repository",
    failed: `${what} failed: ${last}`,
    crashed: `${what} crashed, which is a mistake in restic itself: ${last}`,
    interrupted: `${what} was interrupted`,
    killed: `${what} was killed by ${ending.signal ?? "a signal"}${ending.signal === "SIGKILL" ? ": the machine or the container may be short of memory" : ""}`,
    "no-view": last,
    stuck: `${what} was ended: nothing had moved for half an hour`,
    "disk-full": `${what} found no space left on a disk of this container: ${last}`,
  };
  return new ResticFailure(kind, sentence[kind], ending.exitCode, said);
}

function kindOf({ exitCode, signal, ended, said }: Ending): ResticFailureKind {
  if (ended === "stuck") return "stuck";
  if (ended === "aborted" || exitCode === 130) return "interrupted";
  if (signal !== null) return "killed";
  if (exitCode === 10) return "no-repository";
  if (exitCode === 11) return "locked";
  if (exitCode === 12) return "wrong-password";
  if (exitCode === 2) return "crashed";
  if (exitCode !== null && exitCode >= 90 && exitCode <= 92) return "no-view";
  // restic has no code for it; the words are the operating system's.
  if (said.some((line) => line.includes("no space left on device"))) return "disk-full";
  return "failed";
}
