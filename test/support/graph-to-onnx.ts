/**
 * An imported graph as an ONNX model again, so that another runtime can say whether the import kept its meaning.
 */
import type { TensorProto } from 'onnx-buf';
import type { Attribute, Constant, Graph, Node } from '../../src/onnx/graph.ts';
import { normalForms } from '../../src/onnx/normal.ts';
import {
  type AttributeDescription,
  bools,
  ElementType,
  float,
  floats,
  ints,
  model,
  type NodeDescription,
  node,
} from './onnx-builder.ts';

const OPSET = 21;

const TYPES = { float: ElementType.FLOAT, int: ElementType.INT64, bool: ElementType.BOOL };

/** Attributes that are inputs in OPSET, in the order of these inputs. */
const AS_INPUTS: Readonly<Record<string, readonly string[]>> = {
  Clip: ['min', 'max'],
  Expand: ['shape'],
  Gather: ['indices'],
  Pad: ['pads', 'value'],
  Reshape: ['shape'],
  Resize: ['', 'scales'],
  Slice: ['starts', 'ends', 'axes', 'steps'],
  Split: ['split'],
  Squeeze: ['axes'],
  Tile: ['repeats'],
  Unsqueeze: ['axes'],
};

export function graphToOnnx(graph: Graph): Uint8Array<ArrayBuffer> {
  const initializers = Object.fromEntries([...graph.constants].map(([name, c]) => [name, constantTensor(c)]));
  const value = (v: Graph['inputs'][number]) => [v.name, { shape: v.shape, type: TYPES[v.dtype] }] as const;
  return model({
    opset: OPSET,
    inputs: Object.fromEntries(graph.inputs.map(value)),
    outputs: Object.fromEntries(graph.outputs.map(value)),
    nodes: graph.nodes.map((n) => toNode(graph, n, initializers)),
    initializers,
  });
}

function toNode(graph: Graph, n: Node, initializers: Record<string, TensorProto>): NodeDescription {
  const attributes = new Map<string, Attribute>(n.op === 'Slice' ? sliceAttributes(graph, n) : n.attributes);
  const moved = n.op.startsWith('Reduce') ? ['axes'] : (AS_INPUTS[n.op] ?? []);
  const extra = moved.map((name) => {
    const value = attributes.get(name);
    attributes.delete(name);
    if (value === undefined) return '';
    const input = `${n.name}/${name}`;
    initializers[input] = parameterTensor(graph, n, name, value as number | readonly number[]);
    return input;
  });
  const inputs = moved.length === 0 || n.inputs.length > 1 ? n.inputs : [...n.inputs, ...extra];
  const kinds = normalForms[n.op]?.attributes ?? {};
  const described = [...attributes].map(([name, a]): [string, AttributeDescription] => {
    if (kinds[name] === 'float') return [name, float(a as number)];
    if (name === 'to') return [name, castCode(a as string)];
    return [name, a as AttributeDescription];
  });
  return node(n.op, inputs, n.outputs, Object.fromEntries(described), { name: n.name });
}

/** Integers are int64 here whatever they were. */
function castCode(type: string): number {
  if (type === 'bool') return ElementType.BOOL;
  return type.includes('float') ? ElementType.FLOAT : ElementType.INT64;
}

/** ends follow from the output's size; one before cell 0 is -size - 1, for -1 would be the last cell. */
function sliceAttributes(graph: Graph, n: Node): [string, readonly number[]][] {
  const [starts, steps] = [
    n.attributes.get('starts') as readonly number[],
    n.attributes.get('steps') as readonly number[],
  ];
  const input = graph.shapes.get(n.inputs[0]!)!;
  const counts = graph.shapes.get(n.outputs[0]!)!;
  const ends = starts.map((s, a) => s + steps[a]! * counts[a]!).map((e, a) => (e < 0 ? -input[a]! - 1 : e));
  return [
    ['starts', starts],
    ['ends', ends],
    ['axes', [...starts.keys()]],
    ['steps', steps],
  ];
}

function parameterTensor(graph: Graph, n: Node, name: string, value: number | readonly number[]): TensorProto {
  if (typeof value === 'number') return floats([], [value]);
  if (name === 'scales') return floats([value.length], value);
  if (name !== 'indices') return ints([value.length], value);
  const input = graph.shapes.get(n.inputs[0]!)!;
  const output = graph.shapes.get(n.outputs[0]!)!;
  const axis = n.attributes.get('axis') as number;
  return ints(output.slice(axis, axis + output.length - input.length + 1), value);
}

function constantTensor(c: Constant): TensorProto {
  if (c.dtype === 'float') return floats(c.shape, c.data);
  if (c.dtype === 'bool')
    return bools(
      c.shape,
      [...c.data].map((v) => v !== 0),
    );
  return ints(c.shape, [...c.data]);
}
