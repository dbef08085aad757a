/**
 * The draft as the final graph: outputs under their own names, constants fused, what reaches no output left out.
 */
import type { Draft, Info } from './draft.ts';
import { dtypeOf } from './element.ts';
import { fuse } from './fuse.ts';
import type { Constant, Graph, Node, Value } from './graph.ts';
import type { RawGraph } from './read.ts';

export function finish(draft: Draft, raw: RawGraph, inputs: ReadonlyMap<string, Info>): Graph {
  nameOutputs(draft, raw.outputs);
  const nodes = reaching(fuse(draft, raw.outputs), raw.outputs);
  const constants = new Map<string, Constant>();
  for (const name of [...raw.outputs, ...nodes.flatMap((n) => n.inputs)]) {
    const constant = draft.constants.get(name);
    if (constant !== undefined) constants.set(name, constant);
  }
  const value = (name: string): Value => {
    const { shape, type } = draft.info(name);
    return { name, shape, dtype: dtypeOf(type) };
  };
  const names = [...inputs.keys(), ...constants.keys(), ...nodes.flatMap((n) => n.outputs).filter((o) => o !== '')];
  return {
    name: raw.name,
    opset: draft.opset,
    inputs: [...inputs.keys()].map(value),
    outputs: raw.outputs.map(value),
    nodes,
    constants,
    initializers: draft.initializers,
    architecture: draft.architecture,
    shapes: new Map(names.map((name) => [name, draft.infos.get(name)!.shape])),
  };
}

/**
 * An output that is another name of a value takes the value's place where it can: where a node writes the value and no
 * other output is it. Elsewhere an Identity writes it.
 */
function nameOutputs(draft: Draft, outputs: readonly string[]): void {
  const taken = new Set(outputs);
  const written = new Set(draft.nodes.flatMap((n) => n.outputs));
  const renamed = new Map<string, string>();
  const copies: Node[] = [];
  for (const output of outputs) {
    const target = draft.resolve(output);
    if (target === output) continue;
    draft.infos.set(output, draft.info(target));
    const constant = draft.constants.get(target);
    if (constant !== undefined) draft.constants.set(output, constant);
    else if (written.has(target) && !taken.has(target) && !renamed.has(target)) renamed.set(target, output);
    else copies.push({ name: output, op: 'Identity', inputs: [target], outputs: [output], attributes: new Map() });
  }
  for (const copy of copies) draft.addNode(copy);
  draft.rename(renamed);
}

function reaching(nodes: readonly Node[], outputs: readonly string[]): Node[] {
  const needed = new Set(outputs);
  return nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((o) => needed.has(o))) return false;
      for (const name of node.inputs) needed.add(name);
      return true;
    })
    .reverse();
}
