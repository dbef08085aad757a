/**
 * One walk over the raw graph in topological order: each node is brought to normal form, its output shapes follow, and
 * where its inputs are all known so is its output. Shapes are static, so every size that the graph computes folds away.
 */
import { TesseraError } from '../errors.ts';
import { Draft, type Info } from './draft.ts';
import { dtypeOf } from './element.ts';
import { evaluators } from './fold/index.ts';
import type { Node } from './graph.ts';
import { nodeWhere, type RawGraph, type RawNode, reads, type Source } from './read.ts';
import { Call, type Result } from './rule.ts';
import { rules } from './rules/index.ts';

/**
 * @param inputs static shapes and types of the graph's true inputs
 * @throws E_UNSUPPORTED_OP, E_UNSUPPORTED_ATTRIBUTE, E_SHAPE, E_DTYPE, E_LIMIT, naming the node
 */
export function simplify(graph: RawGraph, inputs: ReadonlyMap<string, Info>, source: Source): Draft {
  const draft = new Draft(source.opset, source.limits);
  draft.reserve([...graph.initializers.keys(), ...graph.nodes.flatMap((n) => n.outputs)]);
  for (const [name, info] of inputs) draft.define(name, info, `input "${name}"`);
  const read = new Set([...graph.outputs, ...graph.nodes.flatMap(reads)]);
  for (const [name, tensor] of graph.initializers) {
    if (read.has(name)) draft.addInitializer(name, tensor());
  }
  for (const node of graph.nodes) {
    place(draft, node);
    draft.markMissing(node.outputs, nodeWhere(node, source.opset));
  }
  return draft;
}

/** Puts one node of the file, or one step of its meaning, into the draft. */
function place(draft: Draft, raw: RawNode): void {
  const node = { ...raw, inputs: raw.inputs.map((name) => draft.resolve(name)) };
  const call = new Call(node, draft);
  const rule = rules.get(node.op);
  if (rule === undefined) throw unsupported(node, draft.opset);
  const result = rule(call);
  if (result.kind === 'steps') {
    for (const step of result.nodes) place(draft, step);
    return;
  }
  call.finish();
  const output = node.outputs[0] ?? call.fail('E_ONNX_GRAPH', 'the node has no output');
  if (result.kind === 'alias') draft.alias(output, result.value);
  else if (result.kind === 'known' && node.op === 'Constant') draft.addInitializer(output, result.tensor);
  else if (result.kind === 'known') draft.addConstant(output, result.tensor, node.inputs);
  else if (!evaluate(draft, node, result)) append(draft, node, result);
}

type NodeResult = Extract<Result, { kind: 'node' }>;

function toNode(node: RawNode, result: NodeResult): Node {
  return {
    name: node.name,
    op: result.op,
    inputs: trimmed(result.inputs),
    outputs: trimmed(node.outputs.slice(0, result.outputs.length)),
    attributes: new Map(Object.entries(result.attributes)),
  };
}

/** Without absent ones at the end. */
function trimmed(names: readonly string[]): readonly string[] {
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

/** Whether the node's outputs could be computed now. */
function evaluate(draft: Draft, raw: RawNode, result: NodeResult): boolean {
  const node = toNode(raw, result);
  const evaluator = evaluators.get(node.op);
  const inputs = node.inputs.map((name) => draft.constants.get(name));
  if (evaluator === undefined || !inputs.every((x) => x !== undefined)) return false;
  for (const output of result.outputs) draft.spend(output.shape, nodeWhere(raw, draft.opset));
  const values = evaluator(node, inputs, result.outputs);
  node.outputs.forEach((name, i) => {
    const { shape, type } = result.outputs[i]!;
    draft.addConstant(name, { type, value: { shape, dtype: dtypeOf(type), data: values[i]! } }, node.inputs);
  });
  return true;
}

function append(draft: Draft, raw: RawNode, result: NodeResult): void {
  const node = toNode(raw, result);
  node.outputs.forEach((name, i) => {
    if (name !== '') draft.define(name, result.outputs[i]!, nodeWhere(raw, draft.opset));
  });
  draft.addNode(node);
}

function unsupported(node: RawNode, opset: number): TesseraError {
  const hint = node.op.includes('.')
    ? 'Operators outside the default ONNX domain are not known: export without fused or custom operators.'
    : 'Replace the operator by supported ones, or export the model without it.';
  return new TesseraError('E_UNSUPPORTED_OP', `operator ${node.op} is not supported`, {
    where: nodeWhere(node, opset),
    hint,
  });
}
