/**
 * The float model as ONNX Runtime computes it, every intermediate value exposed: what calibration measures and what the integers are
 * compared with.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, ValueInfoProtoSchema } from 'onnx-buf';
import { TesseraError } from '../errors.ts';
import type { Graph } from '../onnx/graph.ts';

/** Values of every input, by name, row-major. */
export type Sample = Readonly<Record<string, Float32Array>>;

export interface FloatModel {
  /** Every float value and index that the run computes, by name, the inputs included. */
  readonly run: (sample: Sample) => Promise<ReadonlyMap<string, Float32Array>>;
}

type Runtime = typeof import('onnxruntime-node');

/**
 * @param graph names the values to expose, and the shapes of the inputs
 * @throws TesseraError E_QUANTIZE where ONNX Runtime is not installed or refuses the model
 */
export async function openFloatModel(
  bytes: Uint8Array,
  graph: Graph,
  externalData?: (location: string) => Uint8Array,
): Promise<FloatModel> {
  const runtime = await loadRuntime();
  const model = fromBinary(ModelProtoSchema, bytes);
  expose(model.graph!, graph);
  const files = externalFiles(model.graph!, externalData);
  const session = await runtime.InferenceSession.create(toBinary(ModelProtoSchema, model), {
    intraOpNumThreads: 1,
    graphOptimizationLevel: 'basic',
    logSeverityLevel: 3,
    ...(files.length > 0 ? { externalData: files } : {}),
  }).catch(refused('ONNX Runtime cannot load the model'));
  return {
    run: async (sample) => {
      const feeds = graph.inputs.map(({ name, shape }) => {
        return [name, new runtime.Tensor('float32', inputOf(sample, name, shape), [...shape])] as const;
      });
      const results = await session.run(Object.fromEntries(feeds)).catch(refused('ONNX Runtime cannot run the model'));
      const values = new Map<string, Float32Array>(Object.entries(sample));
      for (const [name, tensor] of Object.entries(results)) {
        if (tensor.data instanceof Float32Array) values.set(name, tensor.data);
        if (tensor.data instanceof BigInt64Array) values.set(name, Float32Array.from(tensor.data, Number));
      }
      return values;
    },
  };
}

/** What ONNX Runtime says, on one line. */
export function refused(sentence: string): (cause: unknown) => never {
  return (cause) => {
    throw new TesseraError('E_QUANTIZE', sentence, { cause, hint: String(cause).replace(/\s+/g, ' ') });
  };
}

/** @throws TesseraError E_QUANTIZE where it is not installed */
export async function loadRuntime(): Promise<Runtime> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new TesseraError('E_QUANTIZE', 'calibration needs the package onnxruntime-node', {
      cause,
      hint: 'Install it: npm install onnxruntime-node.',
    });
  }
}

/** Adds the values that the nodes of `graph` write to the outputs, where the file's graph knows them by the same name. */
function expose(proto: GraphProto, graph: Graph): void {
  const known = new Set(proto.node.flatMap((n) => n.output));
  const exposed = new Set(proto.output.map((o) => o.name));
  for (const name of graph.nodes.flatMap((n) => n.outputs)) {
    if (name === '' || !known.has(name) || exposed.has(name)) continue;
    proto.output.push(create(ValueInfoProtoSchema, { name }));
    exposed.add(name);
  }
}

/** Files that hold external weights, as ONNX Runtime takes them. */
export function externalFiles(
  proto: GraphProto,
  externalData: ((location: string) => Uint8Array) | undefined,
): { readonly path: string; readonly data: Uint8Array }[] {
  if (externalData === undefined) return [];
  const entries = proto.initializer.flatMap((t) => t.externalData.filter((e) => e.key === 'location'));
  return [...new Set(entries.map((e) => e.value))].map((path) => ({ path, data: externalData(path) }));
}

/** @throws TesseraError E_INPUT for a missing input or a wrong number of values, E_NAN for one that is not finite */
function inputOf(sample: Sample, name: string, shape: readonly number[]): Float32Array {
  const values = sample[name];
  if (values === undefined) {
    const given = Object.keys(sample).join(', ');
    throw new TesseraError('E_INPUT', `a sample has no input "${name}"`, { hint: `It has: ${given}.` });
  }
  const cells = shape.reduce((n, s) => n * s, 1);
  if (values.length !== cells) {
    throw new TesseraError('E_INPUT', `${values.length} values for shape [${shape.join(', ')}]`, { where: name });
  }
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new TesseraError('E_NAN', `element ${bad} of a sample is ${values[bad]}`, { where: name });
  return values;
}
