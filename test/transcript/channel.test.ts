import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ext } from '../../src/field/ext.ts';
import { P } from '../../src/field/m31.ts';
import {
  bytesToExts,
  bytesToWords,
  extsToBytes,
  ProverChannel,
  Rejection,
  VerifierChannel,
} from '../../src/transcript/channel.ts';
import { nonceBytes, Transcript } from '../../src/transcript/transcript.ts';
import { element } from '../support/elements.ts';

const digest = new Uint8Array(32).fill(1);

function checkOf(run: () => void): string {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (error instanceof Rejection) return error.check;
    throw error;
  }
}

/** The first nonce with the bits of work, or without them. */
function nonceWith(state: Transcript, bits: number, works: boolean): number {
  for (let nonce = 0; ; nonce++) if (state.checkNonce(nonce, bits) === works) return nonce;
}

describe('field elements in bytes', () => {
  it('are what they were', () => {
    fc.assert(
      fc.property(fc.array(element), (values) => {
        expect(bytesToExts(extsToBytes(values), 'test')).toEqual(values);
      }),
    );
  });

  it('of p and above are no field elements', () => {
    for (const w of [P, P + 1, 2 ** 32 - 1]) {
      const bytes = new Uint8Array(Uint32Array.of(1, w).buffer);
      expect(checkOf(() => bytesToWords(bytes, 'test'))).toBe('canonical');
    }
    expect([...bytesToWords(new Uint8Array(Uint32Array.of(P - 1, 0).buffer), 'test')]).toEqual([P - 1, 0]);
  });
});

describe('two channels', () => {
  const play = (values: readonly Ext[], raw: Uint8Array) => {
    const grinder = (state: Uint8Array, bits: number) => {
      expect(state).toEqual(prover.transcript.state);
      return nonceWith(prover.transcript, bits, true);
    };
    const prover = new ProverChannel(digest, grinder);
    prover.send('tree root', values);
    prover.grind('eta grinding', 4);
    prover.grind('lookup grinding', 0);
    prover.sendBytes('level root', raw);
    return prover;
  };

  it('draw the same challenges from the same messages, and agree on the log', () => {
    fc.assert(
      fc.property(fc.array(element), fc.uint8Array({ maxLength: 90_000 }), (values, raw) => {
        const prover = play(values, raw);
        const verifier = new VerifierChannel(digest, prover.finish());
        expect(verifier.receive('tree root', values.length)).toEqual(values);
        verifier.grind('eta grinding', 4);
        verifier.grind('lookup grinding', 0);
        expect(verifier.receiveBytes('level root', raw.length)).toEqual(raw);
        verifier.finish();
        expect(verifier.transcript.steps).toEqual(prover.transcript.steps);
        expect(verifier.transcript.challenge('eta')).toEqual(prover.transcript.challenge('eta'));
      }),
      { numRuns: 30 },
    );
  });

  it('end together', () => {
    const proof = play([Ext.ONE], new Uint8Array(5)).finish();
    const receive = (bytes: Uint8Array) => () => {
      const verifier = new VerifierChannel(digest, bytes);
      verifier.receive('tree root', 1);
      verifier.grind('eta grinding', 4);
      verifier.receiveBytes('level root', 5);
      verifier.finish();
    };
    expect(checkOf(receive(proof))).toBe('accepted');
    expect(checkOf(receive(proof.slice(0, -1)))).toBe('proof.length');
    expect(checkOf(receive(Uint8Array.of(...proof, 0)))).toBe('proof.length');
    expect(checkOf(receive(new Uint8Array()))).toBe('proof.length');
  });
});

describe('work', () => {
  const grind = (nonce: Uint8Array, bits: number) => () =>
    new VerifierChannel(digest, nonce).grind('eta grinding', bits);
  const state = new Transcript(digest);

  it('is shown by its nonce alone', () => {
    expect(checkOf(grind(nonceBytes(nonceWith(state, 6, true)), 6))).toBe('accepted');
    expect(checkOf(grind(nonceBytes(nonceWith(state, 6, false)), 6))).toBe('grinding');
  });

  it('of another state is none', () => {
    const later = new Transcript(digest);
    later.absorb('tree root', 'ext', new Uint8Array(16));
    let nonce = 0;
    while (!state.checkNonce(nonce, 8) || later.checkNonce(nonce, 8)) nonce++;
    expect(later.checkNonce(nonce, 8)).toBe(false);
  });

  it('takes no nonce of 2^53 and above, which numbers do not tell apart', () => {
    for (const top of [0x20, 0xff])
      expect(checkOf(grind(Uint8Array.of(0, 0, 0, 0, 0, 0, top, 0), 0.5))).toBe('grinding');
  });
});
