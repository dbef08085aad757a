/**
 * Proofs of one network, timed: its weights are committed once, one proof warms up while memory is watched, then every proof is made
 * and verified under the clock, with nothing else going on.
 */
import type { IntArray } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import { decodeModel, type ModelFile } from '../files/model.ts';
import type { Machine } from '../kernels/kernels.ts';
import type { OnProgress } from '../progress.ts';
import { Prover, type ProverOptions, type Stage } from '../prover/prover.ts';
import type { Step } from '../transcript/transcript.ts';
import { allIntegers, namedOutputs, type Outputs, type TensorValues } from '../values.ts';
import { verify } from '../verify.ts';
import { isQuiet, LEAST_RUNS } from './runs.ts';
import type { MessageSize, ProofRun, Proofs, StageMark, Trace } from './types.ts';

/** Milliseconds over which other work is counted: processors are accounted in ticks of 10 ms. */
const WINDOW = 300;

/** Points that a trace keeps: more cannot be seen in a plot. */
const TRACE_POINTS = 300;

/** Messages of one label that are told apart. */
const FEW = 8;

/** Absorbed by both sides, part of no proof. */
const NOT_SENT: readonly string[] = ['statement', 'model root'];

/** Samples the process's memory while the main thread works; times as `now` tells them. */
export interface Watch {
  stop(): Promise<readonly (readonly [time: number, bytes: number])[]>;
}

export interface ProofsOptions {
  readonly machine: Machine;
  /** Proofs that count, at least 1. */
  readonly repeat: number;
  /** Milliseconds after which no further proof begins, where there are 3 already. */
  readonly budget?: number;
  readonly zk: boolean;
  readonly input: 'public' | 'private';
  readonly watch?: () => Promise<Watch>;
  /** Milliseconds of processor time that this process, and that others have used so far. */
  readonly processorTime?: () => { readonly own: number; readonly others: number };
  /** Waits before proofs for a machine without other work, as long as it has patience. */
  readonly untilQuiet?: () => Promise<void>;
  readonly onProgress?: OnProgress;
}

interface Files {
  readonly model: Uint8Array;
  readonly key: Uint8Array;
}

interface Proved {
  readonly proof: Uint8Array;
  readonly outputs: Outputs;
  readonly prove: number;
  readonly stages: Readonly<Record<Stage, number>>;
}

/** @throws TesseraError E_PROVE for a proof that is not accepted; what `prove` throws */
export async function measureProofs(files: Files, inputs: TensorValues, options: ProofsOptions): Promise<Proofs> {
  const { machine, zk, input } = options;
  const progress = (stage: 'warm' | 'proofs', done: number) => options.onProgress?.({ kind: 'stage', stage, done });
  progress('warm', 0);
  const watch = await options.watch?.();
  const start = now();
  const marks: StageMark[] = [];
  const mark = (stage: StageMark['stage']): void => {
    marks.push({ stage, time: now() - start, inUse: machine.mark(), peak: machine.peakBytes });
  };
  const model = decodeModel(files.model);
  const prover = new Prover(machine, model);
  const load = now() - start;
  mark('load');
  const integers = allIntegers('input', model.circuit.inputs, inputs);
  const publicInputs = new Set(input === 'public' ? model.circuit.inputs.keys() : []);
  const make = (onStage: (stage: Stage) => void) => proveOnce(prover, model, integers, { publicInputs, zk, onStage });
  const warm = make(mark);
  const trace = watch && traceOf(await watch.stop(), start, marks);
  const check = (proved: Proved) => checkProof(files.key, input === 'public' ? inputs : {}, proved);
  const { steps } = check(warm);
  progress('warm', 1);
  const runs = await timeProofs(options, progress, () => {
    const before = options.processorTime?.().own;
    const proved = make(() => {});
    const processor = before === undefined ? {} : { processor: options.processorTime!().own - before };
    return { prove: proved.prove, ...processor, verify: check(proved).time, stages: proved.stages };
  });
  return {
    conditions: { threads: machine.threads, zk, input },
    load,
    runs,
    ...(trace && { trace }),
    messages: messageSizes(steps, warm.proof.length),
    proofBytes: warm.proof.length,
    kernelBytes: machine.peakBytes,
  };
}

/** With `untilQuiet` until so many were undisturbed, but no more than three times as many in all. */
async function timeProofs(
  { repeat, budget = Number.POSITIVE_INFINITY, processorTime, untilQuiet }: ProofsOptions,
  progress: (stage: 'proofs', done: number) => void,
  prove: () => ProofRun,
): Promise<ProofRun[]> {
  const runs: ProofRun[] = [];
  const most = untilQuiet === undefined ? repeat : 3 * repeat;
  const isEnough = () => (untilQuiet === undefined ? runs.length : runs.filter(isQuiet).length) >= repeat;
  let spent = 0;
  while (!isEnough() && runs.length < most && (runs.length < LEAST_RUNS || spent < budget)) {
    await untilQuiet?.();
    const [start, before] = [now(), processorTime?.().others];
    const window: ProofRun[] = [];
    while (window.length === 0 || (now() - start < WINDOW && runs.length + window.length < repeat))
      window.push(prove());
    const time = now() - start;
    spent += time;
    const others = before === undefined ? undefined : Math.max(0, processorTime!().others - before) / time;
    runs.push(
      ...window.map((run) => (others === undefined ? run : { ...run, others: Math.round(100 * others) / 100 })),
    );
    progress('proofs', Math.min(1, runs.length / repeat));
  }
  progress('proofs', 1);
  return runs;
}

/** One clock for all threads: milliseconds since 1970. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

function proveOnce(
  prover: Prover,
  { circuit }: ModelFile,
  inputs: readonly IntArray[],
  options: Omit<ProverOptions, 'tag'>,
): Proved {
  const start = performance.now();
  const { proof, outputs, stages } = prover.prove(inputs, { ...options, tag: new Uint8Array() });
  return { proof, outputs: namedOutputs(circuit, outputs), prove: performance.now() - start, stages };
}

function checkProof(key: Uint8Array, inputs: TensorValues, { proof, outputs }: Proved) {
  const start = performance.now();
  const verdict = verify(proof, { key, inputs, outputs });
  const time = performance.now() - start;
  if (verdict.ok) return { time, steps: verdict.steps };
  throw new TesseraError('E_PROVE', `A proof was rejected by ${verdict.check}: ${verdict.sentence}`);
}

/** Bytes of every label, the frequent ones first; what is left of the file is its header. */
export function messageSizes(steps: readonly Step[], proofBytes: number): MessageSize[] {
  const sent = steps.filter(({ label, kind }) => kind !== 'challenge' && !NOT_SENT.includes(label));
  const groups = Map.groupBy(sent, ({ label }) => label as string);
  const sizes = [...groups].map(([label, messages]) => ({
    label,
    count: messages.length,
    bytes: messages.reduce((n, { length }) => n + length, 0),
    ...(messages.length > 1 && messages.length <= FEW && { each: messages.map(({ length }) => length) }),
  }));
  const rest = proofBytes - sizes.reduce((n, { bytes }) => n + bytes, 0);
  return [...sizes, { label: 'header', count: 1, bytes: rest }].sort((a, b) => b.bytes - a.bytes);
}

/** The largest of every run of samples is kept, so that no peak is lost. */
function traceOf(all: readonly (readonly [number, number])[], start: number, marks: readonly StageMark[]): Trace {
  const group = Math.ceil(all.length / TRACE_POINTS);
  const samples: [number, number][] = [];
  for (let i = 0; i < all.length; i += group) {
    const [time, bytes] = all.slice(i, i + group).reduce((a, b) => (b[1] > a[1] ? b : a));
    samples.push([Math.round(10 * (time - start)) / 10, bytes]);
  }
  return { samples, marks };
}
