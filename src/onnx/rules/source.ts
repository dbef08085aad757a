/**
 * Operators whose output is known at once, because every shape is.
 */
import { dtypeOf, type ElementType } from '../element.ts';
import { known, type Rule } from '../rule.ts';
import { intTensor, type Shape, sizeOf, type Tensor } from '../tensor.ts';

const constant: Rule = (call) => {
  const value = call.tensor('value');
  if (value !== undefined) return known(value);
  const floats = call.floats('value_floats');
  if (floats !== undefined) return known(tensorOf('float32', [floats.length], Float64Array.from(floats)));
  const ints = call.ints('value_ints');
  if (ints !== undefined) return known(intTensor([ints.length], ints));
  if (call.node.attributes.has('value_int')) return known(intTensor([], [call.int('value_int')]));
  if (call.node.attributes.has('value_float')) {
    return known(tensorOf('float32', [], Float64Array.of(call.float('value_float'))));
  }
  return call.fail('E_DTYPE', 'constants of strings or sparse tensors are not supported');
};

/** Axes start .. end - 1, counted as Python counts slices. */
const shape: Rule = (call) => {
  const dims = call.shape(0);
  const start = call.int('start', 0);
  const end = call.int('end', dims.length);
  const part = dims.slice(start, end);
  return known(intTensor([part.length], part));
};

const size: Rule = (call) => known(intTensor([], [sizeOf(call.shape(0))]));

const constantOfShape: Rule = (call) => {
  const dims = call.intsAt(0, 'the sizes') ?? call.fail('E_ONNX_GRAPH', 'input 0 is missing');
  const value = call.tensor('value');
  call.spend(dims);
  const data = new Float64Array(sizeOf(dims)).fill(value?.value.data[0] ?? 0);
  return known(tensorOf(value?.type ?? 'float32', dims, data));
};

/** start, start + delta, ... before limit. */
const range: Rule = (call) => {
  const [start, limit, delta] = [0, 1, 2].map((i) => call.numbersAt(i, 'start, limit or delta')?.[0] ?? Number.NaN);
  const count = Math.max(0, Math.ceil((limit! - start!) / delta!));
  if (!Number.isFinite(count)) call.fail('E_SHAPE', `no range from ${start} to ${limit} by ${delta}`);
  call.spend([count]);
  const data = Float64Array.from({ length: count }, (_, i) => start! + i * delta!);
  return known(tensorOf(call.type(0), [count], data));
};

function tensorOf(type: ElementType, dims: Shape, data: Float64Array): Tensor {
  return { type, value: { shape: dims, dtype: dtypeOf(type), data } };
}

export const sourceRules: Readonly<Record<string, Rule>> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  Shape: shape,
  Size: size,
};
