/**
 * ONNX Runtime as the judge of an import: the file as it is, and the imported graph written as ONNX again, must agree.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import type { Graph } from '../../src/onnx/graph.ts';
import { type ImportOptions, importOnnx } from '../../src/onnx/index.ts';
import { normalForms } from '../../src/onnx/normal.ts';
import { graphToOnnx } from './graph-to-onnx.ts';

export type Arrays = Readonly<Record<string, Float32Array | readonly number[]>>;

/** Imports, and expects the normal form, the output shapes and the output values that ONNX Runtime gives the file. */
export async function expectSameMeaning(
  bytes: Uint8Array,
  options: ImportOptions = {},
  given: Arrays = {},
  tolerance = 1e-5,
): Promise<Graph> {
  const graph = importOnnx(bytes, options);
  expectNormalForm(graph);
  const inputs = Object.fromEntries(graph.inputs.map((v, i) => [v.name, given[v.name] ?? sample(v.shape, v.dtype, i)]));
  const want = await run(bytes, graph, inputs);
  const got = await run(graphToOnnx(graph), graph, inputs);
  for (const output of graph.outputs) {
    const [w, g] = [want[output.name]!, got[output.name]!];
    expect(output.shape, `shape of ${output.name}`).toEqual(w.dims);
    expect(g.dims, `written shape of ${output.name}`).toEqual(w.dims);
    expect(largestError(w, g), `values of ${output.name}`).toBeLessThanOrEqual(tolerance);
  }
  return graph;
}

/** Every node has the attributes that normal.ts lists, of the kinds that it lists, and static shapes. */
export function expectNormalForm(graph: Graph): void {
  const known = new Set([...graph.inputs.map((v) => v.name), ...graph.constants.keys(), '']);
  for (const n of graph.nodes) {
    if (n.op !== 'Identity') expect(Object.keys(normalForms), n.name).toContain(n.op);
    const { attributes: kinds = {} } = normalForms[n.op] ?? {};
    const computedGather = n.op === 'Gather' && n.inputs.length === 2;
    const names = Object.keys(kinds).filter((name) => !(computedGather && name === 'indices'));
    expect([...n.attributes.keys()].sort(), `attributes of ${n.op}`).toEqual(names.sort());
    for (const [name, value] of n.attributes) expect(isOfKind(value, kinds[name]!), `${n.op}.${name}`).toBe(true);
    for (const input of n.inputs) expect(known, `${n.name} reads ${input}`).toContain(input);
    for (const output of n.outputs) known.add(output);
  }
  for (const name of known) if (name !== '') expect(graph.shapes.get(name), name).toBeDefined();
}

function isOfKind(value: unknown, kind: string): boolean {
  if (kind === 'text') return typeof value === 'string';
  if (kind === 'int') return Number.isSafeInteger(value);
  if (kind === 'float') return typeof value === 'number';
  return (
    Array.isArray(value) && value.every((v) => (kind === 'ints' ? Number.isSafeInteger(v) : typeof v === 'number'))
  );
}

async function run(bytes: Uint8Array, graph: Graph, inputs: Arrays): Promise<InferenceSession.ReturnType> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const feeds = graph.inputs.map((v) => {
    const type = session.inputMetadata.find((m) => m.name === v.name);
    const element = type?.isTensor === true ? type.type : 'float32';
    return [v.name, tensorOf(element, [...inputs[v.name]!], v.shape)] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  return outputs;
}

function tensorOf(type: Tensor.Type, values: number[], shape: readonly number[]): Tensor {
  if (type === 'int64') return new Tensor('int64', BigInt64Array.from(values, BigInt), [...shape]);
  if (type === 'int32') return new Tensor('int32', Int32Array.from(values), [...shape]);
  if (type === 'bool') return new Tensor('bool', Uint8Array.from(values), [...shape]);
  if (type === 'float64') return new Tensor('float64', Float64Array.from(values), [...shape]);
  return new Tensor('float32', Float32Array.from(values), [...shape]);
}

/** Fixed numbers that look random: floats in -2 .. 2, integers 0 .. 2. */
function sample(shape: readonly number[], dtype: string, seed: number): number[] {
  const size = shape.reduce((n, d) => n * d, 1);
  let state = 12345 + 777 * seed;
  return Array.from({ length: size }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const unit = (state >>> 8) / 2 ** 24;
    return dtype === 'float' ? 4 * unit - 2 : Math.floor((dtype === 'bool' ? 2 : 3) * unit);
  });
}

function largestError(want: Tensor, got: Tensor): number {
  const [w, g] = [Array.from(want.data as Float32Array, Number), Array.from(got.data as Float32Array, Number)];
  const errors = w.map((v, i) => (Object.is(v, g[i]) ? 0 : Math.abs(v - g[i]!)));
  return errors.reduce((worst, e) => (Number.isNaN(e) ? Infinity : Math.max(worst, e)), 0);
}
