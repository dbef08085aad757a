/**
 * Functions of one variable that exporters spell out, as the one operator that they are: one table instead of a requantisation a step.
 *
 *   clip(x + 3, 0, 6) k     HardSigmoid, times 6 k        x clip(x + 3, 0, 6) k     HardSwish, times 6 k
 *   x HardSigmoid(x)        HardSwish                     x Sigmoid(x)              Swish
 */
import type { Attribute, Constant, Graph, Node } from '../onnx/graph.ts';

/** The graph with patterns replaced; what a pattern computed in between and nothing else reads is gone. */
export function fusePatterns(graph: Graph): Graph {
  let current = graph;
  for (let i = 0; i < current.nodes.length; i++) {
    const around = surroundings(current);
    const found = RULES.map((rule) => rule(around, current.nodes[i]!)).find((f) => f !== undefined);
    if (found === undefined) continue;
    current = replace(current, i, found);
    i = -1; // what follows may match now
  }
  return current;
}

interface Replacement {
  /** Nodes that the new ones stand for, apart from the last. */
  readonly inner: readonly Node[];
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
}

function replace(graph: Graph, i: number, { inner, nodes: added, constants: more }: Replacement): Graph {
  const shape = graph.shapes.get(graph.nodes[i]!.outputs[0]!)!;
  const shapes = new Map(graph.shapes);
  for (const [name, constant] of more) shapes.set(name, constant.shape);
  for (const name of added.flatMap((n) => n.outputs)) shapes.set(name, shape);
  const nodes = graph.nodes.toSpliced(i, 1, ...added).filter((n) => !inner.includes(n));
  const architecture = new Map(graph.architecture); // the numbers that made the pattern are what the new operator is
  for (const node of inner) {
    for (const origin of node.inputs.flatMap((name) => graph.constants.get(name)?.origins ?? [])) {
      architecture.set(origin, node.name);
    }
  }
  return { ...graph, nodes, shapes, constants: new Map([...graph.constants, ...more]), architecture };
}

interface Surroundings {
  /** The node that writes a value which one node reads and the caller does not. */
  readonly writer: (name: string, op: string) => Node | undefined;
  /** The number that a value is. */
  readonly number: (name: string | undefined) => number | undefined;
  readonly constants: ReadonlyMap<string, Constant>;
}

function surroundings({ nodes, outputs, constants }: Graph): Surroundings {
  const readers = new Map<string, number>();
  for (const name of [...outputs.map((o) => o.name), ...nodes.flatMap((n) => n.inputs)]) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const writers = new Map(nodes.flatMap((n) => n.outputs.map((o) => [o, n] as const)));
  return {
    writer: (name, op) => {
      const node = writers.get(name);
      return readers.get(name) === 1 && node?.op === op ? node : undefined;
    },
    number: (name) => {
      const data = constants.get(name ?? '')?.data;
      return data?.length === 1 ? data[0]! : undefined;
    },
    constants,
  };
}

function isClose(a: number | undefined, b: number): boolean {
  return a !== undefined && Math.abs(a - b) < 1e-6;
}

/** clip(x + 3, 0, 6) as its two nodes. */
function clipped({ writer, number }: Surroundings, name: string): { x: string; inner: Node[] } | undefined {
  const clip = writer(name, 'Clip');
  if (clip?.attributes.get('min') !== 0 || clip.attributes.get('max') !== 6) return undefined;
  const add = writer(clip.inputs[0]!, 'Add');
  if (add === undefined || !isClose(number(add.inputs[1]), 3)) return undefined;
  return { x: add.inputs[0]!, inner: [add, clip] };
}

type PatternRule = (around: Surroundings, node: Node) => Replacement | undefined;

const hardSigmoid: PatternRule = (around, node) => {
  const k = around.number(node.inputs[1]);
  if (node.op !== 'Mul' || k === undefined) return undefined;
  const found = clipped(around, node.inputs[0]!);
  return found && scaled(around, node, 'HardSigmoid', { alpha: 1 / 6, beta: 0.5 }, found.x, found.inner, 6 * k);
};

const hardSwish: PatternRule = (around, node) => {
  const k = around.number(node.inputs[1]);
  if (node.op !== 'Mul' || k === undefined) return undefined;
  const product = around.writer(node.inputs[0]!, 'Mul');
  if (product === undefined) return undefined;
  const [a, b] = product.inputs as [string, string];
  for (const [x, gate] of [
    [a, b],
    [b, a],
  ] as const) {
    const found = clipped(around, gate);
    if (found?.x === x) return scaled(around, node, 'HardSwish', {}, x, [...found.inner, product], 6 * k);
  }
  return undefined;
};

/** x f(x) for a function f that stands in the graph. */
function gated(
  op: string,
  attributes: Readonly<Record<string, number>>,
  to: string,
  own: Record<string, number>,
): PatternRule {
  return (around, node) => {
    if (node.op !== 'Mul') return undefined;
    const [a, b] = node.inputs as [string, string];
    for (const [x, gate] of [
      [a, b],
      [b, a],
    ] as const) {
      const f = around.writer(gate, op);
      const isSame = Object.entries(attributes).every(([name, v]) => isClose(f?.attributes.get(name) as number, v));
      if (f?.inputs[0] === x && isSame) return scaled(around, node, to, own, x, [f], 1);
    }
    return undefined;
  };
}

const RULES: readonly PatternRule[] = [
  hardSwish,
  hardSigmoid,
  gated('HardSigmoid', { alpha: 1 / 6, beta: 0.5 }, 'HardSwish', {}),
  gated('Sigmoid', {}, 'Swish', { alpha: 1 }),
];

/** factor op(x) in the place of a node. */
function scaled(
  { constants }: Surroundings,
  node: Node,
  op: string,
  attributes: Readonly<Record<string, Attribute>>,
  x: string,
  inner: readonly Node[],
  factor: number,
): Replacement {
  const f: Node = {
    name: node.name,
    op,
    inputs: [x],
    outputs: node.outputs,
    attributes: new Map(Object.entries(attributes)),
  };
  if (isClose(factor, 1)) return { inner, nodes: [f], constants: new Map() };
  const [between, by] = [`${node.outputs[0]} unscaled`, `${node.name} factor`];
  const origins = constants.get(node.inputs[1] ?? '')?.origins ?? [];
  const constant: Constant = { shape: [], dtype: 'float', data: Float64Array.of(factor), origins };
  const nodes = [
    { ...f, name: `${node.name} unscaled`, outputs: [between] },
    { ...node, inputs: [between, by] },
  ];
  return { inner, nodes, constants: new Map([[by, constant]]) };
}
