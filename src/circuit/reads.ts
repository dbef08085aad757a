/**
 * Which tensors a tensor is made from.
 */
import type { Definition, Hint, TensorId } from './types.ts';

/** The tensors that a definition names: what claims on it turn into. */
export function operandsOf(def: Definition): readonly TensorId[] {
  switch (def.kind) {
    case 'linear':
      return def.terms.map((t) => t.tensor);
    case 'product':
    case 'contract':
      return [def.a, def.b];
    case 'view':
      return [def.source];
    default:
      return [];
  }
}

/** The tensors that the prover reads to find an advice column. */
export function operandsOfHint(hint: Hint): readonly TensorId[] {
  switch (hint.kind) {
    case 'multiplicity':
      return [];
    case 'quotient':
      return [hint.numerator, hint.denominator];
    default:
      return [hint.of];
  }
}

/** A committed column or one that the verifier holds: claims end there. */
export function isColumn(def: Definition): boolean {
  return def.kind === 'input' || def.kind === 'witness' || def.kind === 'weight' || def.kind === 'output';
}
