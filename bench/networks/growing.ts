/**
 * One network at growing sizes: the trained fashion-cnn on more and more pictures at once, and a small convolutional network, random
 * weights, on larger and larger ones.
 */
import { readFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorShapeProto_DimensionSchema, type ValueInfoProto } from 'onnx-buf';
import { fashionTestSet } from '../../examples/models.ts';
import { floats, model, node } from '../../test/support/onnx-builder.ts';
import { filled, normal, uniform } from './random.ts';
import type { Network, NetworkFamily } from './types.ts';

const BATCHES = [1, 2, 4, 8, 16];
const SIDES = [32, 64, 128, 256];

/** Channels of the convolutions. */
const CHANNELS = [3, 16, 32, 64];
const CLASSES = 10;

export const families: readonly NetworkFamily[] = [
  {
    name: 'batch',
    title: 'fashion-cnn on a batch',
    unit: 'pictures in a batch',
    members: BATCHES.map((size) => ({ size, network: batch(size) })),
  },
  {
    name: 'side',
    title: 'Three convolutions of 16, 32 and 64 channels, each with a maximum pool, on a square picture',
    unit: 'pixels of a side',
    members: SIDES.map((size) => ({ size, network: side(size) })),
  },
];

function batch(size: number): Network {
  return {
    name: `batch-${size}`,
    about: `fashion-cnn, ${size} pictures`,
    weights: 'trained',
    missing: () => undefined,
    async load() {
      const { images } = fashionTestSet();
      const samples = Array.from({ length: Math.max(2, 32 / size) }, (_, i) => {
        const pictures = images.slice(size * i, size * (i + 1)).map(({ input }) => input!);
        return { input: Float32Array.from(pictures.flatMap((picture) => [...picture])) };
      });
      return {
        imports: {},
        input: samples[0]!,
        onnx: withBatch(readFileSync(new URL('../../examples/fashion-cnn/model.onnx', import.meta.url)), size),
        samples,
      };
    },
  };
}

/** The same network with another first size of its inputs and outputs. */
function withBatch(onnx: Uint8Array, size: number): Uint8Array {
  const proto = fromBinary(ModelProtoSchema, onnx);
  const graph = proto.graph!;
  graph.valueInfo = [];
  for (const { type } of [...graph.input, ...graph.output] satisfies ValueInfoProto[]) {
    if (type?.value.case !== 'tensorType') throw new Error('an input or output is no tensor');
    type.value.value.shape!.dim[0] = create(TensorShapeProto_DimensionSchema, {
      value: { case: 'dimValue', value: BigInt(size) },
    });
  }
  return toBinary(ModelProtoSchema, proto);
}

function side(size: number): Network {
  return {
    name: `side-${size}`,
    about: `3 convolutions, ${size} x ${size}`,
    weights: 'random',
    missing: () => undefined,
    async load() {
      const next = uniform(size);
      const sample = () => ({ x: filled(3 * size * size, next) });
      const samples = [sample(), sample(), sample(), sample()];
      return { onnx: convolutional(size), samples, input: samples[0]!, imports: {} };
    },
  };
}

/** Weights of deviation sqrt(2 / inputs) keep activations of one size through the layers (He et al. 2015). */
function convolutional(size: number): Uint8Array {
  const next = normal(1);
  const weights = (shape: readonly number[], inputs: number) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return floats(
      shape,
      filled(count, () => Math.sqrt(2 / inputs) * next()),
    );
  };
  const layers = CHANNELS.slice(1).map((channels, i) => {
    const [before, x] = [CHANNELS[i]!, i === 0 ? 'x' : `p${i - 1}`];
    return {
      nodes: [
        node(
          'Conv',
          [x, `w${i}`, `b${i}`],
          [`c${i}`],
          { pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
          { name: `conv${i}` },
        ),
        node('Relu', [`c${i}`], [`r${i}`], {}, { name: `relu${i}` }),
        node('MaxPool', [`r${i}`], [`p${i}`], { kernel_shape: [2, 2], strides: [2, 2] }, { name: `pool${i}` }),
      ],
      initializers: {
        [`w${i}`]: weights([channels, before, 3, 3], 9 * before),
        [`b${i}`]: weights([channels], 100),
      },
    };
  });
  const [last, features] = [`p${layers.length - 1}`, CHANNELS.at(-1)!];
  return model({
    name: 'growing',
    inputs: { x: [1, 3, size, size] },
    outputs: { y: [1, CLASSES] },
    nodes: [
      ...layers.flatMap((layer) => layer.nodes),
      node('GlobalAveragePool', [last], ['g'], {}, { name: 'mean' }),
      node('Flatten', ['g'], ['f'], {}, { name: 'flatten' }),
      node('Gemm', ['f', 'v'], ['y'], {}, { name: 'dense' }),
    ],
    initializers: {
      ...Object.assign({}, ...layers.map((layer) => layer.initializers)),
      v: weights([features, CLASSES], features),
    },
  });
}
