/**
 * model + input -> proof. Same headings, same order as verify.ts. A `Prover` keeps a model's weights committed, so that many proofs
 * pay for that once.
 */
import { Hand } from './argue/hand.ts';
import { argueNetwork } from './argue/network.ts';
import { ProverParty } from './argue/party.ts';
import { evaluate, type Witness } from './circuit/evaluate.ts';
import type { IntArray, TensorId } from './circuit/types.ts';
import { type ColumnCommitment, commitColumns, type Uploaded, uploadIntegers } from './commit/columns.ts';
import { findNonce } from './commit/grind.ts';
import { prepareTwiddles } from './commit/matrix.ts';
import { openMatrices } from './commit/open.ts';
import { TesseraError } from './errors.ts';
import { modelId } from './files/key.ts';
import { decodeModel, type ModelFile } from './files/model.ts';
import { encodeProof } from './files/proof.ts';
import type { Machine } from './kernels/kernels.ts';
import { createWasmMachine } from './kernels/wasm.ts';
import type { OnProgress } from './progress.ts';
import { type Plan, planOf, publicColumns, statementDigest } from './statement.ts';
import { ProverChannel } from './transcript/channel.ts';
import { allIntegers, namedOutputs, type Outputs, type TensorValues } from './values.ts';

export type Stage = 'run' | 'commit' | 'lookups' | 'linear' | 'batch' | 'opening';

export interface ProveOptions {
  /** There is no hiding mode yet: say so. */
  readonly zk: false;
  /** Whether the verifier will hold the inputs. Default: private, the proof then speaks of some input within the port's range. */
  readonly input?: 'public' | 'private';
  /** The purpose of the proof. Default: empty. */
  readonly tag?: Uint8Array;
  /** Default: one thread. `tessera/node` has machines with more. */
  readonly machine?: Machine;
  readonly onProgress?: OnProgress;
  /** Stops at the end of a stage. */
  readonly signal?: AbortSignal;
}

export interface Proved {
  readonly proof: Uint8Array;
  readonly outputs: Outputs;
  /** Milliseconds of every stage. */
  readonly stages: Readonly<Record<Stage, number>>;
}

/** @throws TesseraError E_FILE, E_VERSION, E_INPUT, E_DTYPE, E_NAN, E_RANGE, E_SOUNDNESS, E_MEMORY, E_ABORTED */
export async function prove(modelBytes: Uint8Array, inputs: TensorValues, options: ProveOptions): Promise<Proved> {
  const model = decodeModel(modelBytes);
  const { circuit } = model;
  const integers = allIntegers('input', circuit.inputs, inputs);
  const machine = options.machine ?? (await createWasmMachine());
  const mark = machine.mark();
  options.onProgress?.({ kind: 'stage', stage: 'load', done: 0 });
  const prover = new Prover(machine, model);
  options.onProgress?.({ kind: 'stage', stage: 'load', done: 1 });
  const { proof, outputs, stages, violated } = prover.prove(integers, {
    publicInputs: new Set(options.input === 'public' ? circuit.inputs.keys() : []),
    tag: options.tag ?? new Uint8Array(),
    onStage: (stage) => options.onProgress?.({ kind: 'stage', stage, done: 1 }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  machine.release(mark);
  if (violated !== undefined) {
    throw new TesseraError('E_PROVE', `the proof would be rejected by the check ${violated}`, {
      hint: 'This is a bug of Tessera: please report it with the model.',
    });
  }
  return { proof, outputs: namedOutputs(circuit, outputs), stages };
}

export interface ProverOptions {
  /** Indices of the inputs that the verifier will hold. */
  readonly publicInputs: ReadonlySet<number>;
  readonly tag: Uint8Array;
  readonly onStage?: (stage: Stage, milliseconds: number) => void;
  readonly signal?: AbortSignal;
}

export interface ProverResult {
  readonly proof: Uint8Array;
  readonly outputs: readonly IntArray[];
  readonly stages: Readonly<Record<Stage, number>>;
  /** The first check that this proof fails: never for an honest run. */
  readonly violated: string | undefined;
}

/** For tests that lie: each hook sees what an honest prover is about to use, and may change it. */
export interface ProverHooks {
  readonly witness?: (machine: Machine, witness: Witness) => void;
  /** The witness's message words before they are encoded. */
  readonly matrix?: (machine: Machine, words: number, count: number) => void;
  readonly outputs?: (outputs: IntArray[]) => void;
  readonly party?: (channel: ProverChannel) => ProverParty;
}

export class Prover {
  readonly machine: Machine;
  readonly model: ModelFile;
  readonly #weights: ReadonlyMap<TensorId, Uploaded>;
  readonly #matrix: ColumnCommitment | undefined;
  readonly #twiddles: number;
  /** By the indices of the public inputs. */
  readonly #plans = new Map<string, Plan>();

  /** Everything a model needs in memory. @throws TesseraError E_FILE where its weights do not have the root of its key */
  constructor(machine: Machine, model: ModelFile) {
    this.machine = machine;
    this.model = model;
    const plan = this.#plan(new Set());
    this.#twiddles = prepareTwiddles(machine, plan.parameters.rowBits + plan.parameters.rateBits);
    this.#weights = new Map([...model.weights].map(([id, values]) => [id, uploadIntegers(machine, values)]));
    this.#matrix = commitWeights(machine, plan, this.#weights, this.#twiddles);
    if (this.#matrix?.commitment.root.some((b, i) => b !== model.root[i])) {
      throw new TesseraError('E_FILE', "the model's weights do not have the root of its key", {
        hint: 'Compile it anew.',
      });
    }
  }

  /** One proof; the memory it took is free again afterwards. @throws TesseraError E_INPUT, E_RANGE, E_MEMORY, E_ABORTED */
  prove(inputs: readonly IntArray[], options: ProverOptions, hooks: ProverHooks = {}): ProverResult {
    const mark = this.machine.mark();
    try {
      return this.#prove(inputs, options, hooks);
    } finally {
      this.machine.release(mark);
    }
  }

  #plan(publicInputs: ReadonlySet<number>): Plan {
    const name = [...publicInputs].sort((a, b) => a - b).join();
    const plan = this.#plans.get(name) ?? planOf(this.model, publicInputs);
    this.#plans.set(name, plan);
    return plan;
  }

  #prove(inputs: readonly IntArray[], options: ProverOptions, hooks: ProverHooks): ProverResult {
    const m = this.machine;
    const clock = new StageClock(options);

    // the statement
    const plan = this.#plan(options.publicInputs);
    const { parameters } = plan;
    const run = evaluate(m, plan.circuit, this.#weights, inputs);
    const outputs = [...run.outputs];
    hooks.witness?.(m, run);
    hooks.outputs?.(outputs);
    const publicInputs = new Map([...options.publicInputs].map((i) => [i, inputs[i]!]));
    const statement = { inputs: publicInputs, outputs, tag: options.tag };
    const columns = new Map<TensorId, ArrayLike<number> | 'computed'>(publicColumns(plan.circuit, statement));
    for (const [id, { def }] of plan.circuit.tensors.entries()) {
      if (def.kind === 'input' && columns.has(id)) columns.set(id, 'computed');
    }
    clock.end('run');

    // the commitments
    const channel = new ProverChannel(statementDigest(this.model, statement), (state, bits) =>
      findNonce(m, state, bits),
    );
    const last = plan.commitments.at(-1)!;
    const sources = last.columns.map((id) => run.tensors.get(id)!);
    const witness = commitColumns(m, last.packing, sources, parameters, this.#twiddles, hooks.matrix);
    channel.sendBytes('witness root', witness.commitment.root);
    clock.end('commit');

    // the argument
    const party = hooks.party?.(channel) ?? new ProverParty(channel);
    const matrices = this.#matrix === undefined ? [witness] : [this.#matrix, witness];
    const claim = argueNetwork(party, plan, columns, {
      hand: new Hand(m, plan.circuit, run),
      matrices: matrices.map((x) => x.messages),
      onPart: (part) => clock.end(part),
    });

    // the opening
    const opened = claim.kappas.map((kappas, i) => ({ ...matrices[i]!, kappas }));
    openMatrices(channel, m, parameters, this.#twiddles, opened, claim.point);
    const proof = encodeProof({ model: modelId(this.model), proof: channel.finish() });
    clock.end('opening');
    return { proof, outputs, stages: clock.stages, violated: party.violated };
  }
}

/** The root of a model's weights; 32 zero bytes where it has none. */
export function modelRoot(machine: Machine, plan: Plan, weights: ReadonlyMap<TensorId, IntArray>): Uint8Array {
  const mark = machine.mark();
  const twiddles = prepareTwiddles(machine, plan.parameters.rowBits + plan.parameters.rateBits);
  const uploaded = new Map([...weights].map(([id, values]) => [id, uploadIntegers(machine, values)]));
  const root = commitWeights(machine, plan, uploaded, twiddles)?.commitment.root ?? new Uint8Array(32);
  machine.release(mark);
  return root;
}

function commitWeights(
  machine: Machine,
  { commitments, parameters }: Plan,
  weights: ReadonlyMap<TensorId, Uploaded>,
  twiddles: number,
): ColumnCommitment | undefined {
  const weightColumns = commitments.find((c) => c.content === 'weights');
  if (weightColumns === undefined) return undefined;
  const { columns, packing } = weightColumns;
  return commitColumns(
    machine,
    packing,
    columns.map((id) => weights.get(id)!),
    parameters,
    twiddles,
  );
}

class StageClock {
  readonly stages: Record<Stage, number> = { run: 0, commit: 0, lookups: 0, linear: 0, batch: 0, opening: 0 };
  readonly #options: ProverOptions;
  #last = performance.now();

  constructor(options: ProverOptions) {
    this.#options = options;
  }

  /** @throws TesseraError E_ABORTED */
  end(stage: Stage): void {
    const now = performance.now();
    this.stages[stage] = now - this.#last;
    this.#last = now;
    this.#options.onStage?.(stage, this.stages[stage]);
    if (this.#options.signal?.aborted) throw new TesseraError('E_ABORTED', 'the proof was stopped');
  }
}
