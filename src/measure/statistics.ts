/** Statistics of few, skewed numbers: order statistics only. */

/** Of at least one value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Interpolated between the two nearest ranks; q of 0 .. 1, of at least one value. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
  return below + (above - below) * (rank - Math.floor(rank));
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** Distance between the quartiles. */
  readonly quartiles: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
    quartiles: quantile(values, 0.75) - quantile(values, 0.25),
  };
}
