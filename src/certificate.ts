/**
 * The range certificate of private weights: a proof, made when a model is registered and kept in its key, that every committed private weight
 * lies in the range that the circuit declares of it. Without it a prover, who chose the root, might have committed to field elements that
 * stand for no integer of that size, and sums might wrap. Its statement is a circuit of its own, which follows from the model's:
 *
 *   for every private weight:  a lookup of its cells in the table of its range, by limbs where it is wide
 *
 * under the same private root, packed alike, so that it speaks of the very cells that the model's proofs open.
 */
import { acceptProof } from './accept.ts';
import { CircuitBuilder } from './circuit/builder.ts';
import { checkCircuit } from './circuit/check.ts';
import type { Circuit } from './circuit/types.ts';
import { TesseraError } from './errors.ts';
import { type KeyFile, ROOT_BYTES, weightIds } from './files/key.ts';
import { Rejection } from './transcript/channel.ts';

/** The purpose of such a proof. */
export const CERTIFICATE_TAG = new TextEncoder().encode('tessera 2 range certificate');

/** The certificate's circuit: weight i of it is the model's i-th private weight. */
export function certificateCircuit({ tensors, ...circuit }: Circuit): Circuit {
  const b = new CircuitBuilder('range certificate');
  for (const id of weightIds({ tensors, ...circuit }, 'private')) {
    const { name, shape, range } = tensors[id]!;
    b.pin(b.privateWeight(name, shape, range));
  }
  return b.build().circuit;
}

/** The key that a certificate is a proof under. */
export function certificateKey(key: KeyFile): KeyFile {
  return {
    circuit: certificateCircuit(key.circuit),
    parameters: key.parameters,
    root: new Uint8Array(ROOT_BYTES),
    privateRoot: key.privateRoot,
    publicWeights: new Map(),
    certificate: new Uint8Array(),
  };
}

/** @throws TesseraError E_CIRCUIT for a circuit that is not legal; E_CERTIFICATE where a key has private weights and no valid certificate for exactly their root and ranges */
export function checkCertificate(key: KeyFile): void {
  const refuse = (sentence: string): never => {
    throw new TesseraError('E_CERTIFICATE', sentence, {
      hint: 'A key of private weights is made by `compile` and `rotate`. Ask for it anew.',
    });
  };
  const isPrivate = weightIds(key.circuit, 'private').length > 0;
  if (!isPrivate) {
    if (key.certificate.length > 0) refuse('the key has a certificate, but no private weights');
    return;
  }
  if (key.certificate.length === 0) refuse('the key has private weights without a range certificate');
  checkCircuit(key.circuit);
  try {
    acceptProof(certificateKey(key), { inputs: [], outputs: [], tag: CERTIFICATE_TAG }, key.certificate);
  } catch (error) {
    if (error instanceof Rejection) refuse(`the range certificate does not hold: ${error.check}, ${error.message}`);
    if (error instanceof TesseraError)
      refuse(`the range certificate cannot be checked: ${error.code}, ${error.message}`);
    throw error;
  }
}
