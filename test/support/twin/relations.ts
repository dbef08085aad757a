/**
 * Claims on virtual tensors become claims on columns (docs/spec/60-relations.md, sections 2 and 7): zeros, then linear equations, and
 * one sumcheck a stage for all products, contracts and views that wait.
 */
import type { Definition, TensorId } from '../../../src/circuit/types.ts';
import { add, box, type E, half, indexBits, int, inverse, mul, powers, same, sub, ZERO } from './field.ts';
import { contractJob, type Job, productJob } from './jobs.ts';
import { type Claim, type Ledger, sumcheck } from './ledger.ts';
import { must, type Transcript } from './transcript.ts';
import { viewJob } from './view.ts';

type Linear = Extract<Definition, { readonly kind: 'linear' }>;

/** A tensor waits until nothing that may still claim it waits: then its claims are complete, and are reduced together. */
export function reduceRelations(ledger: Ledger, transcript: Transcript): void {
  enterZeros(ledger, transcript);
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
        const own = ledger.claims(t).flatMap((claim) => reduce(ledger, transcript, t, claim));
        jobs.push(...own);
        if (own.length === 0) count(operandsOf(def), -1);
        else if (def.kind === 'contract' && def.bAxes.some((axis) => typeof axis !== 'string')) {
          now.push(def.a);
          later.push(def.b);
        } else now.push(...operandsOf(def));
      }
    }
    if (jobs.length > 0) jobs = runStage(transcript, jobs);
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
function enterZeros(ledger: Ledger, transcript: Transcript): void {
  const { zeros } = ledger.circuit;
  const variables = zeros.map((t) => indexBits(ledger.shape(t)));
  const most = Math.max(0, ...variables);
  const point = transcript.challenges('zero point', most);
  zeros.forEach((t, i) => {
    ledger.enter(t, point.slice(most - variables[i]!), ZERO);
  });
}

function reduce(ledger: Ledger, transcript: Transcript, t: TensorId, claim: Claim): Job[] {
  const { def, shape } = ledger.circuit.tensors[t]!;
  if (def.kind === 'product') return [productJob(def, claim, ledger)];
  if (def.kind === 'contract') return [contractJob(def, shape, claim, ledger)];
  if (def.kind === 'view') return viewJob(def, shape, claim, ledger);
  if (def.kind === 'linear') reduceLinear(ledger, transcript, def, shape, claim);
  return [];
}

/** 2^shift y = constant box(r) + sum a_i t_i(r) */
function reduceLinear(
  ledger: Ledger,
  transcript: Transcript,
  def: Linear,
  shape: readonly number[],
  { point: r, value: y }: Claim,
): void {
  const coefficients = new Map<TensorId, E>();
  for (const { tensor, coefficient } of def.terms) {
    coefficients.set(tensor, add(coefficients.get(tensor) ?? ZERO, int(coefficient)));
  }
  let rest = sub(mul(int(2 ** def.shift), y), mul(int(def.constant), box(shape, r)));
  const unknown: TensorId[] = [];
  for (const [t, a] of coefficients) {
    if (same(a, ZERO)) continue;
    const known = ledger.known(t, r);
    if (known === undefined) unknown.push(t);
    else rest = sub(rest, mul(a, known));
  }
  unknown.sort((a, b) => rank(ledger, a) - rank(ledger, b));
  const last = unknown.pop();
  for (const t of unknown) {
    rest = sub(rest, mul(coefficients.get(t)!, ledger.value(t, r, transcript, 'linear value')));
  }
  if (last === undefined)
    must(same(rest, ZERO), 'linear'); // R1
  else ledger.enter(last, r, mul(rest, inverse(coefficients.get(last)!)));
}

/** Columns, then views, then linear, then product and contract. */
function rank(ledger: Ledger, t: TensorId): number {
  const order: Partial<Record<Definition['kind'], number>> = { view: 1, linear: 2, product: 3, contract: 3 };
  return order[ledger.circuit.tensors[t]!.def.kind] ?? 0;
}

/** total = sum_j gamma^j C_j;  R3: the last claim = sum_j gamma^j 2^-(N - n_j) g_j(last n_j of rho).  Returns second phases. */
function runStage(transcript: Transcript, jobs: readonly Job[]): Job[] {
  const gamma = powers(transcript.challenge('stage batch'), jobs.length);
  const total = jobs.reduce((v, job, j) => add(v, mul(gamma[j]!, job.sum)), ZERO);
  const most = Math.max(...jobs.map((job) => job.variables));
  const degree = Math.max(...jobs.map((job) => job.degree));
  const { point: rho, value } = sumcheck(transcript, 'stage round', total, most, degree);
  const second: Job[] = [];
  let end = ZERO;
  jobs.forEach((job, j) => {
    const missing = most - job.variables;
    const g = job.end(rho.slice(missing), transcript, second);
    end = add(end, mul(mul(gamma[j]!, half(missing)), g));
  });
  must(same(value, end), 'stage');
  return second;
}
