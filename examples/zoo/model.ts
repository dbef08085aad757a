/** A network that nobody here wrote, with what it takes to calibrate, prove and judge it. */
import type { ExampleModel } from '../models.ts';

export type Inputs = Readonly<Record<string, Float32Array>>;

export interface ZooModel extends ExampleModel {
  /** Inputs that calibration does not see: what accuracy is measured on. `input` is the first. */
  readonly tests: readonly Inputs[];
  /** One class a test input, where somebody knows it. */
  readonly labels?: readonly number[];
  /** Real range of the inputs, where samples do not show it. */
  readonly inputRange?: { readonly min: number; readonly max: number };
  /** Width of activations, where the default is too narrow. */
  readonly bits?: number;
  /** Shapes of inputs whose sizes the file leaves open. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Bytes of a file beside the model. */
  readonly externalData?: (location: string) => Uint8Array;
}

export interface ZooEntry {
  readonly name: string;
  /** Whether proving it takes seconds, not minutes. */
  readonly isSmall: boolean;
  /** Undefined where its files are not on this machine. */
  readonly load: () => ZooModel | undefined;
}

/** A model whose tests are given: the first of them is proved. */
export function zooModel(model: Omit<ZooModel, 'input'>): ZooModel {
  return { ...model, input: model.tests[0]! };
}
