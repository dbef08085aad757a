/**
 * The order of play: every byte of a proof is absorbed before the next challenge, and every challenge depends on all of them. The
 * accepted proof's step log is replayed on a transcript of its own, once for each message with one bit changed.
 */
import { describe, expect, it } from 'vitest';
import { ProverParty } from '../../src/argue/party.ts';
import { decodeProof } from '../../src/files/proof.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { unpackParameters } from '../../src/plan.ts';
import { Prover } from '../../src/prover.ts';
import { levelsOf, withoutTail } from '../../src/soundness/parameters.ts';
import { type Statement, statementDigest } from '../../src/statement.ts';
import type { ProverChannel } from '../../src/transcript/channel.ts';
import { LABELS, type Label } from '../../src/transcript/labels.ts';
import { type Step, Transcript } from '../../src/transcript/transcript.ts';
import { verify } from '../../src/verify.ts';
import { flip, messagesOf } from '../support/mutations.ts';
import { register, tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const tiny = tinyNetwork();
const { model, key } = register(machine, tiny);
const channels: ProverChannel[] = [];
const party = (channel: ProverChannel) => {
  channels.push(channel);
  return new ProverParty(channel);
};
const tag = new Uint8Array([7]);
const proved = new Prover(machine, model).prove([tiny.input], { publicInputs: new Set(), zk: false, tag }, { party });
const outputs = [Int32Array.from(proved.outputs[0]!)];
const verdict = verify(proved.proof, { key, outputs: { y: outputs[0]! }, tag });
const steps: readonly Step[] = verdict.ok ? verdict.steps : [];
const bytes = decodeProof(proved.proof).proof;
const messages = messagesOf(verdict);

const statement: Statement = {
  inputs: [{ kind: 'private' }],
  outputs: [{ kind: 'public', values: outputs[0]! }],
  tag,
};

/** Every challenge of a run over these bytes, as text. */
function replay(proof: Uint8Array): string[] {
  const transcript = new Transcript(statementDigest(model, statement, false));
  const levels = levelsOf(withoutTail(unpackParameters(model.parameters))).values();
  const challenges: string[] = [];
  let at = 0;
  for (const { label, kind, length } of steps.slice(1)) {
    if (kind !== 'challenge') {
      transcript.absorb(label, kind, proof.subarray(at, at + length));
      at += length;
    } else if (label === 'level positions') {
      challenges.push(transcript.positions(label, length, levels.next().value!.domainBits).join());
    } else challenges.push(transcript.challenges(label, length).join());
  }
  return challenges;
}

/** Challenges before step `index` of the log. */
function challengesBefore(index: number): number {
  return steps.slice(0, index).filter((s) => s.kind === 'challenge' && s.length > 0).length;
}

const first = (label: Label, kind: 'message' | 'challenge'): number =>
  steps.findIndex((s) => s.label === label && (s.kind === 'challenge') === (kind === 'challenge'));
const last = (label: Label, kind: 'message' | 'challenge'): number =>
  steps.findLastIndex((s) => s.label === label && (s.kind === 'challenge') === (kind === 'challenge'));

describe('the step log', () => {
  it('begins with the statement', () => {
    expect(steps[0]).toEqual({ label: 'statement', kind: 'bytes', length: 32 });
  });

  it('is the same for both parties', () => {
    expect(channels[0]!.transcript.steps).toEqual(steps);
  });

  it('absorbs every byte of the proof once, in order', () => {
    expect(messages.at(-1)!.start + messages.at(-1)!.length).toBe(bytes.length);
  });

  it.each([
    ['witness root', 'lookup challenge'],
    ['tree root', 'tree child'],
    ['leaf value', 'zero point'],
    ['leaf value', 'stage batch'],
    ['linear value', 'stage batch'],
    ['stage values', 'opening batch'],
    ['leaf value', 'opening batch'],
    ['linear value', 'opening batch'],
    ['opening round', 'eta'],
    ['slab values', 'eta'],
    ['last vector', 'level positions'],
  ] as const)('has every %s before the last %s', (message, challenge) => {
    expect(last(message, 'message')).toBeGreaterThan(0);
    expect(last(message, 'message')).toBeLessThan(last(challenge, 'challenge'));
  });

  it('draws positions only when the next oracle, or the last vector, and a nonce are absorbed', () => {
    const before = steps.flatMap((s, i) => (s.label === 'level positions' ? [steps.slice(i - 2, i)] : []));
    const { folds } = unpackParameters(model.parameters);
    expect(before.map(([oracle, nonce]) => [oracle!.label, nonce!.label])).toEqual([
      ...folds.map(() => ['level root', 'level grinding']),
      ['last vector', 'level grinding'],
    ]);
  });

  it('draws a challenge after every round of every sumcheck', () => {
    steps.forEach((s, i) => {
      if (s.label.endsWith('round') && s.kind === 'ext') {
        expect(steps[i + 1]).toEqual({ label: s.label, kind: 'challenge', length: 1 });
      }
    });
  });

  it('draws eta after the slab values, and nothing between the lookup challenges and the witness root', () => {
    expect(first('eta', 'challenge')).toBe(last('slab values', 'message') + 1);
    expect(first('lookup challenge', 'challenge')).toBe(first('witness root', 'message') + 1);
  });
});

describe('challenges', () => {
  const honest = replay(bytes);

  it('are drawn once each', () => {
    const long = honest.filter((c) => c !== '');
    expect(new Set(long).size).toBe(long.length);
  });

  it('all depend on every byte absorbed before them, and on no later one', () => {
    const positions = steps.flatMap((s, i) => (s.kind === 'challenge' || s.label === 'statement' ? [] : [i]));
    messages.forEach(({ start, length }, i) => {
      const changed = replay(flip(bytes, start + (i % length)));
      const before = challengesBefore(positions[i]!);
      expect(changed.slice(0, before)).toEqual(honest.slice(0, before));
      honest.slice(before).forEach((c, k) => {
        if (c !== '') expect(changed[before + k]).not.toBe(c);
      });
    });
  });
});

describe('a transcript', () => {
  const digest = new Uint8Array(32);
  const draw = (play: (t: Transcript) => void): string => {
    const t = new Transcript(digest);
    play(t);
    return t.challenge('eta').toString();
  };

  it('tells labels, kinds and lengths apart', () => {
    const bytes = new Uint8Array(32);
    const draws = [
      draw(() => {}),
      draw((t) => t.absorb('tree root', 'bytes', bytes)),
      draw((t) => t.absorb('tree values', 'bytes', bytes)),
      draw((t) => t.absorb('tree root', 'ext', bytes)),
      draw((t) => t.absorb('tree root', 'bytes', bytes.slice(1))),
      draw((t) => {
        t.absorb('tree root', 'bytes', bytes.slice(16));
        t.absorb('tree root', 'bytes', bytes.slice(16));
      }),
      draw((t) => t.challenge('tree lambda')),
      draw((t) => t.challenge('tree child')),
    ];
    expect(new Set(draws).size).toBe(draws.length);
  });

  it('has a label for everything, each once', () => {
    expect(new Set(LABELS).size).toBe(LABELS.length);
    for (const { label } of steps) expect(LABELS).toContain(label);
  });

  it('draws canonical elements and distinct ascending positions', () => {
    const t = new Transcript(digest);
    for (const e of t.challenges('eta', 100)) {
      for (const c of e.coordinates()) expect(c >= 0 && c < 0x7fffffff).toBe(true);
    }
    const drawn = t.positions('level positions', 60, 6);
    expect(new Set(drawn).size).toBe(60);
    expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
    expect(drawn.every((p) => p >= 0 && p < 64)).toBe(true);
    expect(t.positions('level positions', 64, 6)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });
});
