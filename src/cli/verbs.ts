/**
 * What the command line asks of the library: the verbs, bytes in and bytes out. The commands are written against this interface, and
 * `libraryVerbs` (library.ts) is the library behind it, with a machine of the threads asked for.
 */
import type { CheckReport } from '../check.ts';
import type { Measurement } from '../measure/types.ts';
import type { ExternalData, ImportOptions } from '../onnx/index.ts';
import type { OnProgress } from '../progress.ts';
import type { Outputs, TensorValues } from '../values.ts';

export type Visibility = 'public' | 'private';

export interface Work {
  readonly threads?: number;
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
}

export interface ProveOptions extends Work {
  readonly zk: false;
  readonly input: Visibility;
  readonly tag?: Uint8Array;
}

export interface BenchOptions extends CompileOptions {
  /** Of the network, in what is written. */
  readonly name: string;
  /** The version that is measured. */
  readonly version: string;
  readonly zk: boolean;
  readonly input: Visibility;
  /** Proofs that count. */
  readonly repeat: number;
}

export interface Statement {
  readonly key: Uint8Array;
  /** Public inputs. */
  readonly inputs?: TensorValues;
  readonly outputs: TensorValues;
  readonly tag?: Uint8Array;
}

export type Verdict =
  | { readonly ok: true; readonly bits: number }
  | { readonly ok: false; readonly check: string; readonly where?: string; readonly sentence: string };

export interface Verbs {
  check(onnx: Uint8Array, options: ImportOptions): Promise<CheckReport>;
  compile(
    onnx: Uint8Array,
    options: CompileOptions,
  ): Promise<{ readonly model: Uint8Array; readonly key: Uint8Array; readonly report: object }>;
  run(model: Uint8Array, inputs: TensorValues, options: Work): Promise<{ readonly outputs: Outputs }>;
  prove(
    model: Uint8Array,
    inputs: TensorValues,
    options: ProveOptions,
  ): Promise<{ readonly proof: Uint8Array; readonly outputs: Outputs; readonly stages: object }>;
  bench(onnx: Uint8Array, options: BenchOptions): Promise<Measurement>;
  verify(proof: Uint8Array, statement: Statement): Promise<Verdict>;
  inspect(bytes: Uint8Array): Promise<object>;
}
