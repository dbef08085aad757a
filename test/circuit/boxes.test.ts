/** Boxes of looked-up tensors: every cell in one, each aligned, as many as pay. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxesOf, LEAST_SAVED } from '../../src/circuit/boxes.ts';
import { cellsOf } from '../../src/circuit/types.ts';
import { bitsFor, variables } from '../../src/field/mle.ts';

const leaves = (shape: readonly number[]) => 2 ** variables(shape);

describe('boxes', () => {
  it('are the binary digits of a size where every leaf counts', () => {
    expect(boxesOf([21], 1)).toEqual([
      { start: [0], shape: [16] },
      { start: [16], shape: [4] },
      { start: [20], shape: [1] },
    ]);
    expect(boxesOf([3, 5], 1).map(({ shape }) => shape)).toEqual([
      [2, 4],
      [1, 4],
      [2, 1],
      [1, 1],
    ]);
  });

  it('are one where nothing is saved, or too little', () => {
    expect(boxesOf([64, 32, 16], 1)).toEqual([{ start: [0, 0, 0], shape: [64, 32, 16] }]);
    expect(boxesOf([320, 320])).toHaveLength(1);
    expect(boxesOf([13], 1)).toHaveLength(1);
    expect(boxesOf([], 1)).toEqual([{ start: [], shape: [] }]);
    expect(boxesOf([8, 320, 320])[0]).toEqual({ start: [0, 0, 0], shape: [8, 256, 256] });
  });

  it('have every cell once, and start at multiples of their padded sizes', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 64 }), (shape, least) => {
        const boxes = boxesOf(shape, least);
        const cells = boxes.flatMap((box) => cellsIn(box.start, box.shape).map(String));
        expect(new Set(cells).size).toBe(cells.length);
        expect(cells.length).toBe(cellsOf(shape));
        for (const box of boxes) {
          for (const [a, size] of box.shape.entries()) expect(box.start[a]! % 2 ** bitsFor(size)).toBe(0);
        }
        const saved = leaves(shape) - boxes.reduce((n, box) => n + leaves(box.shape), 0);
        expect(saved).toBeGreaterThanOrEqual((boxes.length - 1) * least);
      }),
    );
  });

  it('are worth a block of their own', () => {
    const shape = [3, 320, 320];
    const boxes = boxesOf(shape);
    const after = boxes.reduce((n, box) => n + leaves(box.shape), 0);
    expect(leaves(shape) - after).toBeGreaterThanOrEqual(LEAST_SAVED * (boxes.length - 1));
  });
});

function cellsIn(start: readonly number[], shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (cells, size, a) => cells.flatMap((cell) => Array.from({ length: size }, (_, i) => [...cell, start[a]! + i])),
    [[]],
  );
}
