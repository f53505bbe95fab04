import type { BenchFigure, BenchProgress, BenchValue } from "../../storage/bench-report.ts";
import { median } from "./comparison.ts";
import type { Reading } from "./fio-report.ts";
import type { Measure } from "./profiles.ts";

type Readings = ReadonlyMap<string, Reading>;

/**
 * The runs of all rounds in all places, in the order in which they come: places take turns, and each round begins at the
 * other end, so that what slowly changes on a machine is shared by all.
 */
export function turns<Place>(
  places: readonly Place[],
  rounds: number,
): { readonly place: Place; readonly round: number }[] {
  return Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
    (round % 2 === 0 ? places.toReversed() : places).map((place) => ({ place, round })),
  );
}

/** What was read so far, by place. */
export class Series {
  readonly #places = new Map<string, Readings[]>();
  readonly #expectedSeconds: number;
  #total: number;
  #done = 0;
  #seconds = 0;

  /** `total` runs, each of which should take `expectedSeconds`. */
  constructor(total: number, expectedSeconds: number) {
    this.#total = total;
    this.#expectedSeconds = expectedSeconds;
  }

  add(place: string, readings: Readings): void {
    this.#places.set(place, [...(this.#places.get(place) ?? []), readings]);
  }

  /** So many more runs are to come than was thought. */
  expect(more: number): void {
    this.#total += more;
  }

  /** A run is over, whatever came of it. */
  ran(seconds: number): void {
    this.#done += 1;
    this.#seconds += seconds;
  }

  /** `elapsed`: seconds since the present run began. */
  progress(doing: string, elapsed: number): BenchProgress {
    const each = this.#done === 0 ? this.#expectedSeconds : this.#seconds / this.#done;
    const left = (this.#total - this.#done) * each - Math.min(elapsed, each);
    return { doing, done: this.#done, total: this.#total, secondsLeft: Math.ceil(left) };
  }

  figures(wanted: readonly Measure[]): BenchFigure[] {
    return wanted.map(({ id, profile, what, unit }) => ({
      id,
      profile,
      what,
      unit,
      values: Object.fromEntries(
        [...this.#places].map(([place, rounds]) => [
          place,
          valueOf(rounds.flatMap((round) => round.get(id) ?? [])),
        ]),
      ),
    }));
  }
}

function valueOf(rounds: readonly Reading[]): BenchValue {
  const middle = (pick: (reading: Reading) => number | null): number | null => {
    const known = rounds.map(pick).filter((each) => each !== null);
    return known.length === 0 ? null : median(known);
  };
  const rates = rounds.map(({ rate }) => rate);
  return {
    rounds: rates,
    median: median(rates),
    bytesPerSecond: middle(({ bytesPerSecond }) => bytesPerSecond) ?? 0,
    iops: middle(({ iops }) => iops) ?? 0,
    p50: middle(({ p50 }) => p50),
    p99: middle(({ p99 }) => p99),
  };
}
