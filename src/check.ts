/** ONNX bytes -> which operators the network has, in the importer's normal form, and whether each can be proved. */
import { cellsOf } from './circuit/types.ts';
import type { Value } from './onnx/graph.ts';
import { type ImportOptions, importOnnx } from './onnx/index.ts';
import { operatorsByOp } from './ops/index.ts';

export interface CheckReport {
  /** Whether every operator is supported. Their attributes are checked by `compile`. */
  readonly supported: boolean;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Numbers in constant tensors: weights, biases. */
  readonly parameters: number;
  /** One row an operator, the frequent ones first. */
  readonly operators: readonly OperatorUse[];
}

export interface OperatorUse {
  readonly op: string;
  readonly count: number;
  readonly supported: boolean;
  /** The integer meaning, or the first node that is in the way. */
  readonly note: string;
}

/** @throws TesseraError as `importOnnx`: a file that is no model, an operator that even the importer does not know */
export function check(onnx: Uint8Array, options: ImportOptions = {}): CheckReport {
  const { nodes, inputs, outputs, constants } = importOnnx(onnx, options);
  const groups = Map.groupBy(nodes, (node) => node.op);
  const operators = [...groups]
    .map(([op, group]) => ({ op, count: group.length, ...support(op, group[0]!.name) }))
    .sort((a, b) => b.count - a.count);
  const parameters = [...constants.values()].reduce((n, constant) => n + cellsOf(constant.shape), 0);
  return { supported: operators.every((use) => use.supported), inputs, outputs, parameters, operators };
}

function support(op: string, node: string): { supported: boolean; note: string } {
  const meaning = operatorsByOp.get(op)?.meaning;
  return meaning === undefined ? { supported: false, note: `first at "${node}"` } : { supported: true, note: meaning };
}
