/** A network that benchmarks know. */
import type { Sample } from '../../src/quantize/float-model.ts';

export interface Network {
  readonly name: string;
  /** What it is, for a table: (2 convolutions, 2 dense). */
  readonly about: string;
  /** Trained weights mean something, random ones only cost time. */
  readonly weights: 'trained' | 'random';
  /** Why it cannot be measured here, undefined where it can. */
  missing(): string | undefined;
  /** @param folder for files that must be made first */
  load(folder: string): Promise<Loaded>;
}

export interface Loaded {
  readonly onnx: Uint8Array;
  /** Inputs to calibrate on; the first is proved. */
  readonly samples: readonly Sample[];
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly externalData?: (location: string) => Uint8Array;
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
