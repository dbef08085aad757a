/**
 * Cells of a view: v[j] = source[map(j)], the source offset being a sum of one table entry a map.
 */
import type { AxisMap, IntArray, View } from './types.ts';
import { cellsOf } from './types.ts';

/** Row-major strides of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (let a = shape.length - 1; a >= 0; a--) {
    strides[a] = step;
    step *= shape[a]!;
  }
  return strides;
}

/** One map's share of the source offset, at each flat index over its `to` axes (NONE where it has no source), and where it is now. */
interface Share {
  readonly map: AxisMap;
  readonly offsets: Int32Array;
  /** Step of the flat index along each axis of the view; 0 for axes of other maps. */
  readonly steps: readonly number[];
  flat: number;
}

const NONE = -1;

/** Fills `out` (dense, of `shape`) with the cells of a view of `source` (dense, of `from`). */
export function evaluateView(
  view: View,
  source: IntArray,
  from: readonly number[],
  shape: readonly number[],
  out: IntArray,
): void {
  if (isReshape(view, from, shape)) {
    out.set(source);
    return;
  }
  const shares = view.maps.map((map) => shareOf(map, from, shape));
  const last = shape.length - 1;
  const inner = shape[last] ?? 1;
  const row = shares.find((s) => (s.steps[last] ?? 0) !== 0);
  const others = shares.filter((s) => s !== row);
  const copy = rowCopier(row, inner, row?.steps[last] ?? 0, view.fill, source, out);
  const index = shape.map(() => 0);
  for (let o = 0; o < out.length; o += inner) {
    const base = baseOffset(others);
    if (base === NONE) out.fill(view.fill, o, o + inner);
    else copy(base, o);
    advance(index, shape, shares);
  }
}

/** True where every cell keeps its row-major place. */
function isReshape(view: View, from: readonly number[], shape: readonly number[]): boolean {
  const ascending = (axes: readonly number[], rank: number): boolean =>
    axes.length === rank && axes.every((axis, i) => axis === i);
  const [map] = view.maps;
  if (view.maps.length === 1 && map?.kind === 'index') {
    return map.map === null && ascending(map.from, from.length) && ascending(map.to, shape.length);
  }
  return view.maps.every((m) => m.kind === 'keep' && m.from === m.to);
}

function shareOf(map: AxisMap, from: readonly number[], shape: readonly number[]): Share {
  const to = map.kind === 'index' ? map.to : [map.to];
  const inner = stridesOf(to.map((axis) => shape[axis]!));
  const steps = shape.map(() => 0);
  to.forEach((axis, i) => {
    steps[axis] = inner[i]!;
  });
  const sources = sourceOffsets(map, from);
  const offsets = Int32Array.from({ length: cellsOf(to.map((axis) => shape[axis]!)) }, (_, j) => sources(j));
  return { map, offsets, steps, flat: 0 };
}

/** Source offset of a flat index over a map's `to` axes, or NONE. */
function sourceOffsets(map: AxisMap, from: readonly number[]): (j: number) => number {
  if (map.kind === 'broadcast') return () => 0;
  const strides = stridesOf(from);
  if (map.kind === 'keep') return (j) => j * strides[map.from]!;
  if (map.kind === 'affine') {
    return (j) => {
      const i = map.stride * j + map.offset;
      return i < 0 || i >= from[map.from]! ? NONE : i * strides[map.from]!;
    };
  }
  return (j) => {
    let i = map.map === null ? j : map.map[j]!;
    if (i < 0) return NONE;
    let offset = 0;
    for (let a = map.from.length - 1; a >= 0; a--) {
      const size = from[map.from[a]!]!;
      offset += (i % size) * strides[map.from[a]!]!;
      i = Math.floor(i / size);
    }
    return offset;
  };
}

/** Sum of the shares at their flat indices, or NONE. */
function baseOffset(shares: readonly Share[]): number {
  let base = 0;
  for (const share of shares) {
    const offset = share.offsets[share.flat]!;
    if (offset === NONE) return NONE;
    base += offset;
  }
  return base;
}

type CopyRow = (base: number, o: number) => void;

/** How one row of the view is copied: out[o + i] = source[base + offsets[flat + i step]] for i < count. */
function rowCopier(
  share: Share | undefined,
  count: number,
  step: number,
  fill: number,
  source: IntArray,
  out: IntArray,
): CopyRow {
  if (share !== undefined && share.map.kind === 'index') {
    const { offsets } = share;
    return (base, o) => {
      for (let i = 0; i < count; i++) {
        const offset = offsets[share.flat + i * step]!;
        out[o + i] = offset === NONE ? fill : source[base + offset]!;
      }
    };
  }
  // The row is the map's only axis: a run of cells at equal distances, the same in every row, with fill around it.
  const offsets = share?.offsets ?? Int32Array.of(0);
  const begin = Math.max(
    0,
    offsets.findIndex((offset) => offset !== NONE),
  );
  const end = 1 + offsets.findLastIndex((offset) => offset !== NONE);
  const first = offsets[begin]!;
  const stride = end - begin > 1 ? offsets[begin + 1]! - first : 0;
  return (base, o) => {
    if (end - begin < count) out.fill(fill, o, o + count);
    let at = base + first;
    if (stride === 0) out.fill(source[at]!, o + begin, o + end);
    else if (stride === 1 && end - begin > LONG_RUN) out.set(source.subarray(at, at + end - begin), o + begin);
    else for (let i = o + begin; i < o + end; i++, at += stride) out[i] = source[at]!;
  };
}

/** Cells from which a copy is faster than a loop. */
const LONG_RUN = 32;

/** The next row: counts up all axes but the last, and each share's flat index with them. */
function advance(index: number[], shape: readonly number[], shares: readonly Share[]): void {
  for (let a = shape.length - 2; a >= 0; a--) {
    const isCarry = ++index[a]! === shape[a]!;
    const count = isCarry ? 1 - shape[a]! : 1;
    for (const share of shares) share.flat += count * share.steps[a]!;
    if (!isCarry) return;
    index[a] = 0;
  }
}
