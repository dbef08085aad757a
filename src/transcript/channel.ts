/**
 * The two ends of a proof. `send` absorbs and serialises in one call, `receive` reads and absorbs in one call: no byte of a
 * proof can be used before the transcript has it, and nothing else touches either.
 */
import { Ext } from '../field/ext.ts';
import { P } from '../field/m31.ts';
import type { Label } from './labels.ts';
import { nonceBytes, Transcript } from './transcript.ts';

/** The verifier's no: which check, and where it was met. Never leaves `verify`. */
export class Rejection extends Error {
  readonly check: string;
  readonly where: string | undefined;

  constructor(check: string, sentence: string, where?: string) {
    super(sentence);
    this.check = check;
    this.where = where;
  }
}

/** Searches a nonce with `bits` bits of work against a transcript state. */
export type Grinder = (state: Uint8Array, bits: number) => number;

export class ProverChannel {
  readonly transcript: Transcript;
  readonly #grinder: Grinder;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  constructor(statementDigest: Uint8Array, grinder: Grinder) {
    this.transcript = new Transcript(statementDigest);
    this.#grinder = grinder;
  }

  sendBytes(label: Label, bytes: Uint8Array): void {
    this.transcript.absorb(label, 'bytes', bytes);
    this.#append(bytes);
  }

  send(label: Label, values: readonly Ext[]): void {
    const bytes = extsToBytes(values);
    this.transcript.absorb(label, 'ext', bytes);
    this.#append(bytes);
  }

  grind(label: Label, bits: number): void {
    if (bits === 0) return;
    const nonce = this.#grinder(this.transcript.state, bits);
    const bytes = nonceBytes(nonce);
    this.transcript.absorb(label, 'nonce', bytes);
    this.#append(bytes);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.#length + bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}

export class VerifierChannel {
  readonly transcript: Transcript;
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(statementDigest: Uint8Array, proof: Uint8Array) {
    this.transcript = new Transcript(statementDigest);
    this.#bytes = proof;
  }

  receiveBytes(label: Label, length: number): Uint8Array {
    const bytes = this.#take(label, length);
    this.transcript.absorb(label, 'bytes', bytes);
    return bytes;
  }

  receive(label: Label, count: number): Ext[] {
    const bytes = this.#take(label, 16 * count);
    this.transcript.absorb(label, 'ext', bytes);
    return bytesToExts(bytes, label);
  }

  grind(label: Label, bits: number): void {
    if (bits === 0) return;
    const bytes = this.#take(label, 8);
    let nonce = 0;
    for (let i = 7; i >= 0; i--) nonce = nonce * 256 + bytes[i]!;
    if (nonce > Number.MAX_SAFE_INTEGER || !this.transcript.checkNonce(nonce, bits)) {
      throw new Rejection('grinding', `the nonce does not show ${bits} bits of work`, label);
    }
    this.transcript.absorb(label, 'nonce', bytes);
  }

  /** @throws Rejection where bytes are left over. */
  finish(): void {
    if (this.#offset !== this.#bytes.length) {
      throw new Rejection('proof.length', `${this.#bytes.length - this.#offset} bytes follow the last message`);
    }
  }

  #take(label: Label, length: number): Uint8Array {
    if (this.#offset + length > this.#bytes.length) {
      throw new Rejection('proof.length', 'the proof ends before its last message', label);
    }
    const bytes = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return bytes;
  }
}

export function extsToBytes(values: readonly Ext[]): Uint8Array {
  const out = new Uint8Array(16 * values.length);
  let o = 0;
  for (const v of values) {
    for (const w of [v.a, v.b, v.c, v.d]) {
      out[o] = w;
      out[o + 1] = w >>> 8;
      out[o + 2] = w >>> 16;
      out[o + 3] = w >>> 24;
      o += 4;
    }
  }
  return out;
}

/** @throws Rejection where a coordinate is not canonical. */
export function bytesToExts(bytes: Uint8Array, where: string): Ext[] {
  const words = bytesToWords(bytes, where);
  return Array.from(
    { length: words.length / 4 },
    (_, i) => new Ext(words[4 * i]!, words[4 * i + 1]!, words[4 * i + 2]!, words[4 * i + 3]!),
  );
}

/** Little-endian canonical field elements. @throws Rejection */
export function bytesToWords(bytes: Uint8Array, where: string): Uint32Array {
  const out = new Uint32Array(bytes.length / 4);
  for (let i = 0; i < out.length; i++) {
    const o = 4 * i;
    const w = (bytes[o]! | (bytes[o + 1]! << 8) | (bytes[o + 2]! << 16) | (bytes[o + 3]! << 24)) >>> 0;
    if (w >= P) throw new Rejection('canonical', 'a field element is not canonical', where);
    out[i] = w;
  }
  return out;
}
