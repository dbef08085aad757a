/** One bit of every byte of a small proof, columns and last vector included: test/soundness/mutate.test.ts without sampling. */
import { expect, it } from 'vitest';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { Prover } from '../../src/prover.ts';
import { verify } from '../../src/verify.ts';
import { flip, Histogram, messagesOf, reseal } from '../support/mutations.ts';
import { register, tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const tiny = tinyNetwork();
const { model, key } = register(machine, tiny);
const { proof, outputs } = new Prover(machine, model).prove([tiny.input], {
  publicInputs: new Set(),
  zk: false,
  tag: new Uint8Array(),
});
const statement = { key, outputs: { y: Int32Array.from(outputs[0]!) } };

// 90,000 verdicts of up to 35 ms: the better part of an hour on one core (2026-11-22)
it('no flipped bit is accepted', { timeout: 2 * 3600 * 1000 }, () => {
  const histogram = new Histogram();
  for (const { label, start, length } of messagesOf(verify(proof, statement))) {
    for (let at = start; at < start + length; at++) {
      const verdict = verify(
        reseal(proof, (bytes) => flip(bytes, at)),
        statement,
      );
      histogram.add(label, verdict.ok ? `accepted at ${at}` : verdict.check);
    }
  }
  expect(histogram.toString()).not.toContain('accepted');
});
