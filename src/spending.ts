/** What a proof shows of commitments that outlive it, and who counts it. */
import { TesseraError } from './errors.ts';
import { encodeRecord, newJournal, newRecord } from './files/budget.ts';
import type { KeyFile } from './files/key.ts';
import type { OpeningFile } from './files/tensor.ts';
import { type Plan, unpackParameters } from './plan.ts';
import { levelsOf, type Parameters, STANDALONE, tailOf } from './soundness/parameters.ts';

/** Columns that a proof opens of one commitment. */
export interface Spending {
  /** Hiding root of the commitment. */
  readonly root: Uint8Array;
  readonly positions: number;
  /** How many may be opened in all: one less than there are random coefficients in a row. */
  readonly limit: number;
  /** What it is a commitment to: the model's private weights, or an input by name. */
  readonly what: { readonly kind: 'weights' } | { readonly kind: 'input'; readonly name: string };
}

/**
 * Counts what is opened, durably, before it is. `tessera/node` counts in files; a program that keeps its own books implements this.
 */
export interface Budget {
  /** @throws TesseraError E_BUDGET where the limit would be exceeded: the proof is not made */
  spend(spending: Spending): Promise<void>;
}

/** Positions that one proof opens of a commitment with these parameters, and how many all proofs may. */
function counted(parameters: Parameters): { positions: number; limit: number } {
  return { positions: levelsOf(parameters)[0]!.queries, limit: tailOf(parameters) - 1 };
}

/** What a proof of this plan will open. `openings`: of the committed inputs, by index. The last share of private weights is kept for a rotation. */
export function spendingOf(plan: Plan, key: KeyFile, openings: ReadonlyMap<number, OpeningFile>): Spending[] {
  return plan.commitments.flatMap(({ content, columns, class: at }): Spending[] => {
    const own = counted(plan.classes[at]!.parameters);
    if (content === 'private weights') {
      return [{ ...own, limit: own.limit - own.positions, root: key.privateRoot, what: { kind: 'weights' } }];
    }
    const { def } = plan.circuit.tensors[columns[0] ?? 0]!;
    if (content !== 'input' || def.kind !== 'input') return [];
    const { name } = plan.circuit.inputs[def.input]!;
    return [{ ...own, root: openings.get(def.input)!.root, what: { kind: 'input', name } }];
  });
}

/** @throws TesseraError E_BUDGET where something would be opened that nobody counts */
export async function spendAll(all: readonly Spending[], budget: Budget | undefined): Promise<void> {
  for (const spending of all) {
    if (budget === undefined) {
      const what = spending.what.kind === 'weights' ? 'private weights' : `the committed input "${spending.what.name}"`;
      throw new TesseraError('E_BUDGET', `a proof shows a little of ${what}, and nobody counts it`, {
        hint: 'Pass a budget: `fileBudget` of tessera/node counts in files.',
      });
    }
    await budget.spend(spending);
  }
}

/** What a rotation opens of the old root, as of the new one. */
export function rotationSpending(key: KeyFile): Spending {
  return { ...counted(unpackParameters(key.parameters)), root: key.privateRoot, what: { kind: 'weights' } };
}

/** The journal of a new commitment in which this is spent already. */
export function journalOf(root: Uint8Array, spent: readonly number[]): Uint8Array<ArrayBuffer> {
  const parts = [newJournal(root), ...spent.map((positions) => encodeRecord(root, newRecord(positions)))];
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The journal of a model whose certificate is made, or of a tensor that one proof has opened. */
export function journalOfModel(key: KeyFile): Uint8Array<ArrayBuffer> {
  return journalOf(key.privateRoot, [counted(unpackParameters(key.parameters)).positions]);
}

export function journalOfTensor(root: Uint8Array, proofs: 0 | 1): Uint8Array<ArrayBuffer> {
  return journalOf(root, proofs === 0 ? [] : [counted(STANDALONE).positions]);
}

/** Proofs that are left of a commitment, given its journal's records. */
export function proofsLeft({ positions, limit }: Pick<Spending, 'positions' | 'limit'>, spent: number): number {
  return Math.max(0, Math.floor((limit - spent) / positions));
}
