/** Keys that no model was registered for. */
import type { Circuit } from '../../src/circuit/types.ts';
import type { KeyFile } from '../../src/files/key.ts';

/** A key of a circuit without public or private weights, whatever its root stands for. */
export function bareKey(circuit: Circuit, parameters: readonly number[], root = new Uint8Array(32)): KeyFile {
  return {
    circuit,
    parameters,
    root,
    privateRoot: new Uint8Array(32),
    publicWeights: new Map(),
    certificate: new Uint8Array(),
  };
}
