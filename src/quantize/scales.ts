/**
 * A number that multiplies a tensor costs nothing if a weight takes it. Where only sums with constant weights read y = c x, or y = c x + b,
 *
 *   W (c x) = (c W) x,     W (c x + b) = (c W) (x + b / c),
 *
 * so x, or x plus an integer, is read as it is: no product to round, no cell to commit. Padding stays zeros, since c 0 = 0.
 */
import type { Constant, Graph, Node } from '../onnx/graph.ts';
import type { Interval } from '../ops/scheme.ts';

export interface Calibrated {
  readonly graph: Graph;
  readonly ranges: ReadonlyMap<string, Interval>;
}

/** Operators whose input 0 goes into products with the constant input 1. */
const LINEAR = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'];
/** Operators that only move cells. */
const MOVES = ['Transpose', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'];

/** The graph without such products; values that are read otherwise now have new names and their own ranges. */
export function absorbScales({ graph, ranges }: Calibrated): Calibrated {
  let current: Calibrated = { graph, ranges };
  for (const node of graph.nodes) {
    const c = node.op === 'Mul' ? numberOf(graph, node.inputs[1]) : undefined;
    if (c === undefined || c === 0 || !takesScale(current.graph, node.outputs[0]!)) continue;
    current = absorb(current, node, c);
  }
  return current;
}

function numberOf({ constants }: Graph, name: string | undefined): number | undefined {
  const data = constants.get(name ?? '')?.data;
  return data?.length === 1 ? data[0] : undefined;
}

function readersOf({ nodes }: Graph, name: string): Node[] {
  return nodes.filter((n) => n.inputs.includes(name));
}

/** Whether everything that reads a value can take a factor of it. */
function takesScale(graph: Graph, name: string): boolean {
  const readers = readersOf(graph, name);
  if (readers.length === 0 || graph.outputs.some((o) => o.name === name)) return false;
  return readers.every((node) => {
    const [x, w] = node.inputs;
    if (LINEAR.includes(node.op)) return x === name && graph.constants.has(w!) && w !== name;
    if (MOVES.includes(node.op)) return takesScale(graph, node.outputs[0]!);
    return node.op === 'Add' && graph.constants.has(w!) && takesScale(graph, node.outputs[0]!);
  });
}

/** Readers of `by`'s output read its input instead, and are c times as heavy. */
function absorb({ graph, ranges }: Calibrated, by: Node, c: number): Calibrated {
  const constants = new Map(graph.constants);
  const shapes = new Map(graph.shapes);
  const reals = new Map(ranges);
  const renamed = new Map([[by.outputs[0]!, by.inputs[0]!]]);
  const scaled = (name: string, factor: number): string => {
    const { shape, dtype, data, origins } = constants.get(name)!;
    const both = [...origins, ...constants.get(by.inputs[1]!)!.origins];
    const made: Constant = { shape, dtype, data: Float64Array.from(data, (v) => v * factor), origins: both };
    const unique = `${name} for ${by.name}`; // names are public, factors may not be
    constants.set(unique, made);
    shapes.set(unique, shape);
    return unique;
  };
  const nodes = graph.nodes.flatMap((node) => {
    if (node === by) return [];
    const x = renamed.get(node.inputs[0]!);
    if (x === undefined) return [node];
    if (LINEAR.includes(node.op))
      return [{ ...node, inputs: [x, scaled(node.inputs[1]!, c), ...node.inputs.slice(2)] }];
    const output = `${node.outputs[0]} before ${by.name}`;
    renamed.set(node.outputs[0]!, output);
    shapes.set(output, shapes.get(node.outputs[0]!)!);
    const real = reals.get(node.outputs[0]!);
    if (real !== undefined) reals.set(output, divided(real, c));
    const inputs = node.op === 'Add' ? [x, scaled(node.inputs[1]!, 1 / c)] : [x, ...node.inputs.slice(1)];
    return [{ ...node, inputs, outputs: [output] }];
  });
  return { graph: { ...graph, nodes, constants, shapes }, ranges: reals };
}

function divided({ min, max }: Interval, c: number): Interval {
  return { min: Math.min(min / c, max / c), max: Math.max(min / c, max / c) };
}
