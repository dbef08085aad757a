/**
 * From the ledger's claims on columns to one linear functional of the committed rows (docs/spec/30-commitment.md, batch evaluation).
 *
 *   V  gamma                    every claim is absorbed before
 *   sumcheck   sum_j gamma^j v_j = sum_S sum_x S(x) W_S(x),  W_S the weighted sum of the claims on slab S; slabs join late
 *   P  u_S = S(last n_S coordinates of rho), all of them;   check sum_S 2^-(N - n_S) W_S(rho) u_S
 *   V  eta, only now: with coefficients known before, errors in the u_S could cancel
 *   left:  sum_S eq(eta, S) u_S = <sum_i kappa_i row_i, eq(z)>,  z the last m coordinates of rho,
 *          kappa of row i of slab S = eq(eta, S) eq(rho_hi^S, i), rho_hi^S the n_S - m coordinates before z
 */
import type { Packing, Slab } from '../commit/packing.ts';
import { pieceClaim } from '../commit/packing.ts';
import { Ext, type Scalar } from '../field/ext.ts';
import { bitsFor, eqAt, eqIndex, eqTable, type Point } from '../field/mle.ts';
import { half } from '../field/rounds.ts';
import type { Party } from './party.ts';
import { type Member, sumcheck } from './sumcheck.ts';

/** A claim on one column of a commitment. */
export interface ColumnClaim<S> {
  readonly commitment: number;
  readonly column: number;
  readonly point: Point;
  readonly value: S;
}

/** One claim's share in a slab: weight * (the piece's extension at point), from `offset`. */
export interface SlabClaim {
  readonly weight: Ext;
  readonly point: Point;
  readonly offset: number;
}

/** The prover's member for a slab, and the slab's extension at a point that all variables were bound to. */
export interface SlabMember extends Omit<Member, 'weight'> {
  end(point: Point): Ext;
}

export type SlabMembers = (commitment: number, slab: Slab, claims: readonly SlabClaim[]) => SlabMember;

export interface OpeningClaim<S> {
  /** Row weights of each commitment. */
  readonly kappas: readonly (readonly Ext[])[];
  readonly point: Point;
  readonly value: S;
}

export function argueOpening<S extends Scalar<S>>(
  p: Party<S>,
  packings: readonly Packing[],
  claims: readonly ColumnClaim<S>[],
  etaGrinding: number,
  memberOf: SlabMembers,
): OpeningClaim<S> {
  const gamma = p.challenge('opening batch');
  const slabs = packings.flatMap((packing, c) => packing.slabs.map((slab) => ({ commitment: c, slab })));
  const { total, shares } = shareClaims(p, packings, claims, gamma);
  const variables = slabs.reduce((n, s) => Math.max(n, s.slab.bits), 0);
  let members: readonly SlabMember[] = [];
  const { point: rho, value } = sumcheck(p, 'opening round', variables, 2, total, () => {
    members = slabs.map(({ commitment, slab }) => memberOf(commitment, slab, shares.get(slab) ?? []));
    return members.map(({ claim, instance }) => ({ weight: Ext.ONE, claim, instance }));
  });
  const u = p.exchange('slab values', slabs.length, () =>
    members.map((s) => s.end(rho.slice(variables - s.instance.variables))),
  );
  let rest = value;
  slabs.forEach(({ slab }, i) => {
    const suffix = rho.slice(variables - slab.bits);
    const weight = slabWeightAt(slab, shares.get(slab) ?? [], suffix).mul(half(variables - slab.bits));
    rest = rest.sub(u[i]!.scale(weight));
  });
  p.zero(rest, 'opening.batch');
  p.grind('eta grinding', etaGrinding);
  const eta = eqTable(p.challenges('eta', Math.max(1, bitsFor(slabs.length + 1))));
  const opened = u.map((v, i) => v.scale(eta[i]!)).reduce((a, b) => a.add(b));
  const m = packings[0]!.rowBits;
  return { kappas: rowWeights(packings, eta, rho), point: rho.slice(variables - m), value: opened };
}

/** gamma^j v_j summed, and each claim's weighted pieces by slab. */
function shareClaims<S extends Scalar<S>>(
  p: Party<S>,
  packings: readonly Packing[],
  claims: readonly ColumnClaim<S>[],
  gamma: Ext,
): { total: S; shares: Map<Slab, SlabClaim[]> } {
  const pieces = packings.map((packing) => {
    const byColumn = packing.shapes.map((): { slab: Slab; index: number }[] => []);
    for (const slab of packing.slabs) {
      for (const [index, piece] of slab.pieces.entries()) byColumn[piece.column]!.push({ slab, index });
    }
    return byColumn;
  });
  const shares = new Map<Slab, SlabClaim[]>();
  let total = p.known(Ext.ZERO);
  let power = Ext.ONE;
  for (const claim of claims) {
    total = total.add(claim.value.scale(power));
    const shape = packings[claim.commitment]!.shapes[claim.column]!;
    for (const { slab, index } of pieces[claim.commitment]![claim.column]!) {
      const piece = slab.pieces[index]!;
      const { coefficient, point } = pieceClaim(shape, claim.point, piece);
      const share = { weight: power.mul(coefficient), point, offset: piece.offset };
      const list = shares.get(slab);
      if (list === undefined) shares.set(slab, [share]);
      else list.push(share);
    }
    power = power.mul(gamma);
  }
  return { total, shares };
}

/** W_S at a point of the slab's variables. */
function slabWeightAt(slab: Slab, claims: readonly SlabClaim[], point: Point): Ext {
  let sum = Ext.ZERO;
  for (const c of claims) {
    const leading = slab.bits - c.point.length;
    const at = eqIndex(point.slice(0, leading), c.offset / 2 ** c.point.length);
    sum = sum.add(c.weight.mul(at).mul(eqAt(c.point, point.slice(leading))));
  }
  return sum;
}

/** kappa of every row, commitment by commitment; a row of no slab has weight zero. */
function rowWeights(packings: readonly Packing[], eta: readonly Ext[], rho: Point): Ext[][] {
  let k = 0;
  return packings.map(({ slabs, rows, rowBits }) => {
    const kappas: Ext[] = new Array(rows).fill(Ext.ZERO);
    for (const slab of slabs) {
      const high = rho.slice(rho.length - slab.bits, rho.length - rowBits);
      eqTable(high, eta[k]!).forEach((e, i) => {
        kappas[slab.row + i] = e;
      });
      k += 1;
    }
    return kappas;
  });
}
