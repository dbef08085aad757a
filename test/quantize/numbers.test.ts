import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOutput, encodeInput } from '../../src/circuit/ports.ts';
import { portOf, quantise, scaleInto, signedRange, unsignedRange } from '../../src/ops/scheme.ts';

const real = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe('scales', () => {
  it('are the largest that fit', () => {
    fc.assert(
      fc.property(real, real, fc.integer({ min: 2, max: 16 }), (a, b, bits) => {
        const interval = { min: Math.min(a, b), max: Math.max(a, b) };
        fc.pre(Math.max(Math.abs(a), Math.abs(b)) > 1e-6);
        const range = signedRange(bits);
        const fits = (scale: number): boolean =>
          interval.min * 2 ** scale >= range.lo && interval.max * 2 ** scale <= range.hi;
        const scale = scaleInto(interval, range);
        expect(fits(scale)).toBe(true);
        expect(fits(scale + 1)).toBe(false);
      }),
    );
  });

  it('a tensor that is never negative is unsigned', () => {
    expect(portOf({ min: 0, max: 1 }, 12)).toEqual({ range: unsignedRange(12), scale: 11 });
    expect(portOf({ min: -1, max: 1 }, 12)).toEqual({ range: signedRange(12), scale: 10 });
  });

  it('a tensor of zeros has some scale', () => {
    expect(Number.isFinite(scaleInto({ min: 0, max: 0 }, signedRange(8)))).toBe(true);
  });
});

describe('rounding', () => {
  it('is half up', () => {
    expect([...quantise([0.5, -0.5, 1.5, -1.5, 0.49, -0.51], 0, 'w')]).toEqual([1, 0, 2, -1, 0, -1]);
  });

  it('moves no value by more than half a unit, in 16 bits where all fit', () => {
    fc.assert(
      fc.property(fc.array(real, { minLength: 1 }), fc.integer({ min: -8, max: 10 }), (values, scale) => {
        const integers = quantise(values, scale, 'w');
        for (const [i, v] of values.entries()) expect(Math.abs(integers[i]! - v * 2 ** scale)).toBeLessThanOrEqual(0.5);
        expect(integers instanceof Int16Array).toBe(integers.every((v) => v >= -32768 && v <= 32767));
      }),
    );
  });

  it('refuses what is not a number, or too large', () => {
    expect(() => quantise([0, Number.NaN], 0, 'w')).toThrow(expect.objectContaining({ code: 'E_NAN', where: 'w' }));
    expect(() => quantise([1], 31, 'w')).toThrow(expect.objectContaining({ code: 'E_QUANTIZE' }));
  });
});

describe('ports', () => {
  const port = { name: 'x', shape: [2, 2], range: signedRange(12), scale: 10 };

  it('encode and decode are inverse on the port integers', () => {
    const values = Float32Array.of(-2, 1.9990234375, 0, -0.0009765625);
    const integers = encodeInput(port, values);
    expect([...integers]).toEqual([-2048, 2047, 0, -1]);
    expect(decodeOutput(port, integers)).toEqual(values);
  });

  it('round half up', () => {
    expect([...encodeInput(port, [0.5 / 1024, -0.5 / 1024, 1.5 / 1024, 0])]).toEqual([1, 0, 2, 0]);
  });

  it.each([
    ['too few values', [0, 0, 0], 'E_INPUT'],
    ['a NaN', [0, Number.NaN, 0, 0], 'E_NAN'],
    ['infinity', [0, Number.POSITIVE_INFINITY, 0, 0], 'E_RANGE'],
    ['a value above', [2, 0, 0, 0], 'E_RANGE'],
    ['a value below', [0, 0, 0, -2.001], 'E_RANGE'],
  ] as const)('refuse %s', (_, values, code) => {
    expect(() => encodeInput(port, values)).toThrow(expect.objectContaining({ code, where: 'x' }));
  });
});
