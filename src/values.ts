/**
 * Values as callers give and get them: by name, real numbers or the integers that a proof speaks of.
 */

import { checkPort, decodeOutput, encodeInput } from './circuit/ports.ts';
import type { Circuit, IntArray, Port } from './circuit/types.ts';
import { TesseraError } from './errors.ts';

/** Row-major values by tensor name. Floats are real values; integers are real values times 2^scale. */
export type TensorValues = Readonly<Record<string, Float32Array | Float64Array | IntArray>>;

/** An output: exact integers, the real values beside them. */
export interface OutputValues {
  readonly shape: readonly number[];
  readonly integers: Int32Array;
  readonly values: Float32Array;
}

export type Outputs = Readonly<Record<string, OutputValues>>;

/** Integers of the named ports; ports that are not named are absent. @throws TesseraError E_INPUT, E_DTYPE, E_NAN, E_RANGE */
export function namedIntegers(
  what: 'input' | 'output',
  ports: readonly Port[],
  values: TensorValues | Outputs,
): Map<number, IntArray> {
  const out = new Map<number, IntArray>();
  if (values === null || typeof values !== 'object') {
    throw new TesseraError('E_INPUT', `the ${what}s are not an object of values by name`);
  }
  for (const [name, v] of Object.entries(values)) {
    const i = ports.findIndex((p) => p.name === name);
    if (i < 0) {
      const hint = `Its ${what}s are ${ports.map((p) => p.name).join(', ')}.`;
      throw new TesseraError('E_INPUT', `the model has no ${what} of this name`, { where: name, hint });
    }
    out.set(i, portIntegers(what, ports[i]!, v));
  }
  return out;
}

/** As namedIntegers, with every port named. */
export function allIntegers(
  what: 'input' | 'output',
  ports: readonly Port[],
  values: TensorValues | Outputs,
): IntArray[] {
  const named = namedIntegers(what, ports, values);
  return ports.map(({ name }, i) => {
    const v = named.get(i);
    if (v === undefined) throw new TesseraError('E_INPUT', `this ${what} is not given`, { where: name });
    return v;
  });
}

export function namedOutputs(circuit: Circuit, integers: readonly IntArray[]): Outputs {
  return Object.fromEntries(
    circuit.outputs.map((port, i) => [
      port.name,
      { shape: port.shape, integers: Int32Array.from(integers[i]!), values: decodeOutput(port, integers[i]!) },
    ]),
  );
}

/** Inputs are rounded as the model rounds them; an output is a claim, and must be exactly what is claimed. */
function portIntegers(what: 'input' | 'output', port: Port, given: TensorValues[string] | OutputValues): IntArray {
  const values = given !== null && typeof given === 'object' && 'integers' in given ? given.integers : given;
  if (values instanceof Float32Array || values instanceof Float64Array) {
    const integers = encodeInput(port, values);
    if (what === 'output') checkExact(port, values, integers);
    return integers;
  }
  if (!(values instanceof Int16Array || values instanceof Int32Array)) {
    throw new TesseraError('E_DTYPE', 'values are a Float32Array, Float64Array, Int16Array or Int32Array', {
      where: port.name,
    });
  }
  checkPort(port, values);
  return values;
}

function checkExact(port: Port, values: Float32Array | Float64Array, integers: IntArray): void {
  const rounded = values.findIndex((x, i) => x !== integers[i]! * 2 ** -port.scale);
  if (rounded < 0) return;
  throw new TesseraError('E_RANGE', `value ${values[rounded]} at ${rounded} is not an integer times 2^-${port.scale}`, {
    where: port.name,
    hint: 'Give the integers of the output.',
  });
}
