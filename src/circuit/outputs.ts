/**
 * What the caller sees of a circuit's outputs: which tensor each public output column equals, and the caller's values from its cells.
 */
import type { Circuit, Derivation, IntArray, TensorId } from './types.ts';

/** The relation zero(tensor - column) that makes a public output column the value of a tensor. */
export interface Binding {
  readonly output: number;
  readonly column: TensorId;
  readonly tensor: TensorId;
  readonly derive: Derivation;
}

/** Every binding of the circuit: a zero of the difference of a public column and one other tensor. */
export function outputBindings(circuit: Circuit): Binding[] {
  return circuit.zeros.flatMap((zero) => {
    const def = circuit.tensors[zero]?.def;
    if (def?.kind !== 'linear' || def.constant !== 0 || def.terms.length !== 2) return [];
    const [x, y] = def.terms as [(typeof def.terms)[0], (typeof def.terms)[0]];
    if (x.coefficient !== -y.coefficient || Math.abs(x.coefficient) !== 1) return [];
    for (const [column, tensor] of [
      [x.tensor, y.tensor],
      [y.tensor, x.tensor],
    ] as const) {
      const output = circuit.tensors[column]?.def;
      if (output?.kind === 'output') return [{ output: output.output, column, tensor, derive: output.derive }];
    }
    return [];
  });
}

/** Writes what a column's cells say about the output: the inverse of its derivation. */
export function invertDerivation(derive: Derivation, column: IntArray, output: IntArray): void {
  if (derive.kind === 'onehot') {
    for (let i = 0; i < output.length; i++) {
      output[i] = column.subarray(i * derive.size, (i + 1) * derive.size).indexOf(1);
    }
    return;
  }
  for (let j = 0; j < column.length; j++) output[derive.map === null ? j : derive.map[j]!] = column[j]!;
}
