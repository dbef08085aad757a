/**
 * Provers that lie. All of them are the real prover with its hooks (src/prover.ts), so everything that they do not lie about is
 * honest, and the check that stops them is the one that the lie deserves.
 *
 *   tell     a false story of the integers: the run goes on from the changed cells, multiplicities and outputs follow
 *   forge    a prover that solves for every equation of the argument, one after the other, by changing what it sends
 *   edited   messages replaced on their way into the transcript
 *   twisted  a machine on which one kernel does something else
 */

import { ProverParty } from '../../src/argue/party.ts';
import type { Witness } from '../../src/circuit/evaluate.ts';
import { outputBindings } from '../../src/circuit/outputs.ts';
import type { IntArray, TensorId } from '../../src/circuit/types.ts';
import { Ext } from '../../src/field/ext.ts';
import { fromInt, inversePowerOfTwo, mul, toInt } from '../../src/field/m31.ts';
import type { ModelFile } from '../../src/files/model.ts';
import type { KernelName, Machine } from '../../src/kernels/kernels.ts';
import type { ProverHooks } from '../../src/prover.ts';
import type { ProverChannel } from '../../src/transcript/channel.ts';
import type { Label } from '../../src/transcript/labels.ts';
import { evaluateNaive } from './naive.ts';

// ---- false witnesses ---------------------------------------------------------------------------------------------------

/** Cells by tensor: integers, or field elements where a story needs fractions. */
export interface Story {
  /** Meets each tensor as it is computed; what follows is computed from the cells it leaves. */
  readonly cells?: (id: TensorId, values: number[][]) => void;
  /** Meets everything, after the multiplicities are counted. */
  readonly end?: (values: number[][]) => void;
}

/** The hooks of a prover that believes a story, its outputs included. */
export function tell(model: ModelFile, inputs: readonly IntArray[], story: Story): ProverHooks {
  const { circuit } = model;
  const values = evaluateNaive(circuit, model.weights, inputs, (id, all) => {
    const { def } = circuit.tensors[id]!;
    if (def.kind === 'linear' && def.shift > 0) {
      all[id] = all[id]!.map((_, i) => {
        const sum = def.terms.reduce((s, t) => s + t.coefficient * all[t.tensor]![i]!, def.constant);
        return toInt(mul(fromInt(sum), inversePowerOfTwo(def.shift)));
      });
    }
    story.cells?.(id, all);
  });
  story.end?.(values);
  return {
    witness: (machine, witness) => replaceValues(machine, witness, values),
    outputs: (outputs) => {
      for (const { output, tensor } of outputBindings(circuit)) outputs[output] = Int32Array.from(values[tensor]!);
    },
  };
}

function replaceValues(machine: Machine, { tensors }: Witness, values: readonly (readonly number[])[]): void {
  const kept = tensors as Map<TensorId, { kind: 2 | 4; ptr: number; length: number }>;
  for (const [id, { length }] of kept) {
    // a lookup outside its table has left a count beyond the table's multiplicities
    const cells = values[id]!.slice(0, length);
    const ptr = machine.alloc(4 * length);
    machine.i32(ptr, length).set(cells);
    kept.set(id, { kind: 4, ptr, length });
  }
}

// ---- a prover that solves for the checks -------------------------------------------------------------------------------

/** `by` is added to element `index` of the argument's message number `message`. */
export interface Edit {
  readonly message: number;
  readonly index: number;
  readonly by: Ext;
}

interface SentMessage {
  readonly label: Label;
  readonly count: number;
  /** Challenges drawn before it. */
  readonly epoch: number;
}

interface Residual {
  readonly check: string;
  /** Zero where the check passes. */
  readonly value: Ext;
  /** Messages sent and challenges drawn before it. */
  readonly messages: number;
  readonly epoch: number;
}

/** Thrown by a liar that has seen enough. */
export class Enough extends Error {}

/** The prover's party with edited messages; keeps every equation that it was held to. */
export class LyingParty extends ProverParty {
  readonly messages: SentMessage[] = [];
  readonly residuals: Residual[] = [];
  readonly #edits: readonly Edit[];
  readonly #checks: number;
  #epoch = 0;

  /** Stops after `checks` equations. */
  constructor(channel: ProverChannel, edits: readonly Edit[], checks = Number.POSITIVE_INFINITY) {
    super(channel);
    this.#edits = edits;
    this.#checks = checks;
  }

  override exchange(label: Label, count: number, compute: () => readonly Ext[]): Ext[] {
    const message = this.messages.push({ label, count, epoch: this.#epoch }) - 1;
    return super.exchange(label, count, () => {
      const values = [...compute()];
      for (const e of this.#edits) if (e.message === message) values[e.index] = values[e.index]!.add(e.by);
      return values;
    });
  }

  override challenges(label: Label, count: number): Ext[] {
    this.#epoch += 1;
    return super.challenges(label, count);
  }

  override zero(x: Ext, check: string, where?: string): void {
    super.zero(x, check, where);
    this.residuals.push({ check, value: x, messages: this.messages.length, epoch: this.#epoch });
    if (this.residuals.length >= this.#checks) throw new Enough();
  }
}

/** Runs the prover with edited messages as far as `checks` equations. */
export type Attempt = (edits: readonly Edit[], checks?: number) => LyingParty;

export interface Forgery {
  readonly edits: readonly Edit[];
  /** The equations that were solved for, in order. */
  readonly solved: readonly string[];
}

/**
 * Makes every equation of the argument hold, in order, stopping before the check named `until`; undefined where it finds no way. Each
 * is affine in most messages sent since the last challenge: two runs give its slope in an element, a third tells whether it was
 * affine. A way that ends at an equation without such an element is given up for the one before.
 */
export function forge(attempt: Attempt, until?: string, edits: readonly Edit[] = []): Forgery | undefined {
  const { messages, residuals } = attempt(edits);
  const at = residuals.findIndex((r) => !r.value.isZero());
  if (at < 0 || residuals[at]!.check === until) return { edits, solved: [] };
  for (const edit of solutions(attempt, edits, messages, residuals, at)) {
    const rest = forge(attempt, until, [...edits, edit]);
    if (rest !== undefined) return { edits: rest.edits, solved: [residuals[at]!.check, ...rest.solved] };
  }
  return undefined;
}

/** The single edits that make equation `at` hold, last elements first. */
function* solutions(
  attempt: Attempt,
  edits: readonly Edit[],
  messages: readonly SentMessage[],
  residuals: readonly Residual[],
  at: number,
): Generator<Edit> {
  const open = residuals[at]!;
  for (let message = open.messages - 1; message >= 0 && messages[message]!.epoch === open.epoch; message--) {
    for (let index = 0; index < messages[message]!.count; index++) {
      const slope = slopeOf(attempt, edits, residuals, at, { message, index });
      if (slope === undefined) continue;
      const edit = { message, index, by: open.value.neg().mul(slope.inv()) };
      if (attempt([...edits, edit], at + 1).residuals[at]!.value.isZero()) yield edit;
    }
  }
}

/** How equation `at` moves with one element, undefined where it does not or where an earlier equation would break. */
export function slopeOf(
  attempt: Attempt,
  edits: readonly Edit[],
  residuals: readonly Residual[],
  at: number,
  element: { readonly message: number; readonly index: number },
): Ext | undefined {
  const probe = attempt([...edits, { ...element, by: Ext.ONE }], at + 1).residuals;
  const slope = probe[at]!.value.sub(residuals[at]!.value);
  return slope.isZero() || probe.slice(0, at).some((r) => !r.value.isZero()) ? undefined : slope;
}

// ---- messages and kernels ----------------------------------------------------------------------------------------------

/** A party whose channel passes field elements of one label through `edit` on their way out, the opening's included. */
export function edited(label: Label, edit: (values: Ext[]) => void): Required<Pick<ProverHooks, 'party'>> {
  return {
    party: (channel) => {
      const send = channel.send.bind(channel);
      channel.send = (sent, values) => {
        const copy = [...values];
        if (sent === label) edit(copy);
        send(sent, copy);
      };
      return new ProverParty(channel);
    },
  };
}

/** A machine on which `after` is called with the arguments of every task of one kernel, when it has run. */
export function twisted(machine: Machine, kernel: KernelName, after: (task: readonly number[]) => void): Machine {
  const call = machine.raw[kernel] as (...task: readonly number[]) => number | undefined;
  const raw = {
    ...machine.raw,
    [kernel]: (...task: number[]) => {
      const result = call(...task);
      after(task);
      return result;
    },
  };
  return {
    ...machine,
    raw,
    fork: (name, tasks) => {
      const results = machine.fork(name, tasks);
      if (name === kernel) tasks.forEach(after);
      return results;
    },
  };
}
