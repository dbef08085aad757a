/**
 * The messages of a proof, prover's side: the same headings, in the same order, as `checkProof` of accept.ts. What is proved, and where the
 * columns of other commitments than the witness's come from, is the caller's.
 */
import type { Hand } from '../argue/hand.ts';
import { HidingProver, PadCommitment } from '../argue/hiding.ts';
import { argueNetwork, type ProverSide } from '../argue/network.ts';
import type { OpeningClaim } from '../argue/opening.ts';
import { PadCounter, type PadLayout } from '../argue/pads.ts';
import { ProverParty } from '../argue/party.ts';
import { cellsOf, type TensorId } from '../circuit/types.ts';
import { type ColumnCommitment, commitColumns, type Uploaded } from '../commit/columns.ts';
import { maskWeights } from '../commit/mask.ts';
import { type Keep, prepareTwiddles } from '../commit/matrix.ts';
import { openMatrices } from '../commit/open.ts';
import { packColumns } from '../commit/packing.ts';
import type { Entropy } from '../commit/secret.ts';
import { TesseraError } from '../errors.ts';
import type { Machine } from '../kernels/kernels.ts';
import type { Plan } from '../proof/plan.ts';
import { MAX_PADS, type Parameters } from '../soundness/parameters.ts';
import type { ProverChannel } from '../transcript/channel.ts';

/** For tests that lie: each hook sees what an honest prover is about to use, and may change it. */
export interface SendHooks {
  /** The witness's message words before they are encoded. */
  readonly matrix?: (machine: Machine, words: number, count: number) => void;
  readonly party?: (channel: ProverChannel) => ProverParty;
  /** The same for proofs in zero knowledge. */
  readonly hiding?: (channel: ProverChannel, machine: Machine, pads: PadCommitment) => HidingProver;
}

/** What a proof is made from. */
export interface SendSide {
  readonly hand: Hand;
  /** Values of the tensors that both sides hold. */
  readonly values: ReadonlyMap<TensorId, ArrayLike<number> | 'computed'>;
  /** The witness's columns in memory. */
  readonly columns: (id: TensorId) => Uploaded;
  /** The commitments before the witness's, in the plan's order. */
  readonly matrices: readonly ColumnCommitment[];
  readonly twiddles: Twiddles;
  /** What of the witness's commitment stays in memory. */
  readonly keep?: Keep;
  readonly padLayout: () => PadLayout;
  readonly secretOf: Entropy;
  readonly onStage: (stage: 'commit' | 'lookups' | 'linear' | 'batch' | 'opening') => void;
}

/** @returns the first check that these messages fail: never for an honest run */
export function sendProof(
  channel: ProverChannel,
  plan: Plan,
  side: SendSide,
  hooks: SendHooks = {},
): string | undefined {
  const { machine } = side.hand;

  // the commitments
  const witness = commitWitness(machine, plan, side, hooks);
  channel.sendBytes('witness root', witness.commitment.root);
  const masks = plan.classes.map(({ parameters, mask }) =>
    mask === 'alone' ? commitMask(machine, parameters, side) : undefined,
  );
  for (const mask of masks) if (mask !== undefined) channel.sendBytes('mask root', mask.commitment.root);
  const party = partyOf(channel, plan, side, hooks);
  side.onStage('commit');

  // the argument
  const matrices = [...side.matrices, witness];
  const prover: ProverSide = {
    hand: side.hand,
    messages: matrices.map((x) => x.messages),
    masks: masks.map((mask) => mask?.messages ?? maskBehind(plan, witness)),
    onPart: side.onStage,
  };
  const claims =
    party instanceof HidingProver
      ? argueNetwork(party, plan, side.values, prover)
      : argueNetwork(party, plan, side.values, prover);

  // the opening
  for (const [i, claim] of claims.entries()) openClass(channel, plan, i, claim, matrices, masks[i], side);
  if (party instanceof HidingProver) party.close();
  side.onStage('opening');
  return party.violated;
}

function commitWitness(machine: Machine, plan: Plan, side: SendSide, hooks: SendHooks): ColumnCommitment {
  const { columns, packing, class: at } = plan.commitments.at(-1)!;
  const { parameters } = plan.classes[at]!;
  const sources = columns.map(side.columns);
  const hiding = plan.disclosure.zk ? { secret: side.secretOf(), mask: 'with mask' as const } : undefined;
  const options = { hiding, keep: side.keep, tamper: hooks.matrix };
  return commitColumns(machine, packing, sources, parameters, side.twiddles.for(parameters), options);
}

/** The mask of a class that the witness is not in. */
function commitMask(machine: Machine, parameters: Parameters, { twiddles, secretOf }: SendSide): ColumnCommitment {
  const hiding = { secret: secretOf(), mask: 'with mask' } as const;
  const nothing = packColumns([], parameters.rowBits);
  return commitColumns(machine, nothing, [], parameters, twiddles.for(parameters), { hiding });
}

/** Where the mask's rows are behind the witness's. */
function maskBehind(plan: Plan, witness: ColumnCommitment): number {
  const { rows, rowBits } = plan.commitments.at(-1)!.packing;
  return witness.messages + 4 * rows * 2 ** rowBits;
}

function partyOf(
  channel: ProverChannel,
  plan: Plan,
  { hand: { machine }, twiddles, padLayout, secretOf }: SendSide,
  hooks: SendHooks,
): ProverParty | HidingProver {
  if (!plan.disclosure.zk) return hooks.party?.(channel) ?? new ProverParty(channel);
  const pads = new PadCommitment(machine, padLayout(), secretOf(), (bits) => twiddles.upTo(bits));
  channel.sendBytes('pad root', pads.matrix.root);
  return hooks.hiding?.(channel, machine, pads) ?? new HidingProver(channel, machine, pads);
}

/** Opens one class: its commitments, and its mask. */
function openClass(
  channel: ProverChannel,
  plan: Plan,
  index: number,
  claim: OpeningClaim,
  matrices: readonly ColumnCommitment[],
  mask: ColumnCommitment | undefined,
  { hand: { machine }, twiddles }: SendSide,
): void {
  const { parameters, mask: place } = plan.classes[index]!;
  const own = plan.commitments.flatMap(({ content }, i) => {
    const kappas = claim.kappas[i];
    if (kappas === undefined) return [];
    const isMasked = content === 'witness' && place === 'in witness';
    return [{ ...matrices[i]!, kappas: isMasked ? [...kappas, ...maskWeights(claim.mask)] : kappas }];
  });
  const alone = mask === undefined ? [] : [{ ...mask, kappas: maskWeights(claim.mask) }];
  openMatrices(channel, machine, parameters, twiddles.for(parameters), [...own, ...alone], claim.point);
}

/**
 * The pads of every proof of a plan: one run of its verifier on nothing, for values decide nothing about their number.
 * @throws TesseraError E_SOUNDNESS for more than a verifier takes
 */
export function padLayoutOf(plan: Plan): PadLayout {
  const { circuit, disclosure } = plan;
  const isHeld = (id: TensorId) => {
    const { def } = circuit.tensors[id]!;
    if (def.kind === 'weight') return def.visibility === 'public';
    if (def.kind === 'input') return disclosure.inputs[def.input] === 'public';
    return def.kind === 'output' && disclosure.outputs[def.output] === 'public';
  };
  const held = circuit.tensors.flatMap(({ shape }, id) =>
    isHeld(id) ? [[id, new Uint8Array(cellsOf(shape))] as const] : [],
  );
  const counter = new PadCounter();
  argueNetwork(counter, plan, new Map(held), undefined);
  if (counter.layout.count <= MAX_PADS) return counter.layout;
  throw new TesseraError('E_SOUNDNESS', `a proof would take ${counter.layout.count} pads, more than ${MAX_PADS}`, {
    hint: 'The model is too deep for one proof in zero knowledge: cut it in two.',
  });
}

/** Twiddle factors that stay, for domains up to a size; larger ones last as long as the proof that needs them. */
export class Twiddles {
  readonly #machine: Machine;
  readonly #bits: number;
  readonly #ptr: number;

  constructor(machine: Machine, parameters: Parameters) {
    this.#machine = machine;
    this.#bits = parameters.rowBits + parameters.rateBits;
    this.#ptr = prepareTwiddles(machine, this.#bits);
  }

  for({ rowBits, rateBits }: Parameters): number {
    return this.upTo(rowBits + rateBits);
  }

  upTo(domainBits: number): number {
    return domainBits <= this.#bits ? this.#ptr : prepareTwiddles(this.#machine, domainBits);
  }
}
