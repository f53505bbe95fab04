/** The value below which `share` (0 to 1) of the values lie. NaN when there are none. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** How far the median may lie from the true one by chance (its standard error), by the quartiles. */
export function medianError(values: ArrayLike<number>): number {
  return (0.93 * (quantile(values, 0.75) - quantile(values, 0.25))) / Math.sqrt(values.length);
}

/** Several samples as one. */
export function joined(samples: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(samples.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const sample of samples) {
    all.set(sample, at);
    at += sample.length;
  }
  return all;
}
