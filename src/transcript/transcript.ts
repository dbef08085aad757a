/**
 * The Fiat-Shamir state (docs/spec/20-transcript.md). 32 bytes S, BLAKE3 keyed with S:
 *
 *   absorb   S = H_S(label_id u16 || kind u8 || length u64 || bytes)
 *   squeeze  XOF of H_S(label_id u16 || 0xFF); its first 32 bytes become S, the rest are the challenge
 *   grind    the low `bits` bits of the first word of H_S("grind" || nonce u64) are zero; the nonce is then absorbed
 *
 * Challenges in F are 31-bit words, p rejected. Prover and verifier share this class; only the channels in channel.ts use it.
 */

import { hash } from '../bytes/blake3.ts';
import { Ext } from '../field/ext.ts';
import { P } from '../field/m31.ts';
import { type Label, labelId } from './labels.ts';

/** What the bytes of a message are: extension elements, raw bytes, a nonce. */
export type Kind = 'ext' | 'bytes' | 'nonce';

const KIND_ID: Readonly<Record<Kind, number>> = { ext: 1, bytes: 2, nonce: 3 };
const SQUEEZE = 0xff;
const DOMAIN = new TextEncoder().encode('tessera-2');
const GRIND = new TextEncoder().encode('grind');

export interface Step {
  readonly label: Label;
  readonly kind: Kind | 'challenge';
  /** Bytes absorbed, or challenge elements drawn. */
  readonly length: number;
}

export class Transcript {
  #state: Uint8Array;
  readonly #steps: Step[] = [];

  /** There is no default: a transcript starts from the digest of what is being proved. */
  constructor(statementDigest: Uint8Array) {
    this.#state = hash(DOMAIN);
    this.absorb('statement', 'bytes', statementDigest);
  }

  /** The order of play, for tests and `inspect`. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  absorb(label: Label, kind: Kind, bytes: Uint8Array): void {
    const message = new Uint8Array(11 + bytes.length);
    writeLabel(message, label);
    message[2] = KIND_ID[kind];
    for (let i = 0, n = bytes.length; i < 8; i++, n = Math.floor(n / 256)) message[3 + i] = n % 256;
    message.set(bytes, 11);
    this.#state = hash(message, this.#state);
    this.#steps.push({ label, kind, length: bytes.length });
  }

  challenge(label: Label): Ext {
    return this.challenges(label, 1)[0]!;
  }

  challenges(label: Label, count: number): Ext[] {
    const words: number[] = [];
    while (words.length < 4 * count) {
      for (const w of this.#squeeze(label, 4 * count - words.length + 2)) if (w >>> 1 !== P) words.push(w >>> 1);
    }
    this.#steps.push({ label, kind: 'challenge', length: count });
    return Array.from(
      { length: count },
      (_, i) => new Ext(words[4 * i]!, words[4 * i + 1]!, words[4 * i + 2]!, words[4 * i + 3]!),
    );
  }

  /** `count` distinct positions below 2^bits, ascending. count <= 2^bits is the caller's (soundness/) promise. */
  positions(label: Label, count: number, bits: number): number[] {
    const found = new Set<number>();
    const mask = 2 ** bits - 1;
    while (found.size < count) {
      for (const w of this.#squeeze(label, count + 16)) {
        if (found.size < count) found.add((w & mask) >>> 0);
      }
    }
    this.#steps.push({ label, kind: 'challenge', length: count });
    return [...found].sort((a, b) => a - b);
  }

  /** True where the nonce has `bits` bits of work against the present state. */
  checkNonce(nonce: number, bits: number): boolean {
    const h = hash(Uint8Array.from([...GRIND, ...nonceBytes(nonce)]), this.#state);
    const word = (h[0]! | (h[1]! << 8) | (h[2]! << 16) | (h[3]! << 24)) >>> 0;
    return word % 2 ** bits === 0;
  }

  /** A copy of the state, for the kernel that searches nonces. */
  get state(): Uint8Array {
    return this.#state.slice();
  }

  #squeeze(label: Label, words: number): Uint32Array {
    const tag = new Uint8Array(3);
    writeLabel(tag, label);
    tag[2] = SQUEEZE;
    const out = hash(tag, this.#state, 32 + 4 * words);
    this.#state = out.slice(0, 32);
    return Uint32Array.from(
      { length: words },
      (_, i) =>
        (out[32 + 4 * i]! | (out[33 + 4 * i]! << 8) | (out[34 + 4 * i]! << 16) | (out[35 + 4 * i]! << 24)) >>> 0,
    );
  }
}

export function nonceBytes(nonce: number): Uint8Array {
  const out = new Uint8Array(8);
  for (let i = 0, n = nonce; i < 8; i++, n = Math.floor(n / 256)) out[i] = n % 256;
  return out;
}

function writeLabel(into: Uint8Array, label: Label): void {
  const id = labelId(label);
  into[0] = id & 0xff;
  into[1] = id >>> 8;
}
