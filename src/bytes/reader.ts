/**
 * Reads what `Writer` writes, and nothing else: the only code that parses untrusted bytes. Total: on any input every
 * method returns a value or throws E_FILE with the offset. Time and memory are linear in the input's length, because
 * a count is believed only when that many bytes are left, and `budget` bounds what the values read may take.
 */
import { TesseraError } from '../errors.ts';
import { TEXT_LIMIT } from './writer.ts';

/** What an element of a list counts against the budget, whatever it is. */
const ELEMENT_COST = 64;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface ReaderOptions {
  /** What is read, for messages: 'key file'. */
  readonly name?: string;
  /** Bytes that arrays, texts and list elements (64 each) may take together. Default: 64 times the input's length. */
  readonly budget?: number;
}

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  #offset = 0;
  #budget: number;

  constructor(bytes: Uint8Array, options: ReaderOptions = {}) {
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength); // a subclass may slice differently
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = options.name ?? 'bytes';
    this.#budget = options.budget ?? ELEMENT_COST * bytes.length;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** @throws TesseraError E_FILE above 2^53 - 1. */
  u64(): number {
    const value = this.u32() + this.u32() * 2 ** 32;
    return Number.isSafeInteger(value) ? value : this.fail('An integer is above 2^53.');
  }

  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (value > max) return this.fail(`An integer is above ${max}.`);
      if (byte < 0x80) return byte === 0 && scale > 1 ? this.fail('An integer is not in its shortest form.') : value;
      if (scale > max) return this.fail('An integer is not in its shortest form.');
    }
  }

  /** A signed integer from lo to hi; by default 32 bits. */
  int(lo = -(2 ** 31), hi: number = 2 ** 31 - 1): number {
    const zigzag = this.varint();
    const value = zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2;
    return value >= lo && value <= hi ? value : this.fail(`${value} is not between ${lo} and ${hi}.`);
  }

  /** The next `length` bytes: a view, not a copy. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Bytes with their length before them, at most `limit`: a view. */
  bytes(limit: number): Uint8Array {
    return this.raw(this.varint(limit));
  }

  text(limit: number = TEXT_LIMIT): string {
    const bytes = this.bytes(limit);
    this.#spend(2 * bytes.length);
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      return this.fail('A text is not UTF-8.', cause);
    }
  }

  int32s(limit: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#copy(this.varint(limit), 4));
  }

  int16s(limit: number): Int16Array<ArrayBuffer> {
    return new Int16Array(this.#copy(this.varint(limit), 2));
  }

  /** @see Writer.series */
  series(limit: number): Int32Array<ArrayBuffer> {
    const length = this.#count(limit, 4);
    const values = new Int32Array(length);
    let last = 0;
    for (let i = 0; i < length; i++) {
      last += this.int(-(2 ** 33), 2 ** 33);
      if (last !== (last | 0)) return this.fail('A series leaves 32 bits.');
      values[i] = last;
    }
    return values;
  }

  /** A count, then that many items; each takes at least one byte. */
  list<T>(limit: number, read: () => T): T[] {
    const length = this.#count(limit, ELEMENT_COST);
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }

  /** @throws TesseraError E_FILE unless every byte has been read. */
  finish(): void {
    if (this.remaining > 0) this.fail(`${this.remaining} bytes are left over.`);
  }

  /** @throws TesseraError E_FILE always, with the offset. */
  fail(sentence: string, cause?: unknown): never {
    throw new TesseraError('E_FILE', sentence, { where: `${this.#name}, byte ${this.#offset}`, cause });
  }

  /** The count of a list whose items take at least a byte in the input and `cost` bytes in memory. */
  #count(limit: number, cost: number): number {
    const count = this.varint(limit);
    if (count > this.remaining) this.fail(`${count} items are announced, ${this.remaining} bytes are left.`);
    this.#spend(cost * count);
    return count;
  }

  #copy(count: number, width: number): ArrayBuffer {
    if (count * width > this.remaining) this.fail(`${count * width} bytes are announced, ${this.remaining} are left.`);
    this.#spend(count * width);
    return this.raw(count * width).slice().buffer as ArrayBuffer;
  }

  #take(count: number): number {
    if (count > this.remaining) this.fail(`The end is ${count - this.remaining} bytes too early.`);
    const at = this.#offset;
    this.#offset += count;
    return at;
  }

  #spend(bytes: number): void {
    this.#budget -= bytes;
    if (this.#budget < 0) this.fail('The contents would take more memory than allowed.');
  }
}
