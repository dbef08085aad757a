/**
 * A zoo model end to end: compiled on its samples, its integers against ONNX Runtime's floats on inputs that calibration did not see,
 * one input proved and verified.
 */
import {
  type Compiled,
  type CompileOptions,
  compile,
  type Machine,
  type Proved,
  prove,
  run,
  verify,
} from '../../src/index.ts';
import { importOnnx } from '../../src/onnx/index.ts';
import { openFloatModel } from '../../src/quantize/float-model.ts';
import type { ZooModel } from './model.ts';

type Values = Readonly<Record<string, Float32Array>>;

/** What one output does over all test inputs. */
export interface Agreement {
  readonly output: string;
  /** The worst of the tests. */
  readonly cosine: number;
  readonly largest: number;
  /** Largest absolute value of the floats. */
  readonly reach: number;
}

export interface Judgement {
  readonly agreements: readonly Agreement[];
  /** Of labelled tests: how many have the label as their class. */
  readonly top1: { readonly float: number; readonly integer: number; readonly of: number } | undefined;
  /** Real values of every output for each test. */
  readonly float: readonly Values[];
  readonly integer: readonly Values[];
}

export function compileModel(model: ZooModel, machine: Machine, options: CompileOptions = {}): Promise<Compiled> {
  const { onnx, samples, shapes, externalData, inputRange, bits } = model;
  const beside = {
    ...(shapes && { shapes }),
    ...(externalData && { externalData }),
    ...(inputRange && { inputRange }),
    ...(bits && { bits }),
  };
  return compile(onnx, { samples, machine, accuracySamples: Math.min(2, samples.length), ...beside, ...options });
}

export async function judge(model: ZooModel, compiled: Compiled, machine: Machine): Promise<Judgement> {
  const { onnx, shapes, externalData, tests, labels } = model;
  const graph = importOnnx(onnx, { ...(shapes && { shapes }), ...(externalData && { externalData }) });
  const reference = await openFloatModel(onnx, graph, externalData);
  const float: Values[] = [];
  const integer: Values[] = [];
  for (const test of tests) {
    const all = await reference.run(test);
    float.push(Object.fromEntries(graph.outputs.map(({ name }) => [name, all.get(name)!])));
    const { outputs } = await run(compiled.model, test, { machine });
    integer.push(Object.fromEntries(Object.entries(outputs).map(([name, o]) => [name, o.values])));
  }
  const agreements = graph.outputs.map(({ name }) => agreementOf(name, float, integer));
  const first = graph.outputs[0]!.name;
  const right = (values: readonly Values[]): number =>
    values.filter((v, i) => classOf(v[first]!) === labels![i]).length;
  const top1 = labels && { float: right(float), integer: right(integer), of: labels.length };
  return { agreements, top1, float, integer };
}

function agreementOf(output: string, float: readonly Values[], integer: readonly Values[]): Agreement {
  let [cosine, largest, reach] = [1, 0, 0];
  for (const [i, values] of float.entries()) {
    const [x, y] = [values[output]!, integer[i]![output]!];
    let [xx, yy, xy] = [0, 0, 0];
    for (const [k, v] of x.entries()) {
      xx += v * v;
      yy += y[k]! * y[k]!;
      xy += v * y[k]!;
      largest = Math.max(largest, Math.abs(v - y[k]!));
      reach = Math.max(reach, Math.abs(v));
    }
    if (xx * yy > 0) cosine = Math.min(cosine, xy / Math.sqrt(xx * yy));
  }
  return { output, cosine, largest, reach };
}

/** The largest cell; of one cell, a probability, whether it is above 1/2. */
function classOf(values: Float32Array): number {
  if (values.length === 1) return Number(values[0]! > 0.5);
  return values.indexOf(values.reduce((a, b) => Math.max(a, b)));
}

/** Proves the model's input in plain mode. @throws Error where the proof is not accepted */
export async function proveModel(model: ZooModel, { model: bytes, key }: Compiled, machine: Machine): Promise<Proved> {
  const proved = await prove(bytes, model.input, { zk: false, input: 'private', machine });
  const verdict = verify(proved.proof, { key, outputs: proved.outputs });
  if (!verdict.ok) throw new Error(`${model.name}: rejected by ${verdict.check}: ${verdict.sentence}`);
  return proved;
}
