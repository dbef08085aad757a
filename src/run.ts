/** model + input -> output: the exact integer run that a proof is a proof of. */
import { evaluate } from './circuit/evaluate.ts';
import { decodeModel } from './files/model.ts';
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
  const { circuit, weights } = decodeModel(model);
  const integers = allIntegers('input', circuit.inputs, inputs);
  const machine = options.machine ?? (await createWasmMachine());
  const mark = machine.mark();
  const { outputs } = evaluate(machine, circuit, weights, integers);
  machine.release(mark);
  return { outputs: namedOutputs(circuit, outputs) };
}
