/**
 * Members of a stage's sumcheck (docs/spec/60-relations.md, sections 2 to 4): what a claim v(r) = y on a product, a contract or a view
 * says as a sum over a cube, and the value that the summed polynomial must have at the sumcheck's end.
 */
import type { AxisMap, Contract, Definition, View, Window } from '../../../src/circuit/types.ts';
import {
  below,
  bits,
  box,
  corner,
  type E,
  eq,
  eqCells,
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
import type { Claim, Ledger } from './ledger.ts';
import { must, type Transcript } from './transcript.ts';

export interface Job {
  readonly variables: number;
  readonly degree: 2 | 3;
  /** Of the polynomial over the cube. */
  readonly sum: E;
  /** Its value at the end, rho its own variables. What another stage must still show is added to `second`. */
  readonly end: (rho: Point, transcript: Transcript, second: Job[]) => E;
}

type Product = Extract<Definition, { readonly kind: 'product' }>;
type Grouped = Extract<AxisMap, { readonly kind: 'affine' | 'index' }>;

const LABEL = 'stage values';

/** y = sum_x eq(r, x) a(x) b(x) */
export function productJob(def: Product, { point: r, value: y }: Claim, ledger: Ledger): Job {
  const end: Job['end'] = (rho, transcript) => {
    const a = ledger.value(def.a, rho, transcript, LABEL);
    const b = ledger.value(def.b, rho, transcript, LABEL);
    return product([eq(r, rho), a, b]);
  };
  return { variables: r.length, degree: 3, sum: y, end };
}

// ---- contract ----------------------------------------------------------------------------------------------------------

/** Coordinates of labels. */
type Coordinates = ReadonlyMap<string, Point>;

function coordinatesOf(labels: readonly string[], sizes: readonly number[], point: Point): Coordinates {
  const axes = splitPoint(sizes, point);
  return new Map(labels.map((label, i) => [label, axes[i]!]));
}

/** y = sum_(batch, k, u) eq(r_batch, batch) A(r_m, batch, k, u) V(batch, k, u);  V = B, or B seen through its windows. */
export function contractJob(
  def: Contract,
  outShape: readonly number[],
  { point: r, value: y }: Claim,
  ledger: Ledger,
): Job {
  const shape = ledger.shape(def.a);
  const sizeOf = new Map(def.aAxes.map((label, i) => [label, shape[i]!]));
  const atOut = coordinatesOf(def.out, outShape, r);
  const windows = def.bAxes.filter((axis) => typeof axis !== 'string');
  const inB = (label: string) => def.bAxes.includes(label);
  const batch = def.aAxes.filter((label) => inB(label) && atOut.has(label));
  const k = def.aAxes.filter((label) => inB(label) && !atOut.has(label));
  const kernel = def.aAxes.filter((label) => windows.some((w) => w.kernel === label));
  const summed = [...batch, ...k, ...kernel];
  const sizes = summed.map((label) => sizeOf.get(label)!);

  const end: Job['end'] = (rho, transcript, second) => {
    const bound = coordinatesOf(summed, sizes, rho);
    const at = (label: string) => bound.get(label) ?? atOut.get(label)!;
    const a = ledger.value(def.a, def.aAxes.flatMap(at), transcript, LABEL);
    const weight = product(batch.map((label) => eq(atOut.get(label)!, bound.get(label)!)));
    if (windows.length === 0) {
      const b = ledger.value(def.b, (def.bAxes as string[]).flatMap(at), transcript, LABEL);
      return product([weight, a, b]);
    }
    const v = transcript.element(LABEL);
    second.push(windowJob(def, v, at, { sizeOf, outShape }, ledger));
    return product([weight, a, v]);
  };
  const variables = sizes.reduce((n, size) => n + bits(size), 0);
  return { variables, degree: batch.length > 0 ? 3 : 2, sum: y, end };
}

/**
 * V(rho) = sum_x B(r_n, rho_batch, rho_k, x) prod_w S_w(x_w),
 * S_w(x) = sum_(o, u) eq(r_o, o) eq(rho_u, u) [x = stride o + dilation u - pad],   x inside B's axis
 */
function windowJob(
  def: Contract,
  v: E,
  at: (label: string) => Point,
  { sizeOf, outShape }: { readonly sizeOf: ReadonlyMap<string, number>; readonly outShape: readonly number[] },
  ledger: Ledger,
): Job {
  const shape = ledger.shape(def.b);
  const isWindow = def.bAxes.map((axis) => typeof axis !== 'string');
  const sizes = shape.filter((_, i) => isWindow[i]);
  const through = (w: Window, size: number, x: Point): E => {
    const [os, us] = [outShape[def.out.indexOf(w.out)]!, sizeOf.get(w.kernel)!];
    const [atO, atU, atX] = [eqCells([os], [at(w.out)]), eqCells([us], [at(w.kernel)]), eqCells([size], [x])];
    return sum(
      atO.flatMap((o, i) =>
        atU.flatMap((u, j) => {
          const cell = atX[w.stride * i + w.dilation * j - w.pad];
          return cell === undefined ? [] : [product([o, u, cell])];
        }),
      ),
    );
  };
  const end: Job['end'] = (rho, transcript) => {
    const inside = splitPoint(sizes, rho);
    let next = 0;
    const axes = def.bAxes.map((axis) => (typeof axis === 'string' ? at(axis) : inside[next++]!));
    const b = ledger.value(def.b, axes.flat(), transcript, LABEL);
    const s = def.bAxes.map((axis, i) => (typeof axis === 'string' ? ONE : through(axis, shape[i]!, axes[i]!)));
    return product([b, ...s]);
  };
  return { variables: sizes.reduce((n, size) => n + bits(size), 0), degree: 2, sum: v, end };
}

// ---- view --------------------------------------------------------------------------------------------------------------

/** v(r) = factor sum_x t(fixed, x) prod_g S_g(x_g) + constant;   nothing to sum: the claim goes to the source at once. */
export function viewJob(def: View, shape: readonly number[], { point: r, value: y }: Claim, ledger: Ledger): Job[] {
  const source = ledger.shape(def.source);
  const axes = splitPoint(shape, r);
  const fixed = new Map<number, Point>(); // axis of the source -> its coordinates
  const groups: Grouped[] = [];
  let factor = ONE;
  for (const map of def.maps) {
    if (map.kind === 'keep') fixed.set(map.from, axes[map.to]!);
    else if (map.kind === 'broadcast') factor = mul(factor, below(shape[map.to]!, axes[map.to]!));
    else {
      const aligned = map.kind === 'affine' && def.fill === 0 ? align(map, shape, source, axes) : undefined;
      if (aligned === undefined) groups.push(map);
      else {
        fixed.set((map as { from: number }).from, aligned.at);
        factor = mul(factor, aligned.factor);
      }
    }
  }
  const constant = def.fill === 0 ? ZERO : mul(int(def.fill), sub(box(shape, r), covered(def, shape, source, axes)));
  const rest = sub(y, constant);
  if (same(factor, ZERO)) {
    must(same(rest, ZERO), 'view'); // R2
    return [];
  }
  const total = mul(rest, inverse(factor));
  const free = groups.flatMap(fromOf);
  const pointOf = (bound: ReadonlyMap<number, Point>) => source.flatMap((_, a) => fixed.get(a) ?? bound.get(a)!);
  if (groups.length === 0) {
    const point = pointOf(new Map());
    const known = ledger.known(def.source, point);
    if (known === undefined) ledger.enter(def.source, point, total);
    else must(same(known, total), 'linear'); // R1
    return [];
  }
  const sizes = free.map((a) => source[a]!);
  const end: Job['end'] = (rho, transcript) => {
    const inside = splitPoint(sizes, rho);
    const bound = new Map(free.map((a, i) => [a, inside[i]!]));
    const t = ledger.value(def.source, pointOf(bound), transcript, LABEL);
    return product([t, ...groups.map((map) => groupWeight(map, shape, source, axes, bound))]);
  };
  return [{ variables: sizes.reduce((n, size) => n + bits(size), 0), degree: 2, sum: total, end }];
}

const fromOf = (map: Grouped): readonly number[] => (map.kind === 'affine' ? [map.from] : map.from);
const toOf = (map: Grouped): readonly number[] => (map.kind === 'affine' ? [map.to] : map.to);
const cells = (sizes: readonly number[]): number => sizes.reduce((n, size) => n * size, 1);

/** The source's cell (flat over the map's axes) that cell j reads, undefined where it is filled. */
function cellOf(map: Grouped, j: number, size: number): number | undefined {
  const i = map.kind === 'affine' ? map.stride * j + map.offset : map.map === null ? j : map.map[j]!;
  return i >= 0 && i < size ? i : undefined;
}

/** S_g at a point: sum over j of eq(r_j, j) eq(point, map(j)). */
function groupWeight(
  map: Grouped,
  shape: readonly number[],
  source: readonly number[],
  axes: readonly Point[],
  bound: ReadonlyMap<number, Point>,
): E {
  const pick = (list: readonly number[], of: readonly number[]) => list.map((a) => of[a]!);
  const to = eqCells(
    pick(toOf(map), shape),
    toOf(map).map((a) => axes[a]!),
  );
  const sizes = pick(fromOf(map), source);
  const from = eqCells(
    sizes,
    fromOf(map).map((a) => bound.get(a)!),
  );
  return sum(
    to.flatMap((e, j) => {
      const i = cellOf(map, j, cells(sizes));
      return i === undefined ? [] : [mul(e, from[i]!)];
    }),
  );
}

/** prod over all maps of sum_(j : map(j) inside) eq(r_j, j) */
function covered(def: View, shape: readonly number[], source: readonly number[], axes: readonly Point[]): E {
  return product(
    def.maps.map((map) => {
      if (map.kind === 'keep' || map.kind === 'broadcast') return below(shape[map.to]!, axes[map.to]!);
      const to = toOf(map);
      const size = cells(fromOf(map).map((a) => source[a]!));
      const weights = eqCells(
        to.map((a) => shape[a]!),
        to.map((a) => axes[a]!),
      );
      return sum(weights.filter((_, j) => cellOf(map, j, size) !== undefined));
    }),
  );
}

/** The first of three rules under which an affine map reads its axis at one point; undefined where none applies. */
function align(
  { from, to, stride, offset }: Extract<AxisMap, { readonly kind: 'affine' }>,
  shape: readonly number[],
  source: readonly number[],
  axes: readonly Point[],
): { readonly at: Point; readonly factor: E } | undefined {
  const [s, n, r] = [shape[to]!, source[from]!, axes[to]!];
  const [B, b] = [bits(s), bits(n)];
  const k = Math.log2(stride);
  const isWhole = stride * (s - 1) + offset < n && n <= stride * s + offset;
  if (Number.isInteger(k) && offset >= 0 && offset < stride && B + k === b && isWhole) {
    return { at: [...r, ...corner(offset, k)], factor: ONE };
  }
  if (stride !== 1) return undefined;
  if (offset <= 0 && -offset % 2 ** b === 0 && n - offset <= s) {
    return { at: r.slice(B - b), factor: eq(r.slice(0, B - b), corner(-offset / 2 ** b, B - b)) };
  }
  const isPadded = s === 2 ** B || offset + s >= n;
  if (offset >= 0 && offset % 2 ** B === 0 && offset + s <= n && isPadded) {
    return { at: [...corner(offset / 2 ** B, b - B), ...r], factor: ONE };
  }
  return undefined;
}
