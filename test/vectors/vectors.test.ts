/**
 * Frozen vectors: a change of any format or of the order of messages is a visible diff of vectors.json (`npx vitest -u` writes it anew,
 * on purpose). Field, code, hashes, transcript, the digest of a whole proof for every rate, and with seeded secrets of what is made in zero knowledge.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { expect, it } from 'vitest';
import { circuitDigest } from '../../src/circuit/encode.ts';
import { rootOf } from '../../src/commit/merkle.ts';
import { domainPoint, encode } from '../../src/field/circle.ts';
import { Ext } from '../../src/field/ext.ts';
import { encodeKey, modelId } from '../../src/files/key.ts';
import { encodeCommitment } from '../../src/files/tensor.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { Prover } from '../../src/prover/prover.ts';
import { registerModel, withNewRoot } from '../../src/prover/register.ts';
import { commitTensor } from '../../src/prover/tensor.ts';
import { proveRotation } from '../../src/rotate.ts';
import { Transcript } from '../../src/transcript/transcript.ts';
import { verify, verifyRotation } from '../../src/verify.ts';
import { seededSecrets } from '../support/programmed.ts';
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

interface Said {
  readonly commitment: Uint8Array;
}

/** Private weights, an input that is committed beforehand and an output that is committed beside the proof; then another root of the weights. */
async function hidingVectors() {
  const machine = await createWasmMachine(); // the plain kernels take a minute
  const { circuit, weights, input } = tinyNetwork((name) => (name === 'w1' ? 'private' : 'committed'));
  const secretOf = seededSecrets(9);
  const parameters = { rowBits: 12, rateBits: 2, tailRows: 2, folds: [3] };
  const model = registerModel(machine, circuit, weights, parameters, '{}', secretOf);
  const committed = commitTensor(machine, { shape: [3, 6, 5], scale: 0, values: input, secret: secretOf() });
  const openings = new Map([[0, committed]]);
  const options = { publicInputs: new Set<number>(), openings, outputs: ['committed'] as const, zk: true, tag };
  const made = new Prover(machine, model).prove([input], options, { entropy: secretOf });
  const output = made.openings.get(0)!;
  const rotated = withNewRoot(machine, model, secretOf);
  const rotation = proveRotation(machine, model, rotated, secretOf);
  const keys = { from: encodeKey(model), to: encodeKey(rotated) };
  const [x, y] = [committed, output].map((file) => ({ commitment: encodeCommitment(file) })) as [Said, Said];
  const statement = { key: keys.from, inputs: { x }, outputs: { y }, tag };
  expect(verify(made.proof, statement)).toMatchObject({ ok: true, zk: true });
  expect(verifyRotation(rotation, keys)).toEqual({ ok: true });
  const digest = (bytes: Uint8Array) => ({ bytes: bytes.length, digest: hex(blake3(bytes)) });
  return {
    root: hex(model.root),
    privateRoot: hex(model.privateRoot),
    model: hex(modelId(model)),
    certificate: digest(model.certificate),
    input: { root: hex(committed.root), file: digest(x.commitment) },
    output: { root: hex(output.root), file: digest(y.commitment) },
    proof: digest(made.proof),
    rotation: { privateRoot: hex(rotated.privateRoot), proof: digest(rotation) },
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
    hiding: await hidingVectors(),
  };
  await expect(`${JSON.stringify(vectors, null, 1)}\n`).toMatchFileSnapshot('vectors.json');
});
