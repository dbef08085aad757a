import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf } from '../../src/circuit/types.ts';
import { packMatrix } from '../../src/commit/pack.ts';
import { cutAxis, packColumns, pieceClaims } from '../../src/commit/packing.ts';
import { Ext } from '../../src/field/ext.ts';
import { fromInt } from '../../src/field/m31.ts';
import { evaluateTensor, variables } from '../../src/field/mle.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { points } from '../support/elements.ts';

const shape = fc.array(fc.integer({ min: 1, max: 13 }), { maxLength: 3 });
const shapes = fc.array(shape, { minLength: 1, maxLength: 5 });
const ROW_BITS = 5;

/** Flat index in the dense column of cell `i` of a piece. */
function denseIndex(
  columnShape: readonly number[],
  cuts: readonly { start: number; bits: number }[],
  i: number,
): number {
  let rest = i;
  const index = cuts.map(() => 0);
  for (let a = cuts.length - 1; a >= 0; a--) {
    index[a] = cuts[a]!.start + (rest % 2 ** cuts[a]!.bits);
    rest = Math.floor(rest / 2 ** cuts[a]!.bits);
  }
  return columnShape.reduce((flat, size, a) => flat * size + index[a]!, 0);
}

describe('packing', () => {
  it('cuts an axis into its binary digits, largest first', () => {
    expect(cutAxis(28)).toEqual([
      { start: 0, bits: 4 },
      { start: 16, bits: 3 },
      { start: 24, bits: 2 },
    ]);
  });

  it('covers every cell of every column once, in aligned pieces and whole slabs', () => {
    fc.assert(
      fc.property(shapes, (list) => {
        const packing = packColumns(list, ROW_BITS);
        const seen = list.map((s) => new Int32Array(cellsOf(s)));
        const used = new Int32Array(packing.rows * 2 ** ROW_BITS);
        for (const { row, bits, pieces } of packing.slabs) {
          expect(bits).toBeGreaterThanOrEqual(ROW_BITS);
          expect((row * 2 ** ROW_BITS) % 2 ** bits).toBe(0);
          for (const piece of pieces) {
            expect(piece.offset % 2 ** piece.bits).toBe(0);
            expect(piece.offset + 2 ** piece.bits).toBeLessThanOrEqual(2 ** bits);
            for (let i = 0; i < 2 ** piece.bits; i++) {
              seen[piece.column]![denseIndex(list[piece.column]!, piece.cuts, i)]! += 1;
              used[row * 2 ** ROW_BITS + piece.offset + i]! += 1;
            }
          }
        }
        for (const column of seen) expect(column.every((n) => n === 1)).toBe(true);
        expect(used.every((n, i) => n === (i < packing.cells ? 1 : 0))).toBe(true);
      }),
    );
  });

  it('splits a claim on a column into claims on its pieces, and packMatrix writes those', () => {
    const machine = createReferenceMachine();
    const draw = points(11);
    fc.assert(
      fc.property(shapes, fc.nat(2 ** 20), (list, seed) => {
        const mark = machine.mark();
        const packing = packColumns(list, ROW_BITS);
        const columns = list.map((s, c) =>
          Int32Array.from({ length: cellsOf(s) }, (_, i) => ((seed + 7919 * i + 104729 * c) % 2001) - 1000),
        );
        const sources = columns.map((values) => {
          const ptr = machine.alloc(4 * values.length);
          machine.i32(ptr, values.length).set(values);
          return { kind: 4 as const, ptr };
        });
        const matrix = packMatrix(machine, packing, sources);
        const words = machine.u32(matrix, packing.rows * 2 ** ROW_BITS).slice();
        columns.forEach((values, column) => {
          const r = draw(variables(list[column]!));
          let sum = Ext.ZERO;
          for (const { row, pieces } of packing.slabs) {
            for (const piece of pieces.filter((p) => p.column === column)) {
              const { coefficient, point } = pieceClaims(list[column]!, r)(piece);
              const start = row * 2 ** ROW_BITS + piece.offset;
              const cells = Array.from(words.subarray(start, start + 2 ** piece.bits));
              expect(cells).toEqual(cells.map((_, i) => fromInt(values[denseIndex(list[column]!, piece.cuts, i)]!)));
              sum = sum.add(coefficient.mul(evaluateTensor(cells, cells.length === 1 ? [] : [cells.length], point)));
            }
          }
          expect(sum).toEqual(evaluateTensor(values, list[column]!, r));
        });
        machine.release(mark);
      }),
      { numRuns: 40 },
    );
  });
});
