/**
 * Views, contractions and table columns: what both parties compute from a definition is the multilinear extension of what the definition
 * says cell by cell (test/support/naive.ts), on random small cases.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundCoordinates,
  operandPoint,
  outCoordinates,
  planContract,
  windowGroups,
} from '../../src/argue/contract.ts';
import { evaluateAt } from '../../src/argue/evaluate.ts';
import { Hand } from '../../src/argue/hand.ts';
import { tableColumnAt, tableColumnValues } from '../../src/argue/layout.ts';
import { planView } from '../../src/argue/view.ts';
import { evaluateWeights } from '../../src/argue/weights.ts';
import type { Stored } from '../../src/circuit/storage.ts';
import {
  type AxisMap,
  type Circuit,
  type Contract,
  cellsOf,
  type Tensor,
  type Window,
} from '../../src/circuit/types.ts';
import { Ext } from '../../src/field/ext.ts';
import { eqTable, evaluateTensor, variables } from '../../src/field/mle.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { pointOf, points } from '../support/elements.ts';
import { evaluateNaive } from '../support/naive.ts';
import { pattern } from '../support/tiny.ts';

const machine = createReferenceMachine();
const draw = points(23);
const range = { lo: -1000, hi: 1000 };
const weight = (name: string, shape: readonly number[]): Tensor => ({
  name,
  shape,
  range,
  def: { kind: 'weight', visibility: 'committed' },
});
const bare = { name: 'bare', tables: [], lookups: [], zeros: [], inputs: [], outputs: [] };

/** A circuit of weights and one virtual tensor, its values cell by cell, and a hand that holds the weights only. */
function stage(weights: readonly Tensor[], shape: readonly number[], def: Tensor['def']) {
  const circuit: Circuit = { ...bare, tensors: [...weights, { name: 'v', shape, range, def }] };
  const values = new Map(weights.map((t, id) => [id, pattern(cellsOf(t.shape), id + 5)]));
  const stored = new Map<number, Stored>(
    [...values].map(([id, cells]) => {
      const ptr = machine.alloc(2 * cells.length);
      machine.i16(ptr, cells.length).set(cells);
      return [id, { kind: 2, ptr, length: cells.length }];
    }),
  );
  const cells = evaluateNaive(circuit, values, []).at(-1)!;
  return { circuit, values, cells, hand: new Hand(machine, circuit, { tensors: stored, outputs: [] }) };
}

// ---- views -------------------------------------------------------------------------------------------------------------

const size = fc.integer({ min: 1, max: 9 });

/** One source axis, its view axes, and the map between. */
const mapping: fc.Arbitrary<{ from: number[]; to: number[]; map: (f: number[], t: number[]) => AxisMap }> = fc.oneof(
  size.map((n) => ({
    from: [n],
    to: [n],
    map: (f: number[], t: number[]) => ({ kind: 'keep', from: f[0]!, to: t[0]! }) as const,
  })),
  size.map((n) => ({
    from: [],
    to: [n],
    map: (_: number[], t: number[]) => ({ kind: 'broadcast', to: t[0]! }) as const,
  })),
  fc
    .tuple(size, size, fc.constantFrom(1, 1, 2, 3, 4), fc.integer({ min: -8, max: 8 }))
    .map(([n, s, stride, offset]) => ({
      from: [n],
      to: [s],
      map: (f: number[], t: number[]) => ({ kind: 'affine', from: f[0]!, to: t[0]!, stride, offset }) as const,
    })),
  fc.tuple(fc.integer({ min: 1, max: 3 }), size, size).chain(([a, b, s]) =>
    fc.array(fc.integer({ min: -1, max: a * b - 1 }), { minLength: s, maxLength: s }).map((list) => ({
      from: [a, b],
      to: [s],
      map: (f: number[], t: number[]) => ({ kind: 'index', from: f, to: t, map: Int32Array.from(list) }) as const,
    })),
  ),
  fc.tuple(fc.integer({ min: 1, max: 3 }), size).map(([a, b]) => ({
    from: [a, b],
    to: [a * b],
    map: (f: number[], t: number[]) => ({ kind: 'index', from: f, to: t, map: null }) as const,
  })),
);

const view = fc.array(mapping, { minLength: 1, maxLength: 2 }).chain((parts) => {
  const from: number[] = [];
  const to: number[] = [];
  const maps = parts.map((part) => {
    const f = part.from.map((n) => from.push(n) - 1);
    const t = part.to.map((n) => to.push(n) - 1);
    return part.map(f, t);
  });
  const def = fc.constantFrom(0, 7).map((fill) => ({ kind: 'view', source: 0, maps, fill }) as const);
  return fc.tuple(def, fc.constant(from), fc.constant(to), pointOf(variables(to)));
});

describe('a view', () => {
  it('is factor sum_x t(fixed, x) prod S_g(x_g) + constant, for both parties', () => {
    fc.assert(
      fc.property(view, ([def, from, to, r]) => {
        const mark = machine.mark();
        const { hand, cells, values } = stage([weight('t', from)], to, def);
        const expected = evaluateTensor(cells, to, r);
        expect(evaluateAt(hand, 1, r)).toEqual(expected);
        const plan = planView(def, to, from, r);
        // the verifier's half: S_g at the point that a sumcheck over the groups' axes would end in
        const summed = plan.groups.flatMap((g) => g.axes);
        const free = summed.map((a) => draw(variables([from[a]!])));
        const full = plan.fixed.map((p, a) => p ?? free[summed.indexOf(a)]!);
        const product = plan.groups.reduce((e, g) => {
          const sizes = g.axes.map((a) => from[a]!);
          const at = evaluateWeights(
            g.weights,
            sizes,
            g.axes.map((a) => full[a]!),
          );
          expect(at).toEqual(
            weightsAt(
              g.weights,
              sizes,
              g.axes.flatMap((a) => [...full[a]!]),
            ),
          );
          return e.mul(at);
        }, Ext.ONE);
        if (plan.groups.length === 0) {
          const t = evaluateTensor(
            values.get(0)!,
            from,
            full.flatMap((p) => [...p]),
          );
          expect(plan.factor.mul(t).mul(product).add(plan.constant)).toEqual(expected);
        }
        machine.release(mark);
      }),
      { numRuns: 300 },
    );
  });

  it('fixes coordinates, without a sum, where it is aligned', () => {
    const groups = (n: number, s: number, stride: number, offset: number) => {
      const maps = [{ kind: 'affine', from: 0, to: 0, stride, offset }] as const;
      return planView({ kind: 'view', source: 0, maps, fill: 0 }, [s], [n], draw(variables([s]))).groups.length;
    };
    expect(groups(8, 4, 2, 1)).toBe(0);
    expect(groups(8, 4, 1, 4)).toBe(0);
    expect(groups(4, 8, 1, -4)).toBe(0);
    expect(groups(6, 3, 1, 1)).toBe(1);
    expect(groups(8, 3, 2, 0)).toBe(1);
  });
});

/** sum_i weights[i] eq, straight from the definition. */
function weightsAt(weights: readonly Ext[], sizes: readonly number[], point: readonly Ext[]): Ext {
  const parts = [0, 1, 2, 3].map((c) => {
    const words = weights.map((w) => w.coordinates()[c]!);
    return evaluateTensor(words, sizes, point);
  }) as [Ext, Ext, Ext, Ext];
  const basis = [Ext.ONE, new Ext(0, 1, 0, 0), new Ext(0, 0, 1, 0), new Ext(0, 0, 0, 1)];
  return parts.reduce((sum, p, c) => sum.add(p.mul(basis[c]!)), Ext.ZERO);
}

// ---- contractions ------------------------------------------------------------------------------------------------------

const small = fc.integer({ min: 1, max: 4 });
const window: fc.Arbitrary<Omit<Window, 'out' | 'kernel'>> = fc.record({
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  pad: fc.integer({ min: 0, max: 2 }),
});

interface Case {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly out: readonly number[];
  readonly def: Contract;
}

const contraction: fc.Arbitrary<Case> = fc
  .record({ m: small, n: small, g: small, k: small, u: small, y: fc.integer({ min: 1, max: 7 }), o: small, w: window })
  .chain(({ m, n, g, k, u, y, o, w }) => {
    const slide: Window = { out: 'y', kernel: 'u', ...w };
    const base = { kind: 'contract', a: 0, b: 1 } as const;
    return fc.constantFrom<Case>(
      { a: [m, k], b: [k, n], out: [m, n], def: { ...base, aAxes: ['m', 'k'], bAxes: ['k', 'n'], out: ['m', 'n'] } },
      { a: [k, m], b: [n, k], out: [n, m], def: { ...base, aAxes: ['k', 'm'], bAxes: ['n', 'k'], out: ['n', 'm'] } },
      {
        a: [g, m, k],
        b: [g, k, n],
        out: [g, m, n],
        def: { ...base, aAxes: ['g', 'm', 'k'], bAxes: ['g', 'k', 'n'], out: ['g', 'm', 'n'] },
      },
      { a: [g], b: [g, n], out: [g, n], def: { ...base, aAxes: ['g'], bAxes: ['g', 'n'], out: ['g', 'n'] } },
      {
        a: [m, k, u],
        b: [k, y],
        out: [m, o],
        def: { ...base, aAxes: ['m', 'k', 'u'], bAxes: ['k', slide], out: ['m', 'y'] },
      },
      {
        a: [g, u],
        b: [g, y, n],
        out: [n, g, o],
        def: { ...base, aAxes: ['g', 'u'], bAxes: ['g', slide, 'n'], out: ['n', 'g', 'y'] },
      },
      { a: [m, u], b: [y], out: [o, m], def: { ...base, aAxes: ['m', 'u'], bAxes: [slide], out: ['y', 'm'] } },
    );
  });

describe('a contraction', () => {
  const theCase = contraction.chain((c) => fc.tuple(fc.constant(c), pointOf(variables(c.out))));

  it('has the extension that its cells have', () => {
    fc.assert(
      fc.property(theCase, ([{ a, b, out, def }, r]) => {
        const mark = machine.mark();
        const { hand, cells } = stage([weight('a', a), weight('b', b)], out, def);
        expect(evaluateAt(hand, 2, r)).toEqual(evaluateTensor(cells, out, r));
        machine.release(mark);
      }),
      { numRuns: 150 },
    );
  });

  it('splits into A and V, and V into B and windows, at the points that both parties use', () => {
    fc.assert(
      fc.property(theCase, ([{ a, b, out, def }, r]) => {
        const mark = machine.mark();
        const { circuit, hand, cells, values } = stage([weight('a', a), weight('b', b)], out, def);
        const plan = planContract(circuit, def);
        const coordinates = outCoordinates(def, out, r);
        const batch = plan.batch.flatMap((l) => [...coordinates.get(l)!]);
        const eq = eqTable(batch);
        // v(r) = sum over (batch, k) of eq(r_batch, batch) A V, each at the cube's corners
        let sum = Ext.ZERO;
        for (let i = 0; i < 2 ** plan.variables; i++) {
          const corner = Array.from({ length: plan.variables }, (_, v) => Ext.of((i >> (plan.variables - 1 - v)) & 1));
          const bound = boundCoordinates(plan, coordinates, corner);
          const x = evaluateTensor(values.get(0)!, a, operandPoint(def.aAxes, bound));
          const { fixed, groups } = windowGroups(circuit, def, plan, coordinates, bound, out);
          const v =
            groups.length === 0
              ? evaluateTensor(values.get(1)!, b, operandPoint(def.bAxes, bound))
              : hand.foldGroups(1, fixed, groups);
          sum = sum.add(eq[i >> (plan.variables - batch.length)]!.mul(x).mul(v));
        }
        expect(sum).toEqual(evaluateTensor(cells, out, r));
        machine.release(mark);
      }),
      { numRuns: 60 },
    );
  });
});

// ---- table columns -----------------------------------------------------------------------------------------------------

describe('a table column', () => {
  const bound = fc.integer({ min: -20, max: 20 });
  const clamp = fc
    .tuple(bound, bound, bound)
    .map(([start, x, y]) => ({ kind: 'clamp', start, lo: Math.min(x, y), hi: Math.max(x, y) }) as const);

  it('clamped has a closed form', () => {
    const tables = fc
      .integer({ min: 1, max: 33 })
      .chain((rows) => fc.tuple(clamp, fc.constant(rows), pointOf(variables([rows]))));
    fc.assert(
      fc.property(tables, ([column, rows, r]) => {
        const values = tableColumnValues(column, rows);
        expect([...values]).toEqual(
          Array.from({ length: rows }, (_, i) => Math.min(Math.max(column.start + i, column.lo), column.hi)),
        );
        expect(tableColumnAt(column, rows, r)).toEqual(evaluateTensor(values, [rows], r));
      }),
      { numRuns: 500 },
    );
  });

  it('listed is evaluated', () => {
    const values = Int32Array.of(3, -1, 4, -1, 5);
    const r = draw(3);
    expect(tableColumnAt({ kind: 'values', values }, 5, r)).toEqual(evaluateTensor(values, [5], r));
  });
});
