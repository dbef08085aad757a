/**
 * The parts of a measurement, each done by a process of its own (child.ts) that loads nothing else, so that times and memory are its
 * own. They meet in a folder: `compile` leaves model, key and input there, `prove` reads nothing but these.
 */
import type { ModelSizes } from '../../src/measure/sizes.ts';
import type { Conditions, FloatRuns, Proofs, TopOne } from '../../src/measure/types.ts';

interface Work {
  readonly network: string;
  readonly folder: string;
}

export interface CompileTask extends Work {
  readonly kind: 'compile';
}

export interface ProveTask extends Work {
  readonly kind: 'prove';
  readonly conditions: Conditions;
  readonly repeat: number;
  /** Seconds to wait in all for the machine to be without other work. */
  readonly patience: number;
}

export interface FloatTask extends Work {
  readonly kind: 'float';
  readonly threads: number;
  readonly repeat: number;
}

export interface AccuracyTask extends Work {
  readonly kind: 'accuracy';
}

export type Task = CompileTask | ProveTask | FloatTask | AccuracyTask;

export interface Compiled {
  readonly time: number;
  readonly processBytes: number;
  /** Shapes of the inputs. */
  readonly inputs: readonly (readonly number[])[];
}

export type Proved = Proofs & ModelSizes & { readonly processBytes: number };

export interface Results {
  readonly compile: Compiled;
  readonly prove: Proved;
  readonly float: FloatRuns;
  /** Undefined where no class is known. */
  readonly accuracy: TopOne | undefined;
}
