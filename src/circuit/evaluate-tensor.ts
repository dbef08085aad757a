/**
 * The values of one tensor, from its definition and the values of the tensors that it names.
 */
import { evaluateContract } from './evaluate-contract.ts';
import { evaluateHint } from './evaluate-hint.ts';
import type { Run } from './evaluate-run.ts';
import { allocTensor, requireRange, throughI32 } from './evaluate-run.ts';
import { evaluateView } from './evaluate-view.ts';
import type { Stored } from './storage.ts';
import { cellsAt, inParallel } from './storage.ts';
import type { Definition, IntArray, Tensor, TensorId } from './types.ts';

type DefinitionOf<K extends Definition['kind']> = Extract<Definition, { kind: K }>;

/** Computes a tensor. @throws TesseraError E_RANGE where a value leaves the range that a lookup allows it */
export function evaluateTensor(run: Run, id: TensorId): Stored {
  const tensor = run.circuit.tensors[id]!;
  const def = tensor.def;
  switch (def.kind) {
    case 'input':
      return place(run, tensor, run.inputs[def.input]!);
    case 'weight': {
      const values = run.weights.get(id)!;
      return 'ptr' in values ? values : place(run, tensor, values);
    }
    case 'output':
      return placeStored(run, tensor, run.tensors.get(run.bound.get(id)!)!);
    case 'constant':
      return fill(run, tensor, def.value);
    case 'witness':
      return evaluateHint(run, tensor, def.hint);
    case 'linear':
      return linear(run, tensor, def);
    case 'product':
      return product(run, tensor, def);
    case 'contract':
      return contract(run, tensor, def);
    case 'view':
      return view(run, tensor, def);
  }
}

function place(run: Run, tensor: Tensor, values: IntArray): Stored {
  const out = allocTensor(run, tensor);
  cellsAt(run.machine, out).set(values);
  return out;
}

function placeStored(run: Run, tensor: Tensor, from: Stored): Stored {
  const out = allocTensor(run, tensor);
  cellsAt(run.machine, out).set(cellsAt(run.machine, from));
  return out;
}

function fill(run: Run, tensor: Tensor, value: number): Stored {
  const out = allocTensor(run, tensor);
  cellsAt(run.machine, out).fill(value);
  return out;
}

/**
 * (constant + sum coefficient * tensor) >> shift: exact modulo 2^32, and the sum is below 2^31. Only where it is shifted can the
 * result leave its range: that range is a table's, not the sum's.
 */
function linear(run: Run, tensor: Tensor, def: DefinitionOf<'linear'>): Stored {
  const { machine } = run;
  return throughI32(run, tensor, (sum) => {
    inParallel(machine, 'fillI32', sum.length, 1, (from, to) => [sum.ptr, def.constant, from, to]);
    for (const term of def.terms) {
      const t = run.tensors.get(term.tensor)!;
      inParallel(machine, 'axpyInt', sum.length, 1, (from, to) => [sum.ptr, t.ptr, t.kind, term.coefficient, from, to]);
    }
    if (def.shift === 0) return;
    inParallel(machine, 'shiftInt', sum.length, 1, (from, to) => [sum.ptr, def.shift, sum.ptr, 4, from, to]);
    requireRange(tensor, cellsAt(machine, sum));
  });
}

function product(run: Run, tensor: Tensor, def: DefinitionOf<'product'>): Stored {
  const out = allocTensor(run, tensor);
  const [c, a, b] = [out, run.tensors.get(def.a)!, run.tensors.get(def.b)!].map((at) => cellsAt(run.machine, at));
  for (let i = 0; i < out.length; i++) c![i] = Math.imul(a![i]!, b![i]!);
  return out;
}

function contract(run: Run, tensor: Tensor, def: DefinitionOf<'contract'>): Stored {
  const operand = (id: TensorId) => ({ at: run.tensors.get(id)!, shape: run.circuit.tensors[id]!.shape });
  const { a, b } = { a: operand(def.a), b: operand(def.b) };
  return throughI32(run, tensor, (at) => {
    evaluateContract(run.storage, def, a, b, { at, shape: tensor.shape }, tensor.name);
  });
}

function view(run: Run, tensor: Tensor, def: DefinitionOf<'view'>): Stored {
  const out = allocTensor(run, tensor);
  const source = cellsAt(run.machine, run.tensors.get(def.source)!);
  const from = run.circuit.tensors[def.source]!.shape;
  evaluateView(def, source, from, tensor.shape, cellsAt(run.machine, out));
  return out;
}
