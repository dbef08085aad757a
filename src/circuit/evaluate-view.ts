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
  /** Made when they are asked for: those of a long row of a kept axis are not. */
  readonly offsets: Int32Array;
  /** A single one. */
  readonly offsetAt: (j: number) => number;
  /** Step of the flat index along each axis of the view; 0 for axes of other maps. */
  readonly steps: readonly number[];
  flat: number;
}

const NONE = -1;

/** Fills `out` (dense, of `whole`) with the cells of a view of `source` (dense, of `from`). */
export function evaluateView(
  view: View,
  source: IntArray,
  from: readonly number[],
  whole: readonly number[],
  out: IntArray,
): void {
  const { maps, source: sizes, view: shape } = joinAxes(view.maps, from, whole);
  const shares = maps.map((map) => shareOf(map, sizes, shape));
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

/** Axes of a view and its source that follow each other in both, and whose cells keep their row-major place; or new axes. */
interface Run {
  /** None of new axes. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** The same view with one axis for each run of axes: long rows, and of a reshape a single one. */
function joinAxes(
  maps: readonly AxisMap[],
  source: readonly number[],
  view: readonly number[],
): { maps: readonly AxisMap[]; source: readonly number[]; view: readonly number[] } {
  const runs = maps.flatMap((map) => runOf(map)).sort((a, b) => a.to[0]! - b.to[0]!);
  const joined: Run[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    const next = (axes: readonly number[]): number | undefined => (axes.length === 0 ? undefined : axes.at(-1)! + 1);
    if (last !== undefined && run.to[0] === next(last.to) && run.from[0] === next(last.from))
      joined.push({ from: [...joined.pop()!.from, ...run.from], to: [...last.to, ...run.to] });
    else joined.push(run);
  }
  const from = renumber(
    source,
    joined.map((run) => run.from),
  );
  const to = renumber(
    view,
    joined.map((run) => run.to),
  );
  const others = maps.filter((map) => runOf(map).length === 0);
  return {
    maps: [
      ...joined.map((run): AxisMap => {
        const axis = to.places[run.to[0]!]!;
        return run.from.length === 0
          ? { kind: 'broadcast', to: axis }
          : { kind: 'keep', from: from.places[run.from[0]!]!, to: axis };
      }),
      ...others.map((map) => moved(map, from.places, to.places)),
    ],
    source: from.sizes,
    view: to.sizes,
  };
}

function runOf(map: AxisMap): Run[] {
  if (map.kind === 'keep') return [{ from: [map.from], to: [map.to] }];
  if (map.kind === 'broadcast') return [{ from: [], to: [map.to] }];
  if (map.kind !== 'index' || map.map !== null) return [];
  const isRun = (axes: readonly number[]): boolean => axes.length > 0 && axes.every((axis, i) => axis === axes[0]! + i);
  return isRun(map.from) && isRun(map.to) ? [{ from: map.from, to: map.to }] : [];
}

/** Sizes with one axis for each run, and where every axis has gone. */
function renumber(
  sizes: readonly number[],
  runs: readonly (readonly number[])[],
): { sizes: number[]; places: number[] } {
  const later = new Set(runs.flatMap((run) => run.slice(1)));
  const places: number[] = [];
  const out: number[] = [];
  sizes.forEach((size, axis) => {
    if (later.has(axis)) out[out.length - 1]! *= size;
    else out.push(size);
    places.push(out.length - 1);
  });
  return { sizes: out, places };
}

function moved(map: AxisMap, from: readonly number[], to: readonly number[]): AxisMap {
  if (map.kind === 'index') return { ...map, from: map.from.map((a) => from[a]!), to: map.to.map((a) => to[a]!) };
  return map.kind === 'affine' ? { ...map, from: from[map.from]!, to: to[map.to]! } : map;
}

function shareOf(map: AxisMap, from: readonly number[], shape: readonly number[]): Share {
  const to = map.kind === 'index' ? map.to : [map.to];
  const inner = stridesOf(to.map((axis) => shape[axis]!));
  const steps = shape.map(() => 0);
  to.forEach((axis, i) => {
    steps[axis] = inner[i]!;
  });
  const offsetAt = sourceOffsets(map, from);
  let offsets: Int32Array | undefined;
  return {
    map,
    offsetAt,
    steps,
    flat: 0,
    get offsets() {
      offsets ??= Int32Array.from({ length: cellsOf(to.map((axis) => shape[axis]!)) }, (_, j) => offsetAt(j));
      return offsets;
    },
  };
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
  const isWhole = share === undefined || share.map.kind !== 'affine';
  const begin = isWhole
    ? 0
    : Math.max(
        0,
        share.offsets.findIndex((offset) => offset !== NONE),
      );
  const end = isWhole ? count : 1 + share.offsets.findLastIndex((offset) => offset !== NONE);
  const offsetAt = share?.offsetAt ?? (() => 0);
  const first = offsetAt(begin);
  const stride = end - begin > 1 ? offsetAt(begin + 1) - first : 0;
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
