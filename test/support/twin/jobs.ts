/**
 * Members of a stage's sumcheck (docs/spec/60-relations.md, sections 2 and 3): what a claim v(r) = y on a product or a contract says as
 * a sum over a cube, and the value that the summed polynomial must have at the sumcheck's end.
 */
import type { Contract, Definition, Window } from '../../../src/circuit/types.ts';
import type { Argument } from './argument.ts';
import { type E, eq, eqCells, indexBits, ONE, type Point, product, splitPoint, sum } from './field.ts';
import { type Scalar, times } from './hidden.ts';
import type { Claim, Ledger } from './ledger.ts';

export interface Job {
  readonly variables: number;
  readonly degree: 2 | 3;
  /** Of the polynomial over the cube. */
  readonly sum: Scalar;
  /** Its value at the end, rho its own variables. What another stage must still show is added to `second`. */
  readonly end: (rho: Point, argument: Argument, second: Job[]) => Scalar;
}

type Product = Extract<Definition, { readonly kind: 'product' }>;

/** Every value at an end is sent under it. */
export const LABEL = 'stage values';

/** y = sum_x eq(r, x) a(x) b(x) */
export function productJob(def: Product, { point: r, value: y }: Claim, ledger: Ledger): Job {
  const end: Job['end'] = (rho, argument) => {
    const a = ledger.value(def.a, rho, argument, LABEL);
    const b = ledger.value(def.b, rho, argument, LABEL);
    return times(eq(r, rho), argument.product(a, b));
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

  const end: Job['end'] = (rho, argument, second) => {
    const bound = coordinatesOf(summed, sizes, rho);
    const at = (label: string) => bound.get(label) ?? atOut.get(label)!;
    const a = ledger.value(def.a, def.aAxes.flatMap(at), argument, LABEL);
    const weight = product(batch.map((label) => eq(atOut.get(label)!, bound.get(label)!)));
    if (windows.length === 0) {
      const b = ledger.value(def.b, (def.bAxes as string[]).flatMap(at), argument, LABEL);
      return times(weight, argument.product(a, b));
    }
    const v = argument.element(LABEL);
    second.push(windowJob(def, v, at, { sizeOf, outShape }, ledger));
    return times(weight, argument.product(a, v));
  };
  return { variables: indexBits(sizes), degree: batch.length > 0 ? 3 : 2, sum: y, end };
}

/**
 * V(rho) = sum_x B(r_n, rho_batch, rho_k, x) prod_w S_w(x_w),
 * S_w(x) = sum_(o, u) eq(r_o, o) eq(rho_u, u) [x = stride o + dilation u - pad],   x inside B's axis
 */
function windowJob(
  def: Contract,
  v: Scalar,
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
  const end: Job['end'] = (rho, argument) => {
    const inside = splitPoint(sizes, rho);
    let next = 0;
    const axes = def.bAxes.map((axis) => (typeof axis === 'string' ? at(axis) : inside[next++]!));
    const b = ledger.value(def.b, axes.flat(), argument, LABEL);
    const s = def.bAxes.map((axis, i) => (typeof axis === 'string' ? ONE : through(axis, shape[i]!, axes[i]!)));
    return times(product(s), b);
  };
  return { variables: indexBits(sizes), degree: 2, sum: v, end };
}
