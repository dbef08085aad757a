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

/** One map's share of the source offset, at each flat index over its `to` axes; NONE where it has no source. */
interface Share {
  readonly offsets: Int32Array;
  /** Step of the flat index along each axis of the view; 0 for axes of other maps. */
  readonly steps: readonly number[];
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
  const inner = last < 0 ? 1 : shape[last]!;
  const along = Math.max(
    0,
    shares.findIndex((s) => last >= 0 && s.steps[last] !== 0),
  );
  const flats = shares.map(() => 0);
  const index = shape.map(() => 0);
  for (let o = 0; o < out.length; o += inner) {
    const base = baseOffset(shares, flats, along);
    if (base === NONE) out.fill(view.fill, o, o + inner);
    else copyRow(source, base, shares[along], flats[along]!, shares[along]?.steps[last] ?? 0, view.fill, out, o, inner);
    advance(index, shape, shares, flats);
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
  return { offsets, steps };
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

/** Sum of all shares but the one along the row, or NONE. */
function baseOffset(shares: readonly Share[], flats: readonly number[], along: number): number {
  let base = 0;
  for (let s = 0; s < shares.length; s++) {
    if (s === along) continue;
    const offset = shares[s]!.offsets[flats[s]!]!;
    if (offset === NONE) return NONE;
    base += offset;
  }
  return base;
}

/** out[o + i] = source[base + offsets[flat + i step]] for i < count. */
function copyRow(
  source: IntArray,
  base: number,
  share: Share | undefined,
  flat: number,
  step: number,
  fill: number,
  out: IntArray,
  o: number,
  count: number,
): void {
  if (share === undefined) {
    out.fill(source[base]!, o, o + count);
    return;
  }
  const offsets = share.offsets;
  for (let i = 0; i < count; i++) {
    const offset = offsets[flat + i * step]!;
    out[o + i] = offset === NONE ? fill : source[base + offset]!;
  }
}

/** The next row: counts up all axes but the last, and each share's flat index with them. */
function advance(index: number[], shape: readonly number[], shares: readonly Share[], flats: number[]): void {
  for (let a = shape.length - 2; a >= 0; a--) {
    const isCarry = ++index[a]! === shape[a]!;
    const step = isCarry ? 1 - shape[a]! : 1;
    for (let s = 0; s < shares.length; s++) flats[s]! += step * shares[s]!.steps[a]!;
    if (!isCarry) return;
    index[a] = 0;
  }
}
