/**
 * If with a known condition is its branch. Loops, and branches that depend on data, have no meaning in a circuit.
 */

import { isGraph, type RawGraph, type RawNode } from '../read.ts';
import type { Call, Rule } from '../rule.ts';
import { steps } from '../rule.ts';

const branch: Rule = (call) => {
  const condition = call.parameter(0);
  const [yes, no] = [call.graph('then_branch'), call.graph('else_branch')];
  if (condition === undefined) {
    return call.fail('E_UNSUPPORTED_OP', 'the condition depends on the input', 'Export the branch that is meant.');
  }
  return steps(inline(call, condition.data[0] === 0 ? no : yes));
};

/** The branch's nodes, with names of their own; its outputs are the outputs of the If. */
function inline(call: Call, graph: RawGraph): RawNode[] {
  const names = new Map<string, string>();
  const written = new Set(graph.nodes.flatMap((n) => n.outputs));
  const { outputs } = call.node;
  const copies: RawNode[] = [];
  graph.outputs.forEach((inner, i) => {
    const output = outputs[i] ?? '';
    if (output === '') return;
    if (written.has(inner) && !names.has(inner)) names.set(inner, output);
    else
      copies.push({
        name: `${call.node.name}/output_${i}`,
        op: 'Identity',
        inputs: [inner],
        outputs: [output],
        attributes: new Map(),
      });
  });
  for (const inner of written) if (inner !== '' && !names.has(inner)) names.set(inner, call.intermediate(inner));
  for (const [inner, read] of graph.initializers) names.set(inner, call.addInitializer(inner, read()));
  return [...graph.nodes, ...copies].map((n) => rename({ ...n, name: `${call.node.name}/${n.name}` }, names));
}

function rename(node: RawNode, names: ReadonlyMap<string, string>): RawNode {
  const to = (name: string) => names.get(name) ?? name;
  const attributes = [...node.attributes].map(([key, a]) => [key, isGraph(a) ? renameGraph(a, names) : a] as const);
  return { ...node, inputs: node.inputs.map(to), outputs: node.outputs.map(to), attributes: new Map(attributes) };
}

/** Names that a nested graph defines itself are not among `names`: no graph may define a name that it can see. */
function renameGraph(graph: RawGraph, names: ReadonlyMap<string, string>): RawGraph {
  const to = (name: string) => names.get(name) ?? name;
  return {
    ...graph,
    nodes: graph.nodes.map((n) => rename(n, names)),
    outputs: graph.outputs.map(to),
    captures: new Set([...graph.captures].map(to)),
  };
}

export const controlRules: Readonly<Record<string, Rule>> = { If: branch };
