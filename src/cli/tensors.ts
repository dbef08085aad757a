/** Committed tensors as files: PREFIX.tsc for verifiers, PREFIX.tso for who may prove about it, PREFIX.tso.budget to count the proofs. */
import { proofBudget, STANDALONE } from '../soundness/parameters.ts';
import type { Committed } from '../tensor.ts';
import type { Target } from './write.ts';

/** Proofs that a tensor is hidden in. */
export const STANDALONE_PROOFS = proofBudget(STANDALONE);

/** m.tsm -> m.tsm.budget */
export function budgetBeside(path: string): string {
  return `${path}.budget`;
}

/** Base names of the files of each tensor: the prefix alone where there is one, else with its name. */
export function baseNames(prefix: string, names: readonly string[]): ReadonlyMap<string, string> {
  if (names.length === 1) return new Map([[names[0]!, prefix]]);
  const taken = new Set<string>();
  return new Map(
    names.map((name, i) => {
      const plain = `${prefix}.${name.replace(/[^\w.-]/g, '_')}`;
      const base = taken.has(plain) ? `${plain}.${i}` : plain;
      taken.add(base);
      return [name, base];
    }),
  );
}

export function commitmentPaths(base: string) {
  return { commitment: `${base}.tsc`, opening: `${base}.tso`, budget: budgetBeside(`${base}.tso`) };
}

export function commitmentFiles(base: string, { commitment, opening, journal }: Committed): Target[] {
  const paths = commitmentPaths(base);
  return [
    { path: paths.budget, contents: journal },
    { path: paths.opening, contents: opening, confidential: true },
    { path: paths.commitment, contents: commitment },
  ];
}

/** `proofs`: that have opened it already. */
export function commitmentText(name: string, base: string, proofs: number): string {
  const { commitment, opening, budget } = commitmentPaths(base);
  return [
    `"${name}"`,
    `  ${commitment}  the commitment, for verifiers: it tells nothing of the values`,
    `  ${opening}  the opening, as confidential as the values; whoever proves about them needs it`,
    `  ${budget}  must stay beside the opening: it counts the proofs, ${STANDALONE_PROOFS - proofs} are left; a copy of both counts apart`,
  ].join('\n');
}
