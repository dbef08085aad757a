/**
 * Cell by cell on constants, in double precision. Integers are exact: a result outside its type is refused, not wrapped.
 */
import { TesseraError } from '../../errors.ts';
import { dtypeOf, type ElementType, integerRange } from '../element.ts';
import { broadcastStrides, mapped, sizeOf, walk } from '../tensor.ts';
import type { Evaluator } from './evaluator.ts';

type Real = (...x: number[]) => number;

/** The same function of any number of operands; integers by `onIntegers` where that differs. */
function cells(f: Real, onIntegers: Real = f): Evaluator {
  return (node, inputs, outputs) => {
    const { shape, type } = outputs[0]!;
    const g = dtypeOf(type) === 'float' ? f : onIntegers;
    const out = new Float64Array(sizeOf(shape));
    const strides = inputs.map((x) => broadcastStrides(x.shape, shape));
    const data = inputs.map((x) => x.data);
    const x = new Array<number>(inputs.length).fill(0);
    walk(
      shape,
      strides,
      inputs.map(() => 0),
      (i, at) => {
        for (let t = 0; t < x.length; t++) x[t] = data[t]![at[t]!]!;
        out[i] = g(...x);
      },
    );
    return [checked(out, type, node.name)];
  };
}

/** @throws E_RANGE for an integer that its type, or a double, does not hold exactly */
function checked(data: Float64Array, type: ElementType, name: string): Float64Array {
  if (dtypeOf(type) === 'float') return data;
  const { lo, hi } = type === 'bool' ? { lo: 0, hi: 1 } : integerRange(type);
  const bad = data.find((v) => !(Number.isInteger(v) && v >= lo && v <= hi));
  if (bad === undefined) return data;
  throw new TesseraError('E_RANGE', `the constant ${bad} is outside ${type}`, { where: `node "${name}"` });
}

/** Saturated integers stand for "very large" only: sums and products of them would be wrong. */
function exact(f: Real): Real {
  return (...x) => (x.some((v) => Math.abs(v) >= Number.MAX_SAFE_INTEGER) ? Number.NaN : f(...x));
}

const bit =
  (f: (a: number, b: number) => boolean): Real =>
  (a, b) =>
    f(a!, b!) ? 1 : 0;

/** Truncates towards zero, as C does. */
const cast: Evaluator = (node, inputs, outputs) => {
  const { type } = outputs[0]!;
  const { data } = inputs[0]!;
  const convert: Real =
    type === 'bool' ? (v) => (v === 0 ? 0 : 1) : dtypeOf(type) === 'int' ? (v) => Math.trunc(v!) : (v) => v!;
  if (dtypeOf(type) === 'float' && inputs[0]!.dtype === 'float') return [data];
  return [
    checked(
      mapped(data, (v) => convert(v)),
      type,
      node.name,
    ),
  ];
};

const mod: Evaluator = (node, inputs, outputs) => {
  const c: Real = (a, b) => a! % b!;
  const python: Real = (a, b) => a! - b! * Math.floor(a! / b!);
  return cells(c, node.attributes.get('fmod') === 1 ? c : exact(python))(node, inputs, outputs);
};

const clip: Evaluator = (node, inputs, outputs) => {
  const [min, max] = [node.attributes.get('min') as number, node.attributes.get('max') as number];
  return cells((v) => Math.min(max, Math.max(min, v!)))(node, inputs, outputs);
};

export const arithmetic: Readonly<Record<string, Evaluator>> = {
  Abs: cells((a) => Math.abs(a!)),
  Add: cells(
    (a, b) => a! + b!,
    exact((a, b) => a! + b!),
  ),
  And: cells(bit((a, b) => a !== 0 && b !== 0)),
  Cast: cast,
  Ceil: cells((a) => Math.ceil(a!)),
  Clip: clip,
  Cos: cells((a) => Math.cos(a!)),
  Div: cells(
    (a, b) => a! / b!,
    exact((a, b) => Math.trunc(a! / b!)),
  ),
  Equal: cells(bit((a, b) => a === b)),
  Exp: cells((a) => Math.exp(a!)),
  Floor: cells((a) => Math.floor(a!)),
  Greater: cells(bit((a, b) => a > b)),
  GreaterOrEqual: cells(bit((a, b) => a >= b)),
  Less: cells(bit((a, b) => a < b)),
  LessOrEqual: cells(bit((a, b) => a <= b)),
  Log: cells((a) => Math.log(a!)),
  Max: cells((a, b) => Math.max(a!, b!)),
  Min: cells((a, b) => Math.min(a!, b!)),
  Mod: mod,
  Mul: cells(
    (a, b) => a! * b!,
    exact((a, b) => a! * b!),
  ),
  Neg: cells(
    (a) => -a!,
    exact((a) => 0 - a!),
  ),
  Not: cells((a) => (a === 0 ? 1 : 0)),
  Or: cells(bit((a, b) => a !== 0 || b !== 0)),
  Pow: cells(
    (a, b) => a! ** b!,
    exact((a, b) => Math.trunc(a! ** b!)),
  ),
  Reciprocal: cells((a) => 1 / a!),
  Sin: cells((a) => Math.sin(a!)),
  Sqrt: cells((a) => Math.sqrt(a!)),
  Sub: cells(
    (a, b) => a! - b!,
    exact((a, b) => a! - b!),
  ),
  Tanh: cells((a) => Math.tanh(a!)),
  Where: cells((c, a, b) => (c !== 0 ? a! : b!)),
  Xor: cells(bit((a, b) => (a !== 0) !== (b !== 0))),
};
