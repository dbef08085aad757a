/**
 * The leaves of the fraction tree, from the integers of a block: what is above them, and the factors and patterns of the sumcheck over
 * them.
 */
import { Ext } from '../../field/ext.ts';
import type { RawKernels } from '../kernels.ts';
import { loadInt, loadScalar, type Memory, splitPosition, storeExt } from './memory.ts';

type LeafKernels = Pick<RawKernels, 'leafParents' | 'leafGrandparents' | 'leafFactors' | 'leafPatterns'>;

interface Fraction {
  readonly p: Ext;
  readonly q: Ext;
}

const EMPTY: Fraction = { p: Ext.ZERO, q: Ext.ONE };

function sum(a: Fraction, b: Fraction): Fraction {
  return { p: a.p.mul(b.q).add(b.p.mul(a.q)), q: a.q.mul(b.q) };
}

export function leafKernels(m: Memory): LeafKernels {
  /** Leaf l of a block; undefined outside its box. */
  const leaf = (block: number, l: number, beta: Ext): Fraction | undefined => {
    const word = (i: number): number => m.u32[block / 4 + i]!;
    const [rowLen, rowBits, inner, innerBits, outer] = [word(5), word(6), word(7), word(8), word(9)];
    const column = l % 2 ** rowBits;
    const row = Math.floor(l / 2 ** rowBits) % 2 ** innerBits;
    const plane = Math.floor(l / 2 ** (rowBits + innerBits));
    if (column >= rowLen || row >= inner || plane >= outer) return undefined;
    const cell = plane * word(12) + row * word(11) + column;
    let q = loadScalar(m, block + 64).sub(Ext.of(loadInt(m, word(0), word(1), cell)));
    if (word(3) !== 0) q = q.sub(beta.mul(Ext.of(loadInt(m, word(2), word(3), cell))));
    return { p: word(4) === 0 ? Ext.ONE : Ext.of(-loadInt(m, word(4), 4, cell)), q };
  };

  const node = (block: number, first: number, count: number, beta: Ext): Fraction => {
    if (count === 1) return leaf(block, first, beta) ?? EMPTY;
    return sum(node(block, first, count / 2, beta), node(block, first + count / 2, count / 2, beta));
  };

  const ancestors =
    (leaves: number): RawKernels['leafParents'] =>
    (block, from, to, beta, at, half, p, q) => {
      for (let l = from; l < to; l += leaves) {
        const above = node(block, l, leaves, loadScalar(m, beta));
        storeExt(m, p, splitPosition(at + l / leaves, half), above.p);
        storeExt(m, q, splitPosition(at + l / leaves, half), above.q);
      }
    };

  return {
    leafParents: ancestors(2),
    leafGrandparents: ancestors(4),

    leafFactors(block, from, to, beta, lambda, at, half, dst) {
      for (let l = from; l < to; l++) {
        const { p, q } = leaf(block, l, loadScalar(m, beta)) ?? EMPTY;
        storeExt(m, dst, splitPosition(at + l, half), p.add(loadScalar(m, lambda).mul(q)));
      }
    },

    leafPatterns(block, from, to, ids) {
      const pattern = m.u32[block / 4 + 10]!;
      for (let l = from; l < to; l += 8) {
        let inBox = 0;
        for (let i = 0; i < 8; i++) if (leaf(block, l + i, Ext.ZERO) !== undefined) inBox += 2 ** i;
        m.u32[ids / 4 + l / 8] = pattern === 0 || inBox === 0 ? inBox : pattern + l / 8;
      }
    },
  };
}
