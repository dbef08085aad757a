/**
 * Mechanical attacks on a small proof: every byte of its short messages and a sample of the long ones flipped; messages dropped,
 * repeated, swapped; proofs cut, extended and spliced. All are rejected, none makes the verifier throw, each names its check. The
 * frozen histogram shows which check fired how often: a change of it is a change of the protocol.
 */
import { describe, expect, it } from 'vitest';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { Prover } from '../../src/prover.ts';
import { verify } from '../../src/verify.ts';
import { flip, Histogram, type Message, messagesOf, reseal, splice } from '../support/mutations.ts';
import { register, tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const tiny = tinyNetwork();
const { model, key } = register(machine, tiny);
const prover = new Prover(machine, model);
const options = { publicInputs: new Set<number>(), zk: false, tag: new Uint8Array() };
const { proof, outputs } = prover.prove([tiny.input], options);
const statement = { key, outputs: { y: Int32Array.from(outputs[0]!) } };
const messages = messagesOf(verify(proof, statement));

/** Longer messages (columns, the last vector) are sampled: their ends, their middle, and every STRIDE-th byte. */
const SHORT = 64;
const STRIDE = 1021;

const histogram = new Histogram();

function checkOf(changed: Uint8Array): string {
  const verdict = verify(changed, statement);
  return verdict.ok ? 'accepted' : verdict.check;
}

function expectRejected(what: string, change: (bytes: Uint8Array) => Uint8Array): void {
  const check = checkOf(reseal(proof, change));
  expect(check).not.toBe('accepted');
  histogram.add(what, check);
}

function sample({ start, length }: Message): number[] {
  if (length <= SHORT) return Array.from({ length }, (_, i) => start + i);
  const steps = Array.from({ length: Math.ceil(length / STRIDE) }, (_, i) => start + i * STRIDE);
  return [...new Set([...steps, start + Math.floor(length / 2), start + length - 1])];
}

describe('a flipped bit', () => {
  const labels = [...new Set(messages.map((m) => m.label))];

  it.each(labels)('in %s', (label) => {
    for (const message of messages.filter((m) => m.label === label)) {
      for (const at of sample(message)) expectRejected(`flip ${label}`, (bytes) => flip(bytes, at));
    }
  });
});

describe('whole messages', () => {
  it('dropped', () => {
    for (const { start, length } of messages) expectRejected('drop', (b) => splice(b, start, length));
  });

  it('repeated', () => {
    for (const { start, length } of messages) {
      expectRejected('repeat', (b) => splice(b, start, 0, b.slice(start, start + length)));
    }
  });

  it('swapped with the next one', () => {
    messages.slice(1).forEach(({ start, length }, i) => {
      const before = messages[i]!;
      expectRejected('swap', (b) => {
        const first = b.slice(before.start, before.start + before.length);
        return splice(b, before.start, before.length + length, b.slice(start, start + length), first);
      });
    });
  });
});

describe('the whole proof', () => {
  it('cut at the end of each message', () => {
    for (const { start } of messages) expectRejected('cut', (b) => b.slice(0, start));
    expectRejected('cut', (b) => b.slice(0, -1));
  });

  it('extended', () => {
    for (const length of [1, 4, 16, 1000]) {
      expectRejected('extend', (b) => splice(b, b.length, 0, new Uint8Array(length)));
    }
  });

  it('spliced with a proof of another input at each message', () => {
    const input = tiny.input.map((v) => -1 - v);
    const other = prover.prove([input], options);
    const theirs: Uint8Array[] = [];
    reseal(other.proof, (b) => {
      theirs.push(b);
      return b;
    });
    for (const { start } of messages) {
      expectRejected('splice ours + theirs', (b) => splice(b, start, b.length - start, theirs[0]!.slice(start)));
      if (start > 0) expectRejected('splice theirs + ours', (b) => splice(b, 0, start, theirs[0]!.slice(0, start)));
    }
  });
});

describe('the envelope', () => {
  it('stops every flipped byte of a sample, and every cut', () => {
    for (let at = 0; at < proof.length; at += at < 100 ? 1 : 499) {
      expect(checkOf(flip(proof, at))).toMatch(/^E_(FILE|VERSION)$/);
      expect(checkOf(proof.slice(0, at))).toBe('E_FILE');
    }
  });
});

/** Every check that the verifier has, and where it is seen to fire: in the histogram, in another test, or why it cannot. */
const CHECKS: Record<string, 'here' | { readonly also: string }> = {
  'proof.length': 'here',
  canonical: 'here',
  grinding: 'here',
  'lookup.root': 'here',
  'lookup.layer': 'here',
  'lookup.numerators': 'here',
  'lookup.denominators': 'here',
  stage: 'here',
  'opening.batch': 'here',
  'opening.merkle': 'here',
  'opening.claims': 'here',
  'statement.model': { also: 'statement.test.ts: another key' },
  'lookup.denominator': { also: 'malicious.test.ts: a zero denominator, which no flipped bit hits' },
  linear: { also: 'malicious.test.ts: two relations that read one point; this network has none' },
  view: { also: 'argue/reduce.test.ts: a false part cut out of the padding; this network cuts none' },
  internal: { also: 'never: it says that the verifier itself failed, and no mutation here makes it' },
  'opening.last': { also: 'commitment.test.ts: a last vector that meets the claims; others stop at opening.claims' },
};

describe('the histogram', () => {
  it('is the frozen one', async () => {
    await expect(histogram.toString()).toMatchFileSnapshot('histogram.json');
  });

  it('has every check that can fire here, and no unknown one', () => {
    const fired = new Set(Object.values(histogram.counts).flatMap((row) => Object.keys(row)));
    const expected = Object.entries(CHECKS).flatMap(([check, where]) => (where === 'here' ? [check] : []));
    expect([...fired].sort()).toEqual(expected.sort());
  });
});
