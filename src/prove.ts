/**
 * model + input -> proof. Same headings, same order as verify.ts. A `Prover` keeps a model's weights committed, so that many proofs
 * pay for it once.
 */
import { Hand } from './argue/hand.ts';
import { argueNetwork } from './argue/network.ts';
import { ProverParty } from './argue/party.ts';
import { evaluate, type Witness } from './circuit/evaluate.ts';
import type { Stored } from './circuit/storage.ts';
import type { IntArray, TensorId } from './circuit/types.ts';
import { commitRows, type MatrixCommitment, prepareTwiddles } from './commit/matrix.ts';
import { openMatrices } from './commit/open.ts';
import { packMatrix } from './commit/pack.ts';
import { TesseraError } from './errors.ts';
import { modelId } from './files/key.ts';
import type { ModelFile } from './files/model.ts';
import { encodeProof } from './files/proof.ts';
import type { Machine } from './kernels/kernels.ts';
import type { Parameters } from './soundness/parameters.ts';
import { type Plan, planOf, publicColumns, statementDigest } from './statement.ts';
import { ProverChannel } from './transcript/channel.ts';

export type Stage = 'run' | 'commit' | 'lookups' | 'linear' | 'batch' | 'opening';

export interface ProveOptions {
  /** Indices of the inputs that the verifier will hold. */
  readonly publicInputs: ReadonlySet<number>;
  readonly tag: Uint8Array;
  readonly onStage?: (stage: Stage, milliseconds: number) => void;
  readonly signal?: AbortSignal;
}

export interface ProofResult {
  readonly proof: Uint8Array;
  readonly outputs: readonly IntArray[];
  /** Milliseconds of every stage. */
  readonly stages: Readonly<Record<Stage, number>>;
  /** The first check that this proof fails, if the witness does not satisfy the circuit: never for an honest run. */
  readonly violated: string | undefined;
}

/** For tests that lie: each hook sees what an honest prover is about to use, and may change it in place. */
export interface ProverHooks {
  readonly witness?: (machine: Machine, witness: Witness) => void;
  readonly matrix?: (machine: Machine, words: number, count: number) => void;
  readonly outputs?: (outputs: IntArray[]) => void;
  readonly party?: (channel: ProverChannel) => ProverParty;
}

interface CommittedMatrix {
  readonly commitment: MatrixCommitment;
  readonly messages: number;
}

export class Prover {
  readonly machine: Machine;
  readonly model: ModelFile;
  readonly #weights: ReadonlyMap<TensorId, Stored>;
  readonly #matrix: CommittedMatrix | undefined;
  readonly #twiddles: number;

  /** @throws TesseraError E_FILE where the model's weights do not have its root. */
  constructor(machine: Machine, model: ModelFile, parameters: Parameters) {
    this.machine = machine;
    this.model = model;
    this.#weights = uploadWeights(machine, model.weights);
    this.#twiddles = prepareTwiddles(machine, parameters.rowBits + parameters.rateBits);
    const { commitments } = planOf(model, new Set());
    if (commitments.length === 2) {
      this.#matrix = commitColumns(machine, commitments[0]!, parameters, this.#twiddles, this.#weights);
      if (this.#matrix.commitment.root.some((b, i) => b !== model.root[i])) {
        throw new TesseraError('E_FILE', "the model's weights do not have the root of its key", {
          hint: 'Compile it anew.',
        });
      }
    }
  }

  /** @throws TesseraError E_INPUT, E_RANGE, E_MEMORY, E_ABORTED */
  prove(inputs: readonly IntArray[], options: ProveOptions, hooks: ProverHooks = {}): ProofResult {
    const mark = this.machine.mark();
    try {
      return this.#prove(inputs, options, hooks);
    } finally {
      this.machine.release(mark);
    }
  }

  #prove(inputs: readonly IntArray[], options: ProveOptions, hooks: ProverHooks): ProofResult {
    const m = this.machine;
    const clock = new StageClock(options);

    // the statement
    const plan = planOf(this.model, options.publicInputs);
    const { parameters } = plan;
    const run = evaluate(m, plan.circuit, this.#weights, inputs);
    const outputs = [...run.outputs];
    hooks.witness?.(m, run);
    hooks.outputs?.(outputs);
    const publicInputs = new Map([...options.publicInputs].map((i) => [i, inputs[i]!]));
    const statement = { inputs: publicInputs, outputs, tag: options.tag };
    const columns = publicColumns(plan.circuit, statement);
    clock.end('run');

    // the commitments
    const channel = new ProverChannel(statementDigest(this.model, statement), (state, bits) =>
      findNonce(m, state, bits),
    );
    const witness = commitColumns(m, plan.commitments.at(-1)!, parameters, this.#twiddles, run.tensors, hooks.matrix);
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

/** The root of a model's weights, 32 zero bytes where it has none. */
export function commitModel(
  machine: Machine,
  plan: Pick<Plan, 'commitments' | 'parameters'>,
  weights: ReadonlyMap<TensorId, IntArray>,
): Uint8Array {
  if (plan.commitments.length < 2) return new Uint8Array(32);
  const mark = machine.mark();
  const { parameters } = plan;
  const twiddles = prepareTwiddles(machine, parameters.rowBits + parameters.rateBits);
  const stored = uploadWeights(machine, weights);
  const { root } = commitColumns(machine, plan.commitments[0]!, parameters, twiddles, stored).commitment;
  machine.release(mark);
  return root;
}

function uploadWeights(m: Machine, weights: ReadonlyMap<TensorId, IntArray>): Map<TensorId, Stored> {
  return new Map(
    [...weights].map(([id, values]) => {
      const kind = values.BYTES_PER_ELEMENT as 2 | 4;
      const ptr = m.alloc(kind * values.length);
      if (kind === 2) m.i16(ptr, values.length).set(values);
      else m.i32(ptr, values.length).set(values);
      return [id, { kind, ptr, length: values.length }];
    }),
  );
}

function commitColumns(
  m: Machine,
  { columns, packing }: Plan['commitments'][number],
  { rowBits, rateBits }: Parameters,
  twiddles: number,
  tensors: ReadonlyMap<TensorId, Stored>,
  hook?: ProverHooks['matrix'],
): CommittedMatrix {
  const messages = packMatrix(
    m,
    packing,
    columns.map((id) => tensors.get(id)!),
  );
  hook?.(m, messages, packing.rows * 2 ** rowBits);
  const rows = Array.from({ length: packing.rows }, (_, i) => messages + 4 * i * 2 ** rowBits);
  return { commitment: commitRows(m, rows, rowBits, rowBits + rateBits, twiddles), messages };
}

/** Nonces a call of the grinding kernel tries: about 2 ms. */
const NONCES_PER_CALL = 1 << 13;

function findNonce(m: Machine, state: Uint8Array, bits: number): number {
  const mark = m.mark();
  const ptr = m.alloc(64);
  m.u8(ptr, 32).set(state);
  for (let start = 0; ; start += NONCES_PER_CALL * m.threads) {
    const tasks = Array.from({ length: m.threads }, (_, i) => {
      const at = start + i * NONCES_PER_CALL;
      return [ptr, at >>> 0, Math.floor(at / 2 ** 32), NONCES_PER_CALL, bits];
    });
    const found = m.fork('grind', tasks);
    const first = found.findIndex((n) => n >= 0);
    if (first < 0) continue;
    m.release(mark);
    return start + first * NONCES_PER_CALL + found[first]!;
  }
}

class StageClock {
  readonly stages: Record<Stage, number> = { run: 0, commit: 0, lookups: 0, linear: 0, batch: 0, opening: 0 };
  readonly #options: ProveOptions;
  #last = performance.now();

  constructor(options: ProveOptions) {
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
