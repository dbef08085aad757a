/** What the parties do: somebody makes the network, the owner of a face enrols and proves, a verifier checks. */
import {
  type Budget,
  type Compiled,
  commit,
  compile,
  type Machine,
  prove,
  type Verdict,
  verify,
} from '../../src/index.ts';
import { EMBEDDING, embed } from './face.ts';
import { comparison } from './network.ts';

/** Cosines of one face were 0.69 and above, those of two 0.15 and below (2026-11-25, 13 pictures of three people). */
export const COSINE = 0.4;

const RANGE = { min: -1, max: 1 };

/** Calibrated on the given faces, each as it is and in harder light, against its own embedding and that of the next. */
export async function makeNetwork(
  faces: readonly Float32Array[],
  machine: Machine,
  outputs?: readonly string[],
): Promise<Compiled> {
  const all = faces.flatMap((face) => [face, face.map((v) => Math.max(RANGE.min, Math.min(1.5 * v, RANGE.max)))]);
  const embeddings = await Promise.all(all.map(embed));
  const length = 1.1 * Math.max(...embeddings.map((e) => e.reduce((sum, v) => sum + v * v, 0)));
  // longer than what is accepted, so that an embedding meets the limit before the integers end
  const enrolled = embeddings.map((e) => e.map((v) => 1.25 * v));
  const samples = all.flatMap((face, i) => [
    { face, enrolled: enrolled[i]! },
    { face, enrolled: enrolled[(i + 2) % all.length]! },
  ]);
  const onnx = comparison(EMBEDDING, { cosine: COSINE, length }, outputs);
  return compile(onnx, { samples, inputRange: RANGE, accuracySamples: 2, machine });
}

/** The commitment is for the verifier; the opening and the journal of proofs stay with the owner. */
export async function enrol(key: Uint8Array, face: Float32Array, machine: Machine) {
  const { enrolled } = await commit(key, { enrolled: await embed(face) }, { machine });
  return enrolled!;
}

export function proveSame(
  model: Uint8Array,
  face: Float32Array,
  opening: Uint8Array,
  options: { readonly tag: Uint8Array; readonly budget: Budget; readonly machine: Machine },
) {
  return prove(model, { face, enrolled: { opening } }, options);
}

/** What the verifier holds before any proof: the key, what was committed at enrolment, and a number that it chose. */
export interface Expected {
  readonly key: Uint8Array;
  readonly commitment: Uint8Array;
  readonly nonce: Uint8Array;
}

export function checkSame(proof: Uint8Array, isSame: boolean, { key, commitment, nonce }: Expected): Verdict {
  const outputs = { same: Float32Array.of(Number(isSame)) };
  return verify(proof, { key, inputs: { enrolled: { commitment } }, outputs, tag: nonce });
}
