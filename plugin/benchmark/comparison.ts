/** The middle one; of an even number, between the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** What is less than that differs too little to be worth a change. */
const leastGain = 0.1;
/** With fewer rounds than that two series of the same thing lie apart too often. */
const fewestRounds = 5;

/**
 * How `after` differs from `before`, the rates of rounds that took turns: their medians' ratio, and whether that is
 * `beyondNoise`: no round of the one reaches a round of the other, by at least a tenth, and by more than the better half of
 * the rounds of each differ among themselves. Two series of five of the very same thing lie apart in one case of 126, of nine
 * in one of 24,310: so what looks better after five is tried again.
 */
export function compare(
  before: readonly number[],
  after: readonly number[],
): { readonly ratio: number; readonly beyondNoise: boolean } {
  const ratio = median(after) / median(before);
  const isApart =
    Math.min(...after) > Math.max(...before) || Math.max(...after) < Math.min(...before);
  const difference = Math.abs(median(after) - median(before));
  const isEnough =
    Math.abs(ratio - 1) >= leastGain && difference > Math.max(scatter(before), scatter(after));
  const rounds = Math.min(before.length, after.length);
  return { ratio, beyondNoise: rounds >= fewestRounds && isApart && isEnough };
}

/** How far rounds usually lie from their median. */
function scatter(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}
