import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader, type ReaderOptions } from '../../src/bytes/reader.ts';
import { Writer } from '../../src/bytes/writer.ts';
import { TesseraError } from '../../src/errors.ts';

const LIMIT = 1 << 20;
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

/** One kind of value: how it is made, written and read. */
interface Codec<T> {
  readonly name: string;
  readonly arbitrary: fc.Arbitrary<T>;
  readonly write: (writer: Writer, value: T) => unknown;
  readonly read: (reader: Reader) => T;
}

function codec<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  write: Codec<T>['write'],
  read: Codec<T>['read'],
): Codec<unknown> {
  return { name, arbitrary, write: (w, v) => write(w, v as T), read };
}

const safe = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constant(Number.MAX_SAFE_INTEGER));
const ints = fc.array(int32).map((values) => Int32Array.from(values));
const shorts = fc.array(fc.integer({ min: -32768, max: 32767 })).map((values) => Int16Array.from(values));

const codecs = [
  codec(
    'u8',
    fc.nat(0xff),
    (w, v) => w.u8(v),
    (r) => r.u8(),
  ),
  codec(
    'u16',
    fc.nat(0xffff),
    (w, v) => w.u16(v),
    (r) => r.u16(),
  ),
  codec(
    'u32',
    fc.nat(0xffffffff),
    (w, v) => w.u32(v),
    (r) => r.u32(),
  ),
  codec(
    'u64',
    safe,
    (w, v) => w.u64(v),
    (r) => r.u64(),
  ),
  codec(
    'varint',
    safe,
    (w, v) => w.varint(v),
    (r) => r.varint(),
  ),
  codec(
    'int',
    int32,
    (w, v) => w.int(v),
    (r) => r.int(),
  ),
  codec(
    'bytes',
    fc.uint8Array(),
    (w, v) => w.bytes(v),
    (r) => r.bytes(LIMIT).slice(),
  ),
  codec(
    'text',
    fc.string({ unit: 'grapheme' }),
    (w, v) => w.text(v),
    (r) => r.text(),
  ),
  codec(
    'int32s',
    ints,
    (w, v) => w.int32s(v),
    (r) => r.int32s(LIMIT),
  ),
  codec(
    'int16s',
    shorts,
    (w, v) => w.int16s(v),
    (r) => r.int16s(LIMIT),
  ),
  codec(
    'series',
    ints,
    (w, v) => w.series(v),
    (r) => r.series(LIMIT),
  ),
  codec(
    'list',
    fc.array(int32),
    (w, v) => w.list(v, (x) => w.int(x)),
    (r) => r.list(LIMIT, () => r.int()),
  ),
];

/** What a reader says to these bytes: the error, which is always E_FILE, or undefined. */
function refusal(bytes: readonly number[], read: (reader: Reader) => unknown, options?: ReaderOptions) {
  try {
    const reader = new Reader(Uint8Array.from(bytes), options);
    read(reader);
    reader.finish();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(TesseraError);
    expect((error as TesseraError).code).toBe('E_FILE');
    return error as TesseraError;
  }
}

describe.each(codecs)('$name', ({ arbitrary, write, read }) => {
  it('decode(encode(x)) = x', () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        const writer = new Writer(1);
        write(writer, value);
        const reader = new Reader(writer.finish());
        expect(read(reader)).toEqual(value);
        reader.finish();
      }),
    );
  });

  it('any bytes: refused with E_FILE, or encode(decode(b)) = b', () => {
    const small = fc.uint8Array({ maxLength: 12 });
    const leading = fc.tuple(fc.constantFrom(0, 1, 2, 0x80, 0xff), small).map(([a, b]) => Uint8Array.of(a, ...b));
    fc.assert(
      fc.property(fc.oneof(small, leading), (bytes) => {
        const again = new Writer();
        if (refusal([...bytes], (reader) => write(again, read(reader))) === undefined) {
          expect(again.finish()).toEqual(bytes);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('Reader', () => {
  it.each([
    ['a superfluous zero group', [0x80, 0x00]],
    ['an integer above 2^53', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['an endless integer', new Array(100).fill(0x80)],
    ['an integer cut short', [0xff]],
  ])('refuses %s', (_, bytes) => {
    expect(refusal(bytes, (r) => r.varint())).toBeDefined();
  });

  it('reads the largest integer and refuses the next', () => {
    const max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    expect(new Reader(Uint8Array.from(max)).varint()).toBe(Number.MAX_SAFE_INTEGER);
    expect(refusal([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], (r) => r.varint())).toBeDefined();
    expect(refusal([0, 0, 0, 0, 0, 0, 0x20, 0], (r) => r.u64())).toBeDefined();
  });

  it('says where: name and offset', () => {
    const error = refusal([1, 2, 3], (r) => [r.u16(), r.u16()], { name: 'key file' });
    expect(error!.toString()).toBe('E_FILE: key file, byte 2: The end is 1 bytes too early.');
  });

  it('refuses bytes left over, text that is not UTF-8, a series beyond 32 bits', () => {
    expect(refusal([0, 0], (r) => r.u8())!.message).toContain('left over');
    expect(refusal([1, 0xff], (r) => r.text())!.message).toContain('UTF-8');
    expect(refusal([2, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x02], (r) => r.series(9))!.message).toContain('32 bits');
  });

  it('keeps a byte order mark, which is a character of the text', () => {
    expect(new Reader(new Writer().text('\ufeffa').finish()).text()).toBe('\ufeffa');
  });

  it('believes no count that the bytes cannot hold', () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0x07];
    expect(refusal(huge, (r) => r.int32s(2 ** 40))!.message).toContain('are announced');
    expect(refusal(huge, (r) => r.list(2 ** 40, () => r.u8()))!.message).toContain('are announced');
    expect(refusal(huge, (r) => r.bytes(2 ** 40))!.message).toContain('too early');
    expect(refusal([5, 1, 2, 3, 4, 5], (r) => r.bytes(4))).toBeDefined();
  });

  it('stops at its budget', () => {
    const bytes = [2, 1, 2, 2, 3, 4];
    const read = (r: Reader) => [r.list(9, () => r.u8()), r.list(9, () => r.u8())];
    expect(refusal(bytes, read)).toBeUndefined();
    expect(refusal(bytes, read, { budget: 200 })!.message).toContain('memory');
  });

  it('copies arrays out of any Uint8Array, Buffers included', () => {
    const buffer = Buffer.from(new Writer().u8(0).int32s(Int32Array.of(7, -7)).finish());
    const reader = new Reader(buffer);
    reader.u8();
    expect(reader.int32s(9)).toEqual(Int32Array.of(7, -7));
  });
});

describe('Writer', () => {
  it.each([
    ['a fraction', (w: Writer) => w.varint(0.5)],
    ['a negative count', (w: Writer) => w.varint(-1)],
    ['256 in a byte', (w: Writer) => w.u8(256)],
    ['minus zero', (w: Writer) => w.int(-0)],
    ['NaN', (w: Writer) => w.u32(Number.NaN)],
    ['a lone surrogate', (w: Writer) => w.text('\ud800')],
  ])('refuses %s', (_, write) => {
    expect(() => write(new Writer())).toThrow(TesseraError);
  });
});
