/**
 * Provers that lie in zero knowledge: the real prover with its hooks, as in lies.ts. Equations are checked together there, behind the pads, so the
 * verifier's word for a false one is `pads.equations`; which one it was, only the prover knows, and notes it in `violated`.
 */

import type { Affine } from '../../src/argue/affine.ts';
import { HidingProver, PadCommitment } from '../../src/argue/hiding.ts';
import type { PadLayout, Transmitted } from '../../src/argue/pads.ts';
import type { TensorId } from '../../src/circuit/types.ts';
import { planes } from '../../src/commit/check.ts';
import { commitRows, type MatrixCommitment, prepareTwiddles } from '../../src/commit/matrix.ts';
import type { Ext } from '../../src/field/ext.ts';
import { encodeKey } from '../../src/files/key.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { Prover, type ProverHooks, type ProverOptions } from '../../src/prover.ts';
import { registerModel } from '../../src/register.ts';
import { padLayoutOf } from '../../src/send.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';
import { type Grinder, ProverChannel } from '../../src/transcript/channel.ts';
import type { Label } from '../../src/transcript/labels.ts';
import { acceptKey, type Verdict, type VerifyOptions, verify } from '../../src/verify.ts';
import { type Attempt, type Edit, Enough } from './lies.ts';
import { seededSecrets } from './programmed.ts';
import type { Tiny } from './tiny.ts';

/** Changes values in place, of messages with this label. */
export type Change = (label: Label, values: Ext[]) => void;

export interface Lies {
  /** Before they are hidden. */
  readonly hidden?: Change;
  /** Of messages in clear. */
  readonly shown?: Change;
  readonly edits?: readonly Edit[];
  /** Stops after so many equations. */
  readonly checks?: number;
}

/** Hides other values than it should; keeps every equation that it was held to. The counterpart of LyingParty. */
export class LyingHider extends HidingProver {
  readonly messages: { readonly label: Label; readonly count: number; readonly epoch: number }[] = [];
  readonly residuals: {
    readonly check: string;
    readonly value: Ext;
    readonly messages: number;
    readonly epoch: number;
  }[] = [];
  /** The last challenges of each label. */
  readonly drawn = new Map<Label, readonly Ext[]>();
  readonly #lies: Lies;
  #epoch = 0;

  constructor(channel: ProverChannel, machine: Machine, pads: PadCommitment, lies: Lies) {
    super(channel, machine, pads);
    this.#lies = lies;
  }

  /** Names of the checks that its equations fail. */
  get violations(): string[] {
    return [...new Set(this.residuals.flatMap((r) => (r.value.isZero() ? [] : [r.check])))];
  }

  override show(label: Label, count: number, compute: () => readonly Ext[]): Ext[] {
    return super.show(label, count, () => {
      const values = [...compute()];
      this.#lies.shown?.(label, values);
      return values;
    });
  }

  override challenges(label: Label, count: number): Ext[] {
    this.#epoch += 1;
    const values = super.challenges(label, count);
    this.drawn.set(label, values);
    return values;
  }

  override zero(x: Affine, check: string, where?: string): void {
    super.zero(x, check, where);
    const at = { messages: this.messages.length, epoch: this.#epoch };
    this.residuals.push({ check, value: x.value, ...at });
    if (this.residuals.length >= (this.#lies.checks ?? Number.POSITIVE_INFINITY)) throw new Enough();
  }

  protected override transmit(
    label: Label,
    count: number,
    compute: () => readonly Ext[],
    first: number,
  ): Transmitted[] {
    const message = this.messages.push({ label, count, epoch: this.#epoch }) - 1;
    const changed = () => {
      const values = [...compute()];
      this.#lies.hidden?.(label, values);
      for (const e of this.#lies.edits ?? []) {
        if (e.message === message) values[e.index] = values[e.index]!.add(e.by);
      }
      return values;
    };
    return super.transmit(label, count, changed, first);
  }
}

/** A network registered in zero knowledge, its honest prover, and the verifier's word on what a lying one makes. */
export function hidingCourtOf(machine: Machine, network: Tiny, budget = 1) {
  const { circuit, weights, input } = network;
  const model = registerModel(
    machine,
    circuit,
    weights,
    chooseParameters([1000, 1000], budget),
    '{}',
    seededSecrets(21),
  );
  const key = acceptKey(encodeKey(model));
  const prover = new Prover(machine, model);
  const options: ProverOptions = { publicInputs: new Set(), zk: true, tag: new Uint8Array() };

  /** With the same secrets each time, so that a liar who tries again meets the same challenges. */
  const proveWith = (hooks: ProverHooks, by = prover, changed: Partial<ProverOptions> = {}) => {
    return by.prove([input], { ...options, ...changed }, { entropy: seededSecrets(22), ...hooks });
  };

  /** The verifier's word on the outputs that the prover gave, or on another statement. */
  const verdictOn = (
    hooks: ProverHooks,
    by = prover,
    changed: Partial<ProverOptions> = {},
    statement: Partial<VerifyOptions> = {},
  ): Verdict => {
    const { proof, outputs } = proveWith(hooks, by, changed);
    const named = circuit.outputs.map(({ name }, i) => [name, outputs[i]! as Int32Array] as const);
    return verify(proof, { key, outputs: Object.fromEntries(named), ...statement });
  };

  /** What a liar says and is told of: the check that stops him, and those that his own equations fail. */
  const tryLies = (lies: Lies, hooks: ProverHooks = {}, by = prover) => {
    let party: LyingHider | undefined;
    const lying: ProverHooks = {
      hiding: (channel, m, pads) => {
        party = new LyingHider(channel, m, pads, lies);
        return party;
      },
      ...hooks,
    };
    const verdict = verdictOn(lying, by);
    return { check: verdict.ok ? 'accepted' : verdict.check, violations: party?.violations ?? [] };
  };

  const attemptOn = (hooks: ProverHooks): Attempt => {
    const attempt = (edits: readonly Edit[], checks?: number): LyingHider => {
      const parties: LyingHider[] = [];
      const lies: Lies = checks === undefined ? { edits } : { edits, checks };
      try {
        proveWith({ ...hooks, hiding: (channel, m, pads) => (parties[0] = new LyingHider(channel, m, pads, lies)) });
      } catch (error) {
        if (!(error instanceof Enough)) throw error;
      }
      return parties[0]!;
    };
    // a forger reads messages and residuals only
    return attempt as unknown as Attempt;
  };
  const idOf = (name: string): TensorId => circuit.tensors.findIndex((t) => t.name === name);
  return { network, model, key, prover, options, proveWith, verdictOn, tryLies, attemptOn, idOf };
}

export type HidingCourt = ReturnType<typeof hidingCourtOf>;

/** A channel that passes messages through `send`, and bytes through `sendBytes`, on their way out. */
export function alteredChannel(
  send: Change = () => {},
  sendBytes: (label: Label, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes,
): (digest: Uint8Array, grinder: Grinder) => ProverChannel {
  return (digest, grinder) => {
    const channel = new ProverChannel(digest, grinder);
    const [sendAs, sendBytesAs] = [channel.send.bind(channel), channel.sendBytes.bind(channel)];
    channel.send = (label, values) => {
      const copy = [...values];
      send(label, copy);
      sendAs(label, copy);
    };
    channel.sendBytes = (label, bytes) => sendBytesAs(label, sendBytes(label, bytes));
    return channel;
  };
}

/** Pads that are not what they should be when they are committed. `lie` sees [random || pads], and may make it longer. */
export class LyingPads extends PadCommitment {
  override readonly matrix: MatrixCommitment;

  constructor(m: Machine, layout: PadLayout, lie: (full: Ext[], queries: number) => void) {
    const secret = new Uint8Array(32).fill(23);
    super(m, layout, secret, (bits) => prepareTwiddles(m, bits));
    const { queries, messageBits, domainBits } = this.code;
    const full = this.full as Ext[];
    lie(full, queries);
    const rows = [full, this.mask].flatMap((values) =>
      planes(values).map((plane) => {
        const ptr = m.alloc(4 * 2 ** messageBits);
        m.i32(ptr, 2 ** messageBits)
          .fill(0)
          .set(plane);
        return ptr;
      }),
    );
    const hiding = { tails: [], tail: 0, secret };
    this.matrix = commitRows(m, rows, messageBits, domainBits, prepareTwiddles(m, domainBits), hiding);
  }
}

/** The hooks of a prover who commits to such pads. */
export function withPads(
  { prover, options }: HidingCourt,
  lie: (full: Ext[], queries: number, layout: PadLayout) => void,
  lies: Lies,
): { readonly hooks: ProverHooks; readonly violations: () => string[] } {
  const layout = padLayoutOf(prover.planFor(options));
  const pads = new LyingPads(prover.machine, layout, (full, queries) => lie(full, queries, layout));
  let party: LyingHider | undefined;
  const hooks: ProverHooks = {
    channel: alteredChannel(undefined, (label, bytes) => (label === 'pad root' ? pads.matrix.root : bytes)),
    hiding: (channel, m) => {
      party = new LyingHider(channel, m, pads, lies);
      return party;
    },
  };
  return { hooks, violations: () => party!.violations };
}
