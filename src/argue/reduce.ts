/**
 * The linear part: claims on virtual tensors become claims on columns. A virtual tensor is reduced once every tensor that reads it has
 * been, so it meets all of its claims together. Linear relations and aligned views need no rounds; everything else that is ready at
 * one time shares one batched sumcheck (a stage), then the next.
 */
import type { Circuit, Definition, TensorId } from '../circuit/types.ts';
import { Ext, powers, type Scalar } from '../field/ext.ts';
import { add, fromInt } from '../field/m31.ts';
import { bitsFor, boxAt, eqAt, type Point } from '../field/mle.ts';
import { half } from '../field/rounds.ts';
import { ProductInstance, TripleInstance } from '../kernels/tables.ts';
import { eqVector } from '../kernels/vectors.ts';
import {
  boundCoordinates,
  type ContractPlan,
  type Coordinates,
  operandPoint,
  outCoordinates,
  planContract,
  windowGroups,
} from './contract.ts';
import { contractTables } from './evaluate.ts';
import type { Hand } from './hand.ts';
import type { Claim, Ledger } from './ledger.ts';
import type { Party } from './party.ts';
import { isDense, TensorProduct } from './products.ts';
import { type Instance, sumcheck } from './sumcheck.ts';
import { type Group, planView } from './view.ts';
import { evaluateWeights } from './weights.ts';
import { type Space, spaceOf } from './windows.ts';

type Of<K> = Definition & { kind: K };

/** The prover's instance in a stage, whose tables at the end of the sumcheck are values that it has to send. */
interface Tables extends Instance {
  values(): readonly Ext[];
}

/**
 * One claim of a stage: `claim` is the sum, `finish` turns the end of its sumcheck into new claims and returns g_j there. At the prover
 * it is given the tables' values at that end.
 */
interface Job<S> {
  readonly name: string;
  readonly claim: S;
  readonly variables: number;
  readonly degree: 2 | 3;
  /** `space`: its part of what there is. */
  instance(hand: Hand, space: Space): Tables;
  finish(point: Point, ends: readonly Ext[] | undefined): S;
}

export class Reduction<S extends Scalar<S>> {
  readonly #p: Party<S>;
  readonly #circuit: Circuit;
  readonly #ledger: Ledger<S>;
  readonly #hand: Hand | undefined;
  /** How many virtual tensors that read this one are still to be reduced. */
  readonly #readers: number[];
  /** Virtual tensors that none of these reads any more, and that are not reduced yet. */
  #ready: TensorId[] = [];
  /** Second phases of contracts that wait for the next stage. */
  #later: { job: Job<S>; releases: TensorId }[] = [];

  constructor(p: Party<S>, circuit: Circuit, ledger: Ledger<S>, hand: Hand | undefined) {
    this.#p = p;
    this.#circuit = circuit;
    this.#ledger = ledger;
    this.#hand = hand;
    this.#readers = circuit.tensors.map(() => 0);
    for (const t of circuit.tensors) for (const s of sources(t.def)) this.#readers[s]! += 1;
    for (const t of circuit.tensors.keys()) this.#release(t, 0);
  }

  run(): void {
    while (this.#ready.length > 0 || this.#later.length > 0) {
      const jobs = this.#later.map((l) => l.job);
      const releases = this.#later.map((l) => l.releases);
      this.#later = [];
      for (let ready = this.#takeReady(); ready.length > 0; ready = this.#takeReady()) {
        for (const t of ready) this.#reduce(t, jobs, releases);
      }
      this.#stage(jobs);
      for (const t of releases) this.#release(t, 1);
    }
  }

  #takeReady(): TensorId[] {
    const ready = this.#ready.sort((a, b) => b - a);
    this.#ready = [];
    return ready;
  }

  /** Takes readers off a tensor; a virtual one without is ready. */
  #release(t: TensorId, readers: number): void {
    this.#readers[t]! -= readers;
    if (this.#readers[t] === 0 && sources(this.#circuit.tensors[t]!.def).length > 0) this.#ready.push(t);
  }

  /** Reduces the claims of one tensor, at once or by jobs of this stage; frees its sources accordingly. */
  #reduce(t: TensorId, jobs: Job<S>[], releases: TensorId[]): void {
    const { def } = this.#circuit.tensors[t]!;
    const before = jobs.length;
    for (const claim of this.#ledger.take(t)) {
      if (def.kind === 'linear') this.#linear(def, t, claim);
      else if (def.kind === 'view') this.#view(def, t, claim, jobs);
      else if (def.kind === 'product') jobs.push(this.#product(def, t, claim));
      else if (def.kind === 'contract') jobs.push(this.#contract(def, t, claim));
    }
    if (jobs.length > before) releases.push(...sources(def));
    else for (const s of sources(def)) this.#release(s, 1);
  }

  /** 2^shift v(r) = constant box(r) + sum a_i t_i(r): what is not known yet is sent, the last of it follows. */
  #linear(def: Of<'linear'>, t: TensorId, claim: Claim<S>): void {
    const { shape, name } = this.#circuit.tensors[t]!;
    const r = claim.point;
    const coefficients = new Map<TensorId, number>();
    for (const term of def.terms) {
      const sum = add(coefficients.get(term.tensor) ?? 0, fromInt(term.coefficient));
      coefficients.set(term.tensor, sum);
    }
    let rest = claim.value.scale(Ext.of(2 ** def.shift));
    if (def.constant !== 0) rest = rest.sub(this.#p.known(boxAt(shape, r).mul(Ext.of(def.constant))));
    const open: [TensorId, number][] = [];
    for (const [tensor, a] of coefficients) {
      if (a === 0) continue; // modulo p: an inverse of zero would claim nothing
      const value = this.#ledger.find(tensor, r);
      if (value === undefined) open.push([tensor, a]);
      else rest = rest.sub(value.scale(Ext.of(a)));
    }
    // what the run did not keep is dearest to evaluate, so it is the one that follows
    open.sort(([x], [y]) => this.#depth(x) - this.#depth(y));
    const last = open.pop();
    for (const [tensor, a] of open) rest = rest.sub(this.#ledger.claim(tensor, r, 'linear value').scale(Ext.of(a)));
    if (last === undefined) this.#p.zero(rest, 'linear', name);
    else this.#ledger.owe(last[0], r, rest.scale(Ext.of(last[1]).inv()));
  }

  #depth(t: TensorId): number {
    const { kind } = this.#circuit.tensors[t]!.def;
    return kind === 'contract' || kind === 'product' ? 3 : kind === 'linear' ? 2 : kind === 'view' ? 1 : 0;
  }

  #view(def: Of<'view'>, t: TensorId, claim: Claim<S>, jobs: Job<S>[]): void {
    const { shape, name } = this.#circuit.tensors[t]!;
    const source = this.#circuit.tensors[def.source]!.shape;
    const plan = planView(def, shape, source, claim.point);
    const rest = claim.value.sub(this.#p.known(plan.constant));
    if (plan.factor.isZero()) {
      // the claim reads none of the source: the other part of a concatenation, cut out again
      this.#p.zero(rest, 'view', name);
      return;
    }
    const sum = rest.scale(plan.factor.inv());
    if (plan.groups.length > 0) jobs.push(this.#sumOver(name, sum, def.source, plan.fixed, plan.groups));
    else
      this.#owe(
        def.source,
        plan.fixed.flatMap((p) => [...p!]),
        sum,
        name,
      );
  }

  /** A claim that follows: entered in the ledger, or checked where the tensor is known. */
  #owe(tensor: TensorId, point: Point, value: S, where: string): void {
    const found = this.#ledger.find(tensor, point);
    if (found === undefined) this.#ledger.owe(tensor, point, value);
    else this.#p.zero(found.sub(value), 'linear', where);
  }

  /** sum_x t(fixed, x) prod_g S_g(x_g): views and the second phase of contracts. */
  #sumOver(
    name: string,
    claim: S,
    tensor: TensorId,
    fixed: readonly (Point | null)[],
    groups: readonly Group[],
  ): Job<S> {
    const { shape } = this.#circuit.tensors[tensor]!;
    const axes = groups.flatMap((g) => g.axes);
    const variables = axes.reduce((n, a) => n + bitsFor(shape[a]!), 0);
    return {
      name,
      claim,
      variables,
      degree: 2,
      instance: (hand) =>
        new ProductInstance(hand.machine, hand.fold(tensor, fixed, axes), hand.groupTable(shape, groups), variables),
      finish: (point, ends) => {
        const at = splitAxes(axes, shape, point);
        const full = fixed.flatMap((p, a) => [...(p ?? at.get(a)!)]);
        const weight = groups.reduce((e, g) => {
          const sizes = g.axes.map((a) => shape[a]!);
          const points = g.axes.map((a) => at.get(a)!);
          return e.mul(evaluateWeights(g.weights, sizes, points));
        }, Ext.ONE);
        return this.#ledger.claim(tensor, full, 'stage values', ends?.[0]).scale(weight);
      },
    };
  }

  /** v(r) = sum_x eq(r, x) a(x) b(x). */
  #product(def: Of<'product'>, t: TensorId, claim: Claim<S>): Job<S> {
    const { name, shape } = this.#circuit.tensors[t]!;
    const r = claim.point;
    return {
      name,
      claim: claim.value,
      variables: r.length,
      degree: 3,
      instance: (hand, space) => {
        if (isDense(shape, r.length)) return new TensorProduct(hand, [def.a, def.b], r, space);
        const a = hand.whole(def.a);
        const b = def.b === def.a ? a : hand.whole(def.b);
        return new TripleInstance(hand.machine, [eqVector(hand.machine, r), a, b], r.length);
      },
      finish: (point, ends) => {
        const a = this.#ledger.claim(def.a, point, 'stage values', ends?.[1]);
        const b = this.#ledger.claim(def.b, point, 'stage values', ends?.[2]);
        return this.#p.mul(a, b).scale(eqAt(r, point));
      },
    };
  }

  #contract(def: Of<'contract'>, t: TensorId, claim: Claim<S>): Job<S> {
    const { shape, name } = this.#circuit.tensors[t]!;
    const plan = planContract(this.#circuit, def);
    const r = outCoordinates(def, shape, claim.point);
    const batchPoint = plan.batch.flatMap((l) => [...r.get(l)!]);
    const degree = plan.batch.length > 0 ? 3 : 2;
    return {
      name,
      claim: claim.value,
      variables: plan.variables,
      degree,
      instance: (hand) => {
        const { eq, a, v, variables } = contractTables(hand, def, plan, r, shape);
        if (eq === undefined) return new ProductInstance(hand.machine, a, v, variables);
        return new TripleInstance(hand.machine, [eq, a, v], variables);
      },
      finish: (point, ends) => {
        const bound = boundCoordinates(plan, r, point);
        const a = this.#ledger.claim(def.a, operandPoint(def.aAxes, bound), 'stage values', ends?.at(-2));
        const v = this.#foldedOperand(def, plan, r, bound, shape, name, ends?.at(-1));
        return this.#p.mul(a, v).scale(eqAt(batchPoint, point.slice(0, batchPoint.length)));
      },
    };
  }

  /** V(rho): B at a point, or a claim of its own for the next stage where there are windows. */
  #foldedOperand(
    def: Of<'contract'>,
    plan: ContractPlan,
    r: Coordinates,
    bound: Coordinates,
    shape: readonly number[],
    name: string,
    end: Ext | undefined,
  ): S {
    if (plan.windows.length === 0) {
      return this.#ledger.claim(def.b, operandPoint(def.bAxes, bound), 'stage values', end);
    }
    const { fixed, groups } = windowGroups(this.#circuit, def, plan, r, bound, shape);
    const [v] = this.#p.exchange('stage values', 1, () => [end!]);
    this.#readers[def.b]! += 1;
    this.#later.push({ job: this.#sumOver(name, v!, def.b, fixed, groups), releases: def.b });
    return v!;
  }

  /** One batched sumcheck over all jobs; their ends become claims. */
  #stage(jobs: readonly Job<S>[]): void {
    if (jobs.length === 0) return;
    const hand = this.#hand;
    const mark = hand?.machine.mark();
    const variables = jobs.reduce((n, j) => Math.max(n, j.variables), 0);
    const degree = jobs.reduce((n, j) => Math.max(n, j.degree), 2);
    const weights = powers(this.#p.challenge('stage batch'), jobs.length);
    const total = jobs.map((j, i) => j.claim.scale(weights[i]!)).reduce((a, b) => a.add(b));
    let tables: readonly Tables[] = [];
    const members = () => {
      const space = { bytes: spaceOf(hand!.machine).bytes / jobs.length };
      tables = jobs.map((j) => j.instance(hand!, space));
      return jobs.map((j, i) => ({
        weight: weights[i]!,
        claim: this.#p.worth(j.claim),
        instance: padDegree(tables[i]!, degree),
      }));
    };
    const { point, value } = sumcheck(this.#p, 'stage round', variables, degree, total, members);
    const known = tables.map((t) => t.values());
    if (mark !== undefined) hand!.machine.release(mark);
    const ends = jobs.map((j, i) => {
      const missing = variables - j.variables;
      return j.finish(point.slice(missing), known[i]).scale(weights[i]!.mul(half(missing)));
    });
    this.#p.zero(value.sub(ends.reduce((a, b) => a.add(b))), 'stage', jobs.map((j) => j.name).join(' '));
  }
}

/** Tensors that a virtual tensor's definition reads, with repetitions. */
export function sources(def: Definition): readonly TensorId[] {
  if (def.kind === 'linear') return def.terms.map((t) => t.tensor);
  if (def.kind === 'product' || def.kind === 'contract') return [def.a, def.b];
  if (def.kind === 'view') return [def.source];
  return [];
}

function splitAxes(axes: readonly number[], shape: readonly number[], point: Point): Map<number, Point> {
  const out = new Map<number, Point>();
  let o = 0;
  for (const a of axes) {
    const b = bitsFor(shape[a]!);
    out.set(a, point.slice(o, o + b));
    o += b;
  }
  return out;
}

/** A member of lower degree in a batch: its missing coefficients are zero. */
function padDegree(instance: Instance, degree: number): Instance {
  return {
    variables: instance.variables,
    round: (claim) => {
      const sent = instance.round(claim);
      return [...sent, ...new Array<Ext>(degree - sent.length).fill(Ext.ZERO)];
    },
    bind: (r) => instance.bind(r),
  };
}
