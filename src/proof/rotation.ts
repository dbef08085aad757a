/**
 * Rotation: a new hiding root of the same private weights, once the old one has shown as many columns as it may, and the proof that the weights are
 * the same. Its statement is a circuit that follows from the model's,
 *
 *   for every private weight:  old - new = 0,
 *
 * old under the old root, new under the new one.
 */

import { hashFor } from '../bytes/blake3.ts';
import { Writer } from '../bytes/writer.ts';
import { CircuitBuilder } from '../circuit/builder.ts';
import { circuitDigest } from '../circuit/encode.ts';
import type { Circuit } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import { FORMAT_VERSION } from '../files/container.ts';
import { type KeyFile, modelId, weightIds } from '../files/key.ts';
import { decodeProof } from '../files/proof.ts';
import { Rejection, VerifierChannel } from '../transcript/channel.ts';
import { checkProof } from './accept.ts';
import { type Group, type Plan, planChecked, unpackParameters } from './plan.ts';

/** Weight i of the model is tensors 3 i (old), 3 i + 1 (new) and 3 i + 2 (their difference). */
export function rotationPlan({ circuit, parameters }: Pick<KeyFile, 'circuit' | 'parameters'>): Plan {
  const disclosure = { inputs: [], outputs: [], zk: true };
  return planChecked(rotationCircuit(circuit), unpackParameters(parameters), disclosure, splitWeights);
}

function rotationCircuit(circuit: Circuit): Circuit {
  const b = new CircuitBuilder('rotation');
  for (const id of weightIds(circuit, 'private')) {
    const { name, shape, range } = circuit.tensors[id]!;
    const [old, fresh] = [b.privateWeight(`${name}.old`, shape, range), b.privateWeight(`${name}.new`, shape, range)];
    b.zero(
      b.linear(`${name}.difference`, [
        { tensor: old, coefficient: 1 },
        { tensor: fresh, coefficient: -1 },
      ]),
    );
  }
  return b.build().circuit;
}

function splitWeights(groups: readonly Group[]): Group[] {
  return groups.flatMap((group): Group[] => {
    if (group.content !== 'private weights') return [group];
    const part = (rest: number) => group.columns.filter((id) => id % 3 === rest);
    return [
      { ...group, columns: part(0) },
      { ...group, content: 'rotated weights', columns: part(1) },
    ];
  });
}

export function rotationDigest(plan: Plan, from: KeyFile, to: KeyFile): Uint8Array {
  const writer = new Writer().u16(FORMAT_VERSION).raw(circuitDigest(plan.circuit)).raw(modelId(from)).raw(modelId(to));
  return hashFor('tessera 2 rotation', writer.finish());
}

/**
 * Accepts a proof that the key `to` is the key `from` with another root of the same private weights.
 * @throws Rejection; TesseraError E_CERTIFICATE where the keys differ in more than that
 */
export function acceptRotation(from: KeyFile, to: KeyFile, proof: Uint8Array): void {
  const same = { ...to, privateRoot: from.privateRoot };
  if (modelId(same).some((b, i) => b !== modelId(from)[i]) || weightIds(from.circuit, 'private').length === 0) {
    throw new TesseraError('E_CERTIFICATE', 'the two keys differ in more than the root of their private weights');
  }
  const file = decodeProof(proof);
  if (!file.zk || modelId(to).some((b, i) => b !== file.model[i])) {
    throw new Rejection('statement.model', 'the rotation was made for another model');
  }
  const plan = rotationPlan(to);
  const channel = new VerifierChannel(rotationDigest(plan, from, to), file.proof);
  checkProof(channel, plan, new Map(), (witnessRoot) => [from.privateRoot, to.privateRoot, witnessRoot]);
}
