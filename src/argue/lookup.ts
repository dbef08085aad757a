/**
 * All lookups of a network in one fraction tree: logUp-GKR (Haboeck 2022/1530, Papini-Haboeck 2023/1284).
 *
 * Leaves are fractions p/q. Block b is a box of a lookup (inside it numerator 1) or a table (numerator -m), with denominator
 *   c - fp,   fp = x_0 + beta x_1 + .. + beta^W id,   W the widest tuple of the circuit;
 * every other leaf is 0/1. Blocks are aligned, largest first, so they are subtrees. The sum of all fractions is zero exactly when every
 * looked-up tuple is a row of its table, as often as m says.
 *
 * A layer's claims (p, q)(w) reduce to its children's, node i having children 2i and 2i+1:
 *   V -> P  lambda;   T = p + lambda q = sum_x eq(w, x) (p0 q1 + p1 q0 + lambda q0 q1)(x)
 *   a sumcheck with the eq factor taken out (Gruen 2024/108): t(X) = t0 + d X + c X (X - 1), T = t0 + w d
 *     P -> V  d, c      V -> P  x      T <- T + d (x - w) + c x (x - 1)
 *   P -> V  p0, p1, q0, q1 with T = p0 q1 + p1 q0 + lambda q0 q1;   V -> P  mu, the new last coordinate
 */
import type { Circuit } from '../circuit/types.ts';
import { Ext, powers, type Scalar } from '../field/ext.ts';
import { boxAt, eqIndex, type Point } from '../field/mle.ts';
import type { Hand } from './hand.ts';
import { pointOf, type TreeLayout, tableColumnAt, tableTag } from './layout.ts';
import type { Ledger } from './ledger.ts';
import type { Party } from './party.ts';
import { LookupTree } from './tree.ts';
import { spaceOf } from './windows.ts';

/** Leaves the value of every looked-up tensor and every multiplicity column in the ledger. */
export function argueLookups<S extends Scalar<S>>(
  p: Party<S>,
  circuit: Circuit,
  layout: TreeLayout,
  ledger: Ledger<S>,
  hand: Hand | undefined,
): void {
  const [c, beta] = p.challenges('lookup challenge', 2) as [Ext, Ext];
  let tree: LookupTree | undefined;
  p.act(() => {
    tree = new LookupTree(hand!, layout, c, beta, spaceOf(hand!.machine));
  });
  const end = descend(p, layout.depth, () => tree!);
  p.act(() => tree!.release());
  checkLeaves(p, circuit, layout, ledger, c, beta, end);
}

interface LeafClaim<S> {
  readonly point: Point;
  readonly p: S;
  readonly q: S;
}

/** From the root to the leaves. */
function descend<S extends Scalar<S>>(p: Party<S>, depth: number, tree: () => LookupTree): LeafClaim<S> {
  const root = p.exchange('tree root', 4, () => tree().root()) as [S, S, S, S];
  p.zero(p.mul(root[0], root[3]).add(p.mul(root[1], root[2])), 'lookup.root');
  p.nonzero(p.mul(root[2], root[3]), 'lookup.denominator');
  const mu = p.challenge('tree child');
  let claim = child(root, [], mu);
  for (let layer = 1; layer < depth; layer++) {
    const lambda = p.challenge('tree lambda');
    p.act(() => tree().startLayer(layer, claim.point, lambda));
    let total = claim.p.add(claim.q.scale(lambda));
    const point: Ext[] = [];
    for (const w of claim.point) {
      const sent = p.exchange('tree round', 2, () => tree().round(p.worth(total))) as [S, S];
      const x = p.challenge('tree round');
      total = total.add(sent[0].scale(x.sub(w))).add(sent[1].scale(x.mul(x).sub(x)));
      p.act(() => tree().bind(x));
      point.push(x);
    }
    const v = p.exchange('tree values', 4, () => tree().values()) as [S, S, S, S];
    const cross = p.mul(v[0], v[3]).add(p.mul(v[1], v[2]));
    p.zero(total.sub(cross).sub(p.mul(v[2], v[3]).scale(lambda)), 'lookup.layer', `layer ${layer}`);
    claim = child(v, point, p.challenge('tree child'));
  }
  return claim;
}

/** p = (1 - mu) p0 + mu p1, likewise q, at (point, mu). */
function child<S extends Scalar<S>>(v: readonly [S, S, S, S], point: Point, mu: Ext): LeafClaim<S> {
  const [p0, p1, q0, q1] = v;
  return { point: [...point, mu], p: p0.add(p1.sub(p0).scale(mu)), q: q0.add(q1.sub(q0).scale(mu)) };
}

/**
 * p(r) = sum_lookups E_b I_b - sum_tables E_b m_b,   q(r) = 1 + sum_b E_b (I_b (c - beta^W id_b - 1) - sum_i beta^i x_(b,i)),
 * E_b = eq(r_hi, b), I_b = box_b(r_lo), every x zero outside its box.
 */
function checkLeaves<S extends Scalar<S>>(
  p: Party<S>,
  circuit: Circuit,
  layout: TreeLayout,
  ledger: Ledger<S>,
  c: Ext,
  beta: Ext,
  end: LeafClaim<S>,
): void {
  const betas = powers(beta, layout.width + 1);
  let numerator = p.known(Ext.ZERO);
  let denominator = p.known(Ext.ONE);
  const suffixes = new Map<number, Point>();
  for (const b of layout.blocks) {
    if (!suffixes.has(b.bits)) suffixes.set(b.bits, end.point.slice(layout.depth - b.bits));
    const r = suffixes.get(b.bits)!;
    const point = pointOf(b, r);
    const e = eqIndex(end.point.slice(0, layout.depth - b.bits), b.offset / 2 ** b.bits);
    const box = boxAt(b.shape, r);
    const constant = c.sub(betas[layout.width]!.mul(Ext.of(tableTag(b.table)))).sub(Ext.ONE);
    let q = p.known(box.mul(constant));
    const table = circuit.tables[b.table]!;
    if (b.kind === 'lookup') {
      numerator = numerator.add(p.known(e.mul(box)));
      b.tensors.forEach((t, i) => {
        q = q.sub(ledger.claim(t, point, 'leaf value').scale(betas[i]!));
      });
    } else {
      numerator = numerator.sub(ledger.claim(table.multiplicity, r, 'leaf value').scale(e));
      table.columns.forEach((column, i) => {
        q = q.sub(p.known(tableColumnAt(column, table.rows, r).mul(betas[i]!)));
      });
    }
    denominator = denominator.add(q.scale(e));
  }
  p.zero(numerator.sub(end.p), 'lookup.numerators');
  p.zero(denominator.sub(end.q), 'lookup.denominators');
}
