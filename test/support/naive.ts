/**
 * The meaning of a circuit, cell by cell, straight from the definitions in src/circuit/types.ts: slow, and nothing to get wrong.
 */
import type { Circuit, Contract, Hint, IntArray, TensorId, View } from '../../src/circuit/types.ts';
import { cellsOf, tableValue } from '../../src/circuit/types.ts';

/** Row-major values of every tensor; multiplicities and public output columns included. */
export type NaiveValues = readonly (readonly number[])[];

/** `change` may overwrite the cells of each tensor before later ones read them: for tests that lie. */
export function evaluateNaive(
  circuit: Circuit,
  weights: ReadonlyMap<TensorId, IntArray>,
  inputs: readonly IntArray[],
  change: (id: TensorId, values: number[][]) => void = () => {},
): number[][] {
  const values: number[][] = [];
  circuit.tensors.forEach((tensor, id) => {
    const count = cellsOf(tensor.shape);
    const each = (cell: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => cell(i));
    const at = (t: TensorId): number[] => values[t]!;
    const def = tensor.def;
    if (def.kind === 'input') values[id] = [...inputs[def.input]!];
    else if (def.kind === 'weight') values[id] = [...weights.get(id)!];
    else if (def.kind === 'constant') values[id] = each(() => def.value);
    else if (def.kind === 'output') values[id] = [...at(boundTo(circuit, id))];
    else if (def.kind === 'product') values[id] = each((i) => at(def.a)[i]! * at(def.b)[i]!);
    else if (def.kind === 'witness') values[id] = hinted(circuit, def.hint, tensor.shape, at);
    else if (def.kind === 'contract') values[id] = contracted(circuit, def, tensor.shape, at(def.a), at(def.b));
    else if (def.kind === 'view')
      values[id] = viewed(def, circuit.tensors[def.source]!.shape, tensor.shape, at(def.source));
    else {
      const sum = (i: number): number => def.terms.reduce((s, t) => s + t.coefficient * at(t.tensor)[i]!, def.constant);
      values[id] = each((i) => Math.floor(sum(i) / 2 ** def.shift));
    }
    change(id, values);
  });
  for (const { table, tensors } of circuit.lookups) {
    const { columns, multiplicity } = circuit.tables[table]!;
    for (const v of values[tensors[0]!]!) values[multiplicity]![v - tableValue(columns[0]!, 0)]! += 1;
  }
  return values;
}

/** Every relation that does not hold, in words. */
export function violations(circuit: Circuit, values: NaiveValues): string[] {
  const found: string[] = [];
  circuit.tensors.forEach(({ name, range, def }, id) => {
    for (const v of values[id]!) if (v < range.lo || v > range.hi) found.push(`${name}: ${v} outside its range`);
    if (def.kind !== 'linear') return;
    values[id]!.forEach((v, i) => {
      const sum = def.terms.reduce((s, t) => s + t.coefficient * values[t.tensor]![i]!, def.constant);
      if (sum !== v * 2 ** def.shift) found.push(`${name}: ${sum} is not ${v} 2^${def.shift}`);
    });
  });
  for (const { table, tensors } of circuit.lookups) {
    const { name, rows, columns } = circuit.tables[table]!;
    const entries = new Set(Array.from({ length: rows }, (_, r) => columns.map((c) => tableValue(c, r)).join()));
    values[tensors[0]!]!.forEach((_, i) => {
      const entry = tensors.map((t) => values[t]![i]!).join();
      if (!entries.has(entry)) found.push(`${circuit.tensors[tensors[0]!]!.name}: (${entry}) is not in ${name}`);
    });
  }
  for (const zero of circuit.zeros) {
    if (values[zero]!.some((v) => v !== 0)) found.push(`${circuit.tensors[zero]!.name} is not zero`);
  }
  return found;
}

/** The other tensor of the zero that an output column is in. */
function boundTo(circuit: Circuit, column: TensorId): TensorId {
  for (const zero of circuit.zeros) {
    const def = circuit.tensors[zero]!.def;
    if (def.kind !== 'linear' || !def.terms.some((t) => t.tensor === column)) continue;
    return def.terms.find((t) => t.tensor !== column)!.tensor;
  }
  throw new Error('an output that nothing binds');
}

function hinted(circuit: Circuit, hint: Hint, shape: readonly number[], at: (t: TensorId) => number[]): number[] {
  const count = cellsOf(shape);
  const each = (cell: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => cell(i));
  switch (hint.kind) {
    case 'multiplicity':
      return each(() => 0);
    case 'bits':
      return each((i) => (at(hint.of)[i]! >> hint.from) & (2 ** hint.count - 1));
    case 'table': {
      const [argument, value] = circuit.tables[hint.table]!.columns as [never, never];
      return each((i) => tableValue(value, at(hint.of)[i]! - tableValue(argument, 0)));
    }
    case 'quotient':
      return each((i) => Math.floor(at(hint.numerator)[i]! / at(hint.denominator)[i]!));
    case 'root':
      return each((i) => Math.floor(Math.sqrt(at(hint.of)[i]!)));
    case 'max': {
      const size = at(hint.of).length / count;
      return each((i) => Math.max(...at(hint.of).slice(i * size, (i + 1) * size)));
    }
    case 'argmax': {
      const size = shape.at(-1)!;
      return each((i) => {
        const row = at(hint.of).slice(i - (i % size), i - (i % size) + size);
        return row.indexOf(Math.max(...row)) === i % size ? 1 : 0;
      });
    }
  }
}

/** Axis indices of a flat row-major index. */
function unflatten(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = flat;
  for (let a = shape.length - 1; a >= 0; a--) {
    index[a] = rest % shape[a]!;
    rest = Math.floor(rest / shape[a]!);
  }
  return index;
}

function flatten(index: readonly number[], shape: readonly number[]): number {
  return shape.reduce((flat, size, a) => flat * size + index[a]!, 0);
}

function contracted(circuit: Circuit, def: Contract, shape: readonly number[], a: number[], b: number[]): number[] {
  const aShape = circuit.tensors[def.a]!.shape;
  const bShape = circuit.tensors[def.b]!.shape;
  return Array.from({ length: cellsOf(shape) }, (_, o) => {
    const place = new Map(def.out.map((label, i) => [label, unflatten(o, shape)[i]!]));
    let sum = 0;
    a.forEach((x, i) => {
      const label = new Map(def.aAxes.map((l, axis) => [l, unflatten(i, aShape)[axis]!]));
      if ([...label].some(([l, at]) => place.has(l) && place.get(l) !== at)) return;
      const index = def.bAxes.map((axis) =>
        typeof axis === 'string'
          ? (label.get(axis) ?? place.get(axis)!)
          : axis.stride * place.get(axis.out)! + axis.dilation * label.get(axis.kernel)! - axis.pad,
      );
      if (index.some((at, axis) => at < 0 || at >= bShape[axis]!)) return;
      sum += x * b[flatten(index, bShape)]!;
    });
    return sum;
  });
}

function viewed(view: View, from: readonly number[], shape: readonly number[], source: number[]): number[] {
  return Array.from({ length: cellsOf(shape) }, (_, j) => {
    const to = unflatten(j, shape);
    const index: number[] = [];
    for (const map of view.maps) {
      if (map.kind === 'keep') index[map.from] = to[map.to]!;
      if (map.kind === 'affine') index[map.from] = map.stride * to[map.to]! + map.offset;
      if (map.kind !== 'index') continue;
      const flat = flatten(
        map.to.map((axis) => to[axis]!),
        map.to.map((axis) => shape[axis]!),
      );
      const chosen = map.map === null ? flat : map.map[flat]!;
      if (chosen < 0) return view.fill;
      unflatten(
        chosen,
        map.from.map((axis) => from[axis]!),
      ).forEach((at, i) => {
        index[map.from[i]!] = at;
      });
    }
    return index.some((at, axis) => at < 0 || at >= from[axis]!) ? view.fill : source[flatten(index, from)]!;
  });
}
