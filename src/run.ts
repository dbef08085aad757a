/** model + input -> output: the exact integer run that a proof is a proof of. */
import { evaluate } from './circuit/evaluate.ts';
import { TesseraError } from './errors.ts';
import { decodeModel, type ModelFile } from './files/model.ts';
import type { Machine } from './kernels/kernels.ts';
import { createWasmMachine } from './kernels/wasm.ts';
import { allIntegers, namedOutputs, type Outputs, type TensorValues } from './values.ts';

export interface RunOptions {
  /** Default: one thread. `tessera/node` has machines with more. */
  readonly machine?: Machine;
}

/** @throws TesseraError E_FILE, E_VERSION, E_INPUT, E_NAN, E_RANGE, E_MEMORY */
export async function run(
  model: Uint8Array,
  inputs: TensorValues,
  options: RunOptions = {},
): Promise<{ outputs: Outputs }> {
  const file = decodeModel(model);
  const { circuit, weights } = file;
  const integers = allIntegers('input', circuit.inputs, inputs);
  const machine = options.machine ?? (await createWasmMachine());
  const mark = machine.mark();
  const { outputs } = discreet(file, () => evaluate(machine, circuit, weights, integers));
  machine.release(mark);
  return { outputs: namedOutputs(circuit, outputs) };
}

/** Where weights are private, an error of the run says nothing of values: whoever may choose inputs could read the weights off them. */
export function discreet<T>(model: ModelFile, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TesseraError) || error.code !== 'E_RANGE' || model.secret.length === 0) throw error;
    throw new TesseraError('E_RANGE', 'this input drives a value out of its range', {
      hint: 'Compile with samples that show such inputs, or with more headroom. Private weights: no more is said.',
    });
  }
}
