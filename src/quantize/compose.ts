/**
 * Two convolutions in a row without an activation between, the second pointwise, are one:
 *
 *   W[o, c, k] = sum_m B[o, m] A[m, c, k],   b[o] = b_B[o] + sum_m B[o, m] b_A[m],
 *
 * so a depthwise-separable block needs no rounding, no committed cell and no lookup between its halves. It is done where that is
 * cheaper to prove: weights cost a proof little, activations much.
 */
import type { Constant, Graph, Literal, Node } from '../onnx/graph.ts';

/** Prover time on one core in ns, 2026-11: a committed weight, a requantised cell (2 cells and 2 lookups), a multiply-add. */
const COST = { weight: 3.5, cell: 230, product: 0.08 };

/** The graph with convolutions composed; nodes and constants that remain are shared with the given one. */
export function composeConvolutions(graph: Graph): Graph {
  const constants = new Map(graph.constants);
  let nodes = graph.nodes;
  for (let i = 0; i < nodes.length; ) {
    const second = nodes[i]!;
    const first = nodes.find((n) => n.outputs[0] === second.inputs[0]);
    if (first === undefined || !isComposable(graph, nodes, constants, first, second)) {
      i++;
      continue;
    }
    nodes = nodes.map((n) => (n === second ? compose(constants, first, second) : n)).filter((n) => n !== first);
    i--; // the composed node may compose again
  }
  return { ...graph, nodes, constants };
}

function isComposable(
  graph: Graph,
  nodes: readonly Node[],
  constants: ReadonlyMap<string, Constant>,
  first: Node,
  second: Node,
): boolean {
  if (first.op !== 'Conv' || second.op !== 'Conv') return false;
  const name = first.outputs[0]!;
  const isReadOnce = nodes.filter((n) => n.inputs.includes(name)).length === 1;
  if (!isReadOnce || graph.outputs.some((o) => o.name === name)) return false;
  const isPointwise = ints(second, 'kernel_shape').every((k) => k === 1) && ints(second, 'pads').every((p) => p === 0);
  const isKnown = [first, second].every((n) => n.inputs.slice(1).every((w) => w === '' || constants.has(w)));
  if (!isPointwise || !isKnown || second.attributes.get('group') !== 1) return false;
  return isCheaper(graph, constants, first, second);
}

function isCheaper(graph: Graph, constants: ReadonlyMap<string, Constant>, first: Node, second: Node): boolean {
  const [a, b] = [constants.get(first.inputs[1]!)!, constants.get(second.inputs[1]!)!];
  const channels = graph.shapes.get(first.inputs[0]!)![1]!;
  const [middle, result] = [cells(graph.shapes.get(first.outputs[0]!)!), cells(graph.shapes.get(second.outputs[0]!)!)];
  const kernel = cells(a.shape.slice(2));
  const separate =
    COST.weight * (cells(a.shape) + cells(b.shape)) +
    COST.cell * middle +
    COST.product * (middle * cells(a.shape.slice(1)) + result * b.shape[1]!);
  const weights = b.shape[0]! * channels * kernel;
  return COST.weight * weights + COST.product * result * channels * kernel < separate;
}

/** The composed node, named as the second; its constants are added. */
function compose(constants: Map<string, Constant>, first: Node, second: Node): Node {
  const origins = [...first.inputs, ...second.inputs].flatMap((name) => constants.get(name)?.origins ?? []);
  const weight = composeWeights(constants.get(first.inputs[1]!)!, constants.get(second.inputs[1]!)!, first);
  const inputs = [first.inputs[0]!, `${second.inputs[1]} * ${first.inputs[1]}`];
  constants.set(inputs[1]!, { ...weight, origins });
  const bias = composeBias(constants, first, second);
  if (bias !== undefined) {
    inputs.push(`${inputs[1]} bias`);
    constants.set(inputs[2]!, { ...bias, origins });
  }
  const strides = ints(first, 'strides').map((s, a) => s * ints(second, 'strides')[a]!);
  return { ...second, inputs, attributes: new Map([...first.attributes, ['group', 1], ['strides', strides]]) };
}

function composeWeights(a: Constant, b: Constant, first: Node): Literal {
  const group = first.attributes.get('group') as number;
  const [middle, perGroup, ...kernel] = a.shape as [number, number, ...number[]];
  const outputs = b.shape[0]!;
  const taps = cells(kernel);
  const data = new Float64Array(outputs * group * perGroup * taps);
  for (let o = 0; o < outputs; o++) {
    for (let m = 0; m < middle; m++) {
      const factor = b.data[o * middle + m]!;
      const from = m * perGroup * taps;
      const to = (o * group + Math.floor((m * group) / middle)) * perGroup * taps;
      for (let i = 0; i < perGroup * taps; i++) data[to + i]! += factor * a.data[from + i]!;
    }
  }
  return { shape: [outputs, group * perGroup, ...kernel], dtype: 'float', data };
}

function composeBias(constants: ReadonlyMap<string, Constant>, first: Node, second: Node): Literal | undefined {
  const [a, b] = [constants.get(first.inputs[2] ?? ''), constants.get(second.inputs[2] ?? '')];
  const w = constants.get(second.inputs[1]!)!;
  if (a === undefined) return b;
  const [outputs, middle] = w.shape as [number, number];
  const data = Float64Array.from({ length: outputs }, (_, o) => b?.data[o] ?? 0);
  for (let o = 0; o < outputs; o++) for (let m = 0; m < middle; m++) data[o]! += w.data[o * middle + m]! * a.data[m]!;
  return { shape: [outputs], dtype: 'float', data };
}

function ints(node: Node, name: string): readonly number[] {
  return node.attributes.get(name) as readonly number[];
}

function cells(shape: readonly number[]): number {
  return shape.reduce((n, s) => n * s, 1);
}
