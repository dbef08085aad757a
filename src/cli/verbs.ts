/**
 * What the command line asks of the library: the verbs, bytes in and bytes out. The commands are written against this interface, and
 * `libraryVerbs` (library.ts) is the library behind it, with a machine of the threads and memory asked for.
 */
import type { CheckReport } from '../check.ts';
import type { WeightVisibility } from '../circuit/types.ts';
import type { Measurement } from '../measure/types.ts';
import type { MachineOptions } from '../node.ts';
import type { ExternalData, ImportOptions } from '../onnx/index.ts';
import type { OnProgress } from '../progress.ts';
import type { Visibility } from '../proof/plan.ts';
import type { ProverInputs } from '../prove.ts';
import type { Spending } from '../prover/spending.ts';
import type { Committed } from '../prover/tensor.ts';
import type { Rotated } from '../rotate.ts';
import type { Outputs, TensorValues } from '../values.ts';
import type { VerifyOptions } from '../verify.ts';

export interface Work extends MachineOptions {
  readonly onProgress?: OnProgress;
}

export interface CompileOptions extends Work {
  readonly samples?: readonly Readonly<Record<string, Float32Array>>[];
  /** One class index a sample. */
  readonly labels?: readonly number[];
  readonly bits?: number;
  readonly weightBits?: number;
  readonly headroom?: number;
  readonly inputRange?: { readonly min: number; readonly max: number };
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly externalData?: ExternalData;
  readonly weights?: WeightVisibility;
  readonly visibility?: readonly (readonly [pattern: string, visibility: WeightVisibility])[];
  readonly proofBudget?: number;
}

/** Where the budget file of a commitment lies. */
export type JournalPath = (what: Spending['what']) => string;

/** Who shall see what. */
export interface Disclosing {
  readonly zk: boolean;
  readonly input: 'public' | 'private';
  readonly output: Visibility;
  readonly journalPath: JournalPath;
}

export interface ProveOptions extends Work, Disclosing {
  readonly tag?: Uint8Array;
}

export interface BenchOptions extends CompileOptions {
  /** Of the network, in what is written. */
  readonly name: string;
  /** The version that is measured. */
  readonly version: string;
  readonly zk: boolean;
  readonly input: 'public' | 'private';
  /** Proofs that count. */
  readonly repeat: number;
}

/** A counter that a proof would write to, and the proofs that it leaves before. */
export interface Counter {
  readonly what: Spending['what'];
  readonly path: string;
  readonly left: number;
}

/** As the library's `verify` takes it. */
export type Statement = VerifyOptions;

interface Rejected {
  readonly ok: false;
  readonly check: string;
  readonly where?: string;
  readonly sentence: string;
}

export type Verdict = { readonly ok: true; readonly bits: number; readonly zk: boolean } | Rejected;

export interface Verbs {
  check(onnx: Uint8Array, options: ImportOptions): Promise<CheckReport>;
  compile(
    onnx: Uint8Array,
    options: CompileOptions,
  ): Promise<{
    readonly model: Uint8Array;
    readonly key: Uint8Array;
    readonly journal: Uint8Array | undefined;
    readonly report: object;
  }>;
  run(model: Uint8Array, inputs: TensorValues, options: Work): Promise<{ readonly outputs: Outputs }>;
  /** @throws TesseraError E_COMMITMENT where an opening's values and secret do not make its commitment */
  checkOpening(opening: Uint8Array): Promise<void>;
  /** What a proof would open of commitments that outlive it, before any work. @throws TesseraError E_VISIBILITY, E_BUDGET */
  counters(model: Uint8Array, inputs: ProverInputs, options: Disclosing): Promise<readonly Counter[]>;
  prove(
    model: Uint8Array,
    inputs: ProverInputs,
    options: ProveOptions,
  ): Promise<{
    readonly proof: Uint8Array;
    readonly outputs: Outputs;
    readonly commitments: Readonly<Record<string, Committed>>;
    readonly stages: object;
  }>;
  commit(key: Uint8Array, inputs: TensorValues, options: Work): Promise<Readonly<Record<string, Committed>>>;
  rotate(model: Uint8Array, options: Work & { readonly journalPath: JournalPath }): Promise<Rotated>;
  bench(onnx: Uint8Array, options: BenchOptions): Promise<Measurement>;
  verify(proof: Uint8Array, statement: Statement): Promise<Verdict>;
  verifyRotation(
    rotation: Uint8Array,
    keys: { readonly from: Uint8Array; readonly to: Uint8Array },
  ): Promise<{ readonly ok: true } | Rejected>;
  inspect(bytes: Uint8Array, journal: Uint8Array | undefined): Promise<object>;
}
