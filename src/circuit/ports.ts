/**
 * Between the caller's real numbers and a port's integers: v = floor(x 2^scale + 1/2), x = v 2^-scale.
 */

import { TesseraError } from '../errors.ts';
import { firstOutside } from './interval.ts';
import type { IntArray, Port } from './types.ts';
import { cellsOf } from './types.ts';

/**
 * @param values row-major, one a cell of the port
 * @throws TesseraError E_INPUT for a wrong number of values, E_NAN for one that is not a number, E_RANGE for one outside the port
 */
export function encodeInput(port: Port, values: ArrayLike<number>): IntArray {
  const { lo, hi } = port.range;
  if (values.length !== cellsOf(port.shape)) {
    const sentence = `${values.length} values for shape [${port.shape.join(', ')}]`;
    throw new TesseraError('E_INPUT', sentence, { where: port.name });
  }
  const factor = 2 ** port.scale;
  const out = lo >= -(2 ** 15) && hi < 2 ** 15 ? new Int16Array(values.length) : new Int32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const x = values[i]!;
    const v = Math.floor(x * factor + 0.5);
    if (Number.isNaN(v)) throw new TesseraError('E_NAN', `element ${i} is not a number`, { where: port.name });
    if (v < lo || v > hi) {
      throw new TesseraError('E_RANGE', `element ${i} is ${x}, outside ${lo / factor} .. ${hi / factor}`, {
        where: port.name,
        hint: 'Compile with samples, or an input range, that include such values.',
      });
    }
    out[i] = v;
  }
  return out;
}

/** The real values of a port's integers. */
export function decodeOutput(port: Port, integers: IntArray): Float32Array {
  const factor = 2 ** -port.scale;
  return Float32Array.from(integers, (v) => v * factor);
}

/** @throws TesseraError E_INPUT for a wrong number of integers, E_RANGE for one that the port cannot hold */
export function checkPort(port: Port, values: IntArray): void {
  if (values.length !== cellsOf(port.shape)) {
    const sentence = `${values.length} values are given for shape [${port.shape.join(', ')}]`;
    throw new TesseraError('E_INPUT', sentence, { where: port.name });
  }
  const bad = firstOutside(values, port.range);
  if (bad >= 0) {
    const sentence = `value ${values[bad]} at ${bad} is outside ${port.range.lo} .. ${port.range.hi}`;
    throw new TesseraError('E_RANGE', sentence, { where: port.name });
  }
}
