/**
 * ONNX bytes and samples to an integer circuit: import, calibrate, choose the numbers, lower, measure.
 */
import type { Circuit, IntArray, TensorId } from './circuit/types.ts';
import type { Machine } from './kernels/kernels.ts';
import type { Graph } from './onnx/graph.ts';
import { importOnnx } from './onnx/index.ts';
import { type Lowered, lowerGraph } from './ops/graph.ts';
import type { Interval, Scheme } from './ops/scheme.ts';
import { calibrate, randomSamples } from './quantize/calibrate.ts';
import { type FloatModel, openFloatModel, type Sample } from './quantize/float-model.ts';

export interface QuantizeOptions {
  /** Inputs by name. Representative ones: ranges and scales follow from them. */
  readonly samples?: readonly Sample[];
  /** Real range of the inputs where there are no samples, or to allow for more than the samples show. */
  readonly inputRange?: Interval;
  readonly bits?: number;
  readonly weightBits?: number;
  readonly headroom?: number;
  readonly percentile?: number;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly externalData?: (location: string) => Uint8Array;
}

export interface Quantized {
  readonly graph: Graph;
  readonly lowered: Lowered;
  readonly scheme: Scheme;
  readonly float: FloatModel;
}

export async function quantizeModel(bytes: Uint8Array, options: QuantizeOptions = {}): Promise<Quantized> {
  const graph = importOnnx(bytes, {
    ...(options.shapes === undefined ? {} : { shapes: options.shapes }),
    ...(options.externalData === undefined ? {} : { externalData: options.externalData }),
  });
  const scheme = schemeFor(graph, options);
  const float = await openFloatModel(bytes, graph, options.externalData);
  const samples = options.samples ?? randomSamples(graph, 8, options.inputRange ?? { min: 0, max: 1 });
  const ranges = await calibrate(float, samples, options.percentile);
  return { graph, scheme, float, lowered: lowerGraph(graph, scheme, ranges) };
}

function schemeFor(graph: Graph, options: QuantizeOptions): Scheme {
  const cells = graph.nodes
    .flatMap((n) => n.outputs)
    .reduce((n, name) => n + (graph.shapes.get(name) ?? []).reduce((p, s) => p * s, 1), 0);
  const bits = options.bits ?? Math.min(12, Math.max(10, Math.floor(Math.log2(cells)) - 6));
  return { bits, weightBits: options.weightBits ?? 16, headroom: options.headroom ?? 2, shift: bits };
}
