/**
 * From the ledger's claims on columns to one linear functional of the committed rows of each class (docs/spec/30-commitment.md, batch evaluation).
 *
 *   V  gamma                    every claim is absorbed before
 *   sumcheck   sum_j gamma^j v_j = sum_S sum_x S(x) W_S(x),  W_S the weighted sum of the claims on slab S; slabs join late
 *   P  u_S = S(last n_S coordinates of rho), all of them;   check sum_S 2^-(N - n_S) W_S(rho) u_S
 *   P  in zero knowledge s = g(z) for the mask g of every class, z the last m coordinates of rho
 *   V  eta, only now: with coefficients known before, errors in the u_S could cancel
 *   left:  v = sum_S eq(eta, S) u_S + eq(eta, K) s = <sum_i kappa_i row_i + eq(eta, K) g, eq(z)>,
 *          kappa of row i of slab S = eq(eta, S) eq(rho_hi^S, i), rho_hi^S the n_S - m coordinates before z
 * The mask has an index of its own, K: with coefficient 1, equal errors in all u_S would cancel against one in s. v may be seen: g hides it.
 */
import type { Packing, Slab } from '../commit/packing.ts';
import { pieceClaims } from '../commit/packing.ts';
import { Ext, type Scalar } from '../field/ext.ts';
import { bitsFor, eqFactor, eqIndex, eqTable, type Point } from '../field/mle.ts';
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

/** A commitment as the opening sees it. */
export interface OpeningCommitment {
  readonly packing: Packing;
  /** Index of its class: commitments with the same code are opened together. */
  readonly class: number;
  /** Whether anybody may have its cells: then what is said of them hides nothing. */
  readonly isOpen: boolean;
}

export interface ClassPlan {
  readonly rowBits: number;
  readonly etaGrinding: number;
  /** Whether a mask belongs to the class: in zero knowledge. */
  readonly isMasked: boolean;
}

/** What the prover does where messages need its cells. */
export interface OpeningSide {
  member(commitment: number, slab: Slab, claims: readonly SlabClaim[]): SlabMember;
  /** The mask of a class at a point of m coordinates. */
  mask(classIndex: number, z: Point): Ext;
}

/** The functional that is left of one class. */
export interface OpeningClaim {
  /** Row weights, by commitment; undefined for those of other classes. */
  readonly kappas: readonly (readonly Ext[] | undefined)[];
  /** The weight of the mask, where there is one. */
  readonly mask: Ext;
  readonly point: Point;
  readonly value: Ext;
}

export function argueOpening<S extends Scalar<S>>(
  p: Party<S>,
  commitments: readonly OpeningCommitment[],
  classes: readonly ClassPlan[],
  claims: readonly ColumnClaim<S>[],
  side: () => OpeningSide,
): OpeningClaim[] {
  const packings = commitments.map((c) => c.packing);
  const gamma = p.challenge('opening batch');
  const slabs = packings.flatMap((packing, c) => packing.slabs.map((slab) => ({ commitment: c, slab })));
  const { total, shares } = shareClaims(p, packings, claims, gamma);
  const variables = Math.max(...classes.map((c) => c.rowBits), ...slabs.map((s) => s.slab.bits));
  let members: readonly SlabMember[] = [];
  const { point: rho, value } = sumcheck(p, 'opening round', variables, 2, total, () => {
    members = slabs.map(({ commitment, slab }) => side().member(commitment, slab, shares.get(slab) ?? []));
    return members.map(({ claim, instance }) => ({ weight: Ext.ONE, claim, instance }));
  });
  const u = slabValues(p, commitments, (i) => members[i]!.end(rho.slice(variables - slabs[i]!.slab.bits)));
  let rest = value;
  const eqs = new SuffixEq(rho);
  slabs.forEach(({ slab }, i) => {
    const weight = slabWeightAt(slab, shares.get(slab) ?? [], eqs).mul(half(variables - slab.bits));
    rest = rest.sub(u[i]!.scale(weight));
  });
  p.zero(rest, 'opening.batch');
  const points = classes.map((c) => rho.slice(variables - c.rowBits));
  const masks = classes.map((c, i) =>
    c.isMasked ? p.exchange('mask value', 1, () => [side().mask(i, points[i]!)])[0]! : p.known(Ext.ZERO),
  );
  p.settle();
  return classes.map(({ etaGrinding }, i) => {
    const own = slabs.flatMap((s, k) => (commitments[s.commitment]!.class === i ? [k] : []));
    p.grind('eta grinding', etaGrinding);
    const eta = eqTable(p.challenges('eta', Math.max(1, bitsFor(own.length + 1))));
    const mask = eta[own.length]!;
    const opened = own.map((k, j) => u[k]!.scale(eta[j]!)).reduce((a, b) => a.add(b), masks[i]!.scale(mask));
    return {
      kappas: rowWeights(commitments, i, eta, rho),
      mask,
      point: points[i]!,
      value: p.reveal('opened value', opened),
    };
  });
}

/** u_S of every slab, one message a commitment: hidden, or in clear where the commitment is open. */
function slabValues<S>(p: Party<S>, commitments: readonly OpeningCommitment[], end: (slab: number) => Ext): S[] {
  const u: S[] = [];
  for (const { packing, isOpen } of commitments) {
    const count = packing.slabs.length;
    const first = u.length;
    const compute = () => packing.slabs.map((_, i) => end(first + i));
    const values = isOpen
      ? p.show('slab values', count, compute).map((e) => p.known(e))
      : p.exchange('slab values', count, compute);
    u.push(...values);
  }
  return u;
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
    const onPiece = pieceClaims(shape, claim.point);
    for (const { slab, index } of pieces[claim.commitment]![claim.column]!) {
      const piece = slab.pieces[index]!;
      const { coefficient, point } = onPiece(piece);
      // a claim on a box of the column reads none of the other pieces
      if (coefficient.isZero()) continue;
      const share = { weight: power.mul(coefficient), point, offset: piece.offset };
      const list = shares.get(slab);
      if (list === undefined) shares.set(slab, [share]);
      else list.push(share);
    }
    power = power.mul(gamma);
  }
  return { total, shares };
}

/** W_S at the last coordinates of rho. */
function slabWeightAt(slab: Slab, claims: readonly SlabClaim[], eqs: SuffixEq): Ext {
  const point = eqs.rho.slice(eqs.rho.length - slab.bits);
  const ofPieces = new Map<number, Ext>();
  let sum = Ext.ZERO;
  for (const { weight, point: within, offset } of claims) {
    let ofPiece = ofPieces.get(offset);
    if (ofPiece === undefined) {
      ofPiece = eqIndex(point.slice(0, slab.bits - within.length), offset / 2 ** within.length);
      ofPieces.set(offset, ofPiece);
    }
    sum = sum.add(weight.mul(ofPiece).mul(eqs.at(within)));
  }
  return sum;
}

/** A coordinate of a point, and eq from it to the last one. */
interface SuffixNode {
  readonly eq: Ext;
  next?: Map<Ext, SuffixNode>;
}

/** eq of points with as many last coordinates of rho. Claims share most of their coordinates, from the last one on: each suffix is multiplied once. */
class SuffixEq {
  readonly rho: Point;
  readonly #root: SuffixNode = { eq: Ext.ONE };

  constructor(rho: Point) {
    this.rho = rho;
  }

  at(point: Point): Ext {
    let node = this.#root;
    for (let i = point.length - 1, j = this.rho.length - 1; i >= 0; i--, j--) {
      const coordinate = point[i]!;
      node.next ??= new Map();
      let next = node.next.get(coordinate);
      if (next === undefined) {
        next = { eq: node.eq.mul(eqFactor(coordinate, this.rho[j]!)) };
        node.next.set(coordinate, next);
      }
      node = next;
    }
    return node.eq;
  }
}

/** kappa of every row of a class, commitment by commitment; a row of no slab has weight zero. */
function rowWeights(
  commitments: readonly OpeningCommitment[],
  classIndex: number,
  eta: readonly Ext[],
  rho: Point,
): (Ext[] | undefined)[] {
  let k = 0;
  return commitments.map(({ packing: { slabs, rows, rowBits }, class: own }) => {
    if (own !== classIndex) return undefined;
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
