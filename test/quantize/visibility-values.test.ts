/**
 * One architecture with other numbers in its private tensors is one circuit: every byte of what a key says in clear, the names with it,
 * depends on the shapes of private tensors and the bits of their largest element alone.
 */
import { describe, expect, it } from 'vitest';
import { floats, ints, type ModelDescription, model, type NodeDescription, node } from '../support/onnx-builder.ts';
import { circuitOf, saidBy, weightCells } from '../support/visible.ts';

/** The largest magnitude of every filling: its bits are seen. */
const MOST = 0.731;

/** Element i of a tensor, at most MOST; but the last element is MOST. `k`: which tensor. */
const fillings: Readonly<Record<string, (i: number, k: number) => number>> = {
  waves: (i, k) => 0.7 * Math.sin(12.9 * i + 7.7 * k),
  'all negative but one': (i, k) => -0.7 * Math.abs(Math.sin(3.9 * i + k)) - 0.01,
  'zeros but one': () => 0,
  'all the same': () => MOST,
  'powers of two': (i) => [0.5, 0.25, -0.125, 1 / 64][i % 4]!,
  'one sign and the other': (i) => (i % 2 === 0 ? MOST : -MOST),
  'very small but one': (i) => 1e-6 * (i % 3),
};

interface Network {
  readonly nodes: readonly NodeDescription[];
  /** Shapes of the private tensors. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** The numbers that the circuit may show. */
  readonly open?: ModelDescription['initializers'];
  /** Private tensors that are positive: filled from 0.3 on, which is the last element. */
  readonly positive?: readonly string[];
  /** Another last element than MOST, so that what is computed of several tensors has its largest element there. */
  readonly last?: Readonly<Record<string, number>>;
}

const conv = (x: string, w: string, y: string, size = 3, group = 1) =>
  node('Conv', [x, ...w.split(' ')], [y], {
    kernel_shape: [size, size],
    pads: new Array(4).fill((size - 1) / 2),
    group,
  });
const relu = (x: string, y = 'y') => node('Relu', [x], [y]);
const number = (value: number) => floats([], [value]);

/** From x of [1, 4, 6, 6] to y. */
const networks: Readonly<Record<string, Network>> = {
  'Conv with a bias': { nodes: [conv('x', 'w b', 'a'), relu('a')], tensors: { w: [4, 4, 3, 3], b: [4] } },
  'Conv, depthwise and pointwise': {
    nodes: [conv('x', 'd c', 'a', 3, 4), conv('a', 'p q', 'b', 1), relu('b')],
    tensors: { d: [4, 1, 3, 3], c: [4], p: [4, 4, 1, 1], q: [4] },
    last: { q: 5 },
  },
  ConvTranspose: {
    nodes: [node('ConvTranspose', ['x', 'w', 'b'], ['a'], { kernel_shape: [2, 2], strides: [2, 2] }), relu('a')],
    tensors: { w: [4, 4, 2, 2], b: [4] },
  },
  Gemm: {
    nodes: [node('Flatten', ['x'], ['f']), node('Gemm', ['f', 'w', 'b'], ['a'], { transB: 1 }), relu('a')],
    tensors: { w: [5, 144], b: [5] },
  },
  'MatMul and Add': {
    nodes: [node('MatMul', ['x', 'w'], ['a']), node('Add', ['a', 'b'], ['y'])],
    tensors: { w: [6, 5], b: [5] },
  },
  'BatchNormalization in weights': {
    nodes: [conv('x', 'w', 'a'), node('BatchNormalization', ['a', 'g', 'b', 'm', 'v'], ['n']), relu('n')],
    tensors: { w: [4, 4, 3, 3], g: [4], b: [4], m: [4], v: [4] },
    positive: ['v'],
    last: { m: -MOST },
  },
  'PRelu with slopes a channel': {
    nodes: [conv('x', 'w', 'a'), node('PRelu', ['a', 's'], ['y'])],
    tensors: { w: [4, 4, 3, 3], s: [4, 1, 1] },
  },
  'PRelu with slopes a channel, before a Conv': {
    nodes: [conv('x', 'w', 'a'), node('PRelu', ['a', 's'], ['p']), conv('p', 'v', 'y')],
    tensors: { w: [4, 4, 3, 3], v: [4, 4, 3, 3], s: [4, 1, 1] },
  },
  'PRelu with one slope, which is seen': {
    nodes: [conv('x', 'w', 'a'), node('PRelu', ['a', 's'], ['p']), conv('p', 'v', 'y')],
    tensors: { w: [4, 4, 3, 3], v: [4, 4, 3, 3] },
    open: { s: floats([1], [0.25]) },
  },
  'Add of a tensor to the input': {
    nodes: [node('Add', ['x', 't'], ['s']), conv('s', 'w', 'y')],
    tensors: { t: [1, 4, 6, 6], w: [4, 4, 3, 3] },
  },
  'Add of a vector after Relu': {
    nodes: [conv('x', 'w', 'a'), relu('a', 'r'), node('Add', ['r', 't'], ['s']), conv('s', 'v', 'y')],
    tensors: { w: [4, 4, 3, 3], t: [4, 1, 1], v: [4, 4, 3, 3] },
  },
  'Mul by a tensor': {
    nodes: [relu('x', 'r'), node('Mul', ['r', 't'], ['m']), relu('m')],
    tensors: { t: [1, 4, 6, 6] },
  },
  'Mul by a number that weights take': {
    nodes: [node('Mul', ['x', 'k'], ['m']), node('Add', ['m', 't'], ['s']), conv('s', 'w', 'y')],
    tensors: { t: [4, 1, 1], w: [4, 4, 3, 3] },
    open: { k: number(0.7) },
  },
  'Sub, the tensor first and second': {
    nodes: [node('Sub', ['x', 't'], ['a']), node('Sub', ['u', 'a'], ['b']), relu('b')],
    tensors: { t: [4, 1, 1], u: [1, 4, 6, 6] },
  },
  'Concat with a tensor': {
    nodes: [node('Concat', ['x', 'k'], ['c'], { axis: 1 }), conv('c', 'w', 'y')],
    tensors: { k: [1, 2, 6, 6], w: [4, 6, 3, 3] },
  },
  'Concat with a tensor, then Relu': {
    nodes: [node('Concat', ['k', 'x'], ['c'], { axis: 2 }), relu('c')],
    tensors: { k: [1, 4, 2, 6] },
  },
  InstanceNormalization: {
    nodes: [node('InstanceNormalization', ['x', 'g', 'b'], ['n']), relu('n')],
    tensors: { g: [4], b: [4] },
  },
  'Gather by indices, Clip and Pad by numbers, all of which are seen': {
    nodes: [
      conv('x', 'w', 'a'),
      node('Gather', ['a', 'rows'], ['g'], { axis: 3 }),
      node('Clip', ['g', 'least', 'most'], ['c']),
      node('Pad', ['c', 'pads', 'fill'], ['p']),
      conv('p', 'v', 'y'),
    ],
    tensors: { w: [4, 4, 3, 3], v: [4, 4, 3, 3] },
    open: {
      rows: ints([6], [5, 0, 3, 1, 2, 4]),
      least: number(-0.25),
      most: number(0.5),
      pads: ints([8], [0, 0, 1, 1, 0, 0, 1, 1]),
      fill: number(0.125),
    },
  },
  'rows of a tensor that Gather takes': {
    nodes: [node('Gather', ['w', 'rows'], ['u'], { axis: 0 }), node('MatMul', ['x', 'u'], ['y'])],
    tensors: { w: [7, 5] },
    open: { rows: ints([6], [6, 0, 3, 1, 2, 4]) },
  },
  'HardSwish spelled out': {
    nodes: [
      conv('x', 'w', 'a'),
      node('Add', ['a', 'three'], ['b']),
      node('Clip', ['b', 'zero', 'six'], ['c']),
      node('Mul', ['a', 'c'], ['d']),
      node('Mul', ['d', 'sixth'], ['e']),
      conv('e', 'v', 'y'),
    ],
    tensors: { w: [4, 4, 3, 3], v: [4, 4, 3, 3] },
    open: { three: number(3), zero: number(0), six: number(6), sixth: number(1 / 6) },
  },
  'channels side by side, whose scales weights take': {
    nodes: [
      conv('x', 'w', 'a'),
      relu('a', 'r'),
      node('Concat', ['k', 'x', 'r'], ['c'], { axis: 1 }),
      node('Mul', ['c', 't'], ['m']),
      relu('m', 'q'),
      conv('q', 'u', 'y'),
    ],
    tensors: { w: [4, 4, 3, 3], k: [1, 2, 6, 6], t: [10, 1, 1], u: [4, 10, 3, 3] },
  },
};

function filled(network: Network, fill: (i: number, k: number) => number) {
  const { nodes, tensors, open = {}, positive = [], last = {} } = network;
  const made = Object.entries(tensors).map(([name, shape], k) => {
    const count = shape.reduce((n, size) => n * size, 1);
    const values = Array.from({ length: count }, (_, i) => (i < count - 1 ? fill(i, k) : (last[name] ?? MOST)));
    if (!positive.includes(name)) return [name, floats(shape, values)] as const;
    const above = values.map((v, i) => (i < count - 1 ? 0.3 + Math.abs(v) : 0.3));
    return [name, floats(shape, above)] as const;
  });
  const initializers = { ...Object.fromEntries(made), ...open };
  return circuitOf(model({ inputs: { x: [1, 4, 6, 6] }, outputs: ['y'], nodes, initializers }));
}

/** The fillings, by what the circuits say. */
function groupsOf(network: Network): string[][] {
  const groups = new Map<string, string[]>();
  for (const [name, fill] of Object.entries(fillings)) {
    const circuit = filled(network, fill);
    expect(weightCells(circuit).public).toBe(0);
    const { statement, names } = saidBy(circuit);
    const said = `${statement} ${names}`;
    groups.set(said, [...(groups.get(said) ?? []), name]);
  }
  return [...groups.values()];
}

describe('private tensors with other numbers in them make one circuit:', () => {
  it.each(Object.entries(networks))('%s', (_, network) => {
    expect(groupsOf(network)).toEqual([Object.keys(fillings)]);
    expect(weightCells(filled(network, fillings.waves!)).private).toBeGreaterThan(0);
  });

  it('and the comparison sees a number, a bit more, and a name', () => {
    const network = networks['PRelu with one slope, which is seen']!;
    const other = { ...network, open: { s: floats([1], [0.375]) } };
    const circuit = filled(network, fillings.waves!);
    expect(saidBy(filled(other, fillings.waves!))).not.toEqual(saidBy(circuit));
    const [first, ...rest] = circuit.tensors;
    const wider = { ...first!, range: { ...first!.range, hi: 2 * first!.range.hi + 1 } };
    expect(saidBy({ ...circuit, tensors: [wider, ...rest] }).statement).not.toBe(saidBy(circuit).statement);
    const renamed = saidBy({ ...circuit, tensors: [{ ...first!, name: 'z' }, ...rest] });
    expect(renamed.statement).toBe(saidBy(circuit).statement);
    expect(renamed.names).not.toBe(saidBy(circuit).names);
  });
});
