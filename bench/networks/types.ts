/** A network that benchmarks know. */
import type { ImportOptions } from '../../src/onnx/index.ts';
import type { Sample } from '../../src/quantize/float-model.ts';

export interface Network {
  readonly name: string;
  /** What it is, for a table: (2 convolutions, 2 dense). */
  readonly about: string;
  /** Trained weights mean something, random ones only cost time. */
  readonly weights: 'trained' | 'random';
  /** Why it cannot be measured here, undefined where it can. */
  missing(): string | undefined;
  load(): Promise<Loaded>;
}

export interface Loaded {
  readonly onnx: Uint8Array;
  /** Inputs to calibrate on. */
  readonly samples: readonly Sample[];
  /** The input that is proved. */
  readonly input: Sample;
  readonly inputRange?: { readonly min: number; readonly max: number };
  readonly imports: Pick<ImportOptions, 'externalData'> & {
    readonly shapes?: Readonly<Record<string, readonly number[]>>;
  };
  /** Inputs whose class is known. */
  readonly labelled?: { readonly inputs: readonly Sample[]; readonly labels: readonly number[] };
}

/** One network at several sizes: members are networks named `${name}-${size}`. */
export interface NetworkFamily {
  readonly name: string;
  readonly title: string;
  /** What the sizes are of. */
  readonly unit: string;
  readonly members: readonly { readonly size: number; readonly network: Network }[];
}
