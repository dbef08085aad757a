/**
 * A prover of one model: its weights stay committed, so that many proofs pay for that once. What it says, and of what; the messages
 * themselves are in send.ts.
 */
import { Hand } from '../argue/hand.ts';
import type { Content } from '../argue/network.ts';
import type { PadLayout } from '../argue/pads.ts';
import { costOf } from '../circuit/cost.ts';
import { evaluate, type Witness } from '../circuit/evaluate.ts';
import type { Circuit, IntArray, TensorId } from '../circuit/types.ts';
import { type ColumnCommitment, commitColumns, type Uploaded, uploadIntegers } from '../commit/columns.ts';
import { findNonce } from '../commit/grind.ts';
import type { Keep } from '../commit/matrix.ts';
import { type Entropy, entropy } from '../commit/secret.ts';
import { TesseraError } from '../errors.ts';
import { modelId } from '../files/key.ts';
import type { ModelFile } from '../files/model.ts';
import { encodeProof } from '../files/proof.ts';
import type { OpeningFile } from '../files/tensor.ts';
import type { Machine } from '../kernels/kernels.ts';
import { tooLittleMemory } from '../kernels/machine.ts';
import { type Disclosure, type Plan, planOf, unpackParameters, type Visibility } from '../proof/plan.ts';
import { type PortStatement, publicColumns, type Statement, statementDigest } from '../proof/statement.ts';
import { discreet } from '../run.ts';
import { type Grinder, ProverChannel } from '../transcript/channel.ts';
import { padLayoutOf, type SendHooks, sendProof, Twiddles } from './send.ts';
import { commitTensor, otherOpening } from './tensor.ts';

export type Stage = 'run' | 'commit' | 'lookups' | 'linear' | 'batch' | 'opening';

export interface ProverOptions {
  /** Indices of the inputs that the verifier will hold. */
  readonly publicInputs: ReadonlySet<number>;
  /** Inputs that were committed beforehand, by index. */
  readonly openings?: ReadonlyMap<number, OpeningFile>;
  /** Default: all public. A committed output gets a commitment of its own. */
  readonly outputs?: readonly Visibility[];
  /** Hides everything that is not public. */
  readonly zk: boolean;
  readonly tag: Uint8Array;
  readonly onStage?: (stage: Stage, milliseconds: number) => void;
  readonly signal?: AbortSignal;
}

export interface ProverResult {
  readonly proof: Uint8Array;
  /** All outputs, those that the verifier will not see included. */
  readonly outputs: readonly IntArray[];
  /** What opens the committed outputs, by index. */
  readonly openings: ReadonlyMap<number, OpeningFile>;
  readonly stages: Readonly<Record<Stage, number>>;
  /** The first check that this proof fails: never for an honest run. */
  readonly violated: string | undefined;
}

/** For tests: what an honest prover is about to use, to be changed, and what only a test may know. */
export interface ProverHooks extends SendHooks {
  readonly witness?: (machine: Machine, witness: Witness) => void;
  readonly outputs?: (outputs: IntArray[]) => void;
  /** In place of the platform's generator. */
  readonly entropy?: Entropy;
  readonly channel?: (digest: Uint8Array, grinder: Grinder) => ProverChannel;
}

/** Estimates of memory are right to within a tenth: what would need less than this part of one is not refused. */
const ESTIMATE = 0.9;

export class Prover {
  readonly machine: Machine;
  readonly model: ModelFile;
  readonly #weights: ReadonlyMap<TensorId, Uploaded>;
  readonly #matrices: ReadonlyMap<Content, ColumnCommitment>;
  readonly #twiddles: Twiddles;
  /** What of commitments stays in memory: all where there is room for it. */
  readonly #keep: Keep;
  readonly #plans = new Map<string, Plan>();
  readonly #padLayouts = new Map<Plan, PadLayout>();

  /** Everything a model needs in memory. @throws TesseraError E_FILE where its weights do not have the roots of its key; E_MEMORY */
  constructor(machine: Machine, model: ModelFile) {
    this.machine = machine;
    this.model = model;
    const plan = this.planFor({ publicInputs: new Set(), zk: unpackParameters(model.parameters).tailRows > 0 });
    const { peakBytes, leastBytes } = costOf(model.circuit, plan.weightParameters);
    const limit = machine.limitBytes;
    if (ESTIMATE * leastBytes > limit) throw tooLittleMemory('a proof of this model', leastBytes, limit);
    this.#keep = peakBytes <= limit ? 'codewords' : 'digests';
    this.#twiddles = new Twiddles(machine, plan.weightParameters);
    this.#weights = new Map([...model.weights].map(([id, values]) => [id, uploadIntegers(machine, values)]));
    const secrets = { 'private weights': model.secret };
    this.#matrices = commitWeights(machine, plan, this.#weights, secrets, this.#twiddles, this.#keep);
    for (const [content, { commitment }] of this.#matrices) {
      const root = content === 'weights' ? model.root : model.privateRoot;
      if (commitment.root.every((b, i) => b === root[i])) continue;
      throw new TesseraError('E_FILE', "the model's weights do not have the root of its key", {
        hint: 'Compile it anew.',
      });
    }
  }

  /** One proof; the memory it took is free again afterwards. @throws TesseraError E_INPUT, E_RANGE, E_VISIBILITY, E_MEMORY, E_ABORTED */
  prove(inputs: readonly IntArray[], options: ProverOptions, hooks: ProverHooks = {}): ProverResult {
    const mark = this.machine.mark();
    try {
      return this.begin(inputs, options, hooks)();
    } finally {
      this.machine.release(mark);
    }
  }

  /** The plan of proofs with these options. @throws TesseraError E_VISIBILITY */
  planFor(options: Pick<ProverOptions, 'publicInputs' | 'openings' | 'outputs' | 'zk'>): Plan {
    const disclosure = disclosureOf(this.model.circuit, options);
    const name = JSON.stringify(disclosure);
    const plan = this.#plans.get(name) ?? planOf(this.model, disclosure);
    this.#plans.set(name, plan);
    return plan;
  }

  #padLayout(plan: Plan): PadLayout {
    const layout = this.#padLayouts.get(plan) ?? padLayoutOf(plan);
    this.#padLayouts.set(plan, layout);
    return layout;
  }

  /**
   * Runs the network; what is returned proves what it computed. Between the two nothing has been said yet. The machine's memory is the caller's to give
   * back. @throws as `prove`
   */
  begin(inputs: readonly IntArray[], options: ProverOptions, hooks: ProverHooks = {}): () => ProverResult {
    const m = this.machine;
    const clock = new StageClock(options);
    const secretOf = hooks.entropy ?? entropy;
    const plan = this.planFor(options);
    const run = discreet(this.model, () => evaluate(m, plan.run, this.#weights, inputs));
    const outputs = [...run.outputs];
    hooks.witness?.(m, run);
    hooks.outputs?.(outputs);
    const openings = this.#commitOutputs(plan, outputs, secretOf);
    clock.end('run');
    return () => this.#finish({ plan, inputs, outputs, openings, run, options, hooks, clock });
  }

  #finish({ plan, inputs, outputs, openings, run, options, hooks, clock }: Begun): ProverResult {
    const m = this.machine;
    const statement = statementOf(plan, inputs, outputs, options, openings);
    const digest = statementDigest(this.model, statement, options.zk);
    const grinder: Grinder = (state, bits) => findNonce(m, state, bits);
    const channel = hooks.channel?.(digest, grinder) ?? new ProverChannel(digest, grinder);
    const tensors = new Map(run.tensors);
    const given = [...(options.openings ?? [])].sort(([a], [b]) => a - b);
    const matrices = this.#present(
      plan,
      tensors,
      [...given, ...openings].map(([, opening]) => opening),
    );
    const side = {
      hand: new Hand(m, plan.circuit, { ...run, tensors }),
      values: publicValues(plan, statement, this.model),
      columns: (id: TensorId) => tensors.get(id)!,
      matrices,
      twiddles: this.#twiddles,
      keep: this.#keep,
      padLayout: () => this.#padLayout(plan),
      secretOf: hooks.entropy ?? entropy,
      onStage: (stage: Stage) => clock.end(stage),
    };
    const violated = sendProof(channel, plan, side, hooks);
    const proof = encodeProof({ model: modelId(this.model), zk: options.zk, proof: channel.finish() });
    return { proof, outputs, openings, stages: clock.stages, violated };
  }

  /** Commits to the outputs that get a commitment of their own. */
  #commitOutputs(plan: Plan, outputs: readonly IntArray[], secretOf: Entropy): Map<number, OpeningFile> {
    const openings = new Map<number, OpeningFile>();
    for (const i of plan.committedOutputs.keys()) {
      const { shape, scale } = plan.circuit.outputs[i]!;
      openings.set(i, commitTensor(this.machine, { shape, scale, values: outputs[i]!, secret: secretOf() }));
    }
    return openings;
  }

  /** The commitments that are older than the proof; `tensors` gets the values of those that stand alone. */
  #present(plan: Plan, tensors: Map<TensorId, Uploaded>, alone: readonly OpeningFile[]): ColumnCommitment[] {
    const next = alone.values();
    return plan.commitments.slice(0, -1).map(({ content, columns, packing, class: at }) => {
      const present = this.#matrices.get(content);
      if (present !== undefined) return present;
      const { parameters } = plan.classes[at]!;
      const { values, secret, root } = next.next().value!;
      const uploaded = uploadIntegers(this.machine, values);
      tensors.set(columns[0]!, uploaded);
      const hiding = { secret, mask: 'no mask' } as const;
      const twiddles = this.#twiddles.for(parameters);
      const made = commitColumns(this.machine, packing, [uploaded], parameters, twiddles, { hiding });
      if (made.commitment.root.some((b, i) => b !== root[i])) throw otherOpening();
      return made;
    });
  }
}

/** A run that is about to be proved. */
interface Begun {
  readonly plan: Plan;
  readonly run: Witness;
  readonly inputs: readonly IntArray[];
  readonly outputs: readonly IntArray[];
  readonly openings: ReadonlyMap<number, OpeningFile>;
  readonly options: ProverOptions;
  readonly hooks: ProverHooks;
  readonly clock: StageClock;
}

/** Who will see which port. */
export function disclosureOf(
  circuit: Circuit,
  { publicInputs, openings, outputs, zk }: Pick<ProverOptions, 'publicInputs' | 'openings' | 'outputs' | 'zk'>,
): Disclosure {
  const visibility = (i: number) => (openings?.has(i) ? 'committed' : publicInputs.has(i) ? 'public' : 'private');
  return {
    inputs: circuit.inputs.map((_, i) => visibility(i)),
    outputs: outputs ?? circuit.outputs.map(() => 'public'),
    zk,
  };
}

/** The roots of a model's committed and private weights; 32 zero bytes where it has none. */
export function modelRoots(
  machine: Machine,
  plan: Plan,
  weights: ReadonlyMap<TensorId, IntArray>,
  secret: Uint8Array,
): { root: Uint8Array; privateRoot: Uint8Array } {
  const mark = machine.mark();
  const uploaded = new Map([...weights].map(([id, values]) => [id, uploadIntegers(machine, values)]));
  const twiddles = new Twiddles(machine, plan.weightParameters);
  const matrices = commitWeights(machine, plan, uploaded, { 'private weights': secret }, twiddles, 'digests');
  const rootOf = (content: Content) => matrices.get(content)?.commitment.root ?? new Uint8Array(32);
  const roots = { root: rootOf('weights'), privateRoot: rootOf('private weights') };
  machine.release(mark);
  return roots;
}

/** The commitments of a plan to weights, hiding where there is a secret. */
export function commitWeights(
  machine: Machine,
  { commitments, weightParameters }: Plan,
  weights: ReadonlyMap<TensorId, Uploaded>,
  secrets: Partial<Record<Content, Uint8Array>>,
  twiddles: Twiddles,
  keep: Keep = 'codewords',
): Map<Content, ColumnCommitment> {
  const matrices = new Map<Content, ColumnCommitment>();
  for (const { content, columns, packing } of commitments) {
    const secret = secrets[content];
    if (content !== 'weights' && secret === undefined) continue;
    const sources = columns.map((id) => weights.get(id)!);
    const hiding = secret === undefined ? undefined : { secret, mask: 'no mask' as const };
    const at = twiddles.for(weightParameters);
    matrices.set(content, commitColumns(machine, packing, sources, weightParameters, at, { hiding, keep }));
  }
  return matrices;
}

/** What both sides know of the values; the prover has computed its part. */
function publicValues(
  plan: Plan,
  statement: Statement,
  model: ModelFile,
): Map<TensorId, ArrayLike<number> | 'computed'> {
  const columns = new Map<TensorId, ArrayLike<number> | 'computed'>(publicColumns(plan.circuit, statement));
  for (const [id, { def }] of plan.circuit.tensors.entries()) {
    if (def.kind === 'input' && columns.has(id)) columns.set(id, 'computed');
  }
  for (const id of model.publicWeights.keys()) columns.set(id, 'computed');
  return columns;
}

function statementOf(
  plan: Plan,
  inputs: readonly IntArray[],
  outputs: readonly IntArray[],
  options: ProverOptions,
  openings: ReadonlyMap<number, OpeningFile>,
): Statement {
  const said = (kind: Visibility, values: IntArray, opening: OpeningFile | undefined): PortStatement => {
    if (kind === 'committed') return { kind, root: opening!.root };
    return kind === 'public' ? { kind, values } : { kind };
  };
  return {
    inputs: plan.disclosure.inputs.map((kind, i) => said(kind, inputs[i]!, options.openings?.get(i))),
    outputs: plan.disclosure.outputs.map((kind, i) => said(kind, outputs[i]!, openings.get(i))),
    tag: options.tag,
  };
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
