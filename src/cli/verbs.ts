/**
 * What the command line asks of the library: the verbs, bytes in and bytes out. The commands are written against this interface.
 */
import type { IntArray } from '../circuit/types.ts';
import type { ExternalData } from '../onnx/external.ts';
import type { OnProgress } from '../progress.ts';

/** Values by tensor name, row-major. Floats are real values; integers are the values that the proof speaks of (real times 2^scale). */
export type TensorValues = Readonly<Record<string, Float32Array | IntArray>>;

export type Visibility = 'public' | 'private';

export interface Work {
  readonly threads?: number;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export interface CompileOptions extends Work {
  readonly samples?: readonly TensorValues[];
  /** One class index a sample. */
  readonly labels?: readonly number[];
  readonly bits?: number;
  readonly weightBits?: number;
  readonly headroom?: number;
  readonly input?: Visibility;
  readonly externalData?: ExternalData;
}

export interface ProveOptions extends Work {
  readonly zk: false;
  readonly input: Visibility;
  readonly tag?: Uint8Array;
}

/** A model output: exact integers, and the real values integer 2^-scale beside them. */
export interface OutputValues {
  readonly shape: readonly number[];
  readonly integers: Int32Array;
  readonly values: Float32Array;
}

export type Outputs = Readonly<Record<string, OutputValues>>;

export interface Statement {
  readonly key: Uint8Array;
  /** Public inputs. */
  readonly inputs?: TensorValues;
  readonly outputs: TensorValues;
  readonly tag?: Uint8Array;
}

export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly check: string; readonly where?: string; readonly sentence: string };

export interface CheckReport {
  /** Whether every operator is supported. */
  readonly supported: boolean;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** One row an operator type, with what is missing where something is. */
  readonly operators: readonly {
    readonly op: string;
    readonly count: number;
    readonly supported: boolean;
    readonly note?: string;
  }[];
}

export interface Verbs {
  check(onnx: Uint8Array, options: { readonly externalData?: ExternalData }): Promise<CheckReport>;
  compile(
    onnx: Uint8Array,
    options: CompileOptions,
  ): Promise<{ readonly model: Uint8Array; readonly key: Uint8Array; readonly report: object }>;
  run(model: Uint8Array, inputs: TensorValues, options: Work): Promise<{ readonly outputs: Outputs }>;
  prove(
    model: Uint8Array,
    inputs: TensorValues,
    options: ProveOptions,
  ): Promise<{ readonly proof: Uint8Array; readonly outputs: Outputs; readonly stages: unknown }>;
  verify(proof: Uint8Array, statement: Statement): Promise<Verdict>;
  inspect(bytes: Uint8Array): object;
}
