/** A measurement with round numbers, for tests of what is made of measurements. */
import type { Conditions, Measurement } from '../../src/measure/types.ts';

/** @param times of proving, milliseconds, one a run: 10, 10, 50, 10, 10 and 10 % of it by stage */
export function measurement(name: string, conditions: Partial<Conditions>, times: readonly number[]): Measurement {
  return {
    name,
    conditions: { threads: 1, zk: false, input: 'private', ...conditions },
    load: 5,
    runs: times.map((prove) => ({
      prove,
      verify: 20,
      stages: {
        run: 0.1 * prove,
        commit: 0.1 * prove,
        lookups: 0.5 * prove,
        linear: 0.1 * prove,
        batch: 0.1 * prove,
        opening: 0.1 * prove,
      },
    })),
    messages: [
      { label: 'level columns', count: 3, bytes: 90_000 },
      { label: 'tree round', count: 100, bytes: 9000 },
      { label: 'header', count: 1, bytes: 1000 },
    ],
    proofBytes: 100_000,
    kernelBytes: 15_000_000,
    cost: {
      witnessCells: 1000,
      weightCells: 93_000,
      lookups: 500,
      rows: 64,
      leaves: 1024,
      multiplyAdds: 100_000,
      runBytes: 10_000,
      keptBytes: 8_000,
      peakBytes: 14_000_000,
      leastBytes: 9_000_000,
    },
    nodes: [
      { node: '/0/Conv', cells: 0, lookups: 0, multiplyAdds: 100_000 },
      { node: '/1/Relu', cells: 1000, lookups: 500, multiplyAdds: 0 },
    ],
    keyBytes: 2000,
    modelBytes: 190_000,
    processBytes: 120_000_000,
    float: { threads: conditions.threads ?? 1, runs: [0.4, 0.5, 0.6] },
    environment: {
      date: '2026-11-25T12:00:00Z',
      version: '0.1.0',
      commit: 'abc1234',
      node: 'v24.0.0',
      platform: 'linux x64',
      processor: 'a processor',
      cores: 2,
      memory: 24e9,
    },
  };
}
