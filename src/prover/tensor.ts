/**
 * Committing to a tensor on its own, before any proof: several proofs, of several models, can then speak of the same hidden values. The
 * commitment has a code of its own that no model decides (soundness/parameters.ts, STANDALONE).
 */
import { commitColumns, uploadIntegers } from '../commit/columns.ts';
import { prepareTwiddles } from '../commit/matrix.ts';
import { packColumns } from '../commit/packing.ts';
import { entropy } from '../commit/secret.ts';
import { TesseraError } from '../errors.ts';
import { decodeKey } from '../files/key.ts';
import { encodeCommitment, encodeOpening, type OpeningFile } from '../files/tensor.ts';
import type { Machine } from '../kernels/kernels.ts';
import { createWasmMachine } from '../kernels/wasm.ts';
import { STANDALONE } from '../soundness/parameters.ts';
import { namedIntegers, type TensorValues } from '../values.ts';
import { journalOfTensor } from './spending.ts';

/** The commitment that `values` and `secret` make. */
export function commitTensor(machine: Machine, tensor: Omit<OpeningFile, 'root'>): OpeningFile {
  const mark = machine.mark();
  const { rowBits, rateBits } = STANDALONE;
  const packing = packColumns([tensor.shape], rowBits);
  const source = uploadIntegers(machine, tensor.values);
  const twiddles = prepareTwiddles(machine, rowBits + rateBits);
  const hiding = { secret: tensor.secret, mask: 'no mask' } as const;
  const { commitment } = commitColumns(machine, packing, [source], STANDALONE, twiddles, { hiding });
  machine.release(mark);
  return { ...tensor, root: commitment.root };
}

/** @throws TesseraError E_COMMITMENT where an opening's values and secret do not make its commitment */
export function checkOpening(machine: Machine, opening: OpeningFile): void {
  const { root } = commitTensor(machine, opening);
  if (root.some((b, i) => b !== opening.root[i])) throw otherOpening();
}

/** A proof would be about a commitment that nobody has. */
export function otherOpening(): TesseraError {
  return new TesseraError('E_COMMITMENT', 'the values of the opening do not make its commitment', {
    hint: 'Use the opening as `commit` or `prove` wrote it.',
  });
}

/** A committed tensor as files: what the verifier gets (.tsc), what opens it (.tso), and the counter of the proofs about it. */
export interface Committed {
  readonly commitment: Uint8Array;
  /** As confidential as the tensor itself. */
  readonly opening: Uint8Array;
  readonly journal: Uint8Array;
}

/** `proofs`: that have opened it already. */
export function committedOf(opening: OpeningFile, proofs: 0 | 1): Committed {
  return {
    commitment: encodeCommitment(opening),
    opening: encodeOpening(opening),
    journal: journalOfTensor(opening.root, proofs),
  };
}

/**
 * Commits to inputs of a model, by name, each on its own. Any model that has an input of the same shape and scale can be proved about them.
 * @throws TesseraError E_FILE, E_VERSION, E_INPUT, E_DTYPE, E_NAN, E_RANGE, E_MEMORY
 */
export async function commit(
  key: Uint8Array,
  inputs: TensorValues,
  options: { readonly machine?: Machine } = {},
): Promise<Readonly<Record<string, Committed>>> {
  const { circuit } = decodeKey(key);
  const machine = options.machine ?? (await createWasmMachine());
  const named = [...namedIntegers('input', circuit.inputs, inputs)];
  const commitAll = () =>
    named.map(([i, values]) => {
      const { name, shape, scale } = circuit.inputs[i]!;
      return [name, committedOf(commitTensor(machine, { shape, scale, values, secret: entropy() }), 0)] as const;
    });
  return Object.fromEntries(await machine.exclusive(commitAll));
}
