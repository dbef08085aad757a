/**
 * What a measurement of one network is, as plain data: what `tessera bench` and `npm run bench` write as JSON and what the report draws.
 * Times are milliseconds, memory is bytes.
 */
import type { Cost } from '../circuit/cost.ts';
import type { Stage } from '../prover/prover.ts';

/** Where and when. */
export interface Environment {
  /** ISO 8601, to the second. */
  readonly date: string;
  /** Of Tessera. */
  readonly version: string;
  /** Of the sources, where they are a git repository. */
  readonly commit?: string;
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  readonly memory: number;
}

/** What was asked for. */
export interface Conditions {
  readonly threads: number;
  /** Whether the proofs hide inputs and weights. */
  readonly zk: boolean;
  readonly input: 'public' | 'private';
}

export interface ProofRun {
  readonly prove: number;
  /** Processor time of the process while it proved, all threads: what other work on the machine changes least. */
  readonly processor?: number;
  readonly verify: number;
  readonly stages: Readonly<Record<Stage, number>>;
  /** Cores that other processes kept busy meanwhile, at least over 300 ms of runs. */
  readonly others?: number;
}

/** The proof made before those that count, watched while it was made. */
export interface Trace {
  /** Time since the watch began, resident memory of the process. */
  readonly samples: readonly (readonly [time: number, bytes: number])[];
  readonly marks: readonly StageMark[];
}

/** The end of a stage: what of the kernels' memory was in use then, and the most that had been. */
export interface StageMark {
  readonly stage: Stage | 'load';
  readonly time: number;
  readonly inUse: number;
  readonly peak: number;
}

/** What the circuit spends on one node of the network. */
export interface NodeCost {
  readonly node: string;
  /** Cells committed for every proof. */
  readonly cells: number;
  readonly lookups: number;
  readonly multiplyAdds: number;
}

/** The messages of a proof that bear one label. */
export interface MessageSize {
  readonly label: string;
  readonly count: number;
  readonly bytes: number;
  /** Bytes of each where they are few, as the columns of every level are. */
  readonly each?: readonly number[];
}

export interface Proofs {
  readonly conditions: Conditions;
  /** Decoding the model and committing its weights: once, however many proofs follow. */
  readonly load: number;
  readonly runs: readonly ProofRun[];
  readonly trace?: Trace;
  readonly messages: readonly MessageSize[];
  readonly proofBytes: number;
  /** Most of the kernels' memory in use at any time. */
  readonly kernelBytes: number;
}

/** ONNX Runtime's float inference of the same network on as many threads. */
export interface FloatRuns {
  readonly threads: number;
  readonly runs: readonly number[];
}

export interface Measurement extends Proofs {
  readonly name: string;
  /** Of what the file holds: cells of the circuit, lookups, estimated memory. */
  readonly cost: Cost;
  readonly nodes: readonly NodeCost[];
  readonly keyBytes: number;
  readonly modelBytes: number;
  /** Most resident memory of the process that proved, by the operating system's count. */
  readonly processBytes: number;
  readonly compile?: { readonly time: number; readonly processBytes?: number };
  readonly float?: FloatRuns;
  readonly accuracy?: TopOne;
  readonly environment: Environment;
}

/** Labelled samples, and how many of them each finds the class of. */
export interface TopOne {
  readonly samples: number;
  readonly float: number;
  readonly integer: number;
}
