/**
 * Frozen vectors: a change of any format or of the order of messages is a visible diff of vectors.json (`npx vitest -u` writes it anew,
 * on purpose). Field, code, hashes, transcript, and the digest of a whole proof for every rate.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { expect, it } from 'vitest';
import { circuitDigest } from '../../src/circuit/encode.ts';
import { rootOf } from '../../src/commit/merkle.ts';
import { domainPoint, encode } from '../../src/field/circle.ts';
import { Ext } from '../../src/field/ext.ts';
import { encodeKey, modelId } from '../../src/files/key.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { Prover } from '../../src/prover.ts';
import { registerModel } from '../../src/register.ts';
import { Transcript } from '../../src/transcript/transcript.ts';
import { verify } from '../../src/verify.ts';
import { tinyNetwork } from '../support/tiny.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const machine = createReferenceMachine();
const tiny = tinyNetwork();
const tag = new TextEncoder().encode('vector');

function proofVector(rateBits: number) {
  const parameters = { rowBits: 12, rateBits, tailRows: 1, folds: [3] };
  const model = registerModel(machine, tiny.circuit, tiny.weights, parameters, '{}');
  const prover = new Prover(machine, model);
  const { proof, outputs } = prover.prove([tiny.input], { publicInputs: new Set([0]), zk: false, tag });
  const y = Int32Array.from(outputs[0]!);
  expect(verify(proof, { key: encodeKey(model), inputs: { x: tiny.input }, outputs: { y }, tag })).toMatchObject({
    ok: true,
  });
  return {
    root: hex(model.root),
    model: hex(modelId(model)),
    outputs: [...y],
    bytes: proof.length,
    proof: hex(blake3(proof)),
  };
}

it('nothing has changed that a second implementation would have to follow', async () => {
  const u = new Ext(1, 2, 3, 4);
  const transcript = new Transcript(Uint8Array.of(1, 2, 3));
  const first = transcript.challenge('lookup challenge');
  transcript.absorb('witness root', 'bytes', new Uint8Array(32));
  const columns = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3), Uint8Array.of(4)];
  const vectors = {
    field: { product: u.mul(u.add(Ext.ONE)).coordinates(), inverse: u.inv().coordinates() },
    code: { point: domainPoint(5, 11), codeword: encode([1, 2, 3, 4, 5, 6, 7, 8], 4) },
    merkle: hex(rootOf(columns, [0, 1, 2, 3], 2, [])!),
    transcript: {
      first: first.coordinates(),
      second: transcript.challenge('lookup challenge').coordinates(),
      positions: transcript.positions('level positions', 8, 10),
    },
    circuit: hex(circuitDigest(tiny.circuit)),
    proofs: { half: proofVector(1), quarter: proofVector(2), eighth: proofVector(3) },
  };
  await expect(`${JSON.stringify(vectors, null, 1)}\n`).toMatchFileSnapshot('vectors.json');
});
