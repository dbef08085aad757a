/** model + input -> proof: bytes in, bytes out. */
import { evaluate } from './circuit/evaluate.ts';
import type { IntArray } from './circuit/types.ts';
import { TesseraError } from './errors.ts';
import { decodeModel, type ModelFile } from './files/model.ts';
import { decodeOpening, type OpeningFile } from './files/tensor.ts';
import type { Machine } from './kernels/kernels.ts';
import { createWasmMachine } from './kernels/wasm.ts';
import { planOf, type Visibility } from './plan.ts';
import type { OnProgress } from './progress.ts';
import { disclosureOf, Prover, type ProverOptions, type Stage } from './prover.ts';
import { discreet } from './run.ts';
import { type Budget, spendAll, spendingOf } from './spending.ts';
import { checkFits } from './statement.ts';
import { type Committed, checkOpening, committedOf } from './tensor.ts';
import { namedIntegers, namedOutputs, type Outputs, type TensorValues } from './values.ts';

export interface ProveOptions {
  /** Whether the proof hides everything that is not public. Default: true. */
  readonly zk?: boolean;
  /**
   * Whether the verifier will hold the inputs. Default: private, the proof then speaks of some input within the port's range. An input that
   * is given as an opening is committed.
   */
  readonly input?: 'public' | 'private';
  /** What the verifier will know of the outputs. Default: public. */
  readonly output?: Visibility;
  /** Counts what the proof shows of private weights and of committed inputs; needed where there are such. */
  readonly budget?: Budget;
  /** The purpose of the proof. Default: empty. */
  readonly tag?: Uint8Array;
  /** Default: one thread. `tessera/node` has machines with more. */
  readonly machine?: Machine;
  readonly onProgress?: OnProgress;
  /** Stops at the end of a stage. */
  readonly signal?: AbortSignal;
}

/** What `prove` takes for an input: values, or the opening (.tso) of a commitment made beforehand. */
export type ProverInputs = Readonly<Record<string, TensorValues[string] | { readonly opening: Uint8Array }>>;

export interface Proved {
  readonly proof: Uint8Array;
  /** Every output, also those that the verifier will not see. */
  readonly outputs: Outputs;
  /** Of committed outputs, by name. */
  readonly commitments: Readonly<Record<string, Committed>>;
  /** Milliseconds of every stage. */
  readonly stages: Readonly<Record<Stage, number>>;
}

/**
 * @throws TesseraError E_FILE, E_VERSION, E_INPUT, E_DTYPE, E_NAN, E_RANGE, E_COMMITMENT, E_VISIBILITY, E_BUDGET, E_SOUNDNESS, E_MEMORY,
 * E_ABORTED
 */
export async function prove(modelBytes: Uint8Array, inputs: ProverInputs, options: ProveOptions = {}): Promise<Proved> {
  const model = decodeModel(modelBytes);
  const { circuit } = model;
  const { integers, openings } = inputsOf(model, inputs);
  const machine = options.machine ?? (await createWasmMachine());
  const given: ProverOptions = {
    publicInputs: new Set(options.input === 'public' ? [...circuit.inputs.keys()].filter((i) => !openings.has(i)) : []),
    openings,
    outputs: circuit.outputs.map(() => options.output ?? 'public'),
    zk: options.zk ?? true,
    tag: options.tag ?? new Uint8Array(),
    onStage: (stage) => options.onProgress?.({ kind: 'stage', stage, done: 1 }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  options.onProgress?.({ kind: 'stage', stage: 'load', done: 0 });
  await spend(machine, model, integers, given, options.budget);
  const mark = machine.mark(); // from here on nothing waits: another proof on this machine would use the same memory
  const prover = new Prover(machine, model);
  options.onProgress?.({ kind: 'stage', stage: 'load', done: 1 });
  const result = prover.prove(integers, given);
  machine.release(mark);
  if (result.violated !== undefined) {
    throw new TesseraError('E_PROVE', `the proof would be rejected by the check ${result.violated}`, {
      hint: 'This is a bug of Tessera: please report it with the model.',
    });
  }
  const commitments = Object.fromEntries(
    [...result.openings].map(([i, opening]) => [circuit.outputs[i]!.name, committedOf(opening, 1)]),
  );
  const { proof, outputs, stages } = result;
  return { proof, outputs: namedOutputs(circuit, outputs), commitments, stages };
}

/**
 * Counts what the proof will show of long-lived commitments, once everything is checked that could still stop it: a request that fails costs nothing.
 */
async function spend(
  machine: Machine,
  model: ModelFile,
  integers: readonly IntArray[],
  options: ProverOptions,
  budget: Budget | undefined,
): Promise<void> {
  const openings = options.openings ?? new Map();
  const plan = planOf(model, disclosureOf(model.circuit, options));
  const spending = spendingOf(plan, model, openings);
  if (spending.length === 0) return;
  for (const opening of openings.values()) checkOpening(machine, opening);
  const mark = machine.mark();
  discreet(model, () => evaluate(machine, plan.run, model.weights, integers));
  machine.release(mark);
  await spendAll(spending, budget);
}

/** Integers of every input, those of openings included. @throws TesseraError E_INPUT, E_COMMITMENT */
function inputsOf({ circuit }: ModelFile, inputs: ProverInputs) {
  const values: Record<string, TensorValues[string]> = {};
  const openings = new Map<number, OpeningFile>();
  for (const [name, given] of Object.entries(inputs)) {
    const isOpening = given !== null && typeof given === 'object' && 'opening' in given;
    if (!isOpening) {
      values[name] = given;
      continue;
    }
    const at = circuit.inputs.findIndex((port) => port.name === name);
    const opening = decodeOpening(given.opening);
    if (at >= 0) {
      checkFits(circuit.inputs[at]!, opening);
      openings.set(at, opening);
    }
    values[name] = opening.values;
  }
  const named = namedIntegers('input', circuit.inputs, values);
  const integers = circuit.inputs.map(({ name }, i) => {
    const v = named.get(i);
    if (v === undefined) throw new TesseraError('E_INPUT', 'this input is not given', { where: name });
    return v;
  });
  return { integers, openings };
}
