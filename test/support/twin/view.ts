/**
 * Claims on views (docs/spec/60-relations.md, section 4):
 *   v(r) = factor sum_x t(fixed, x) prod_g S_g(x_g) + constant,   S_g(i) = sum_(j : map(j) = i) eq(r_j, j)
 *   constant = fill (box_v(r) - covered),   covered = prod over all maps of sum_(j : map(j) inside) eq(r_j, j)
 */
import type { AxisMap, View } from '../../../src/circuit/types.ts';
import type { Argument } from './argument.ts';
import {
  below,
  bits,
  box,
  corner,
  type E,
  eq,
  eqCells,
  indexBits,
  int,
  inverse,
  mul,
  ONE,
  type Point,
  product,
  same,
  splitPoint,
  sub,
  sum,
  ZERO,
} from './field.ts';
import { known as knownAs, minus, times } from './hidden.ts';
import { type Job, LABEL } from './jobs.ts';
import type { Claim, Ledger } from './ledger.ts';

type Affine = Extract<AxisMap, { readonly kind: 'affine' }>;
type Index = Extract<AxisMap, { readonly kind: 'index' }>;

/** A view at a point: sizes of its axes and the source's, the point axis by axis. */
interface Seen {
  readonly shape: readonly number[];
  readonly source: readonly number[];
  readonly axes: readonly Point[];
}

/** Nothing to sum: the claim goes to the source at once. */
export function viewJob(
  def: View,
  shape: readonly number[],
  { point: r, value: y }: Claim,
  ledger: Ledger,
  argument: Argument,
): Job[] {
  const seen = { shape, source: ledger.shape(def.source), axes: splitPoint(shape, r) };
  const fixed = new Map<number, Point>(); // axis of the source -> its coordinates
  const groups: Group[] = [];
  let factor = ONE;
  for (const map of def.maps) {
    const aligned = map.kind === 'affine' && def.fill === 0 ? align(map, seen) : undefined;
    if (map.kind === 'keep') fixed.set(map.from, seen.axes[map.to]!);
    else if (map.kind === 'broadcast') factor = mul(factor, below(shape[map.to]!, seen.axes[map.to]!));
    else if (aligned === undefined) groups.push(groupOf(map, seen));
    else {
      fixed.set(aligned.from, aligned.at);
      factor = mul(factor, aligned.factor);
    }
  }
  const constant = def.fill === 0 ? ZERO : mul(int(def.fill), sub(box(shape, r), covered(def, seen)));
  const rest = minus(y, knownAs(constant));
  if (same(factor, ZERO)) {
    argument.zero(rest, 'view'); // R2
    return [];
  }
  const total = times(inverse(factor), rest);
  const free = groups.flatMap((g) => g.from);
  const sizes = free.map((a) => seen.source[a]!);
  const pointOf = (inside: readonly Point[]) => seen.source.flatMap((_, a) => fixed.get(a) ?? inside[free.indexOf(a)]!);
  if (groups.length === 0) {
    const known = ledger.known(def.source, pointOf([]));
    if (known === undefined) ledger.enter(def.source, pointOf([]), total);
    else argument.zero(minus(known, total), 'linear'); // R1
    return [];
  }
  const end: Job['end'] = (rho, argument) => {
    const inside = splitPoint(sizes, rho);
    const t = ledger.value(def.source, pointOf(inside), argument, LABEL);
    const weights = groups.map((g) =>
      weightOf(
        g,
        seen,
        g.from.map((a) => inside[free.indexOf(a)]!),
      ),
    );
    return times(product(weights), t);
  };
  return [{ variables: indexBits(sizes), degree: 2, sum: total, end }];
}

// ---- groups ------------------------------------------------------------------------------------------------------------

/** A map cell by cell: j is a flat index over its `to` axes, what it reads one over its `from` axes. */
interface Group {
  readonly from: readonly number[];
  readonly cells: readonly {
    /** eq(r_j, j) */
    readonly weight: E;
    /** Undefined: the fill. */
    readonly reads: number | undefined;
  }[];
}

function groupOf(map: Affine | Index, { shape, source, axes }: Seen): Group {
  const [from, to] = map.kind === 'affine' ? [[map.from], [map.to]] : [map.from, map.to];
  const size = from.reduce((n, a) => n * source[a]!, 1);
  const weights = eqCells(
    to.map((a) => shape[a]!),
    to.map((a) => axes[a]!),
  );
  const cells = weights.map((weight, j) => {
    const i = map.kind === 'affine' ? map.stride * j + map.offset : map.map === null ? j : map.map[j]!;
    return { weight, reads: i >= 0 && i < size ? i : undefined };
  });
  return { from, cells };
}

/** S_g at a point of its source axes. */
function weightOf({ from, cells }: Group, { source }: Seen, point: readonly Point[]): E {
  const at = eqCells(
    from.map((a) => source[a]!),
    point,
  );
  return sum(cells.flatMap(({ weight, reads }) => (reads === undefined ? [] : [mul(weight, at[reads]!)])));
}

function covered({ maps }: View, seen: Seen): E {
  const inside = maps.map((map) => {
    if (map.kind === 'keep' || map.kind === 'broadcast') return below(seen.shape[map.to]!, seen.axes[map.to]!);
    return sum(groupOf(map, seen).cells.flatMap(({ weight, reads }) => (reads === undefined ? [] : [weight])));
  });
  return product(inside);
}

// ---- aligned maps ------------------------------------------------------------------------------------------------------

interface Aligned {
  readonly from: number;
  readonly at: Point;
  readonly factor: E;
}

/** The first of three rules under which an affine map reads its axis at one point; undefined where none applies. */
function align({ from, to, stride, offset }: Affine, { shape, source, axes }: Seen): Aligned | undefined {
  const [s, n, r] = [shape[to]!, source[from]!, axes[to]!];
  const [B, b] = [bits(s), bits(n)];
  const k = Math.log2(stride);
  const isWhole = stride * (s - 1) + offset < n && n <= stride * s + offset;
  if (Number.isInteger(k) && offset >= 0 && offset < stride && B + k === b && isWhole) {
    return { from, at: [...r, ...corner(offset, k)], factor: ONE };
  }
  if (stride !== 1) return undefined;
  if (offset <= 0 && -offset % 2 ** b === 0 && n - offset <= s) {
    const leading = r.slice(0, B - b);
    return { from, at: r.slice(B - b), factor: eq(leading, corner(-offset / 2 ** b, B - b)) };
  }
  const isPadded = s === 2 ** B || offset + s >= n;
  if (offset >= 0 && offset % 2 ** B === 0 && offset + s <= n && isPadded) {
    return { from, at: [...corner(offset / 2 ** B, b - B), ...r], factor: ONE };
  }
  return undefined;
}
