/** Many proofs under the same challenges, counted: what the tests of their distribution compare. */
import { HidingProver, type PadCommitment } from '../../src/argue/hiding.ts';
import type { IntArray } from '../../src/circuit/types.ts';
import type { Ext } from '../../src/field/ext.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import type { Plan } from '../../src/plan.ts';
import type { Prover, ProverHooks, ProverOptions } from '../../src/prover.ts';
import type { ProverChannel } from '../../src/transcript/channel.ts';
import type { Label } from '../../src/transcript/labels.ts';
import { groupsOf, Histogram16 } from './histograms.ts';
import type { Message } from './mutations.ts';
import { type ProgrammedProver, programmed } from './programmed.ts';
import { simulate } from './simulator.ts';

/** The challenges of all of them. */
const CHALLENGES = 2026;

/** A prover that takes note of the messages it shows without a pad. */
export class WatchedProver extends HidingProver {
  /** Numbers of messages, in the proof, that speak of open weights only. */
  readonly inClear = new Set<number>();
  readonly #sent: () => number;

  constructor(channel: ProverChannel, machine: Machine, pads: PadCommitment, sent: () => number) {
    super(channel, machine, pads);
    this.#sent = sent;
  }

  override show(label: Label, count: number, compute: () => readonly Ext[]): Ext[] {
    if (label !== 'gate values' && label !== 'opened value') this.inClear.add(this.#sent());
    return super.show(label, count, compute);
  }
}

/** Proofs of one witness. */
export interface Samples {
  readonly histogram: Histogram16;
  readonly messages: readonly Message[];
  /** The bytes of the messages in clear, one after the other: the same in every proof. */
  readonly inClear: Uint8Array;
}

export interface Sampling {
  /** Of proof i. */
  readonly options: (i: number) => ProverOptions;
  readonly hooks?: ProverHooks;
  /** Of the first proof's secrets: no two samplings share one. */
  readonly seed: number;
}

/** `proverOf`: for proof i. */
export function sampleProofs(
  count: number,
  proverOf: (i: number) => Prover,
  input: IntArray,
  { options, hooks = {}, seed }: Sampling,
): Samples {
  let samples: Samples | undefined;
  for (let i = 0; i < count; i++) {
    const prover = proverOf(i);
    const one = programmed(CHALLENGES, seed + i);
    let party: WatchedProver | undefined;
    const watched: ProverHooks = {
      hiding: (channel, machine, pads) => {
        party = new WatchedProver(channel, machine, pads, () => one.channel.messages.length);
        return party;
      },
    };
    const own = options(i);
    const { violated } = prover.prove([input], own, { ...one.hooks, ...watched, ...hooks });
    if (violated !== undefined) throw new Error(`an honest proof violates ${violated}`);
    samples = counted(samples, one.channel, prover.planFor(own), party?.inClear ?? new Set());
  }
  return samples!;
}

/** Proofs of a simulator, of a statement that gives no values. */
export function sampleSimulations(count: number, machine: Machine, plan: Plan): Samples {
  let samples: Samples | undefined;
  for (let i = 0; i < count; i++) {
    const { channel } = simulate(machine, plan, new Map(), CHALLENGES, i);
    samples = counted(samples, channel, plan, new Set());
  }
  return samples!;
}

function counted(
  before: Samples | undefined,
  channel: ProgrammedProver,
  plan: Plan,
  inClear: ReadonlySet<number>,
): Samples {
  const { messages } = channel;
  const proof = channel.finish();
  const clear = Uint8Array.from([...inClear].flatMap((i) => [...slice(proof, messages[i]!)]));
  const samples = before ?? {
    histogram: new Histogram16(groupsOf(plan, messages, inClear)),
    messages,
    inClear: clear,
  };
  const same = JSON.stringify(samples.messages) === JSON.stringify(messages);
  if (!same || clear.some((b, i) => b !== samples.inClear[i])) throw new Error('two proofs differ in form');
  samples.histogram.add(proof);
  return samples;
}

function slice(proof: Uint8Array, { start, length }: Message): Uint8Array {
  return proof.subarray(start, start + length);
}
