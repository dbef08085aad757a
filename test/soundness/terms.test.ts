/** The numbers of docs/spec/90-soundness.md, and the refusal below the target. */
import { describe, expect, it } from 'vitest';
import { TesseraError } from '../../src/errors.ts';
import {
  bitsPerQuery,
  checkParameters,
  chooseParameters,
  levelsOf,
  type Parameters,
  proofBudget,
  TARGET,
  tailOf,
  withoutTail,
} from '../../src/soundness/parameters.ts';
import { insist, type ProofShape, soundness } from '../../src/soundness/terms.ts';

const shape: ProofShape = {
  classes: [{ parameters: { rowBits: 12, rateBits: 1, tailRows: 0, folds: [3] }, slabs: 3 }],
  fractions: 2 ** 20,
  treeDepth: 21,
  tupleWidth: 2,
  zk: false,
};

const withClass = (parameters: Parameters, slabs = 3, zk = false): ProofShape => {
  return { ...shape, classes: [{ parameters, slabs }], zk };
};

const codeOf = (run: () => void): string => {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return error instanceof TesseraError ? error.code : 'another error';
  }
};

describe('queries', () => {
  it.each([
    [1 / 2, '0.4150', 203],
    [1 / 4, '0.6781', 124],
    [1 / 8, '0.8301', 102],
    [1 / 16, '0.9125', 93],
  ])('at rate %f are worth %s bits, %i of them', (rate, bits, queries) => {
    expect(bitsPerQuery(rate).toFixed(4)).toBe(bits);
    expect(Math.ceil((TARGET - 16) / bitsPerQuery(rate))).toBe(queries);
  });

  it('follow from the true rate of each level', () => {
    expect(levelsOf({ rowBits: 13, rateBits: 1, tailRows: 0, folds: [2, 2, 3] })).toEqual([
      { messageBits: 13, domainBits: 14, rate: 1 / 2, queries: 203 },
      { messageBits: 11, domainBits: 13, rate: 1 / 4, queries: 124 },
      { messageBits: 9, domainBits: 12, rate: 1 / 8, queries: 102 },
      { messageBits: 6, domainBits: 11, rate: 1 / 32, queries: Math.ceil(84 / bitsPerQuery(1 / 32)) },
    ]);
  });

  it.each([
    [{ rowBits: 12, rateBits: 1, tailRows: 1, folds: [3] }, 512, 236],
    [{ rowBits: 12, rateBits: 1, tailRows: 1, folds: [4] }, 256, 219],
    [{ rowBits: 12, rateBits: 2, tailRows: 1, folds: [3] }, 512, 131],
    [{ rowBits: 13, rateBits: 3, tailRows: 16, folds: [4] }, 8192, 124],
  ])('count the random coefficients of %j as a part of the rate', (parameters, tail, queries) => {
    const [first, second] = levelsOf(parameters);
    expect(tailOf(parameters)).toBe(tail);
    expect(first!.rate).toBe((2 ** parameters.rowBits + tail) / 2 ** (parameters.rowBits + parameters.rateBits));
    expect(first!.queries).toBe(queries);
    expect(second).toEqual(levelsOf(withoutTail(parameters))[1]);
  });
});

describe('the terms', () => {
  const { terms, bits, binding } = soundness(shape);
  const total = (name: string, s = soundness(shape)) => s.terms.find((t) => t.name === name)!.total;

  it('are the formulas of the specification', () => {
    const E = 4 * Math.log2(2 ** 31 - 1);
    expect(total('lookup fingerprint')).toBeCloseTo(E - 20 - 2, 6);
    expect(total('lookup tree')).toBeCloseTo(E - Math.log2((21 / 2) * 64), 6);
    expect(total('sumcheck round')).toBeCloseTo(E - Math.log2(3), 6);
    expect(total('joining slabs (eta)')).toBeCloseTo(E - 1, 6);
    expect(total('proximity of rows, eta')).toBeCloseTo(E - Math.log2(2 * (2 ** 11 + 1)), 6);
    expect(total('queries, level 0')).toBeCloseTo(203 * bitsPerQuery(1 / 2) + 16, 6);
    expect(total('batching queries, level 0')).toBeCloseTo(E - Math.log2(204), 6);
  });

  it('name the least one', () => {
    expect(bits).toBe(Math.min(...terms.map((t) => t.total)));
    expect(terms.find((t) => t.name === binding)!.total).toBe(bits);
    expect(bits).toBeGreaterThanOrEqual(TARGET);
    expect(codeOf(() => insist(soundness(shape)))).toBe('accepted');
  });

  it('grow with the work where a round has less than the target', () => {
    const large = soundness({ ...withClass(shape.classes[0]!.parameters, 2 ** 20), fractions: 2 ** 29 });
    expect(large.lookupGrinding).toBe(8); // E has a little less than 2^124 elements
    expect(total('lookup fingerprint', large)).toBeGreaterThanOrEqual(TARGET);
    const wide = soundness(withClass({ rowBits: 22, rateBits: 2, tailRows: 0, folds: [4, 4, 4] }, 2 ** 10));
    expect(wide.etaGrinding[0]).toBeGreaterThan(0);
    expect(total('proximity of rows, eta', wide)).toBeGreaterThanOrEqual(TARGET);
  });

  it('below the target are refused', () => {
    const weak = soundness(withClass({ rowBits: 22, rateBits: 6, tailRows: 0, folds: [4, 4, 4] }));
    expect(weak.bits).toBeLessThan(TARGET);
    expect(codeOf(() => insist(weak))).toBe('E_SOUNDNESS');
    expect(codeOf(() => insist({ ...weak, bits: Number.NaN }))).toBe('E_SOUNDNESS');
  });
});

describe('parameter sets', () => {
  it.each([
    { rowBits: 11, rateBits: 1, folds: [3] },
    { rowBits: 23, rateBits: 1, folds: [4, 4, 4] },
    { rowBits: 12.5, rateBits: 1, folds: [3] },
    { rowBits: 12, rateBits: 0, folds: [3] },
    { rowBits: 12, rateBits: 4, folds: [3] },
    { rowBits: 12, rateBits: 1, folds: [] },
    { rowBits: 12, rateBits: 1, folds: [1, 3] },
    { rowBits: 12, rateBits: 1, folds: [5] },
    { rowBits: 16, rateBits: 1, folds: [4] },
    { rowBits: 12, rateBits: 1, folds: [4, 4] },
    { rowBits: 22, rateBits: 1, folds: [3, 3, 3, 3, 3] },
    { rowBits: Number.NaN, rateBits: 1, folds: [3] },
    { rowBits: 12, rateBits: 1, tailRows: -1, folds: [3] },
    { rowBits: 12, rateBits: 1, tailRows: 0.5, folds: [3] },
    { rowBits: 12, rateBits: 2, tailRows: 9, folds: [3] },
    { rowBits: 12, rateBits: 1, tailRows: 8, folds: [3] },
  ])('%j is refused', (set) => {
    const parameters = { tailRows: 0, ...set };
    expect(codeOf(() => checkParameters(parameters))).toBe('E_SOUNDNESS');
  });

  it('that are chosen are allowed and reach the target', () => {
    for (const cells of [[1], [1000, 1000], [1e5, 1e6], [3e7, 1e6], [2 ** 28]]) {
      const parameters = chooseParameters(cells);
      expect(codeOf(() => checkParameters(parameters))).toBe('accepted');
      expect(codeOf(() => insist(soundness(withClass(withoutTail(parameters)))))).toBe('accepted');
      expect(codeOf(() => insist(soundness(withClass(parameters, 3, true))))).toBe('accepted');
    }
  });

  it('hide in as many proofs as were asked for, or there is none', () => {
    for (const budget of [1, 10, 300]) {
      expect(proofBudget(chooseParameters([1e5, 1e6], budget))).toBeGreaterThanOrEqual(budget);
    }
    expect(codeOf(() => chooseParameters([1e5, 1e6], 1e6))).toBe('E_SOUNDNESS');
  });
});
