import { formatDuration } from "../../service/age.ts";
import { UserError } from "../../service/user-error.ts";

/** Another node's lease that stands in the way of a new one. */
export interface Rival {
  readonly nodeId: string;
  readonly node: string;
  /**
   * `live`: renewed in time. `lapsed`: the node renews, but not this lease for a term, so that it is not mounted there.
   * `absent`: its plugin is away on purpose, and the time it said is not over. `silent`: nothing was heard of the node for a
   * term. `fenced`: it was begun to be fenced.
   */
  readonly condition: "live" | "lapsed" | "absent" | "silent" | "fenced";
  /** Who uses it there, by its last renewal. */
  readonly consumers: readonly string[];
  /** How long nothing was heard of the node, milliseconds. */
  readonly silentMs: number;
  /** While `absent`: for how long still, milliseconds. */
  readonly absentMs: number;
  /** What it said when it was asked for the lease just now; `none` when the time to answer is over. */
  readonly answer: "not asked" | "none" | { readonly inUseBy: readonly string[] };
}

export type Takeover =
  | { readonly kind: "grant" }
  | { readonly kind: "refuse"; readonly error: UserError }
  /** These nodes are asked whether they still need it. */
  | { readonly kind: "ask"; readonly rivals: readonly Rival[] }
  /** Taken back from a node that has it no longer mounted. */
  | { readonly kind: "take back"; readonly rival: Rival }
  | { readonly kind: "fence"; readonly rival: Rival; readonly because: string };

export interface TakeoverQuestion {
  readonly volume: string;
  /** What is wanted now: an exclusive lease, or one beside others. */
  readonly exclusive: boolean;
  readonly rivals: readonly Rival[];
  /** A lease file of this volume that nobody can read: whoever it is of may have the volume mounted. */
  readonly damaged: { readonly file: string; readonly reason: string } | null;
}

/**
 * Whether an exclusive volume may go to another node, and what has to happen before (contracts §6). Nobody is fenced while
 * a rival that answers keeps the newcomer out anyway.
 */
export function takeover(question: TakeoverQuestion): Takeover {
  const { volume, rivals, damaged } = question;
  if (question.exclusive && damaged !== null) {
    return refuse(
      `"${volume}" cannot be given to one node alone: the lease "${damaged.file}" cannot be read (${damaged.reason}), and whoever has it may be using the volume. Look at it, and delete it when the volume is not mounted on that node`,
    );
  }
  const what = question.exclusive
    ? "may be mounted on one node at a time"
    : "is mounted by one node alone";
  for (const rival of rivals) {
    const reason = refusalBy(rival, volume, what);
    if (reason !== null) return refuse(reason);
  }
  const unasked = rivals.filter((rival) => isAsked(rival) && rival.answer === "not asked");
  if (unasked.length > 0) return { kind: "ask", rivals: unasked };
  const [rival] = rivals;
  if (rival === undefined) return { kind: "grant" };
  if (isAsked(rival)) return { kind: "take back", rival };
  const because = `it was not heard of for ${formatDuration(rival.silentMs)} while it had "${volume}", which another node needed alone`;
  return { kind: "fence", rival, because };
}

/** Whether it can say that it needs it no longer. A node that has it not mounted any more may be about to mount it. */
export function isAsked(rival: Rival): boolean {
  return rival.condition === "live" || rival.condition === "lapsed";
}

/** Why it keeps what it has, or null. `what` says of the volume why that matters: "may be mounted on one node at a time". */
export function refusalBy(rival: Rival, volume: string, what: string): string | null {
  const { node, answer } = rival;
  if (rival.condition === "absent") {
    return `"${volume}" ${what}, and "${node}" has it; its plugin is being restarted or upgraded. Try again in ${formatDuration(rival.absentMs + 999)}`;
  }
  if (!isAsked(rival)) return null;
  if (typeof answer === "object") {
    return `"${volume}" ${what}, and is in use on "${node}"${usedBy(answer.inUseBy)}. Stop it there first`;
  }
  if (answer === "none" && rival.condition === "live") {
    return `"${volume}" ${what}, and "${node}" has it${usedBy(rival.consumers)}; whether it still needs it, it did not say in time. Try again: if nothing is heard of it for a minute, it is fenced and the volume is free`;
  }
  return null;
}

function usedBy(consumers: readonly string[]): string {
  return consumers.length === 0 ? "" : ` (${consumers.join(", ")})`;
}

function refuse(reason: string): Takeover {
  return { kind: "refuse", error: new UserError("in-use", reason) };
}
