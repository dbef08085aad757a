import { blake3 } from '@noble/hashes/blake3.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parentNode } from '../../src/bytes/blake3.ts';
import { commitRows, openColumns, prepareTwiddles } from '../../src/commit/matrix.ts';
import { rootOf, siblingPositions } from '../../src/commit/merkle.ts';
import { encode } from '../../src/field/circle.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { NODE_BYTES } from '../../src/soundness/parameters.ts';

const DEPTH = 5;
const ROWS = 3;
const machine = createReferenceMachine();
const twiddles = prepareTwiddles(machine, DEPTH);
const messages = Array.from({ length: ROWS }, (_, row) => Array.from({ length: 8 }, (_, i) => 1000 * row + 17 * i));
const matrix = commitRows(
  machine,
  messages.map((cells) => {
    const ptr = machine.alloc(4 * cells.length);
    machine.u32(ptr, cells.length).set(cells);
    return ptr;
  }),
  3,
  DEPTH,
  twiddles,
);

/** Column j as the verifier meets it: little-endian words of each row's codeword. */
const codewords = messages.map((cells) => encode(cells, DEPTH));
const columns = Array.from({ length: 2 ** DEPTH }, (_, j) => {
  return new Uint8Array(Uint32Array.from(codewords, (word) => word[j]!).buffer);
});

function fullTree(): Uint8Array[][] {
  const levels: Uint8Array[][] = [columns.map((c) => blake3(c))];
  while (levels.at(-1)!.length > 1) {
    const below = levels.at(-1)!;
    levels.push(
      Array.from({ length: below.length / 2 }, (_, i) => parentNode(below[2 * i]!, below[2 * i + 1]!, NODE_BYTES)),
    );
  }
  return levels;
}

const tree = fullTree();
const root = tree.at(-1)![0]!;
const positionSet = fc
  .uniqueArray(fc.nat(2 ** DEPTH - 1), { minLength: 1, maxLength: 2 ** DEPTH })
  .map((list) => list.sort((a, b) => a - b));

const siblingsOf = (positions: readonly number[]) =>
  siblingPositions(positions, DEPTH).flatMap((level, k) => level.map((s) => tree[k]![s]!));

describe('a Merkle multiproof', () => {
  it('leads to the root of the whole tree, which is the root of the commitment', () => {
    expect(matrix.root).toEqual(root);
    fc.assert(
      fc.property(positionSet, (positions) => {
        const opened = positions.map((p) => columns[p]!);
        expect(rootOf(opened, positions, DEPTH, siblingsOf(positions))).toEqual(root);
      }),
    );
  });

  it('is what openColumns sends', () => {
    fc.assert(
      fc.property(positionSet, (positions) => {
        const nodes = siblingsOf(positions).map((digest) => digest.subarray(0, NODE_BYTES));
        const parts = [...positions.map((p) => columns[p]!), ...nodes];
        expect([...openColumns(machine, matrix, positions)]).toEqual(parts.flatMap((b) => [...b]));
      }),
    );
  });

  it('has as many siblings as the opened leaves leave open', () => {
    const all = Array.from({ length: 2 ** DEPTH }, (_, i) => i);
    expect(siblingPositions(all, DEPTH).flat()).toEqual([]);
    expect(siblingPositions([5], 3)).toEqual([[4], [3], [0]]);
    expect(siblingPositions([4, 5], 3)).toEqual([[], [3], [0]]);
  });

  it('does not lead to the root with a column, a sibling, a position changed, or with one too many or too few', () => {
    fc.assert(
      fc.property(positionSet, fc.nat(), (positions, seed) => {
        const opened = positions.map((p) => columns[p]!);
        const siblings = siblingsOf(positions);
        const other = (list: readonly Uint8Array[]) =>
          list.map((b, i) => (i === seed % list.length ? b.map((byte, k) => (k === 0 ? byte ^ 1 : byte)) : b));
        expect(rootOf(other(opened), positions, DEPTH, siblings)).not.toEqual(root);
        expect(rootOf(opened, positions, DEPTH, [...siblings, root])).toBeUndefined();
        if (siblings.length === 0) return;
        expect(rootOf(opened, positions, DEPTH, other(siblings))).not.toEqual(root);
        expect(rootOf(opened, positions, DEPTH, siblings.slice(1))).not.toEqual(root);
        const moved = positions.map((p) => p ^ 1).sort((a, b) => a - b);
        if (moved.some((p, i) => p !== positions[i])) {
          expect(rootOf(opened, moved, DEPTH, siblings)).not.toEqual(root);
        }
      }),
    );
  });
});
