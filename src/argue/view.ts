/**
 * View: v[j] = t[map(j)], or fill where some axis has no source. The maps are independent, so with the weights S of weights.ts
 *
 *   v(r) = prod_broadcast LT(r) * sum_x t(r_kept, x) prod_g S_g(x_g) + fill (box_v(r) - covered(r))
 *
 * Whole axes only rename coordinates; a power-of-two stride or an aligned part fixes coordinates of t and needs no sum. What is
 * left is a short sumcheck over the source axes of the other maps.
 */
import type { AxisMap, View } from '../circuit/types.ts';
import { Ext } from '../field/ext.ts';
import { bitPoint, bitsFor, eqIndex, lessThan, type Point, splitPoint } from '../field/mle.ts';
import { coveredBy, viewWeights } from './weights.ts';

/** Source axes that the sum runs over, and their weights. */
export interface Group {
  readonly axes: readonly number[];
  /** S over the flat axes, row-major. */
  readonly weights: readonly Ext[];
}

export interface ViewPlan {
  /** v(r) = factor * sum + constant. */
  readonly factor: Ext;
  readonly constant: Ext;
  /** For each source axis its coordinates, or null where the sum runs over it. */
  readonly fixed: readonly (Point | null)[];
  readonly groups: readonly Group[];
}

export function planView(view: View, shape: readonly number[], source: readonly number[], r: Point): ViewPlan {
  const points = splitPoint(shape, r);
  const fixed: (Point | null)[] = source.map(() => null);
  const groups: Group[] = [];
  let factor = Ext.ONE;
  let covered = Ext.ONE;
  for (const map of view.maps) {
    if (map.kind === 'broadcast') {
      const box = lessThan(shape[map.to]!, points[map.to]!);
      factor = factor.mul(box);
      covered = covered.mul(box);
    } else if (map.kind === 'keep') {
      fixed[map.from] = points[map.to]!;
      covered = covered.mul(lessThan(shape[map.to]!, points[map.to]!));
    } else {
      const aligned = alignAxis(map, shape, source, points);
      if (aligned !== undefined && view.fill === 0) {
        fixed[aligned.axis] = aligned.point;
        factor = factor.mul(aligned.factor);
        continue;
      }
      const to = map.kind === 'affine' ? [map.to] : map.to;
      const from = map.kind === 'affine' ? [map.from] : map.from;
      const size = from.reduce((n, a) => n * source[a]!, 1);
      const weights = viewWeights(
        map,
        to.map((a) => shape[a]!),
        to.map((a) => points[a]!),
        size,
      );
      if (view.fill !== 0) covered = covered.mul(coveredBy(weights));
      groups.push({ axes: from, weights });
    }
  }
  return { factor, constant: view.fill === 0 ? Ext.ZERO : fillPart(view.fill, shape, points, covered), fixed, groups };
}

function fillPart(fill: number, shape: readonly number[], points: readonly Point[], covered: Ext): Ext {
  const box = shape.reduce((e, size, a) => e.mul(lessThan(size, points[a]!)), Ext.ONE);
  return box.sub(covered).mul(Ext.of(fill));
}

/**
 * Affine maps that only fix coordinates, given that t is zero outside its size n:
 *   stride 2^k     i = 2^k j + o, 0 <= o < 2^k: t at (r, bits of o), where every j of v's padded axis outside v reads outside t
 *   placed part    i = j - o, 2^b | o, b the bits of t: v(r_hi, r_lo) = eq(r_hi, o / 2^b) t(r_lo)
 *   cut part       i = j + o, 2^b | o, b the bits of v: t at (o / 2^b, r), where v ends its block or t ends with it
 */
function alignAxis(
  map: AxisMap & { kind: 'affine' | 'index' },
  shape: readonly number[],
  source: readonly number[],
  points: readonly Point[],
): { axis: number; point: Point; factor: Ext } | undefined {
  if (map.kind === 'index') return undefined;
  const n = source[map.from]!;
  const size = shape[map.to]!;
  const r = points[map.to]!;
  const k = Math.log2(map.stride);
  const tBits = bitsFor(n);
  if (Number.isInteger(k) && map.offset >= 0 && map.offset < map.stride && r.length + k === tBits) {
    const reads = map.stride * (size - 1) + map.offset < n && map.stride * size + map.offset >= n;
    if (reads) return { axis: map.from, point: [...r, ...bitPoint(map.offset, k)], factor: Ext.ONE };
  }
  if (map.stride !== 1) return undefined;
  if (map.offset <= 0 && -map.offset % 2 ** tBits === 0 && n - map.offset <= size) {
    const high = r.slice(0, r.length - tBits);
    const factor = eqIndex(high, -map.offset / 2 ** tBits);
    return { axis: map.from, point: r.slice(r.length - tBits), factor };
  }
  const whole = size === 2 ** r.length || map.offset + size >= n;
  if (map.offset >= 0 && map.offset % 2 ** r.length === 0 && map.offset + size <= n && whole) {
    const high = bitPoint(map.offset / 2 ** r.length, tBits - r.length);
    return { axis: map.from, point: [...high, ...r], factor: Ext.ONE };
  }
  return undefined;
}
