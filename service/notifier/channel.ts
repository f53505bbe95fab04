/** What people are told. */
export interface Message {
  /** Of an incident; or a report, which is sent on a schedule. */
  readonly kind: "opened" | "worse" | "repeated" | "resolved" | "report";
  readonly key: string;
  readonly title: string;
  readonly text: string;
  /** RFC 3339: since when it is so, or from when on a report looks; and now. */
  readonly since: string;
  readonly at: string;
  /** Who tells: `backup of storage1 on node2`. */
  readonly from: string;
}

/** One way to reach people. */
export interface Channel {
  readonly name: string;
  /** Throws when it cannot be known that the message arrived; the error never holds an address or a secret. */
  send(message: Message, signal: AbortSignal): Promise<void>;
}

/** One line: `✘ The backup of blog has failed`, `✔ Over: …`. */
export function headline({ kind, title }: Message): string {
  if (kind === "resolved") return `✔ Over: ${title}`;
  if (kind === "report") return title;
  if (kind === "worse") return `✘ Worse: ${title}`;
  return kind === "repeated" ? `✘ Still so: ${title}` : `✘ ${title}`;
}

/** Below the headline. */
export function body({ kind, text, since, at, from }: Message): string {
  if (kind === "report") return `${text}\n${from}`;
  const when = kind === "resolved" ? `From ${since} to ${at}.` : `Since ${since}.`;
  return kind === "resolved" ? `${when}\n${from}` : `${text}\n${when}\n${from}`;
}
