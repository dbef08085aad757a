/**
 * Compiles a tiny model with random samples, checks the circuit, runs it on integers, and sets ONNX Runtime's floats beside.
 */
import { checkCircuit } from '../../src/circuit/check.ts';
import { evaluate } from '../../src/circuit/evaluate.ts';
import { decodeOutput, encodeInput } from '../../src/circuit/ports.ts';
import { checkRanges } from '../../src/circuit/ranges.ts';
import type { Circuit, IntArray, TensorId } from '../../src/circuit/types.ts';
import { cellsOf } from '../../src/circuit/types.ts';
import { type CompileReport, type QuantizeOptions, quantizeModel } from '../../src/compile.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { floats, type ModelDescription, model } from '../support/onnx-builder.ts';

export interface Tiny {
  readonly circuit: Circuit;
  readonly weights: ReadonlyMap<TensorId, IntArray>;
  readonly report: CompileReport;
  /** Integers and real values of every output. */
  readonly run: (sample: Record<string, Float32Array>) => Record<string, { integers: IntArray; values: Float32Array }>;
}

export type Random = (shape: readonly number[], least?: number, most?: number) => Float32Array;

/** Even values between two bounds; the same for the same seed. */
export function randomFrom(seed: number): Random {
  let state = seed * 2654435761 + 1;
  return (shape, least = -1, most = 1) =>
    Float32Array.from({ length: cellsOf(shape) }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return least + ((most - least) * state) / 2 ** 32;
    });
}

export function randomWeights(random: Random, shape: readonly number[], size = 1) {
  return floats(shape, random(shape, -size, size));
}

/** A model whose float inputs all have values in -2 .. 2 (or the given bounds), calibrated on 8 samples. */
export async function tiny(
  description: ModelDescription & { readonly inputs: Readonly<Record<string, readonly number[]>> },
  options: QuantizeOptions & { readonly least?: number; readonly most?: number } = {},
): Promise<Tiny & { readonly samples: Record<string, Float32Array>[] }> {
  const random = randomFrom(7);
  const { least = -2, most = 2, ...rest } = options;
  const samples = Array.from({ length: 8 }, () =>
    Object.fromEntries(Object.entries(description.inputs).map(([name, s]) => [name, random(s, least, most)])),
  );
  const machine = createReferenceMachine();
  const { circuit, weights, report } = await quantizeModel(model({ opset: 14, ...description }), {
    samples,
    machine,
    bits: 12,
    ...rest,
  });
  checkCircuit(circuit);
  checkRanges(circuit, weights);
  return {
    circuit,
    weights,
    report,
    samples,
    run: (sample) => {
      const mark = machine.mark();
      const inputs = circuit.inputs.map((port) => encodeInput(port, sample[port.name]!));
      const { outputs } = evaluate(machine, circuit, weights, inputs);
      machine.release(mark);
      return Object.fromEntries(
        circuit.outputs.map((port, i) => {
          return [port.name, { integers: outputs[i]!, values: decodeOutput(port, outputs[i]!) }];
        }),
      );
    },
  };
}

/** Largest deviation of an output from the float model over the samples. */
export function deviation(t: Tiny, name = 'y'): number {
  const found = t.report.accuracy.values.find((v) => v.name === name);
  if (found === undefined) throw new Error(`no output ${name} was measured`);
  return found.max;
}

export function lookupsOf(t: Tiny): number {
  return t.report.cost.lookups;
}
