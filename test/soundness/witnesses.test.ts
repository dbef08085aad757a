/**
 * One output for one input: an exhaustive search over the advice of every gadget and of every operator, tiny, finds no second witness
 * that satisfies all lookups and zeros modulo p and says something else. What the search can find is shown by circuits that lack a
 * relation.
 */
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { encodeInput } from '../../src/circuit/ports.ts';
import { checkRanges } from '../../src/circuit/ranges.ts';
import type { Circuit, IntArray, TensorId } from '../../src/circuit/types.ts';
import { inverseRoot } from '../../src/ops/normalise.ts';
import { roundShift } from '../../src/ops/rounding.ts';
import { randomFrom, randomWeights, tiny } from '../ops/harness.ts';
import { float, floats, ints, type NodeDescription, node } from '../support/onnx-builder.ts';
import { searchWitnesses, type Witnesses } from '../support/second-witness.ts';

const one = (tensor: TensorId, coefficient = 1) => ({ tensor, coefficient });

/** y = gadget(x) for one cell x of a range. */
function gadget(range: { lo: number; hi: number }, make: (b: CircuitBuilder, x: TensorId) => TensorId) {
  const b = new CircuitBuilder('gadget');
  const x = b.input({ name: 'x', shape: [1], range, scale: 0 });
  const y = make(b, x);
  b.output({ name: 'y', shape: [1], range: b.rangeOf(y), scale: 0 }, y);
  const built = b.build();
  return { ...built, at: (v: number) => searchWitnesses(built.circuit, built.weights, [Int32Array.of(v)]) };
}

/** The values that `y` can have. */
const valuesOf = ({ outputs }: Witnesses): number[] => outputs.map((o) => JSON.parse(o)[0][0]);

const spread = (lo: number, hi: number): number[] => [
  ...new Set([0, 0.01, 0.37, 0.5, 0.93, 1].map((at) => Math.round(lo + at * (hi - lo)))),
];

describe('requantisation', () => {
  it.each([0, 1, 2, 3, 5])('by a shift of %i is round(x 2^-s) through the table, for every x', (shift) => {
    const range = { lo: -40, hi: 40 };
    const values = Int32Array.from({ length: 90 }, (_, i) => (i * 37) % 23);
    const g = gadget(range, (b, x) => b.requantise('y', x, shift, b.functionTable('f', -45, values)).y);
    checkRanges(g.circuit, g.weights);
    for (let v = range.lo; v <= range.hi; v++) {
      const found = g.at(v);
      expect(valuesOf(found)).toEqual([values[Math.floor((v + 2 ** shift / 2) / 2 ** shift) + 45]]);
      expect(found.count).toBe(1);
    }
  });

  it.each([0, 1, 3, 5])(
    'with its quotient as a column, by a shift of %i: one witness, and more without the division',
    (shift) => {
      const values = Int32Array.from({ length: 90 }, (_, i) => (i * 37) % 23);
      const g = gadget({ lo: -40, hi: 40 }, (b, x) => {
        return b.requantiseApart('y', x, shift, b.functionTable('f', -45, values)).y;
      });
      checkRanges(g.circuit, g.weights);
      for (let v = -40; v <= 40; v++) {
        const found = g.at(v);
        expect(valuesOf(found)).toEqual([values[Math.floor((v + 2 ** shift / 2) / 2 ** shift) + 45]]);
        expect(found.count).toBe(1);
      }
      const zeros = g.circuit.zeros.filter((z) => !g.circuit.tensors[z]!.name.endsWith('.division'));
      const free = searchWitnesses({ ...g.circuit, zeros }, g.weights, [Int32Array.of(7)]);
      expect(valuesOf(free).length).toBeGreaterThan(1);
    },
  );

  // 2^s (q + k p 2^-s): other quotients are a multiple of p 2^-s away, which the table must not reach
  it.each([
    [9, 2 ** 29 - 1, 2 ** 20 - 1],
    [12, 2 ** 29 - 1, 2 ** 17],
    [18, 2 ** 29 - 1, 2 ** 12],
    [20, 2 ** 29 - 7, 2 ** 10],
  ])('by %i bits of sums up to %i through a table that reaches %i', (shift, most, reach) => {
    const rows = Math.min(2 * reach, 2 ** 20);
    const g = gadget({ lo: -most, hi: most }, (b, x) => {
      return b.requantise('y', x, shift, b.functionTable('f', -rows / 2, { lo: -rows, hi: rows, rows })).y;
    });
    checkRanges(g.circuit, g.weights);
    const inner = Math.min(most, (rows / 2 - 1) * 2 ** shift);
    for (const v of shift > 16 ? [-inner, 12_345] : spread(-inner, inner)) {
      expect(valuesOf(g.at(v))).toEqual([Math.floor((v + 2 ** (shift - 1)) / 2 ** shift)]);
    }
  });

  it('with bounds on one side only has a second witness, and is refused', () => {
    // s = 11, q >= -2^19, x = 2^30 - 1: u + 2^10 + 2^30 reaches p
    const most = 2 ** 30 - 1;
    const g = gadget({ lo: most - 8, hi: most }, (b, x) => {
      const half = b.linear('half', [one(x)], { constant: 0 });
      const r = b.witness('r', [1], { lo: 0, hi: 2 ** 11 - 1 }, { kind: 'bits', of: half, from: 0, count: 11 });
      b.rangeCheck(r, 11);
      const q = b.linear('q', [one(half), one(r, -1)], { shift: 11 });
      const y = b.witness('y', [1], { lo: -(2 ** 19), hi: 2 ** 19 - 1 }, { kind: 'table', table: 0, of: q });
      b.lookup(b.functionTable('f', -(2 ** 19), { lo: -(2 ** 19), hi: 2 ** 19, rows: 2 ** 20 }), [q, y]);
      return y;
    });
    expect(valuesOf(g.at(most)).length).toBeGreaterThan(1);
    expect(() => checkRanges(g.circuit, g.weights)).toThrow(/modulus|declared range/);
  });
});

describe('a range check', () => {
  it.each([
    [3, { lo: -20, hi: 20 }],
    [20, { lo: -(2 ** 21), hi: 2 ** 21 }],
    [17, { lo: 2 ** 17 - 3, hi: 2 ** 18 }],
  ])('of %i bits holds inside and nowhere else', (bits, range) => {
    const { circuit, weights } = gadget(range, (b, x) => {
      const y = b.linear('y', [one(x)]);
      b.rangeCheck(y, bits);
      return y;
    });
    for (const v of [range.lo, -1, 0, 1, 2 ** bits - 1, 2 ** bits, range.hi]) {
      if (v < range.lo || v > range.hi) continue;
      const isInside = v >= 0 && v < 2 ** bits;
      expect(
        countOf(() => searchWitnesses(circuit, weights, [Int32Array.of(v)])),
        `${v}`,
      ).toBe(isInside ? 1 : 0);
    }
  });

  it.each([
    { lo: -5, hi: 9 },
    { lo: -70_000, hi: 3 },
    { lo: 100, hi: 2 ** 18 },
  ])('of %j pins to both ends', ({ lo, hi }) => {
    const { circuit, weights } = gadget({ lo: lo - 3, hi: hi + 3 }, (b, x) => {
      const y = b.requantise('clamped', x, 0, b.functionTable('f', lo - 3, { lo, hi, rows: hi - lo + 7 })).y;
      b.pin(y);
      return x;
    });
    for (const v of [lo - 1, lo, lo + 7, hi, hi + 1]) {
      expect(searchWitnesses(circuit, weights, [Int32Array.of(v)]).count, `${v}`).toBe(1);
    }
  });
});

describe('the gadgets of a normalisation', () => {
  const without = ({ circuit, weights }: ReturnType<typeof gadget>, zero: string, v: number): Witnesses => {
    const zeros = circuit.zeros.filter((z) => !circuit.tensors[z]!.name.endsWith(zero));
    expect(zeros).toHaveLength(circuit.zeros.length - 1);
    return searchWitnesses({ ...circuit, zeros }, weights, [Int32Array.of(v)]);
  };

  it.each([
    [1, { lo: -9, hi: 8 }],
    [3, { lo: -50, hi: 31 }],
    [9, { lo: -3000, hi: 2500 }],
  ])('rounding by %i bits has one result', (shift, range) => {
    const g = gadget(range, (b, x) => roundShift(b, 'y', x, shift));
    checkRanges(g.circuit, g.weights);
    for (const v of spread(range.lo, range.hi)) {
      expect(valuesOf(g.at(v))).toEqual([Math.floor((v + 2 ** (shift - 1)) / 2 ** shift)]);
    }
    if (shift < 9) expect(valuesOf(without(g, 'y.limbs', 3)).length).toBeGreaterThan(1);
  });

  it('1 / sqrt(V) has one result for every V, and others without either side of its root', () => {
    const g = gadget({ lo: 0, hi: 150 }, (b, x) => inverseRoot(b, 'y', x));
    checkRanges(g.circuit, g.weights);
    for (let v = 0; v <= 150; v++) {
      const root = Math.floor(Math.sqrt(v));
      expect(valuesOf(g.at(v))).toEqual([Math.min(Math.floor(2 ** 21 / (root + 0.5) + 0.5), 2 ** 14 - 1)]);
    }
    // all roots below 128 give the same bounded R: what differs is the root
    expect(g.at(100).count).toBe(1);
    expect(without(g, '.over.limbs', 100).count).toBeGreaterThan(1);
    expect(without(g, '.under.limbs', 100).count).toBeGreaterThan(1);
  });
});

/** Witnesses found; none where a cell that is known from the start breaks a relation. */
function countOf(search: () => Witnesses): number {
  try {
    return search().count;
  } catch {
    return 0;
  }
}

// ---- operators -----------------------------------------------------------------------------------------------------------

type Model = Parameters<typeof tiny>[0];
type Options = Parameters<typeof tiny>[1];

const random = randomFrom(11);
const window = { kernel_shape: [2, 2], pads: [1, 1, 0, 0] };
const relu = (from: string) => node('Relu', [from], ['y']);

const models: Readonly<Record<string, readonly [Model['inputs'], readonly NodeDescription[], Model['initializers']?]>> =
  {
    Conv: [
      { x: [1, 2, 2, 2] },
      [node('Conv', ['x', 'w', 'b'], ['h'], window), relu('h')],
      { w: randomWeights(random, [1, 2, 2, 2]), b: randomWeights(random, [1]) },
    ],
    Gemm: [
      { x: [1, 3] },
      [node('Gemm', ['x', 'w', 'b'], ['h']), relu('h')],
      { w: randomWeights(random, [3, 2]), b: randomWeights(random, [2]) },
    ],
    'MatMul of two computed': [{ x: [2, 2], z: [2, 2] }, [node('MatMul', ['x', 'z'], ['h']), relu('h')]],
    Add: [{ x: [3], z: [3] }, [node('Add', ['x', 'z'], ['h']), relu('h')]],
    Mul: [{ x: [3], z: [3] }, [node('Mul', ['x', 'z'], ['h']), relu('h')]],
    Clip: [{ x: [4] }, [node('Clip', ['x', 'lo', 'hi'], ['y'])], { lo: floats([], [-0.5]), hi: floats([], [1]) }],
    LeakyRelu: [{ x: [4] }, [node('LeakyRelu', ['x'], ['y'], { alpha: float(0.1) })]],
    'PRelu with slopes': [
      { x: [1, 2, 2] },
      [node('PRelu', ['x', 's'], ['h']), relu('h')],
      { s: floats([2, 1], [0.25, -0.7]) },
    ],
    'PRelu before a convolution': [
      { x: [1, 2, 2] },
      [node('PRelu', ['x', 's'], ['p']), node('Conv', ['p', 'w'], ['h'], { kernel_shape: [2] }), relu('h')],
      { s: floats([2, 1], [0.25, -0.7]), w: randomWeights(random, [1, 2, 2]) },
    ],
    'PRelu between convolutions': [
      { x: [1, 1, 2] },
      [
        node('Conv', ['x', 'w'], ['h'], { kernel_shape: [2] }),
        node('PRelu', ['h', 's'], ['p']),
        node('Conv', ['p', 'v'], ['y'], { kernel_shape: [1] }),
      ],
      { s: floats([2, 1], [0.25, -0.7]), w: randomWeights(random, [2, 1, 2]), v: randomWeights(random, [1, 2, 1]) },
    ],
    Sigmoid: [{ x: [4] }, [node('Sigmoid', ['x'], ['y'])]],
    HardSwish: [{ x: [4] }, [node('HardSwish', ['x'], ['y'])]],
    MaxPool: [{ x: [1, 1, 3, 3] }, [node('MaxPool', ['x'], ['y'], window)]],
    'MaxPool, strided': [
      { x: [1, 1, 4, 3] },
      [node('MaxPool', ['x'], ['y'], { kernel_shape: [3, 2], strides: [1, 2] })],
    ],
    ReduceMin: [{ x: [5] }, [node('ReduceMin', ['x'], ['y'], { keepdims: 1 })]],
    Max: [{ x: [3], z: [3] }, [node('Max', ['x', 'z'], ['y'])]],
    AveragePool: [{ x: [1, 1, 3, 3] }, [node('AveragePool', ['x'], ['h'], window), relu('h')]],
    GlobalAveragePool: [{ x: [1, 2, 3, 1] }, [node('GlobalAveragePool', ['x'], ['h']), relu('h')]],
    ReduceMean: [{ x: [2, 3] }, [node('ReduceMean', ['x'], ['h'], { axes: [1], keepdims: 0 }), relu('h')]],
    'Concat and Slice': [
      { x: [1, 3], z: [1, 2] },
      [node('Concat', ['x', 'z'], ['c'], { axis: 1 }), node('Slice', ['c', 'from', 'to', 'axes'], ['h']), relu('h')],
      { from: ints([1], [1]), to: ints([1], [4]), axes: ints([1], [1]) },
    ],
    ConvTranspose: [
      { x: [1, 1, 2, 2] },
      [node('ConvTranspose', ['x', 'w'], ['h'], { kernel_shape: [2, 2], pads: [1, 0, 0, 0] }), relu('h')],
      { w: randomWeights(random, [1, 1, 2, 2]) },
    ],
    'ConvTranspose, taps apart': [
      { x: [1, 2, 2] },
      [node('ConvTranspose', ['x', 'w'], ['h'], { kernel_shape: [2], strides: [2] }), relu('h')],
      { w: randomWeights(random, [2, 1, 2]) },
    ],
    'Resize, linear': [
      { x: [1, 1, 3] },
      [node('Resize', ['x', '', 's'], ['h'], { mode: 'linear' }), relu('h')],
      { s: floats([3], [1, 1, 2]) },
    ],
    Equal: [{ x: [3], z: [3] }, [node('Equal', ['x', 'z'], ['e']), node('Cast', ['e'], ['y'], { to: 1 })]],
    'Less than a constant': [
      { x: [4] },
      [node('Less', ['x', 'c'], ['e']), node('Not', ['e'], ['n']), node('Cast', ['n'], ['y'], { to: 1 })],
      { c: floats([4], [0, 0.5, -1, 3]) },
    ],
    Softmax: [{ x: [1, 3] }, [node('Softmax', ['x'], ['y'], { axis: 1 })]],
    'Softmax of one': [{ x: [2, 1] }, [node('Softmax', ['x'], ['y'], { axis: 1 })]],
    ArgMax: [{ x: [2, 4] }, [node('ArgMax', ['x'], ['y'], { axis: 1, keepdims: 0 })]],
    'ArgMax, the last': [{ x: [5] }, [node('ArgMax', ['x'], ['y'], { axis: 0, select_last_index: 1 })]],
  };

const compiled = async (name: string, options: Options = { bits: 6 }) => {
  const [inputs, nodes, initializers = {}] = models[name]!;
  return tiny({ inputs, nodes, outputs: ['y'], initializers }, options);
};

/** Integers of every input: the samples, ties, and the ends of the range. */
function inputsOf({ circuit, samples }: Awaited<ReturnType<typeof tiny>>): IntArray[][] {
  const sampled = samples.slice(0, 4).map((s) => circuit.inputs.map((port) => encodeInput(port, s[port.name]!)));
  const cells = (port: Circuit['inputs'][number]) => port.shape.reduce((n, size) => n * size, 1);
  const fill = (v: (i: number, range: { lo: number; hi: number }) => number) =>
    circuit.inputs.map((port) => Int32Array.from({ length: cells(port) }, (_, i) => v(i, port.range)));
  return [
    ...sampled,
    fill(() => 0),
    fill((_, { hi }) => hi),
    fill((i, { lo, hi }) => (i % 2 === 0 ? lo : hi)),
    fill((i) => i % 3),
  ];
}

describe('an operator', () => {
  it.each(Object.keys(models))('%s has one output for an input', { timeout: 30_000 }, async (name) => {
    const model = await compiled(name);
    for (const inputs of inputsOf(model)) {
      const found = searchWitnesses(model.circuit, model.weights, inputs);
      expect(found.outputs, `${inputs.map((v) => v.join())}`).toHaveLength(1);
    }
  });
});

describe('an operator without one of its relations has a second witness', () => {
  /** The same circuit without the lookups and zeros that name a tensor. */
  const without = (circuit: Circuit, part: string): Circuit => {
    const names = (t: TensorId): boolean => circuit.tensors[t]!.name.endsWith(part);
    const lookups = circuit.lookups.filter((l) => !names(l.tensors[0]!));
    const zeros = circuit.zeros.filter((z) => !names(z));
    expect(lookups.length + zeros.length).toBeLessThan(circuit.lookups.length + circuit.zeros.length);
    return { ...circuit, lookups, zeros };
  };

  it.each([
    ['ArgMax', '.gap'],
    ['ArgMax', '.one'],
    ['Softmax', '.rest'],
    ['Softmax', '.gap'],
  ])('%s without %s', async (name, part) => {
    const model = await compiled(name);
    const most = inputsOf(model).map((inputs) => {
      return searchWitnesses(without(model.circuit, part), model.weights, inputs, 20_000_000).outputs.length;
    });
    expect(Math.max(...most)).toBeGreaterThan(1);
  });
});
