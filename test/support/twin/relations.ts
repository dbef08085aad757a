/**
 * Claims on virtual tensors become claims on columns (docs/spec/60-relations.md, sections 2 and 7): zeros, then linear equations, and
 * one sumcheck a stage for all products, contracts and views that wait.
 */
import type { Definition, TensorId } from '../../../src/circuit/types.ts';
import type { Argument } from './argument.ts';
import { add, box, type E, half, indexBits, int, inverse, mul, powers, same, ZERO } from './field.ts';
import { known as knownAs, minus, NOTHING, plus, times } from './hidden.ts';
import { contractJob, type Job, productJob } from './jobs.ts';
import { type Claim, type Ledger, sumcheck } from './ledger.ts';
import { viewJob } from './view.ts';

type Linear = Extract<Definition, { readonly kind: 'linear' }>;

/** A tensor waits until nothing that may still claim it waits: then its claims are complete, and are reduced together. */
export function reduceRelations(ledger: Ledger, argument: Argument): void {
  enterZeros(ledger, argument);
  const { tensors } = ledger.circuit;
  const waiting = new Set(tensors.flatMap(({ def }, t) => (operandsOf(def).length > 0 ? [t] : [])));
  const readers = tensors.map(() => 0);
  const count = (list: readonly TensorId[], change: number) => {
    for (const t of list) readers[t]! += change;
  };
  for (const { def } of tensors) count(operandsOf(def), 1);

  let jobs: Job[] = []; // second phases that wait, then the stage's own
  let later: TensorId[] = []; // read by the second phases that wait
  while (waiting.size > 0 || jobs.length > 0) {
    const now = later; // read by this stage
    later = [];
    for (let ready = take(waiting, readers); ready.length > 0; ready = take(waiting, readers)) {
      for (const t of ready) {
        const { def } = tensors[t]!;
        const own = ledger.claims(t).flatMap((claim) => reduce(ledger, argument, t, claim));
        jobs.push(...own);
        if (own.length === 0) count(operandsOf(def), -1);
        else if (def.kind === 'contract' && def.bAxes.some((axis) => typeof axis !== 'string')) {
          now.push(def.a);
          later.push(def.b);
        } else now.push(...operandsOf(def));
      }
    }
    if (jobs.length > 0) jobs = runStage(argument, jobs);
    count(now, -1);
  }
}

/** Names that a definition reads; none: the tensor is not virtual. */
function operandsOf(def: Definition): TensorId[] {
  if (def.kind === 'linear') return def.terms.map(({ tensor }) => tensor);
  if (def.kind === 'product' || def.kind === 'contract') return [def.a, def.b];
  return def.kind === 'view' ? [def.source] : [];
}

/** Waiting tensors without readers, the last first; they wait no longer. */
function take(waiting: Set<TensorId>, readers: readonly number[]): TensorId[] {
  const ready = [...waiting].filter((t) => readers[t] === 0).sort((a, b) => b - a);
  for (const t of ready) waiting.delete(t);
  return ready;
}

/** V  zero point;  t(last coordinates) = 0 */
function enterZeros(ledger: Ledger, argument: Argument): void {
  const { zeros } = ledger.circuit;
  const variables = zeros.map((t) => indexBits(ledger.shape(t)));
  const most = Math.max(0, ...variables);
  const point = argument.transcript.challenges('zero point', most);
  zeros.forEach((t, i) => {
    ledger.enter(t, point.slice(most - variables[i]!), NOTHING);
  });
}

function reduce(ledger: Ledger, argument: Argument, t: TensorId, claim: Claim): Job[] {
  const { def, shape } = ledger.circuit.tensors[t]!;
  if (def.kind === 'product') return [productJob(def, claim, ledger)];
  if (def.kind === 'contract') return [contractJob(def, shape, claim, ledger)];
  if (def.kind === 'view') return viewJob(def, shape, claim, ledger, argument);
  if (def.kind === 'linear') reduceLinear(ledger, argument, def, shape, claim);
  return [];
}

/** 2^shift y = constant box(r) + sum a_i t_i(r) */
function reduceLinear(
  ledger: Ledger,
  argument: Argument,
  def: Linear,
  shape: readonly number[],
  { point: r, value: y }: Claim,
): void {
  const coefficients = new Map<TensorId, E>();
  for (const { tensor, coefficient } of def.terms) {
    coefficients.set(tensor, add(coefficients.get(tensor) ?? ZERO, int(coefficient)));
  }
  let rest = minus(times(int(2 ** def.shift), y), knownAs(mul(int(def.constant), box(shape, r))));
  const unknown: TensorId[] = [];
  for (const [t, a] of coefficients) {
    if (same(a, ZERO)) continue;
    const known = ledger.known(t, r);
    if (known === undefined) unknown.push(t);
    else rest = minus(rest, times(a, known));
  }
  unknown.sort((a, b) => rank(ledger, a) - rank(ledger, b));
  const last = unknown.pop();
  for (const t of unknown) {
    rest = minus(rest, times(coefficients.get(t)!, ledger.value(t, r, argument, 'linear value')));
  }
  if (last === undefined)
    argument.zero(rest, 'linear'); // R1
  else ledger.enter(last, r, times(inverse(coefficients.get(last)!), rest));
}

/** Columns, then views, then linear, then product and contract. */
function rank(ledger: Ledger, t: TensorId): number {
  const order: Partial<Record<Definition['kind'], number>> = { view: 1, linear: 2, product: 3, contract: 3 };
  return order[ledger.circuit.tensors[t]!.def.kind] ?? 0;
}

/** total = sum_j gamma^j C_j;  R3: the last claim = sum_j gamma^j 2^-(N - n_j) g_j(last n_j of rho).  Returns second phases. */
function runStage(argument: Argument, jobs: readonly Job[]): Job[] {
  const gamma = powers(argument.transcript.challenge('stage batch'), jobs.length);
  const total = jobs.reduce((v, job, j) => plus(v, times(gamma[j]!, job.sum)), NOTHING);
  const most = Math.max(...jobs.map((job) => job.variables));
  const degree = Math.max(...jobs.map((job) => job.degree));
  const { point: rho, value } = sumcheck(argument, 'stage round', total, most, degree);
  const second: Job[] = [];
  let end = NOTHING;
  jobs.forEach((job, j) => {
    const missing = most - job.variables;
    const g = job.end(rho.slice(missing), argument, second);
    end = plus(end, times(mul(gamma[j]!, half(missing)), g));
  });
  argument.zero(minus(value, end), 'stage'); // R3
  return second;
}
