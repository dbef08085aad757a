/**
 * The argument for a network, from the fingerprint challenges to one linear functional of the committed rows: the same lines for both
 * parties. Order of messages: grind, lookups, linear part, batch evaluation (protocol steps 2 to 5, O1 to O4).
 */
import type { Circuit, TensorId } from '../circuit/types.ts';
import type { Packing } from '../commit/packing.ts';
import { Ext, type Scalar } from '../field/ext.ts';
import { variables } from '../field/mle.ts';
import { evaluateAt } from './evaluate.ts';
import type { Hand } from './hand.ts';
import type { TreeLayout } from './layout.ts';
import { Ledger, type PublicValues } from './ledger.ts';
import { argueLookups } from './lookup.ts';
import { argueOpening, type ColumnClaim, type OpeningClaim } from './opening.ts';
import type { Party } from './party.ts';
import { Reduction } from './reduce.ts';
import { slabMember } from './slabs.ts';

/** Columns of one commitment, in packing order: the model's weights, or what is committed per proof. */
export interface Commitment {
  readonly content: 'weights' | 'witness';
  readonly columns: readonly TensorId[];
  readonly packing: Packing;
}

/** What both parties know of a network before its proof begins. */
export interface Network {
  readonly circuit: Circuit;
  readonly tree: TreeLayout;
  readonly commitments: readonly Commitment[];
  readonly soundness: { readonly lookupGrinding: number; readonly etaGrinding: number };
}

/** The prover's matrices, one for each commitment: message words, row-major. */
export interface ProverSide {
  readonly hand: Hand;
  readonly matrices: readonly number[];
  /** Called as each part ends. */
  readonly onPart: (part: 'lookups' | 'linear' | 'batch') => void;
}

export function argueNetwork<S extends Scalar<S>>(
  p: Party<S>,
  network: Network,
  publicValues: PublicValues,
  prover: ProverSide | undefined,
): OpeningClaim<S> {
  const { circuit } = network;
  const ledger = new Ledger<S>(p, circuit, publicValues, (t, r) => evaluateAt(prover!.hand, t, r));
  p.grind('lookup grinding', network.soundness.lookupGrinding);
  argueLookups(p, circuit, network.tree, ledger, prover?.hand);
  prover?.onPart('lookups');
  claimZeros(p, circuit, ledger);
  new Reduction(p, circuit, ledger, prover?.hand).run();
  prover?.onPart('linear');
  const opening = openLedger(p, network, ledger, prover);
  prover?.onPart('batch');
  return opening;
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
  { circuit, commitments, soundness }: Network,
  ledger: Ledger<S>,
  prover: ProverSide | undefined,
): OpeningClaim<S> {
  const place = new Map(commitments.flatMap((c, i) => c.columns.map((id, column) => [id, { i, column }] as const)));
  const claims: ColumnClaim<S>[] = [];
  for (const id of ledger.owed()) {
    const at = place.get(id);
    if (at === undefined) throw new RangeError(`a claim on ${circuit.tensors[id]!.name} was left over`);
    for (const { point, value } of ledger.take(id)) {
      claims.push({ commitment: at.i, column: at.column, point, value });
    }
  }
  const cellsOf = (commitment: number, row: number) => {
    const { packing } = commitments[commitment]!;
    return prover!.matrices[commitment]! + 4 * row * 2 ** packing.rowBits;
  };
  const mark = prover?.hand.machine.mark();
  const opening = argueOpening(
    p,
    commitments.map((c) => c.packing),
    claims,
    soundness.etaGrinding,
    (commitment, slab, shares) => slabMember(prover!.hand.machine, slab, cellsOf(commitment, slab.row), shares),
  );
  if (mark !== undefined) prover!.hand.machine.release(mark);
  return opening;
}
