/** Layouts against plain index arithmetic: whatever is moved, the circuit tensor has the right cell at every place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { evaluateView } from '../../src/circuit/evaluate-view.ts';
import { cellsOf } from '../../src/circuit/types.ts';
import {
  arrangeInOrder,
  cellsOfLayout,
  coalesce,
  commonFactors,
  factorsOf,
  type Layout,
  layoutOf,
  plainFactors,
  regroup,
} from '../../src/ops/layout.ts';

/** ONNX index -> circuit cell, moved by plain arithmetic. */
interface Reference {
  readonly shape: readonly number[];
  readonly cells: readonly number[];
}

type Move =
  | { readonly kind: 'transpose'; readonly keys: readonly number[] }
  | { readonly kind: 'reshape'; readonly cuts: readonly number[] };

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ kind: fc.constant('transpose' as const), keys: fc.array(fc.nat(100), { minLength: 6, maxLength: 6 }) }),
  fc.record({ kind: fc.constant('reshape' as const), cuts: fc.array(fc.nat(100), { minLength: 3, maxLength: 3 }) }),
);

function permOf(keys: readonly number[], rank: number): number[] {
  return Array.from({ length: rank }, (_, a) => a).sort(
    (a, b) => keys[a % keys.length]! - keys[b % keys.length]! || a - b,
  );
}

/** Some shape of this many cells. */
function shapeOf(cells: number, cuts: readonly number[]): number[] {
  const shape: number[] = [];
  let left = cells;
  for (const cut of cuts) {
    const divisors = Array.from({ length: left }, (_, i) => i + 1).filter((d) => left % d === 0);
    const d = divisors[cut % divisors.length]!;
    shape.push(d);
    left /= d;
  }
  return [...shape, left];
}

function transposed({ shape, cells }: Reference, perm: readonly number[]): Reference {
  const out = perm.map((p) => shape[p]!);
  const moved = Array.from({ length: cells.length }, (_, j) => {
    let rest = j;
    const index = new Array<number>(shape.length);
    for (let a = out.length - 1; a >= 0; a--) {
      index[perm[a]!] = rest % out[a]!;
      rest = Math.floor(rest / out[a]!);
    }
    return cells[index.reduce((flat, i, a) => flat * shape[a]! + i, 0)]!;
  });
  return { shape: out, cells: moved };
}

/** The layout after a move, or undefined where it needs a view. */
function applied(
  layout: Layout,
  reference: Reference,
  step: Move,
): { layout: Layout | undefined; reference: Reference } {
  if (step.kind === 'transpose') {
    const perm = permOf(step.keys, reference.shape.length);
    return { layout: perm.map((p) => layout[p]!), reference: transposed(reference, perm) };
  }
  const shape = shapeOf(reference.cells.length, step.cuts);
  return { layout: regroup(layout, plainFactors(shape)), reference: { ...reference, shape } };
}

describe('layouts', () => {
  it('follow any transposes and reshapes, and views bring them in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(1, 2, 3, 4, 6), { minLength: 1, maxLength: 4 }),
        fc.array(move, { maxLength: 4 }),
        (shape, moves) => {
          const count = cellsOf(shape);
          let layout = layoutOf(shape.map((size) => [size]));
          let reference: Reference = { shape, cells: Array.from({ length: count }, (_, i) => i) };
          for (const step of moves) {
            const next = applied(layout, reference, step);
            if (next.layout === undefined) continue;
            reference = next.reference;
            layout = coalesce(next.layout, shape);
            expect([...cellsOfLayout(layout)]).toEqual(reference.cells);
          }
          const builder = new CircuitBuilder('layout');
          const source = builder.weight(
            'x',
            shape,
            Int32Array.from({ length: count }, (_, i) => i),
          );
          const factors = plainFactors(reference.shape);
          const tensor = arrangeInOrder(builder, 'y', { tensor: source, layout, scale: 0 }, factors);
          expect(builder.shapeOf(tensor)).toEqual(factors.flat());
          const { def } = builder.build().circuit.tensors[tensor]!;
          const out = new Int32Array(count);
          const values = Int32Array.from({ length: count }, (_, i) => i);
          if (def.kind === 'view') evaluateView(def, values, shape, factors.flat(), out);
          else out.set(values);
          expect([...out]).toEqual(reference.cells);
        },
      ),
    );
  });

  it('a reshape that cuts an axis at no integer is refused', () => {
    expect(regroup(layoutOf([[6], [4]]), [[8], [3]])).toBeUndefined();
    expect(regroup(layoutOf([[4], [6]]), [[8], [3]])).toBeDefined();
  });

  it('a shuffle of channels lists the channels, not the image', () => {
    const builder = new CircuitBuilder('shuffle');
    const source = builder.weight('x', [6, 4, 5], new Int16Array(120));
    const split = regroup(layoutOf([[6], [4], [5]]), [[2], [3], [4], [5]])!;
    const turned = [split[1]!, split[0]!, split[2]!, split[3]!];
    const value = { tensor: source, layout: regroup(turned, [[6], [4], [5]])!, scale: 0 };
    const tensor = arrangeInOrder(builder, 'y', value, [[6], [4], [5]]);
    expect(builder.build().circuit.tensors[tensor]!.def).toMatchObject({
      maps: [
        { kind: 'index', from: [0], to: [0], map: Int32Array.of(0, 3, 1, 4, 2, 5) },
        { kind: 'keep', from: 1, to: 1 },
        { kind: 'keep', from: 2, to: 2 },
      ],
    });
  });

  it('a split that is undone leaves one axis', () => {
    const split = regroup(layoutOf([[32], [5]]), [[2], [16], [5]])!;
    expect(factorsOf(split)).toEqual([[2], [16], [5]]);
    const merged = regroup(split, [[32], [5]])!;
    expect(factorsOf(coalesce(merged, [32, 5]))).toEqual([[32], [5]]);
  });

  it('common factors refine both, or are those of the first', () => {
    expect(commonFactors([[12], [5]], [[3, 4], []])).toEqual([[3, 4], [5]]);
    expect(commonFactors([[2, 6]], [[4, 3]])).toEqual([[2, 2, 3]]);
    expect(commonFactors([[4, 6]], [[6, 4]])).toEqual([[4, 6]]);
    expect(commonFactors([[]], [[7]])).toEqual([[7]]);
  });
});
