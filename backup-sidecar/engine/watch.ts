import { uptimeMs } from "../clock/uptime.ts";

/** restic removes its lock when it is asked to end; a lease that was lost lets it no longer than this. */
const graceMs = 10_000;
/** Nothing may wait without a bound; restic itself gives up a request after 15 min. */
const stuckMs = 30 * 60_000;

export interface Watched {
  readonly signal?: AbortSignal | undefined;
  /** Something that changes while it gets on although it prints nothing new. */
  readonly pulse?: () => number;
}

/** Ends restic when the signal says so, or nothing moves. */
export class Watch {
  ended: "aborted" | "stuck" | null = null;
  readonly #child: Killable;
  readonly #call: Watched;
  readonly #rounds: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#end("aborted");
  #kill: NodeJS.Timeout | undefined;
  #moved = uptimeMs();
  #lastPulse: number | undefined;
  #lastMessage = "";

  constructor(call: Watched, child: Killable) {
    this.#call = call;
    this.#child = child;
    this.#rounds = setInterval(() => this.#look(), 10_000);
    this.#rounds.unref();
    if (call.signal?.aborted) this.#end("aborted");
    call.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Something was printed. Only what differs but for the seconds shows that it gets on. */
  heard(line: string): void {
    const told = line.replaceAll(/"seconds_\w+":\d+,?/g, "");
    if (told === this.#lastMessage) return;
    this.#lastMessage = told;
    this.#moved = uptimeMs();
  }

  stop(): void {
    clearInterval(this.#rounds);
    clearTimeout(this.#kill);
    this.#call.signal?.removeEventListener("abort", this.#onAbort);
  }

  #look(): void {
    const pulse = this.#call.pulse?.();
    if (pulse !== this.#lastPulse) this.#moved = uptimeMs();
    this.#lastPulse = pulse;
    if (uptimeMs() - this.#moved > stuckMs) this.#end("stuck");
  }

  #end(why: "aborted" | "stuck"): void {
    if (this.ended !== null) return;
    this.ended = why;
    this.#child.kill("SIGINT");
    this.#kill = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
  }
}

interface Killable {
  kill(signal: "SIGINT" | "SIGKILL"): boolean;
}
