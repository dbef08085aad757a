import { describe, expect, it } from 'vitest';
import { checkOpening } from '../../src/commit/check.ts';
import { findNonce } from '../../src/commit/grind.ts';
import { commitRows, prepareTwiddles } from '../../src/commit/matrix.ts';
import { foldMatrices, openMatrices } from '../../src/commit/open.ts';
import { Ext } from '../../src/field/ext.ts';
import { P } from '../../src/field/m31.ts';
import { eqTable } from '../../src/field/mle.ts';
import { readExts } from '../../src/kernels/vectors.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import type { Parameters } from '../../src/soundness/parameters.ts';
import { ProverChannel, Rejection, VerifierChannel } from '../../src/transcript/channel.ts';
import { elements } from '../support/elements.ts';

const machine = await createWasmMachine();
const digest = new Uint8Array(32).fill(9);
const draw = elements(5);

/** Two matrices of 1 and 3 rows opened together at a random point, and what the verifier says of a claimed value. */
function open(parameters: Parameters) {
  const { rowBits, rateBits } = parameters;
  const twiddles = prepareTwiddles(machine, rowBits + rateBits);
  const matrices = [1, 3].map((rows) => {
    const messages = machine.alloc(4 * rows * 2 ** rowBits);
    const words = machine.u32(messages, rows * 2 ** rowBits);
    words.forEach((_, i) => {
      words[i] = (i * 2654435761 + rows) % P;
    });
    const pointers = Array.from({ length: rows }, (_, i) => messages + 4 * i * 2 ** rowBits);
    const commitment = commitRows(machine, pointers, rowBits, rowBits + rateBits, twiddles);
    return { commitment, messages, tails: 0, kappas: pointers.map(draw) };
  });
  const z = Array.from({ length: rowBits }, draw);
  const folded = readExts(machine, foldMatrices(machine, parameters, matrices), 2 ** rowBits);
  const value = eqTable(z).reduce((sum, e, i) => sum.add(e.mul(folded[i]!)), Ext.ZERO);
  const channel = new ProverChannel(digest, (state, bits) => findNonce(machine, state, bits));
  openMatrices(channel, machine, parameters, twiddles, matrices, z);
  const proof = channel.finish();
  const claimed = matrices.map(({ commitment, kappas }, i) => {
    return { root: commitment.root, kappas, cell: 'base' as const, leaf: 'plain' as const, name: `matrix ${i}` };
  });
  const check = (point: readonly Ext[], v: Ext, list = claimed): string => {
    const verifier = new VerifierChannel(digest, proof);
    try {
      checkOpening(verifier, parameters, list, point, v);
      verifier.finish();
      return 'accepted';
    } catch (error) {
      if (error instanceof Rejection) return error.check;
      throw error;
    }
  };
  return { z, value, claimed, check };
}

describe.each([
  { rowBits: 12, rateBits: 1, tailRows: 0, folds: [2] },
  { rowBits: 12, rateBits: 2, tailRows: 0, folds: [3, 3] },
  { rowBits: 13, rateBits: 1, tailRows: 0, folds: [2, 2, 3] },
  { rowBits: 12, rateBits: 3, tailRows: 0, folds: [4] },
])('an opening with %j', (parameters) => {
  const { z, value, claimed, check } = open(parameters);

  it('is accepted', () => {
    expect(check(z, value)).toBe('accepted');
  });

  it('is rejected for another value, point or row weight', () => {
    expect(check(z, value.add(Ext.ONE))).toBe('opening.claims');
    for (const i of [0, parameters.rowBits - 1]) {
      expect(check(z.with(i, z[i]!.add(Ext.ONE)), value)).toBe('opening.claims');
    }
    const weights = claimed.map((m, i) => (i === 1 ? { ...m, kappas: m.kappas.with(2, draw()) } : m));
    expect(check(z, value, weights)).toBe('opening.claims');
  });

  it('is rejected for another root, and for roots in another order', () => {
    const flipped = claimed.map((m, i) => (i === 1 ? { ...m, root: m.root.map((b) => b ^ 1) } : m));
    expect(check(z, value, flipped)).toBe('opening.merkle');
    expect(check(z, value, claimed.toReversed())).toBe('opening.merkle');
  });
});
