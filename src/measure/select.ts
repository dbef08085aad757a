/** Which of several measurements of a network is meant. */
import type { Conditions, Measurement } from './types.ts';

/** Of every network one: proofs that hide where there are any, on the most threads. */
export function headlines(measurements: readonly Measurement[]): Measurement[] {
  const groups = Map.groupBy(measurements, ({ name }) => name);
  return [...groups.values()].map((group) => group.reduce((a, b) => (rank(b) > rank(a) ? b : a)));
}

/** The measurement of the same network under the same conditions but for some. */
export function counterpart(
  { name, conditions }: Measurement,
  measurements: readonly Measurement[],
  change: Partial<Conditions>,
): Measurement | undefined {
  const { threads, zk, input } = { ...conditions, ...change };
  return measurements.find(
    (m) =>
      m.name === name && m.conditions.threads === threads && m.conditions.zk === zk && m.conditions.input === input,
  );
}

function rank({ conditions: { zk, threads } }: Measurement): number {
  return Number(zk) * 2 ** 16 + threads;
}
