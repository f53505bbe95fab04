import { bounded } from "../../service/bounded.ts";
import { type Clock, rfc3339 } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { type Check, degraded, type Verdict, worst } from "./verdict.ts";

/** How it stands with one check, and since when. */
export interface Finding extends Verdict {
  readonly name: string;
  /** RFC 3339: since when it is in this state. */
  readonly since: string;
}

/** The document behind `/health`. */
export interface HealthReport {
  readonly state: Verdict["state"];
  /** RFC 3339: since when it is in this state. */
  readonly since: string;
  /** Everything that is not ok, the worst first, in words for people. */
  readonly reasons: readonly string[];
  readonly checks: readonly Finding[];
}

export interface HealthPatience {
  /** How long a look may take, milliseconds. */
  readonly look: number;
  readonly repair: number;
  /** A repair that did not help is tried again after this long. */
  readonly again: number;
}

const usual: HealthPatience = { look: 5000, repair: 20_000, again: 30_000 };

/**
 * Looks at everything the server needs, one round after the other; what is broken is repaired where that is possible,
 * and told once when it breaks and once when it is well again. No check waits for another that hangs.
 */
export class Health {
  readonly #checks: readonly Check[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #patience: HealthPatience;
  readonly #findings = new Map<string, Finding>();
  readonly #looking = new Map<string, Promise<Verdict>>();
  readonly #repairedAt = new Map<string, number>();
  #state: Pick<HealthReport, "state" | "since">;

  constructor(checks: readonly Check[], clock: Clock, log: Log, patience = usual) {
    this.#checks = checks;
    this.#clock = clock;
    this.#log = log;
    this.#patience = patience;
    this.#state = { state: "ok", since: rfc3339(clock.now()) };
  }

  /** As of the last round. */
  report(): HealthReport {
    const checks = [...this.#findings.values()];
    const reasons = (["failed", "degraded"] as const).flatMap((state) =>
      checks.filter((check) => check.state === state).map(({ reason }) => reason),
    );
    return { ...this.#state, reasons, checks };
  }

  /** Looks at everything and repairs what it can; within half a minute. Never rejects. */
  async round(): Promise<void> {
    await Promise.all(this.#checks.map((check) => this.#one(check)));
    const state = worst([...this.#findings.values()].map((finding) => finding.state));
    if (state !== this.#state.state) this.#state = { state, since: rfc3339(this.#clock.now()) };
  }

  async #one(check: Check): Promise<void> {
    const { verdict, isKnown } = await this.#look(check);
    this.#note(check.name, verdict);
    // Where nothing could be seen nothing is known to be broken: the machine may only be slow.
    if (!isKnown || verdict.state === "ok" || check.repair === undefined) return;
    const { repair, again } = this.#patience;
    const last = this.#repairedAt.get(check.name) ?? -Infinity;
    // A clock that was put back must not keep anything from being repaired.
    if (Math.abs(this.#clock.now() - last) < again) return;
    this.#repairedAt.set(check.name, this.#clock.now());
    try {
      await bounded(check.repair(), repair, () => new Error(`not done within ${repair / 1000} s`));
    } catch (error) {
      this.#log.error({ check: check.name, err: error }, "could not be repaired");
    }
    const after = await this.#look(check);
    if (after.isKnown && after.verdict.state === "ok")
      this.#log.info({ check: check.name }, "repaired");
    this.#note(check.name, after.verdict);
  }

  /** A look that hangs is not begun a second time: what it waits for may be a disk, and hold a thread. */
  async #look(check: Check): Promise<{ readonly verdict: Verdict; readonly isKnown: boolean }> {
    const looking =
      this.#looking.get(check.name) ?? check.look().finally(() => this.#looking.delete(check.name));
    this.#looking.set(check.name, looking);
    const { look } = this.#patience;
    try {
      const late = (): Error => new Error(`no answer within ${look / 1000} s`);
      return { verdict: await bounded(looking, look, late), isKnown: true };
    } catch (error) {
      const verdict = degraded(`${check.name} cannot be looked at: ${messageOf(error)}`);
      return { verdict, isKnown: false };
    }
  }

  #note(name: string, { state, reason }: Verdict): void {
    const before = this.#findings.get(name);
    const since = before?.state === state ? before.since : rfc3339(this.#clock.now());
    this.#findings.set(name, { name, state, reason, since });
    if (state === (before?.state ?? "ok")) return;
    if (state === "ok") this.#log.info({ check: name }, "well again");
    else if (state === "failed") this.#log.error({ check: name, reason }, reason);
    else this.#log.warn({ check: name, reason }, reason);
  }
}
