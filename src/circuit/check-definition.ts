/**
 * What a legal definition of one tensor is: it names earlier tensors only, and shapes, axes and maps fit.
 */
import { labelsOf } from './contract.ts';
import { MODULUS } from './interval.ts';
import { isInteger, isValue, refuse, sameShape } from './legal.ts';
import { operandsOf, operandsOfHint } from './reads.ts';
import type { AxisMap, Circuit, Definition, Hint, Tensor, TensorId, View } from './types.ts';
import { cellsOf } from './types.ts';

type LinearDefinition = Extract<Definition, { kind: 'linear' }>;

/** Accumulators have 31 bits: a larger shift leaves nothing. */
const MAX_SHIFT = 30;

/** @throws TesseraError E_CIRCUIT */
export function checkDefinition(circuit: Circuit, id: TensorId): void {
  const tensor = circuit.tensors[id]!;
  const { def, name } = tensor;
  const earlier = (ids: readonly TensorId[]): void => {
    for (const read of ids)
      if (!isInteger(read, 0, id - 1)) refuse(name, `tensor ${read} is not defined before this one`);
  };
  earlier(operandsOf(def));
  if (def.kind === 'witness') earlier(operandsOfHint(def.hint));
  switch (def.kind) {
    case 'witness':
      checkHint(circuit, tensor, def.hint);
      break;
    case 'constant':
      if (!isValue(def.value)) refuse(name, 'the constant is not an integer below 2^30');
      break;
    case 'linear':
      checkLinear(circuit, tensor, def);
      break;
    case 'product':
      sameShapes(circuit, tensor, [def.a, def.b]);
      break;
    case 'contract': {
      const [a, b] = [circuit.tensors[def.a]!.shape, circuit.tensors[def.b]!.shape];
      labelsOf(def, { a, b, out: tensor.shape }, name);
      break;
    }
    case 'view':
      checkView(def, circuit.tensors[def.source]!.shape, tensor);
      break;
  }
}

/** The box rule: every operand has the cells of the result and no others. */
function sameShapes(circuit: Circuit, { name, shape }: Tensor, operands: readonly TensorId[]): void {
  for (const id of operands) {
    const { name: other, shape: its } = circuit.tensors[id]!;
    if (!sameShape(its, shape))
      refuse(name, `the shape [${shape.join(', ')}] is not the shape [${its.join(', ')}] of ${other}`);
  }
}

function checkLinear(circuit: Circuit, tensor: Tensor, { terms, constant, shift }: LinearDefinition): void {
  if (terms.length === 0) refuse(tensor.name, 'a sum has no terms');
  const isCoefficient = (c: number): boolean => isInteger(c, 1 - MODULUS, MODULUS - 1);
  if (![constant, ...terms.map((t) => t.coefficient)].every(isCoefficient))
    refuse(tensor.name, 'a coefficient is not an integer below p');
  if (!isInteger(shift, 0, MAX_SHIFT)) refuse(tensor.name, `the shift is not one of 0 .. ${MAX_SHIFT}`);
  sameShapes(
    circuit,
    tensor,
    terms.map((t) => t.tensor),
  );
}

/** Hints say nothing, but the prover must be able to follow them. */
function checkHint(circuit: Circuit, { name, shape }: Tensor, hint: Hint): void {
  const shapeOf = (id: TensorId): readonly number[] => circuit.tensors[id]!.shape;
  const fits = ((): boolean => {
    switch (hint.kind) {
      case 'bits':
        return sameShape(shapeOf(hint.of), shape) && isInteger(hint.from, 0, 31) && isInteger(hint.count, 1, 30);
      case 'table':
        return sameShape(shapeOf(hint.of), shape) && circuit.tables[hint.table]?.columns.length === 2;
      case 'quotient':
        return sameShape(shapeOf(hint.numerator), shape) && sameShape(shapeOf(hint.denominator), shape);
      case 'max':
        return shapeOf(hint.of).length > 0 && sameShape(shapeOf(hint.of).slice(0, -1), shape);
      case 'root':
        return sameShape(shapeOf(hint.of), shape);
      case 'argmax':
        return shape.length > 0 && sameShape(shapeOf(hint.of), shape);
      case 'multiplicity':
        return sameShape([circuit.tables[hint.table]?.rows ?? 0], shape);
    }
  })();
  if (!fits) refuse(name, `the hint ${hint.kind} does not fit the column`);
}

function checkView(view: View, from: readonly number[], { name, shape }: Tensor): void {
  if (!isValue(view.fill)) refuse(name, 'the fill is not an integer below 2^30');
  const sources = view.maps.flatMap((m) => (m.kind === 'index' ? m.from : m.kind === 'broadcast' ? [] : [m.from]));
  const targets = view.maps.flatMap((m) => (m.kind === 'index' ? m.to : [m.to]));
  if (!isPartition(sources, from.length)) refuse(name, 'the maps do not name every axis of the source once');
  if (!isPartition(targets, shape.length)) refuse(name, 'the maps do not name every axis of the view once');
  for (const map of view.maps) {
    if (!isMapWithin(map, from, shape)) refuse(name, `the map ${map.kind} leaves its axes`);
  }
}

/** Each of 0 .. count-1 once. */
function isPartition(axes: readonly number[], count: number): boolean {
  return axes.length === count && new Set(axes).size === count && axes.every((a) => isInteger(a, 0, count - 1));
}

function isMapWithin(map: AxisMap, from: readonly number[], to: readonly number[]): boolean {
  switch (map.kind) {
    case 'broadcast':
      return true;
    case 'keep':
      return from[map.from] === to[map.to];
    case 'affine':
      return isInteger(map.stride, 1, MODULUS) && isInteger(map.offset, -MODULUS, MODULUS);
    case 'index': {
      const sources = cellsOf(map.from.map((axis) => from[axis]!));
      const targets = cellsOf(map.to.map((axis) => to[axis]!));
      if (map.map === null) return sources === targets;
      return map.map.length === targets && map.map.every((i) => i >= -1 && i < sources);
    }
  }
}
