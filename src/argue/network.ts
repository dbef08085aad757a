/**
 * The argument for a network, from the fingerprint challenges to one linear functional of the committed rows: the same lines for both
 * parties. Order of messages: grind, lookups, linear part, batch evaluation (protocol steps 2 to 5, O1 to O4).
 */
import type { Circuit, TensorId } from '../circuit/types.ts';
import type { Packing } from '../commit/packing.ts';
import { Ext, type Scalar } from '../field/ext.ts';
import { variables } from '../field/mle.ts';
import type { Parameters } from '../soundness/parameters.ts';
import { evaluateAt } from './evaluate.ts';
import type { Hand } from './hand.ts';
import type { TreeLayout } from './layout.ts';
import { Ledger, type PublicValues } from './ledger.ts';
import { argueLookups } from './lookup.ts';
import { argueOpening, type ColumnClaim, type OpeningClaim, type OpeningSide } from './opening.ts';
import type { Party } from './party.ts';
import { Reduction } from './reduce.ts';
import { evaluatePlanes, slabMember } from './slabs.ts';
import { spaceOf } from './windows.ts';

/** Where the cells of a commitment come from: the model, open or private, its private weights anew, a tensor committed on its own, this proof. */
export type Content = 'weights' | 'private weights' | 'rotated weights' | 'input' | 'output' | 'witness';

/** Columns of one commitment, in packing order. */
export interface Commitment {
  readonly content: Content;
  readonly columns: readonly TensorId[];
  readonly packing: Packing;
  /** Index of its opening class. */
  readonly class: number;
}

/** Commitments with one code, which are opened together. */
export interface OpeningClass {
  readonly parameters: Parameters;
  /** Where its mask is, in zero knowledge: behind the witness's rows, or in a matrix of its own. */
  readonly mask: 'none' | 'in witness' | 'alone';
}

/** What both parties know of a network before its proof begins. */
export interface Network {
  readonly circuit: Circuit;
  readonly tree: TreeLayout;
  readonly commitments: readonly Commitment[];
  readonly classes: readonly OpeningClass[];
  readonly soundness: { readonly lookupGrinding: number; readonly etaGrinding: readonly number[] };
}

/** The prover's matrices. */
export interface ProverSide {
  readonly hand: Hand;
  /** Message words of each commitment, row-major. */
  readonly messages: readonly number[];
  /** The mask of each class: four message rows. */
  readonly masks: readonly number[];
  /** Called as each part ends. */
  readonly onPart: (part: 'lookups' | 'linear' | 'batch') => void;
}

export function argueNetwork<S extends Scalar<S>>(
  p: Party<S>,
  network: Network,
  publicValues: PublicValues,
  prover: ProverSide | undefined,
): OpeningClaim[] {
  const { circuit } = network;
  const ledger = new Ledger<S>(p, circuit, publicValues, (t, r) => evaluateAt(prover!.hand, t, r));
  p.grind('lookup grinding', network.soundness.lookupGrinding);
  argueLookups(p, circuit, network.tree, ledger, prover?.hand);
  prover?.onPart('lookups');
  claimZeros(p, circuit, ledger);
  new Reduction(p, circuit, ledger, prover?.hand).run();
  prover?.onPart('linear');
  const openings = openLedger(p, network, ledger, prover);
  prover?.onPart('batch');
  return openings;
}

/** v = 0 everywhere: v(r) = 0 at a point drawn after the commitments. */
function claimZeros<S extends Scalar<S>>(p: Party<S>, circuit: Circuit, ledger: Ledger<S>): void {
  const longest = circuit.zeros.reduce((n, t) => Math.max(n, variables(circuit.tensors[t]!.shape)), 0);
  const point = p.challenges('zero point', longest);
  for (const t of circuit.zeros) {
    ledger.owe(t, point.slice(longest - variables(circuit.tensors[t]!.shape)), p.known(Ext.ZERO));
  }
}

/** Empties the ledger: what is owed now are claims on columns, or the circuit was not one that `check` accepts. */
function openLedger<S extends Scalar<S>>(
  p: Party<S>,
  { circuit, commitments, classes, soundness }: Network,
  ledger: Ledger<S>,
  prover: ProverSide | undefined,
): OpeningClaim[] {
  const place = new Map(commitments.flatMap((c, i) => c.columns.map((id, column) => [id, { i, column }] as const)));
  const claims: ColumnClaim<S>[] = [];
  for (const id of ledger.owed()) {
    const at = place.get(id);
    if (at === undefined) throw new RangeError(`a claim on ${circuit.tensors[id]!.name} was left over`);
    for (const { point, value } of ledger.take(id)) {
      claims.push({ commitment: at.i, column: at.column, point, value });
    }
  }
  const mark = prover?.hand.machine.mark();
  const openings = argueOpening(
    p,
    commitments.map((c) => ({ ...c, isOpen: c.content === 'weights' })),
    classes.map(({ parameters, mask }, i) => ({
      rowBits: parameters.rowBits,
      etaGrinding: soundness.etaGrinding[i]!,
      isMasked: mask !== 'none',
    })),
    claims,
    () => openingSide(commitments, prover!),
  );
  if (mark !== undefined) prover!.hand.machine.release(mark);
  return openings;
}

function openingSide(
  commitments: readonly Commitment[],
  { hand: { machine }, messages, masks }: ProverSide,
): OpeningSide {
  let left = commitments.reduce((n, { packing }) => n + packing.slabs.length, 0);
  return {
    member(commitment, slab, shares) {
      const cells = messages[commitment]! + 4 * slab.row * 2 ** commitments[commitment]!.packing.rowBits;
      return slabMember(machine, slab, cells, shares, { bytes: spaceOf(machine).bytes / left-- });
    },
    mask: (i, z) => evaluatePlanes(machine, masks[i]!, z),
  };
}
