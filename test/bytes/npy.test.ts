import { describe, expect, it } from 'vitest';
import { isNpy, readNpy } from '../../src/bytes/npy.ts';
import { npyFile } from '../support/npy.ts';

describe('.npy', () => {
  it('reads shapes and dtypes', () => {
    const floats = npyFile('<f4', '(2, 2)', new Uint8Array(Float32Array.of(1, -2, 0.5, 3).buffer));
    expect(readNpy(floats)).toEqual({ shape: [2, 2], data: Float64Array.of(1, -2, 0.5, 3), dtype: 'float' });
    const longs = npyFile('<i8', '(2,)', new Uint8Array(BigInt64Array.of(-5n, 2n ** 40n).buffer));
    expect(readNpy(longs)).toEqual({ shape: [2], data: Float64Array.of(-5, 2 ** 40), dtype: 'int' });
    expect(readNpy(npyFile('|u1', '()', Uint8Array.of(200)))).toEqual({
      shape: [],
      data: Float64Array.of(200),
      dtype: 'int',
    });
    expect(readNpy(npyFile('|i1', '(1,)', Uint8Array.of(200))).data[0]).toBe(-56);
    expect(readNpy(npyFile('<i2', '(1,)', Uint8Array.of(1, 0x80))).data[0]).toBe(-32767);
    expect(readNpy(npyFile('<u2', '(1,)', Uint8Array.of(1, 0x80))).data[0]).toBe(32769);
    expect(readNpy(npyFile('<i4', '(1,)', Uint8Array.of(0, 0, 0, 0x80))).data[0]).toBe(-(2 ** 31));
    expect(readNpy(npyFile('<u4', '(1,)', Uint8Array.of(0, 0, 0, 0x80))).data[0]).toBe(2 ** 31);
    expect(readNpy(npyFile('<f8', '(1,)', new Uint8Array(Float64Array.of(0.1).buffer))).data[0]).toBe(0.1);
  });

  it('knows its own', () => {
    expect(isNpy(npyFile('|u1', '(1,)', Uint8Array.of(1)))).toBe(true);
    expect(isNpy(Uint8Array.of(0x93, 0x4e))).toBe(false);
  });

  it.each([
    ['not .npy', Uint8Array.of(1, 2, 3), 'not a .npy'],
    ['too few elements', npyFile('<f4', '(2,)', new Uint8Array(4)), 'needs 8 bytes'],
    ['too many elements', npyFile('<f4', '(2,)', new Uint8Array(12)), 'needs 8 bytes'],
    ['a huge shape', npyFile('<f4', '(99999999999, 99999999999)', new Uint8Array(12)), 'needs'],
    ['column-major order', npyFile('<f4', '(1,)', new Uint8Array(4), 'True'), 'row-major'],
    ['objects', npyFile('|O', '(1,)', new Uint8Array(4)), '|O'],
    ['an inherited name as dtype', npyFile('toString', '(1,)', new Uint8Array(4)), 'toString'],
    ['no shape', npyFile('<f4', 'None', new Uint8Array(4)), 'no shape'],
  ])('refuses %s', (_, bytes, sentence) => {
    expect(() => readNpy(bytes)).toThrow(sentence);
  });
});
