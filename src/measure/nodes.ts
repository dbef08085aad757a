/**
 * What a circuit spends on each node of the network. Operators name their tensors after the node or the value that they compute, with
 * words of their own behind it: "/3/MaxPool.0.gain1" is of "/3/MaxPool", "input.4.bits0" of "input.4".
 */
import { multiplyAdds } from '../circuit/cost.ts';
import { type Circuit, cellsOf } from '../circuit/types.ts';
import type { NodeCost } from './types.ts';

/** A word that an operator puts behind a name. */
const WORD = /\.[a-z][a-zA-Z]*\d*$/;

/** Steps of a maximum are numbered: NODE.0.gain1. */
const STEP = /\.\d+$/;

/** Where tables are paid for: how often each row is looked up is a column of its own. */
export const TABLES = 'tables';

/**
 * In the order of the circuit; nodes that cost nothing are left out.
 * @param values names of values that the network's file has: they are nobody's words
 */
export function nodeCosts(circuit: Circuit, values: ReadonlySet<string>): NodeCost[] {
  const costs = new Map<string, { cells: number; lookups: number; multiplyAdds: number }>();
  const costOf = (node: string) => {
    const known = costs.get(node) ?? { cells: 0, lookups: 0, multiplyAdds: 0 };
    costs.set(node, known);
    return known;
  };
  for (const tensor of circuit.tensors) {
    const { name, def } = tensor;
    if (def.kind === 'contract') costOf(nodeOf(name, values)).multiplyAdds += multiplyAdds(circuit, tensor, def);
    if (def.kind !== 'witness' && def.kind !== 'input') continue;
    const isTable = def.kind === 'witness' && def.hint.kind === 'multiplicity';
    costOf(isTable ? TABLES : nodeOf(name, values)).cells += cellsOf(tensor.shape);
  }
  for (const { tensors } of circuit.lookups) {
    const last = circuit.tensors[tensors.at(-1)!]!;
    costOf(nodeOf(last.name, values)).lookups += cellsOf(last.shape);
  }
  return [...costs].map(([node, cost]) => ({ node, ...cost }));
}

export function nodeOf(tensor: string, values: ReadonlySet<string>): string {
  if (values.has(tensor) || !WORD.test(tensor)) return tensor;
  const bare = tensor.replace(WORD, '');
  return values.has(bare) || !/\.(gain|difference)\d+$/.test(tensor) ? bare : bare.replace(STEP, '');
}
