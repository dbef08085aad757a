/**
 * Programmed challenges: the verifier's part of a proof, written down beforehand. The i-th element drawn under a label is a function of a
 * seed, the label and i, whatever was absorbed; a nonce is 0 and always passes. A simulator needs this power, because it chooses messages that
 * suit the challenges; a comparison of two provers needs it too, so that both answer the same ones. Against a real transcript nobody has it.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { Ext } from '../../src/field/ext.ts';
import { P } from '../../src/field/m31.ts';
import type { ProverHooks } from '../../src/prover.ts';
import { ProverChannel, VerifierChannel } from '../../src/transcript/channel.ts';
import { type Label, labelId } from '../../src/transcript/labels.ts';
import { type Kind, type Step, Transcript } from '../../src/transcript/transcript.ts';
import { type Message, messagesOf } from './mutations.ts';

/** What an honest party would have hashed before its first message: here nothing depends on it. */
const NO_STATEMENT = new Uint8Array(32);

/** Deterministic 32-byte strings by number: secrets of proofs that a test repeats. */
export function seededSecrets(seed: number): () => Uint8Array {
  let drawn = 0;
  return () => blake3(bytesOf(0x5ec, seed, drawn++));
}

function bytesOf(...words: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/** Uniform words and elements from a seed, one after the other: what a simulator tosses. */
export class Coins {
  readonly #seed: number;
  #block = 0;
  #words: Uint32Array = new Uint32Array();
  #at = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  word(): number {
    if (this.#at === this.#words.length) {
      // a challenge needs four words, a simulator millions
      const bytes = blake3(bytesOf(0xc01, this.#seed, this.#block), { dkLen: this.#block === 0 ? 64 : 4096 });
      this.#block += 1;
      this.#words = new Uint32Array(bytes.slice().buffer);
      this.#at = 0;
    }
    return this.#words[this.#at++]!;
  }

  /** An element of F. */
  base(): number {
    for (;;) {
      const w = this.word() >>> 1;
      if (w !== P) return w;
    }
  }

  element(): Ext {
    return new Ext(this.base(), this.base(), this.base(), this.base());
  }

  elements(count: number): Ext[] {
    return Array.from({ length: count }, () => this.element());
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(Uint32Array.from({ length: Math.ceil(count / 4) }, () => this.word()).buffer, 0, count);
  }
}

/** A transcript that takes note of messages, and forgets what is in them. */
class ProgrammedTranscript extends Transcript {
  readonly #seed: number;
  readonly #drawn = new Map<Label, number>();
  readonly #absorbed: Step[] = [];

  constructor(seed: number) {
    super(NO_STATEMENT);
    this.#seed = seed;
  }

  /** The messages only. */
  override get steps(): readonly Step[] {
    return this.#absorbed;
  }

  override absorb(label: Label, kind: Kind, bytes: Uint8Array): void {
    // the first, which the constructor absorbs, is no message
    if (label !== 'statement') this.#absorbed.push({ label, kind, length: bytes.length });
  }

  override challenges(label: Label, count: number): Ext[] {
    return Array.from({ length: count }, () => this.#coins(label).element());
  }

  override positions(label: Label, count: number, bits: number): number[] {
    const coins = this.#coins(label);
    const found = new Set<number>();
    while (found.size < count) found.add(coins.word() % 2 ** bits);
    return [...found].sort((a, b) => a - b);
  }

  override checkNonce(nonce: number): boolean {
    return nonce === 0;
  }

  #coins(label: Label): Coins {
    const before = this.#drawn.get(label) ?? 0;
    this.#drawn.set(label, before + 1);
    return new Coins(this.#seed * 2 ** 24 + labelId(label) * 2 ** 16 + before);
  }
}

/** The challenges themselves, for whoever has to know them in advance. */
export function programmedTranscript(seed: number): Transcript {
  return new ProgrammedTranscript(seed);
}

export class ProgrammedProver extends ProverChannel {
  override readonly transcript: Transcript;

  constructor(seed: number) {
    super(NO_STATEMENT, () => 0);
    this.transcript = new ProgrammedTranscript(seed);
  }

  /** What was sent, message by message. */
  get messages(): readonly Message[] {
    return messagesOf({ ok: true, bits: 0, zk: true, steps: this.transcript.steps });
  }
}

export class ProgrammedVerifier extends VerifierChannel {
  override readonly transcript: Transcript;

  constructor(seed: number, proof: Uint8Array) {
    super(NO_STATEMENT, proof);
    this.transcript = new ProgrammedTranscript(seed);
  }
}

/** A prover under programmed challenges, with seeded secrets, and the channel that it will have written to. */
export function programmed(seed: number, secrets: number): { hooks: ProverHooks; channel: ProgrammedProver } {
  const channel = new ProgrammedProver(seed);
  return { hooks: { channel: () => channel, entropy: seededSecrets(secrets) }, channel };
}
