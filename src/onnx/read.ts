/**
 * GraphProto to the raw graph: names checked, nodes in topological order, attributes decoded. Nothing is interpreted yet.
 */
import {
  type AttributeProto,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  type ValueInfoProto,
} from 'onnx-buf';
import { TesseraError } from '../errors.ts';
import { Names } from './draft.ts';
import { safeInteger } from './element.ts';
import type { ExternalData } from './external.ts';
import { checkLimit, type Limits } from './limits.ts';
import { readTensor, type Tensor } from './tensor.ts';

export type RawAttribute = number | string | readonly number[] | readonly string[] | Tensor | RawGraph;

export interface RawNode {
  readonly name: string;
  /** The operator; outside the default domain `domain.operator`. */
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, RawAttribute>;
}

export interface RawGraph {
  readonly name: string;
  /** In topological order; all of them reach an output. */
  readonly nodes: readonly RawNode[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly string[];
  /** Decoded when asked for. */
  readonly initializers: ReadonlyMap<string, () => Tensor>;
  /** Values of enclosing graphs that this one reads. */
  readonly captures: ReadonlySet<string>;
}

/** What reading needs to know beside the bytes. */
export interface Source {
  readonly opset: number;
  readonly limits: Limits;
  readonly files: ExternalData;
}

/** `node "Conv_3" (Conv, opset 13)` */
export function nodeWhere(node: { readonly name: string; readonly op: string }, opset: number): string {
  return `node "${node.name}" (${node.op}, opset ${opset})`;
}

/**
 * @throws E_ONNX_GRAPH for duplicate, missing or cyclic values; E_LIMIT for too many nodes or too deep graphs.
 */
export function readGraph(proto: GraphProto, source: Source): RawGraph {
  return readNested(proto, source, () => false, { nodes: 0, names: new Names() }, 0);
}

interface Counts {
  nodes: number;
  /** Node names given out so far. */
  readonly names: Names;
}

/** Whether a name is defined here or in an enclosing graph. */
type Scope = (name: string) => boolean;

function readNested(proto: GraphProto, source: Source, outer: Scope, counts: Counts, depth: number): RawGraph {
  checkLimit(source.limits, 'depth', depth);
  counts.nodes += proto.node.length;
  checkLimit(source.limits, 'nodes', counts.nodes);
  if (proto.sparseInitializer.length > 0) fail('sparse initializers are not supported', `graph "${proto.name}"`);

  const initializers = new Map<string, () => Tensor>();
  for (const tensor of proto.initializer) {
    if (initializers.has(tensor.name)) fail(`initializer "${tensor.name}" is there twice`);
    const where = `initializer "${tensor.name}"`;
    initializers.set(tensor.name, () => readTensor(tensor, source.limits, source.files, where));
  }
  const defined = defineNames(proto, initializers, outer);
  const visible: Scope = (name) => defined.has(name) || outer(name);
  const nodes = proto.node.map((n, index) => {
    const name = counts.names.firstFree(n.name || `${n.opType}_${index}`);
    const op = n.domain === '' || n.domain === 'ai.onnx' ? n.opType : `${n.domain}.${n.opType}`;
    const where = nodeWhere({ name, op }, source.opset);
    const attributes = new Map<string, RawAttribute>();
    for (const a of n.attribute) {
      if (attributes.has(a.name)) fail(`attribute "${a.name}" is there twice`, where);
      attributes.set(a.name, readAttribute(a, source, visible, counts, depth, where));
    }
    return { name, op, inputs: n.input, outputs: n.output, attributes };
  });
  const outputs = proto.output.map((o) => o.name);
  const lost = outputs.find((o) => !visible(o));
  if (lost !== undefined) fail(`graph output "${lost}" is written by no node`);
  const captures = new Set([...nodes.flatMap(reads), ...outputs].filter((name) => !defined.has(name)));
  const sorted = sortNodes(nodes, visible, source.opset);
  return { name: proto.name, nodes: reaching(sorted, outputs), inputs: proto.input, outputs, initializers, captures };
}

/** Every name that the graph defines, each once. An input may have an initializer: its default value. */
function defineNames(proto: GraphProto, initializers: ReadonlyMap<string, unknown>, outer: Scope): Set<string> {
  const inputs = new Set(proto.input.map((i) => i.name));
  const weights = [...initializers.keys()].filter((name) => !inputs.has(name));
  const written = proto.node.flatMap((n) => n.output).filter((name) => name !== '');
  const defined = new Set<string>();
  for (const name of [...proto.input.map((i) => i.name), ...weights, ...written]) {
    if (name === '') fail('a graph input or initializer has no name');
    if (defined.has(name) || outer(name)) fail(`value "${name}" is defined twice`);
    defined.add(name);
  }
  return defined;
}

function readAttribute(
  a: AttributeProto,
  source: Source,
  visible: Scope,
  counts: Counts,
  depth: number,
  where: string,
): RawAttribute {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  switch (a.type) {
    case Kind.FLOAT:
      return a.f;
    case Kind.INT:
      return safeInteger(a.i);
    case Kind.STRING:
      return text(a.s);
    case Kind.FLOATS:
      return a.floats;
    case Kind.INTS:
      return a.ints.map(safeInteger);
    case Kind.STRINGS:
      return a.strings.map(text);
    case Kind.TENSOR:
      if (a.t === undefined) fail(`attribute "${a.name}" has no tensor`, where);
      return readTensor(a.t, source.limits, source.files, where);
    case Kind.GRAPH:
      if (a.g === undefined) fail(`attribute "${a.name}" has no graph`, where);
      return readNested(a.g, source, visible, counts, depth + 1);
    default:
      throw new TesseraError('E_UNSUPPORTED_ATTRIBUTE', `attribute "${a.name}" is of an unsupported type`, { where });
  }
}

/** The values that a node reads, by its inputs or inside its graphs. */
export function reads(node: RawNode): string[] {
  const names = node.inputs.filter((name) => name !== '');
  for (const a of node.attributes.values()) {
    if (isGraph(a)) names.push(...a.captures);
  }
  return names;
}

export function isGraph(a: RawAttribute | undefined): a is RawGraph {
  return typeof a === 'object' && 'captures' in a;
}

/** Depth-first in file order, so that a sorted file keeps its order. */
function sortNodes(nodes: readonly RawNode[], visible: Scope, opset: number): RawNode[] {
  const writer = new Map<string, number>();
  nodes.forEach((n, i) => {
    for (const o of n.outputs) if (o !== '') writer.set(o, i);
  });
  const needs = nodes.map(reads);
  const sorted: RawNode[] = [];
  const state = new Uint8Array(nodes.length); // 0 new, 1 open, 2 done
  const next = new Uint32Array(nodes.length); // inputs of an open node that were looked at
  for (let root = 0; root < nodes.length; root++) {
    const stack = state[root] === 0 ? [root] : [];
    while (stack.length > 0) {
      const i = stack.at(-1)!;
      const node = nodes[i]!;
      state[i] = 1;
      const input = needs[i]![next[i]!++];
      if (input === undefined) {
        state[i] = 2;
        sorted.push(node);
        stack.pop();
        continue;
      }
      if (!visible(input)) fail(`input "${input}" is written by no node`, nodeWhere(node, opset));
      const from = writer.get(input);
      if (from === undefined || state[from] === 2) continue;
      if (state[from] === 1) fail(`the node depends on itself through "${input}"`, nodeWhere(node, opset));
      stack.push(from);
    }
  }
  return sorted;
}

/** Nodes without an effect on the outputs are dropped before anything is asked of them. */
function reaching(sorted: readonly RawNode[], outputs: readonly string[]): RawNode[] {
  const needed = new Set(outputs);
  const kept: RawNode[] = [];
  for (const node of sorted.toReversed()) {
    if (!node.outputs.some((o) => needed.has(o))) continue;
    for (const name of reads(node)) needed.add(name);
    kept.push(node);
  }
  return kept.reverse();
}

function fail(sentence: string, where?: string): never {
  throw new TesseraError('E_ONNX_GRAPH', sentence, where === undefined ? {} : { where });
}
