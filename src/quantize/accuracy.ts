/**
 * Accuracy of the integers against the float model: for every value whose integers the run keeps, with y the real value of the integers
 * and x the float,
 *
 *   max |y - x|,   mean |y - x|,   cosine <x, y> / (|x| |y|),   over all cells of all samples.
 */
import type { Witness } from '../circuit/evaluate.ts';
import { evaluate } from '../circuit/evaluate.ts';
import { decodeOutput, encodeInput } from '../circuit/ports.ts';
import type { IntArray } from '../circuit/types.ts';
import type { Machine } from '../kernels/kernels.ts';
import type { Graph } from '../onnx/graph.ts';
import type { Lowered } from '../ops/graph.ts';
import { cellsOfLayout } from '../ops/layout.ts';
import type { FloatModel, Sample } from './float-model.ts';

export interface Deviation {
  readonly name: string;
  /** Operator that writes the value. */
  readonly op: string;
  readonly scale: number;
  readonly max: number;
  readonly mean: number;
  readonly cosine: number;
  /** Sample with the largest deviation. */
  readonly worst: number;
}

export interface Accuracy {
  readonly samples: number;
  /** In graph order, outputs last. */
  readonly values: readonly Deviation[];
  /** Samples whose class is the label, by float and by integer, and those on which the two agree. */
  readonly top1: { readonly float: number; readonly integer: number; readonly agree: number } | undefined;
}

/**
 * @param labels one class for every sample: the index of the largest cell of output 0, or what an output of one cell holds
 * @throws TesseraError E_RANGE where a sample leaves the calibrated domains
 */
export async function measureAccuracy(
  machine: Machine,
  float: FloatModel,
  graph: Graph,
  lowered: Lowered,
  samples: readonly Sample[],
  labels?: ArrayLike<number>,
): Promise<Accuracy> {
  const meters = metersOf(graph, lowered);
  const top1 = { float: 0, integer: 0, agree: 0 };
  for (const [i, sample] of samples.entries()) {
    const expected = await float.run(sample);
    const mark = machine.mark();
    const inputs = lowered.circuit.inputs.map((port) => encodeInput(port, sample[port.name]!));
    const run = evaluate(machine, lowered.circuit, lowered.weights, inputs);
    for (const meter of meters) meter.add(i, expected, (value) => realValues(machine, run, lowered, value));
    if (labels !== undefined) {
      const [port] = lowered.circuit.outputs;
      const [x, y] = [classOf(expected.get(port!.name)!), classOf(decodeOutput(port!, run.outputs[0]!))];
      top1.float += Number(x === labels[i]);
      top1.integer += Number(y === labels[i]);
      top1.agree += Number(x === y);
    }
    machine.release(mark);
  }
  const values = meters.map((m) => m.result()).filter((d) => d !== undefined);
  return { samples: samples.length, values, top1: labels === undefined ? undefined : top1 };
}

function metersOf(graph: Graph, { circuit, values }: Lowered): Meter[] {
  const scales = new Map([...values].map(([name, value]) => [name, value.scale]));
  const inner = graph.nodes.flatMap((n) => n.outputs.map((name) => ({ name, op: n.op })));
  const isOutput = (name: string): boolean => graph.outputs.some((o) => o.name === name);
  for (const port of circuit.outputs) scales.set(port.name, port.scale);
  return [...inner.filter((w) => !isOutput(w.name)), ...inner.filter((w) => isOutput(w.name))]
    .filter((w) => scales.has(w.name))
    .map((w) => new Meter(w.name, w.op, scales.get(w.name)!));
}

/** Real values in ONNX order; undefined where the run does not keep the integers. */
function realValues(machine: Machine, run: Witness, lowered: Lowered, name: string): Float64Array | undefined {
  const output = lowered.circuit.outputs.findIndex((p) => p.name === name);
  if (output >= 0) return Float64Array.from(decodeOutput(lowered.circuit.outputs[output]!, run.outputs[output]!));
  const { tensor, layout, scale } = lowered.values.get(name)!;
  const at = run.tensors.get(tensor);
  if (at === undefined) return undefined;
  const integers: IntArray = at.kind === 2 ? machine.i16(at.ptr, at.length) : machine.i32(at.ptr, at.length);
  const cells = cellsOfLayout(layout);
  const unit = 2 ** -scale;
  const values = new Float64Array(cells.length);
  for (let i = 0; i < values.length; i++) values[i] = integers[cells[i]!]! * unit;
  return values;
}

/** Running sums of one value's deviations. */
class Meter {
  readonly #name: string;
  readonly #op: string;
  readonly #scale: number;
  #max = -1;
  #worst = 0;
  #sum = 0;
  #count = 0;
  #xy = 0;
  #xx = 0;
  #yy = 0;

  constructor(name: string, op: string, scale: number) {
    this.#name = name;
    this.#op = op;
    this.#scale = scale;
  }

  add(
    sample: number,
    expected: ReadonlyMap<string, Float32Array>,
    integers: (name: string) => Float64Array | undefined,
  ): void {
    const x = expected.get(this.#name);
    const y = x === undefined ? undefined : integers(this.#name);
    if (x === undefined || y === undefined) return;
    let [max, sum, xy, xx, yy] = [0, 0, 0, 0, 0];
    for (let i = 0; i < x.length; i++) {
      const [a, b] = [x[i]!, y[i]!];
      const deviation = Math.abs(a - b);
      if (deviation > max) max = deviation;
      sum += deviation;
      xy += a * b;
      xx += a * a;
      yy += b * b;
    }
    if (max > this.#max) {
      this.#max = max;
      this.#worst = sample;
    }
    this.#sum += sum;
    this.#xy += xy;
    this.#xx += xx;
    this.#yy += yy;
    this.#count += x.length;
  }

  /** Undefined where nothing was compared. */
  result(): Deviation | undefined {
    if (this.#count === 0) return undefined;
    const norm = Math.sqrt(this.#xx * this.#yy);
    return {
      name: this.#name,
      op: this.#op,
      scale: this.#scale,
      max: this.#max,
      mean: this.#sum / this.#count,
      cosine: norm === 0 ? 1 : this.#xy / norm,
      worst: this.#worst,
    };
  }
}

/** The index that a lone cell holds, or that of the first largest cell. */
function classOf(values: Float32Array): number {
  if (values.length === 1) return values[0]!;
  return values.reduce((best, v, i) => (v > values[best]! ? i : best), 0);
}
