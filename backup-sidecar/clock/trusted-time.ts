import type { Clock } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import { judge, toleranceMs, type Judgement } from "./judge.ts";
import { ntpOffset } from "./ntp.ts";
import { uptimeMs } from "./uptime.ts";

/** What time it is, as far as it can be known. */
export interface TrustedTime {
  /** Milliseconds since 1970, UTC: the best guess. */
  readonly now: number;
  /** Beyond doubt: then, and only then, may anything be removed for its age. */
  readonly trusted: boolean;
  /** Why not, in words for people; null if trusted. */
  readonly doubt: string | null;
}

/** The clocks that are asked, as effects. */
export interface TimeWorld {
  readonly clock: Clock;
  /** Milliseconds since boot; nobody can set it. */
  readonly uptime: () => number;
  /** Names or addresses of time servers; empty: none are asked. */
  readonly servers: readonly string[];
  readonly ask: (server: string) => Promise<number>;
  /** How far the backup server's clock is ahead of this machine's; null if unknown. */
  readonly remoteOffset: () => number | null;
}

/** Asks the real clocks. */
export function systemTime(
  clock: Clock,
  servers: readonly string[],
  remoteOffset: () => number | null,
): TimeWorld {
  const ask = (server: string): Promise<number> => ntpOffset(server, () => clock.now());
  return { clock, uptime: uptimeMs, servers, ask, remoteOffset };
}

/** What was learnt is believed for so long; the machine's clock may be set meanwhile, it is not looked at again. */
const freshMs = 30 * 60_000;

/** Keeps the time that can be relied on, whatever happens to this machine's clock. */
export class TimeKeeper {
  readonly #world: TimeWorld;
  #learnt: { readonly at: number; readonly time: number; readonly judgement: Judgement } | null =
    null;
  /** Why time servers did not answer, for whoever looks for the reason. */
  #failures: readonly string[] = [];

  constructor(world: TimeWorld) {
    this.#world = world;
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  /**
   * Asks the clocks, at most every half hour while they agree. `newest` is the time of the newest version that exists: a
   * doubtful time is never before it, so that versions stay in their order.
   */
  async now(newest: number | null = null): Promise<TrustedTime> {
    const learnt = await this.#know();
    const time = Math.round(learnt.time + this.#world.uptime() - learnt.at);
    const { doubt } = learnt.judgement;
    if (newest === null || time > newest) return { now: time, trusted: doubt === null, doubt };
    if (doubt !== null) return { now: newest + 1000, trusted: false, doubt };
    // Beyond tolerance the newest version was made while a clock was wrong: it is left in the future where it is.
    return { now: newest - time <= toleranceMs ? newest + 1000 : time, trusted: true, doubt };
  }

  async #know(): Promise<{ at: number; time: number; judgement: Judgement }> {
    const known = this.#learnt;
    if (known?.judgement.doubt === null && this.#world.uptime() - known.at < freshMs) return known;
    const { clock, uptime, servers, ask, remoteOffset } = this.#world;
    const answers = await Promise.allSettled(servers.map(ask));
    this.#failures = answers.flatMap((answer) =>
      answer.status === "rejected" ? [messageOf(answer.reason)] : [],
    );
    const ntp = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    const judgement = judge({ ntp, server: remoteOffset() });
    this.#learnt = { at: uptime(), time: clock.now() + judgement.offset, judgement };
    return this.#learnt;
  }
}
