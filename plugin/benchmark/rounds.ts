import type { BenchPlace, BenchProgress } from "../../storage/bench-report.ts";
import { NoDirect, readFio, type Reading } from "./fio-report.ts";
import type { Passes } from "./passes.ts";
import type { Measure } from "./profiles.ts";
import { type Series, turns } from "./series.ts";
import type { ThrowAway, Workplace } from "./throw-away.ts";

/** Milliseconds one run of fio may take: what is slower cannot be measured in rounds. */
const runBoundMs = 180_000;
const tellEveryMs = 1_000;

/** Where it is measured. */
export interface Place extends BenchPlace {
  readonly at: Workplace;
  /** The name of its container. */
  readonly container: string;
  /** The id of its volume's record; null for a volume of the engine's own. */
  readonly volumeId: string | null;
}

export interface Plan {
  readonly places: readonly Place[];
  readonly measures: readonly Measure[];
  /** What fio is told. */
  readonly words: (direct: boolean) => readonly string[];
}

/** Runs fio in each place again and again, a container each time. */
export class Rounds {
  readonly #throwAway: ThrowAway;
  readonly #passes: Passes;
  readonly #series: Series;
  readonly #tell: (progress: BenchProgress) => void;

  constructor(
    effects: { readonly throwAway: ThrowAway; readonly passes: Passes },
    series: Series,
    tell: (progress: BenchProgress) => void,
  ) {
    this.#throwAway = effects.throwAway;
    this.#passes = effects.passes;
    this.#series = series;
    this.#tell = tell;
  }

  /**
   * Runs once in each place, unmeasured: what is made at a first use, as a mount, is no part of it. Answers whether a
   * database's reads and writes may go past the node's memory: in all places, or in none if one of them cannot. Rejects
   * soon after `signal` aborts.
   */
  async warmUp(plan: Plan, signal: AbortSignal): Promise<boolean> {
    let direct = plan.measures.some(({ profile }) => profile === "database");
    for (const place of plan.places) {
      try {
        await this.#runIn(place, plan, direct, `warming up: ${place.what}`, signal);
      } catch (error) {
        if (!(error instanceof NoDirect)) throw error;
        direct = false;
      }
    }
    return direct;
  }

  /** So many measured rounds in these places, which take turns. Rejects soon after `signal` aborts. */
  async run(
    plan: Plan,
    places: readonly Place[],
    rounds: number,
    direct: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    for (const { place, round } of turns(places, rounds)) {
      const doing = `round ${round} of ${rounds}: ${place.what}`;
      this.#series.add(place.id, await this.#runIn(place, plan, direct, doing, signal));
    }
  }

  async #runIn(
    place: Place,
    plan: Plan,
    direct: boolean,
    doing: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Reading>> {
    const began = performance.now();
    const elapsed = (): number => (performance.now() - began) / 1000;
    const say = (): void => this.#tell(this.#series.progress(doing, elapsed()));
    const { container, at, volumeId } = place;
    say();
    const timer = setInterval(say, tellEveryMs).unref();
    if (volumeId !== null) this.#passes.issue(volumeId, container);
    try {
      const words = plan.words(direct);
      const said = await this.#throwAway.run(container, words, at, runBoundMs, signal);
      return readFio(`${said.errors}\n${said.output}`, plan.measures, direct);
    } finally {
      clearInterval(timer);
      if (volumeId !== null) this.#passes.withdraw(volumeId);
      this.#series.ran(elapsed());
    }
  }
}
