/**
 * The Fiat-Shamir state and the bytes of a proof, read once from front to back (docs/spec/20-transcript.md):
 *   absorb:   S <- H_S(label u16 . kind u8 . length u64 . bytes)
 *   squeeze:  out = XOF of H_S(label u16 . 255);  S <- out[0, 32), words from the rest
 *   grind:    first u32 of H_S("grind" . nonce u64) = 0 mod 2^bits
 */
import { blake3 } from '@noble/hashes/blake3.js';
import type { E } from './field.ts';

/** A check of the specification that failed; `check` is its name there. */
export class Rejected extends Error {
  readonly check: string;

  constructor(check: string) {
    super(check);
    this.check = check;
  }
}

export function must(holds: boolean, check: string): void {
  if (!holds) throw new Rejected(check);
}

/** In the order of their ids. */
const LABELS = [
  ...['statement', 'model root', 'witness root', 'lookup grinding', 'lookup challenge', 'tree root', 'tree lambda'],
  ...['tree round', 'tree values', 'tree child', 'leaf value', 'zero point', 'linear value', 'stage batch'],
  ...['stage round', 'stage values', 'opening batch', 'opening round', 'slab values', 'eta grinding', 'eta'],
  ...['level root', 'level grinding', 'level positions', 'level columns', 'level batch', 'level round', 'last vector'],
];
const KINDS = { ext: 1, bytes: 2, nonce: 3 };
const P = 2 ** 31 - 1;

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
/** An integer in `width` bytes, least significant first. */
export const little = (v: number, width: number): number[] =>
  Array.from({ length: width }, (_, i) => Number((BigInt(v) >> BigInt(8 * i)) & 255n));
export const number = (bytes: Uint8Array): number => bytes.reduceRight((n, byte) => 256 * n + byte, 0);

/** Elements of F, four bytes each. */
export function words(bytes: Uint8Array): number[] {
  const list = Array.from({ length: bytes.length / 4 }, (_, i) => number(bytes.subarray(4 * i, 4 * i + 4)));
  must(
    list.every((w) => w < P),
    'canonical',
  );
  return list;
}

/** Elements of E from four words each. */
export function fours(list: readonly number[]): E[] {
  const at = (i: number) => BigInt(list[i]!);
  return Array.from({ length: list.length / 4 }, (_, i) => [at(4 * i), at(4 * i + 1), at(4 * i + 2), at(4 * i + 3)]);
}

export class Transcript {
  #state: Uint8Array;
  readonly #proof: Uint8Array;
  #at = 0;

  constructor(proof: Uint8Array, statementDigest: Uint8Array) {
    this.#proof = proof;
    this.#state = blake3(ascii('tessera-2'));
    this.#absorb('statement', 'bytes', statementDigest);
  }

  // ---- P -> V --------------------------------------------------------------------------------------------------------

  bytes(label: string, length: number): Uint8Array {
    const bytes = this.#take(length);
    this.#absorb(label, 'bytes', bytes);
    return bytes;
  }

  elements(label: string, count: number): E[] {
    const bytes = this.#take(16 * count);
    const list = fours(words(bytes));
    this.#absorb(label, 'ext', bytes);
    return list;
  }

  element(label: string): E {
    return this.elements(label, 1)[0]!;
  }

  grind(label: string, zeros: number): void {
    if (zeros === 0) return;
    const nonce = this.#take(8);
    const hash = blake3(Uint8Array.from([...ascii('grind'), ...nonce]), { key: this.#state });
    must(number(nonce) <= 2 ** 53 - 1 && number(hash.subarray(0, 4)) % 2 ** zeros === 0, 'grinding');
    this.#absorb(label, 'nonce', nonce);
  }

  /** T4 */
  end(): void {
    must(this.#at === this.#proof.length, 'proof.length');
  }

  // ---- V -> P --------------------------------------------------------------------------------------------------------

  challenges(label: string, count: number): E[] {
    const list: number[] = [];
    while (list.length < 4 * count) {
      for (const w of this.#squeeze(label, 4 * count - list.length + 2)) if (w >>> 1 !== P) list.push(w >>> 1);
    }
    return fours(list.slice(0, 4 * count));
  }

  challenge(label: string): E {
    return this.challenges(label, 1)[0]!;
  }

  /** Distinct positions below 2^n, ascending. */
  positions(label: string, count: number, n: number): number[] {
    const found = new Set<number>();
    while (found.size < count) {
      for (const w of this.#squeeze(label, count + 16)) if (found.size < count) found.add(w % 2 ** n);
    }
    return [...found].sort((a, b) => a - b);
  }

  #take(length: number): Uint8Array {
    must(this.#at + length <= this.#proof.length, 'proof.length');
    this.#at += length;
    return this.#proof.subarray(this.#at - length, this.#at);
  }

  #absorb(label: string, kind: keyof typeof KINDS, bytes: Uint8Array): void {
    const head = [...little(LABELS.indexOf(label), 2), KINDS[kind], ...little(bytes.length, 8)];
    this.#state = blake3(Uint8Array.from([...head, ...bytes]), { key: this.#state });
  }

  #squeeze(label: string, count: number): number[] {
    const input = Uint8Array.from([...little(LABELS.indexOf(label), 2), 255]);
    const out = blake3(input, { key: this.#state, dkLen: 32 + 4 * count });
    this.#state = out.slice(0, 32);
    return Array.from({ length: count }, (_, i) => number(out.subarray(32 + 4 * i, 36 + 4 * i)));
  }
}
