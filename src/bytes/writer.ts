/**
 * Canonical bytes, little-endian. Every value has exactly one encoding, which is the only one that `Reader` accepts:
 * decode(encode(x)) = x and encode(decode(b)) = b.
 *
 *   varint   base 128, least significant group first, no superfluous zero group, at most 2^53 - 1
 *   int      zigzag (0, -1, 1, -2, .. -> 0, 1, 2, 3, ..) then varint
 *   bytes    varint length, then the bytes
 *   text     UTF-8, as bytes
 *   series   varint count, then each integer as the zigzag varint of its difference to the one before (the first: to 0)
 */
import { TesseraError } from '../errors.ts';

/** Bytes of a text, unless its place in a format says otherwise. */
export const TEXT_LIMIT = 4096;

const encoder = new TextEncoder();

export class Writer {
  #buffer: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  constructor(capacity = 1024) {
    this.#buffer = new Uint8Array(capacity);
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    check(value, 0, 0xff);
    const at = this.#grow(1); // first: it may replace the view
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    check(value, 0, 0xffff);
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    check(value, 0, 0xffffffff);
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** Eight bytes; the value is a safe integer. */
  u64(value: number): this {
    check(value, 0, Number.MAX_SAFE_INTEGER);
    return this.u32(value % 2 ** 32).u32(Math.floor(value / 2 ** 32));
  }

  varint(value: number): this {
    check(value, 0, Number.MAX_SAFE_INTEGER);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.u8((rest % 0x80) | 0x80);
    return this.u8(rest);
  }

  /** A signed integer, |value| < 2^52. */
  int(value: number): this {
    check(value, -(2 ** 52) + 1, 2 ** 52 - 1);
    return this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Bytes whose length the reader knows. */
  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  /** @throws TesseraError E_RANGE for a lone surrogate, which UTF-8 cannot say, and beyond `limit` bytes. */
  text(text: string, limit: number = TEXT_LIMIT): this {
    const bytes = encoder.encode(text);
    if (text.isWellFormed() && bytes.length <= limit) return this.bytes(bytes);
    throw new TesseraError('E_RANGE', `The text has a lone surrogate or more than ${limit} bytes.`, {
      where: text.slice(0, 80),
    });
  }

  /** Count, then four bytes each. */
  int32s(values: Int32Array): this {
    return this.varint(values.length).raw(bytesOf(values));
  }

  /** Count, then two bytes each. */
  int16s(values: Int16Array): this {
    return this.varint(values.length).raw(bytesOf(values));
  }

  /** For integers that change little from one to the next: index maps, function tables. */
  series(values: Int32Array): this {
    this.varint(values.length);
    let last = 0;
    for (const value of values) {
      this.int(value - last);
      last = value;
    }
    return this;
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.varint(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** Everything written, in a buffer of its own. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length);
  }

  /** Room for `count` more bytes; returns where they go. */
  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** The values' own bytes: hosts are little-endian, as WebAssembly is. */
function bytesOf(values: Int16Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function check(value: number, lo: number, hi: number): void {
  if (Number.isSafeInteger(value) && value >= lo && value <= hi && !Object.is(value, -0)) return;
  throw new TesseraError('E_RANGE', `${value} is not an integer from ${lo} to ${hi}.`);
}
