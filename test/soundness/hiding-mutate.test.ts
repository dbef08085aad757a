/**
 * Mechanical attacks on a proof that hides input and weights: a bit of a few bytes of every message flipped, messages dropped, repeated and
 * swapped, the proof cut, extended and spliced with another proof of the same witness. All are rejected, none makes the verifier throw.
 */
import { describe, expect, it } from 'vitest';
import { encodeKey } from '../../src/files/key.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { Prover, type ProverOptions } from '../../src/prover.ts';
import { registerModel } from '../../src/register.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';
import { acceptKey, verify } from '../../src/verify.ts';
import { flip, type Message, messagesOf, reseal, splice } from '../support/mutations.ts';
import { seededSecrets } from '../support/programmed.ts';
import { tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const { circuit, weights, input } = tinyNetwork((name) => (name === 'w1' ? 'private' : 'committed'));
const secretOf = seededSecrets(41);
const model = registerModel(machine, circuit, weights, chooseParameters([1000, 1000]), '{}', secretOf);
const prover = new Prover(machine, model);
const options: ProverOptions = { publicInputs: new Set(), zk: true, tag: new Uint8Array() };
const proveAgain = () => prover.prove([input], options, { entropy: secretOf });
const { proof, outputs } = proveAgain();
const statement = { key: acceptKey(encodeKey(model)), outputs: { y: outputs[0] as Int32Array } };
const messages = messagesOf(verify(proof, statement));

/** Every so many messages are dropped, repeated, ..: there are 160, and one try takes some 10 ms. */
const STRIDE = 5;

const some = (offset: number) => messages.filter((_, i) => i % STRIDE === offset);

function checkOf(changed: Uint8Array): string {
  const verdict = verify(changed, statement);
  return verdict.ok ? 'accepted' : verdict.check;
}

const seen = new Map<string, number>();

/** What is an error of the verifier's own is `internal`. */
function expectRejected(change: (bytes: Uint8Array) => Uint8Array): string {
  const check = checkOf(reseal(proof, change));
  expect(check).not.toBe('accepted');
  expect(check).not.toBe('internal');
  seen.set(check, (seen.get(check) ?? 0) + 1);
  return check;
}

/** Of a short message one byte, which one by its number; of a long one its ends and ten in between. */
function sample({ start, length }: Message, number: number): number[] {
  if (length <= 64) return [start + ((5 * number) % length)];
  const inner = Array.from({ length: 10 }, (_, i) => start + Math.floor(((i + 0.5) * length) / 10));
  return [start, ...inner, start + length - 1];
}

describe('a flipped bit', () => {
  const labels = [...new Set(messages.map((m) => m.label))];

  it.each(labels)('in %s', (label) => {
    const own = messages.filter((m) => m.label === label);
    const few = own.filter((_, i) => own.length < 20 || i % 3 === 0);
    few.forEach((message, i) => {
      for (const at of sample(message, i)) expectRejected((bytes) => flip(bytes, at));
    });
  });
});

describe('whole messages', () => {
  it('dropped', () => {
    for (const { start, length } of some(0)) expectRejected((b) => splice(b, start, length));
  });

  it('repeated', () => {
    for (const { start, length } of some(1)) {
      expectRejected((b) => splice(b, start, 0, b.slice(start, start + length)));
    }
  });

  it('swapped with the next one', () => {
    for (const { start, length } of some(2)) {
      const next = messages.find((m) => m.start === start + length);
      if (next === undefined) continue;
      expectRejected((b) => {
        const first = b.slice(start, start + length);
        return splice(b, start, length + next.length, b.slice(next.start, next.start + next.length), first);
      });
    }
  });

  it('of zeros', () => {
    for (const { start, length } of some(1)) {
      expectRejected((b) => splice(b, start, length, new Uint8Array(length)));
    }
  });
});

describe('the whole proof', () => {
  it('cut at the end of messages', () => {
    for (const { start } of some(0)) expect(expectRejected((b) => b.slice(0, start))).toMatch(/proof\.length|grinding/);
    expectRejected((b) => b.slice(0, -1));
  });

  it('extended', () => {
    for (const length of [1, 4, 16, 1000]) {
      expect(expectRejected((b) => splice(b, b.length, 0, new Uint8Array(length)))).toBe('proof.length');
    }
  });

  it('spliced with another proof of the same witness', () => {
    const theirs: Uint8Array[] = [];
    reseal(proveAgain().proof, (b) => {
      theirs.push(b);
      return b;
    });
    for (const { start } of some(1)) {
      expectRejected((b) => splice(b, start, b.length - start, theirs[0]!.slice(start)));
      if (start > 0) expectRejected((b) => splice(b, 0, start, theirs[0]!.slice(0, start)));
    }
  });
});

it('the checks of hiding are among those that fired', () => {
  const expected = ['canonical', 'grinding', 'opening.merkle', 'pads.equations', 'proof.length'];
  expect([...seen.keys()]).toEqual(expect.arrayContaining(expected));
  expect([...seen.values()].reduce((a, b) => a + b, 0)).toBeGreaterThan(400);
});
