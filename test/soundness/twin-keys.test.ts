/**
 * The verifier against its twin (test/support/twin) on what keys with private weights are shown with: range certificates and rotations, honest and changed.
 */
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import type { Circuit, IntArray, TensorId } from '../../src/circuit/types.ts';
import { decodeKey, encodeKey, type KeyFile, modelId } from '../../src/files/key.ts';
import type { ModelFile } from '../../src/files/model.ts';
import { decodeProof, encodeProof } from '../../src/files/proof.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { Prover } from '../../src/prover/prover.ts';
import { registerModel, withNewRoot } from '../../src/prover/register.ts';
import { proveRotation } from '../../src/rotate.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';
import { flip, reseal, splice } from '../support/mutations.ts';
import { seededSecrets } from '../support/programmed.ts';
import { pattern, tinyNetwork } from '../support/tiny.ts';
import { type Case, Twins } from '../support/twin/court.ts';

const machine = await createWasmMachine();
const twins = new Twins();
const secretOf = seededSecrets(71);
const parameters = chooseParameters([1000, 1000], 20);
const tag = new Uint8Array();

/** y = 2 x + w for private weights w of every kind of range: one table, two tables shared, limbs from below, limbs from both ends. */
function sums(): { circuit: Circuit; weights: Map<TensorId, IntArray>; input: Int32Array } {
  const b = new CircuitBuilder('sums');
  const port = { shape: [2, 3], range: { lo: -8, hi: 7 }, scale: 0 };
  const x = b.input({ ...port, name: 'x' });
  const ranges = [
    [-8, 7],
    [-5, 5],
    [-(2 ** 17), 2 ** 17 - 1],
    [-70000, 50000],
    [0, 2 ** 20 - 1],
    [3, 3],
  ] as const;
  const weights = new Map<TensorId, IntArray>();
  const terms = ranges.map(([lo, hi], i) => {
    const tensor = b.privateWeight(`w${i}`, port.shape, { lo, hi });
    weights.set(tensor, Int32Array.of(lo, hi, lo, hi, hi, lo));
    return { tensor, coefficient: 1 };
  });
  const y = b.linear('sum', [{ tensor: x, coefficient: 2 }, ...terms]);
  b.output({ name: 'y', shape: [2, 3], range: b.rangeOf(y), scale: 0 }, y);
  return { circuit: b.build().circuit, weights, input: Int32Array.of(1, -2, 3, -4, 5, 7) };
}

const register = (circuit: Circuit, weights: ReadonlyMap<TensorId, IntArray>): ModelFile =>
  registerModel(machine, circuit, weights, parameters, '{}', secretOf);

function prove(model: ModelFile, input: IntArray): Case {
  const options = { publicInputs: new Set<number>(), zk: true, tag };
  const { proof, outputs } = new Prover(machine, model).prove([input], options, { entropy: secretOf });
  return { proof, claimed: { key: encodeKey(model), inputs: {}, outputs: { y: Int32Array.from(outputs[0]!) }, tag } };
}

const { circuit, weights, input } = tinyNetwork((name) => (name === 'w1' ? 'private' : 'committed'));
const model = register(circuit, weights);
const other = register(
  circuit,
  new Map([...weights].map(([id, w]) => [id, circuit.tensors[id]!.name === 'w1' ? pattern(w.length, 77) : w])),
);

describe('a range certificate', () => {
  it('of weights of every kind of range', () => {
    const of = sums();
    const summed = register(of.circuit, of.weights);
    const { proof, claimed } = prove(summed, of.input);
    expect(twins.verdictOn({ proof, claimed })).toBe('accepted');
    const tensors = summed.circuit.tensors.map((t): Circuit['tensors'][number] =>
      t.name === 'w3' ? { ...t, range: { lo: -70001, hi: 50000 } } : t,
    );
    const key = encodeKey({ ...summed, circuit: { ...summed.circuit, tensors } });
    expect(twins.verdictOn({ proof, claimed: { ...claimed, key } })).toBe('E_CERTIFICATE');
  });

  const { proof, claimed } = prove(model, input);
  const keyWith = (changes: Partial<KeyFile>) => ({
    ...claimed,
    key: encodeKey({ ...decodeKey(claimed.key), ...changes }),
  });
  const plain = tinyNetwork();
  const plainKey = decodeKey(encodeKey(register(plain.circuit, plain.weights)));
  const others: Record<string, Partial<KeyFile>> = {
    none: { certificate: new Uint8Array() },
    'that is no proof': { certificate: Uint8Array.of(1, 2, 3) },
    "another model's": { certificate: other.certificate },
    "the model's own proof": { certificate: proof },
    'that is plain': { certificate: encodeProof({ ...decodeProof(model.certificate), zk: false }) },
    'under other parameters': { parameters: [12, 2, 4, 3] },
    'under parameters that are none': { parameters: [11, 2, 4, 3] },
    'of a model without private weights': { ...plainKey, certificate: model.certificate },
  };

  it('is accepted with its key', () => {
    expect(twins.verdictOn({ proof, claimed })).toBe('accepted');
  });

  it.each(Object.entries(others))('%s', (_, changes) => {
    expect(twins.verdictOn({ proof, claimed: keyWith(changes) })).toBe('E_CERTIFICATE');
  });

  it('changed', () => {
    const { length } = decodeProof(model.certificate).proof;
    for (let at = 5; at < length; at += Math.floor(length / 11)) {
      const certificate = reseal(model.certificate, (bytes) => flip(bytes, at));
      expect(twins.verdictOn({ proof, claimed: keyWith({ certificate }) })).toBe('E_CERTIFICATE');
    }
  });
});

describe('a rotation', () => {
  const rotated = withNewRoot(machine, model, secretOf);
  const rotation = proveRotation(machine, model, rotated, secretOf);
  const keys = { from: encodeKey(model), to: encodeKey(rotated) };
  const { proof, ...file } = decodeProof(rotation);

  it('to a new root of the same weights', () => {
    expect(twins.verdictOnRotation(rotation, keys)).toBe('accepted');
  });

  it('of weights of every kind of range', () => {
    const of = sums();
    const [from, to] = [register(of.circuit, of.weights), register(of.circuit, of.weights)];
    const made = proveRotation(machine, from, to, secretOf);
    expect(twins.verdictOnRotation(made, { from: encodeKey(from), to: encodeKey(to) })).toBe('accepted');
  });

  it('to other weights', () => {
    const made = proveRotation(machine, model, other, secretOf);
    expect(twins.verdictOnRotation(made, { from: keys.from, to: encodeKey(other) })).toBe('opening.merkle');
  });

  it('between keys that differ in more', () => {
    const plain = tinyNetwork();
    const open = encodeKey(register(plain.circuit, plain.weights));
    const more = tinyNetwork((name) => (name === 'w1' || name === 'w2' ? 'private' : 'committed'));
    const wider = encodeKey(register(more.circuit, more.weights));
    for (const to of [open, wider]) expect(twins.verdictOnRotation(rotation, { ...keys, to })).toBe('E_CERTIFICATE');
    expect(twins.verdictOnRotation(rotation, { from: open, to: open })).toBe('E_CERTIFICATE');
  });

  it('to a key whose certificate is missing', () => {
    const to = encodeKey({ ...rotated, certificate: new Uint8Array() });
    expect(twins.verdictOnRotation(rotation, { ...keys, to })).toBe('E_CERTIFICATE');
  });

  it('the other way round, to the same key, of another proof, in clear', () => {
    const { from, to } = keys;
    expect(twins.verdictOnRotation(rotation, { from: to, to: from })).toBe('statement.model');
    expect(twins.verdictOnRotation(rotation, { from, to: from })).toBe('statement.model');
    expect(twins.verdictOnRotation(prove(rotated, input).proof, keys)).not.toBe('accepted');
    expect(twins.verdictOnRotation(encodeProof({ ...file, proof, zk: false }), keys)).toBe('statement.model');
    const renamed = encodeProof({ ...file, proof, model: modelId(model) });
    expect(twins.verdictOnRotation(renamed, { from: to, to: from })).not.toBe('accepted');
    expect(twins.verdictOnRotation(keys.to, keys)).toBe('E_FILE');
  });

  it('changed, cut or extended', () => {
    const words = [splice(proof, proof.length, 0, Uint8Array.of(0)), proof.slice(0, -1), splice(proof, 0, 32)];
    for (let at = 7; at < proof.length; at += Math.floor(proof.length / 11)) words.push(flip(proof, at));
    for (const changed of words) {
      expect(twins.verdictOnRotation(encodeProof({ ...file, proof: changed }), keys)).not.toBe('accepted');
    }
  });
});
