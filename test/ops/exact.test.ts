/** What operators promise bit for bit, what they cost, and what they refuse. */
import { describe, expect, it } from 'vitest';
import { floats, ints, node } from '../support/onnx-builder.ts';
import { lookupsOf, randomFrom, randomWeights, type Tiny, tiny } from './harness.ts';

const random = randomFrom(3);

/** Integers of an input at its port's scale. */
function integersOf(t: Tiny, values: Float32Array, name = 'x'): number[] {
  const port = t.circuit.inputs.find((p) => p.name === name)!;
  return Array.from(values, (v) => Math.floor(v * 2 ** port.scale + 0.5));
}

describe('exact integers', () => {
  it('MaxPool is the maximum of the integers in every window', async () => {
    const attributes = { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 1, 1, 0] };
    const t = await tiny({
      inputs: { x: [1, 2, 7, 6] },
      outputs: ['y'],
      nodes: [node('MaxPool', ['x'], ['y'], attributes)],
    });
    const [sample] = t.samples;
    const x = integersOf(t, sample!.x!);
    const expected: number[] = [];
    for (let c = 0; c < 2; c++)
      for (let oy = 0; oy < 4; oy++)
        for (let ox = 0; ox < 6; ox++) {
          const inside = [0, 1, 2].flatMap((ky) =>
            [0, 1].flatMap((kx) => {
              const [iy, ix] = [2 * oy + ky - 1, ox + kx - 1];
              return iy >= 0 && iy < 7 && ix >= 0 && ix < 6 ? [x[(c * 7 + iy) * 6 + ix]!] : [];
            }),
          );
          expected.push(Math.max(...inside));
        }
    expect([...t.run(sample!).y!.integers]).toEqual(expected);
  });

  it('ArgMax takes the lowest index among equals, or the last where asked', async () => {
    const t = await tiny({
      inputs: { x: [4, 5] },
      outputs: ['first', 'last'],
      nodes: [
        node('ArgMax', ['x'], ['first'], { axis: 1, keepdims: 0 }),
        node('ArgMax', ['x'], ['last'], { axis: 1, keepdims: 0, select_last_index: 1 }),
      ],
    });
    const x = Float32Array.of(0, 1, 1, 0, 1, -2, -2, -2, -2, -2, 1.5, 0, 0, 0, 1.5, -1, -1.5, 0.25, 0.125, 0);
    expect([...t.run({ x }).first!.integers]).toEqual([1, 0, 0, 2]);
    expect([...t.run({ x }).last!.integers]).toEqual([4, 4, 4, 2]);
  });

  it('ArgMax looks along any axis', async () => {
    const nodes = [node('ArgMax', ['x'], ['y'], { axis: 0, keepdims: 1 })];
    const t = await tiny({ inputs: { x: [3, 2] }, outputs: ['y'], nodes });
    expect([...t.run({ x: Float32Array.of(0, 1, 1, -1, 0.5, 1) }).y!.integers]).toEqual([1, 0]);
  });

  it('Softmax is round(2^k e / sum e) of its own exponentials', async () => {
    const t = await tiny({
      inputs: { x: [2, 6] },
      outputs: ['y'],
      nodes: [node('Softmax', ['x'], ['y'], { axis: 1 })],
    });
    const scale = t.circuit.inputs[0]!.scale;
    for (const sample of t.samples) {
      const x = integersOf(t, sample.x!);
      const expected = [0, 6].flatMap((from) => {
        const row = x.slice(from, from + 6);
        const max = Math.max(...row);
        const e = row.map((v) => Math.floor(4096 * Math.exp((v - max) * 2 ** -scale) + 0.5));
        const sum = e.reduce((a, b) => a + b);
        return e.map((v) => Math.floor((8192 * v + sum) / (2 * sum)));
      });
      expect([...t.run(sample).y!.integers]).toEqual(expected);
    }
  });

  it('values beyond the calibrated range saturate, values beyond the headroom are refused', async () => {
    const nodes = [node('MatMul', ['x', 'w'], ['h']), node('Relu', ['h'], ['y'])];
    const initializers = { w: floats([4, 1], [1, 1, 1, 1]) };
    const t = await tiny(
      { inputs: { x: [1, 4] }, outputs: ['y'], nodes, initializers },
      { samples: [{ x: Float32Array.of(1, 0, 0, 0) }], inputRange: { min: 0, max: 4 } },
    );
    expect(t.run({ x: Float32Array.of(3, 0, 0, 0) }).y!.values[0]).toBeCloseTo(2, 2);
    expect(() => t.run({ x: Float32Array.of(4, 4, 4, 4) })).toThrow(expect.objectContaining({ code: 'E_RANGE' }));
  });
});

describe('wide activations', () => {
  it.each([
    [14, 2],
    [14, 0],
    [12, 4],
  ])('of %i bits and headroom %i keep every table times its shift below the modulus', async (bits, headroom) => {
    const pads = { pads: [1, 1, 1, 1], kernel_shape: [3, 3] };
    const nodes = [
      node('Conv', ['x', 'w'], ['h'], pads),
      node('Relu', ['h'], ['r']),
      node('Conv', ['r', 'w'], ['s'], pads),
      node('Sigmoid', ['s'], ['y']),
    ];
    const initializers = { w: randomWeights(random, [4, 4, 3, 3], 0.2) };
    const t = await tiny({ inputs: { x: [1, 4, 6, 6] }, outputs: ['y'], nodes, initializers }, { bits, headroom });
    expect(t.report.accuracy.values.at(-1)!.max).toBeLessThan(0.002);
  });
});

describe('samples that say nothing', () => {
  it('zeros compile, and zeros come out', async () => {
    const nodes = [
      node('MatMul', ['x', 'w'], ['h']),
      node('Relu', ['h'], ['r']),
      node('MatMul', ['r', 'v'], ['s']),
      node('Sigmoid', ['s'], ['y']),
    ];
    const initializers = { w: randomWeights(random, [4, 6]), v: randomWeights(random, [6, 3]) };
    const x = new Float32Array(4);
    const t = await tiny({ inputs: { x: [1, 4] }, outputs: ['y'], nodes, initializers }, { samples: [{ x }] });
    for (const v of t.run({ x }).y!.values) expect(v).toBeCloseTo(0.5, 3);
  });

  it('two branches that calibration saw dead may be multiplied', async () => {
    const nodes = [
      node('Gemm', ['x', 'w', 'b'], ['h']),
      node('Relu', ['h'], ['p']),
      node('Gemm', ['x', 'v', 'b'], ['g']),
      node('Relu', ['g'], ['q']),
      node('Mul', ['p', 'q'], ['m']),
      node('MatMul', ['m', 'u'], ['y']),
    ];
    const initializers = {
      w: randomWeights(random, [4, 3], 1e-9),
      v: randomWeights(random, [4, 3], 1e-9),
      u: randomWeights(random, [3, 2]),
      b: floats([3], [-1e-12, -1e-11, -1e-12]),
    };
    const x = new Float32Array(4);
    const t = await tiny({ inputs: { x: [1, 4] }, outputs: ['y'], nodes, initializers }, { samples: [{ x }] });
    for (const v of t.run({ x }).y!.values) expect(v).toBeCloseTo(0, 6);
  });

  it('an output may be an input or a constant', async () => {
    const nodes = [node('Identity', ['x'], ['a']), node('Identity', ['c'], ['b'])];
    const initializers = { c: floats([2], [0.5, -3]) };
    const t = await tiny({ inputs: { x: [3] }, outputs: ['a', 'b'], nodes, initializers });
    const { a, b } = t.run({ x: Float32Array.of(1, -1, 0.5) });
    expect([...a!.values]).toEqual([1, -1, 0.5]);
    expect([...b!.values]).toEqual([0.5, -3]);
  });
});

describe('cost', () => {
  const w = randomWeights(random, [4, 4, 3, 3]);
  const pads = { pads: [1, 1, 1, 1], kernel_shape: [3, 3] };

  it('convolution, bias, residual and Relu are one requantisation: 2 lookups a cell', async () => {
    const nodes = [
      node('Conv', ['x', 'w', 'b'], ['h'], pads),
      node('Add', ['h', 'x'], ['s']),
      node('Relu', ['s'], ['r']),
      node('Conv', ['r', 'w'], ['y'], pads),
    ];
    const initializers = { w, b: randomWeights(random, [4]) };
    const t = await tiny({ inputs: { x: [1, 4, 8, 8] }, outputs: ['y'], nodes, initializers });
    expect(lookupsOf(t)).toBe(256 + 2 * 256); // the input's own range check, then r and (q, y)
  });

  it('PRelu with slopes a channel between convolutions is one requantisation: 2 lookups and 3 cells a cell', async () => {
    const nodes = [
      node('Conv', ['x', 'w'], ['h'], pads),
      node('PRelu', ['h', 'a'], ['p']),
      node('Conv', ['p', 'w'], ['y'], pads),
    ];
    const initializers = { w, a: randomWeights(random, [4, 1, 1]) };
    const t = await tiny({ inputs: { x: [1, 4, 8, 8] }, outputs: ['y'], nodes, initializers });
    expect(lookupsOf(t)).toBe(256 + 2 * 256);
    expect(t.report.cost.witnessCells - t.report.cost.rows).toBe(256 + 3 * 256);
  });

  it('moving axes around costs nothing', async () => {
    const nodes = [
      node('Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }),
      node('Conv', ['t', 'w'], ['h'], { kernel_shape: [1, 1] }),
      node('Transpose', ['h'], ['u'], { perm: [0, 2, 3, 1] }),
      node('Reshape', ['u', 's'], ['y']),
    ];
    const initializers = { w: randomWeights(random, [6, 4, 1, 1]), s: ints([3], [1, -1, 3]) };
    const t = await tiny({ inputs: { x: [1, 5, 7, 4] }, outputs: ['y'], nodes, initializers });
    expect(lookupsOf(t)).toBe(140);
    expect(t.circuit.outputs[0]!.shape).toEqual([1, 70, 3]);
  });

  it('a 2 x 2 maximum pool costs 3 lookups an output, in the table of the Relu before it', async () => {
    const pool = { kernel_shape: [2, 2], strides: [2, 2] };
    const nodes = [
      node('Relu', ['x'], ['r']),
      node('MaxPool', ['r'], ['p'], pool),
      node('Conv', ['p', 'w'], ['y'], pads),
    ];
    const t = await tiny({ inputs: { x: [1, 4, 8, 8] }, outputs: ['y'], nodes, initializers: { w } });
    expect(lookupsOf(t)).toBe(256 + 256 + 3 * 64); // input, Relu of what needs no rescaling, gains
    expect(t.circuit.tables.filter((table) => table.columns.length === 2)).toHaveLength(1);
  });

  it('a depthwise and a pointwise convolution become one', async () => {
    const nodes = [
      node('Conv', ['x', 'd'], ['h'], { ...pads, group: 4 }),
      node('Conv', ['h', 'p'], ['y'], { kernel_shape: [1, 1] }),
    ];
    const initializers = { d: randomWeights(random, [4, 1, 3, 3]), p: randomWeights(random, [6, 4, 1, 1]) };
    const t = await tiny({ inputs: { x: [1, 4, 8, 8] }, outputs: ['y'], nodes, initializers });
    expect(t.circuit.tensors.filter((tensor) => tensor.def.kind === 'contract')).toHaveLength(1);
    expect(lookupsOf(t)).toBe(256);
  });
});

describe('refusals', () => {
  const refused = async (nodes: Parameters<typeof tiny>[0]['nodes'], code: string): Promise<void> => {
    const attempt = tiny({ inputs: { x: [2, 3] }, outputs: ['y'], nodes });
    await expect(attempt).rejects.toMatchObject({ code, hint: expect.any(String), where: expect.any(String) });
  };

  it('an operator that is not there names node and op', () => refused([node('Sin', ['x'], ['y'])], 'E_UNSUPPORTED_OP'));
  it('LogSoftmax gives the way out', () =>
    refused([node('LogSoftmax', ['x'], ['y'], { axis: 1 })], 'E_UNSUPPORTED_OP'));
  it('an index that is computed with', () =>
    refused([node('ArgMax', ['x'], ['i'], { axis: 1 }), node('Add', ['i', 'i'], ['y'])], 'E_UNSUPPORTED_OP'));
});
