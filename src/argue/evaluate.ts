/**
 * The prover's value of a tensor's extension at a point. Values that the run kept are folded; of an accumulator that it gave back, the
 * definition is evaluated on what it reads.
 */
import type { Contract, TensorId } from '../circuit/types.ts';
import { Ext } from '../field/ext.ts';
import { inversePowerOfTwo } from '../field/m31.ts';
import { boxAt, type Point, splitPoint } from '../field/mle.ts';
import { eqVector, readExt, readExts, readScalars } from '../kernels/vectors.ts';
import { type ContractPlan, type Coordinates, outCoordinates, planContract } from './contract.ts';
import type { Hand } from './hand.ts';
import { planView } from './view.ts';

export function evaluateAt(hand: Hand, tensor: TensorId, r: Point): Ext {
  const mark = hand.machine.mark();
  const value = hand.holds(tensor) ? evaluateHeld(hand, tensor, r) : evaluateDefinition(hand, tensor, r);
  hand.machine.release(mark);
  return value;
}

function evaluateHeld(hand: Hand, tensor: TensorId, r: Point): Ext {
  const points = splitPoint(hand.circuit.tensors[tensor]!.shape, r);
  return readExt(hand.machine, hand.fold(tensor, points, []), 0);
}

function evaluateDefinition(hand: Hand, tensor: TensorId, r: Point): Ext {
  const { def, shape, name } = hand.circuit.tensors[tensor]!;
  switch (def.kind) {
    case 'linear': {
      const constant = boxAt(shape, r).mul(Ext.of(def.constant));
      const sum = def.terms.reduce((e, t) => e.add(evaluateAt(hand, t.tensor, r).mul(Ext.of(t.coefficient))), constant);
      return sum.mulBase(inversePowerOfTwo(def.shift));
    }
    case 'view': {
      const plan = planView(def, shape, hand.circuit.tensors[def.source]!.shape, r);
      const sum =
        plan.groups.length > 0
          ? hand.foldGroups(def.source, plan.fixed, plan.groups)
          : evaluateAt(
              hand,
              def.source,
              plan.fixed.flatMap((p) => [...p!]),
            );
      return plan.factor.mul(sum).add(plan.constant);
    }
    case 'contract': {
      const tables = contractTables(hand, def, planContract(hand.circuit, def), outCoordinates(def, shape, r), shape);
      return sumOfProducts(hand, tables.eq, tables.a, tables.v, tables.variables);
    }
    case 'product':
      return sumOfProducts(hand, eqVector(hand.machine, r), hand.whole(def.a), hand.whole(def.b), r.length);
    default:
      throw new RangeError(`the run kept no values of ${name}`);
  }
}

export interface ContractTables {
  /** eq(r_batch, batch) over all variables, where there are batch labels. */
  readonly eq: number | undefined;
  readonly a: number;
  readonly v: number;
  readonly variables: number;
}

/** The tables of a contract's first phase (contract.ts), over (batch, k). */
export function contractTables(
  hand: Hand,
  def: Contract,
  plan: ContractPlan,
  r: Coordinates,
  shape: readonly number[],
): ContractTables {
  const labels = [...plan.batch, ...plan.summed];
  const fixed = def.aAxes.map((l) => (labels.includes(l) ? null : r.get(l)!));
  const keep = labels.map((l) => def.aAxes.indexOf(l));
  const a = hand.fold(def.a, fixed, keep);
  const v = hand.windowTable(def, plan, r, shape);
  const batch = plan.batch.flatMap((l) => [...r.get(l)!]);
  const eq = plan.batch.length === 0 ? undefined : hand.broadcastEq(batch, plan.variables - batch.length);
  return { eq, a, v, variables: plan.variables };
}

/** sum_x eq(x) a(x) b(x). */
function sumOfProducts(hand: Hand, eq: number | undefined, a: number, b: number, variables: number): Ext {
  const m = hand.machine;
  const count = 2 ** variables;
  if (eq === undefined) {
    const out = m.alloc(16);
    m.raw.dotExt(a, b, 0, count, out);
    return readScalars(m, out, 1)[0]!;
  }
  const [x, y] = [readExts(m, a, count), readExts(m, b, count)];
  return readExts(m, eq, count).reduce((sum, e, i) => sum.add(e.mul(x[i]!).mul(y[i]!)), Ext.ZERO);
}
