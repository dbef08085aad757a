/** Proofs that hide, under statements that they were not made for: other roots, certificates, rotations, commitments, tags, visibilities. */
import { describe, expect, it } from 'vitest';
import { Hand } from '../../src/argue/hand.ts';
import { CERTIFICATE_TAG, certificateKey } from '../../src/certificate.ts';
import { evaluate } from '../../src/circuit/evaluate.ts';
import type { Circuit, IntArray, TensorId } from '../../src/circuit/types.ts';
import { uploadIntegers } from '../../src/commit/columns.ts';
import { findNonce } from '../../src/commit/grind.ts';
import { encodeKey, modelId, weightIds } from '../../src/files/key.ts';
import type { ModelFile } from '../../src/files/model.ts';
import { decodeProof, encodeProof } from '../../src/files/proof.ts';
import { encodeCommitment, type OpeningFile } from '../../src/files/tensor.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { unpackParameters } from '../../src/plan.ts';
import { commitWeights, Prover, type ProverHooks, type ProverOptions } from '../../src/prover.ts';
import { registerModel, withNewRoot } from '../../src/register.ts';
import { proveRotation } from '../../src/rotate.ts';
import { rotationDigest, rotationPlan } from '../../src/rotation.ts';
import { padLayoutOf, sendProof, Twiddles } from '../../src/send.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';
import { statementDigest } from '../../src/statement.ts';
import { commitTensor } from '../../src/tensor.ts';
import { ProverChannel } from '../../src/transcript/channel.ts';
import { acceptKey, type Verdict, type VerifyOptions, verify, verifyRotation } from '../../src/verify.ts';
import { seededSecrets } from '../support/programmed.ts';
import { pattern, tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const { circuit, weights, input } = tinyNetwork((name) => (name === 'w1' ? 'private' : 'committed'));
const secretOf = seededSecrets(31);
const parameters = chooseParameters([1000, 1000], 20);
const [w1] = weightIds(circuit, 'private') as [TensorId];
const otherWeights = new Map(weights).set(w1, pattern(162, 77));

function registered(own: ReadonlyMap<TensorId, IntArray> = weights, of: Circuit = circuit): ModelFile {
  return registerModel(machine, of, own, parameters, '{}', secretOf);
}

const model = registered();
const key = acceptKey(encodeKey(model));
const prover = new Prover(machine, model);
const commitTo = (values: Int32Array): OpeningFile => {
  return commitTensor(machine, { shape: [3, 6, 5], scale: 0, values, secret: secretOf() });
};
const opening = commitTo(input);

const TAG = new TextEncoder().encode('for you');

function prove(changed: Partial<ProverOptions> = {}, by = prover, values: IntArray = input) {
  const options: ProverOptions = { publicInputs: new Set(), zk: true, tag: TAG, ...changed };
  return by.prove([values], options, { entropy: secretOf });
}

function judge(proof: Uint8Array, statement: Partial<VerifyOptions>): string {
  const verdict = verify(proof, { key, outputs: {}, tag: TAG, ...statement });
  return verdict.ok ? 'accepted' : [verdict.check, verdict.where].filter((s) => s !== undefined).join(' ');
}

const commitmentOf = (file: OpeningFile) => ({ commitment: encodeCommitment(file) });

describe('a proof of a private input and a public output', () => {
  const { proof, outputs } = prove();
  const y = outputs[0] as Int32Array;

  it('is accepted for what it says', () => {
    expect(judge(proof, { outputs: { y } })).toBe('accepted');
  });

  // whatever is changed changes every challenge; the first check that depends on one is the work before the first columns
  it.each<[string, Partial<VerifyOptions>]>([
    ['another tag', { outputs: { y }, tag: new TextEncoder().encode('for me') }],
    ['no tag', { outputs: { y }, tag: new Uint8Array() }],
    ['another output', { outputs: { y: y.map((v) => v + 1) } }],
  ])('is rejected under %s', (_, statement) => {
    expect(judge(proof, statement)).toBe('grinding level grinding');
  });

  // another visibility is another plan, so messages are also cut elsewhere
  it.each<[string, Partial<VerifyOptions>]>([
    ['a private output', { outputs: { y: 'private' } }],
    ['the input in public', { inputs: { x: input }, outputs: { y } }],
    ['a committed input', { inputs: { x: commitmentOf(opening) }, outputs: { y } }],
    ['a committed output', { outputs: { y: commitmentOf(opening) } }],
  ])('is rejected under %s', (_, statement) => {
    expect(judge(proof, statement)).toMatch(/^(grinding|canonical|E_COMMITMENT|proof\.length)/);
  });

  it('is rejected as a proof that hides nothing', () => {
    const plain = encodeProof({ ...decodeProof(proof), zk: false });
    expect(judge(plain, { outputs: { y } })).toBe('E_VISIBILITY w1');
  });
});

describe('a proof of a private output', () => {
  const { proof, outputs } = prove({ outputs: ['private'] });

  it('is accepted for what it says, and never stated to have had a public one', () => {
    expect(judge(proof, { outputs: { y: 'private' } })).toBe('accepted');
    expect(judge(proof, { outputs: { y: outputs[0] as Int32Array } })).toMatch(/^(grinding|canonical)/);
    expect(judge(proof, { outputs: {} })).toBe('E_INPUT y');
  });
});

describe('a proof of a committed input', () => {
  const openings = (file: OpeningFile) => ({ openings: new Map([[0, file]]), outputs: ['private' as const] });
  const statement = (file: OpeningFile) => ({ inputs: { x: commitmentOf(file) }, outputs: { y: 'private' as const } });
  const { proof } = prove(openings(opening));

  it('is accepted for that commitment', () => {
    expect(judge(proof, statement(opening))).toBe('accepted');
  });

  it('is rejected for another commitment to the same values', () => {
    expect(judge(proof, statement(commitTo(input)))).toBe('grinding level grinding');
  });

  it('is rejected for a private input', () => {
    expect(judge(proof, { outputs: { y: 'private' } })).toMatch(/^(grinding|canonical)/);
  });

  it('is refused by a prover whose opening has other values, or another secret, than its commitment', () => {
    const values = input.map((v) => -1 - v);
    expect(() => prove(openings({ ...opening, values }), prover, values)).toThrow('do not make its commitment');
    expect(() => prove(openings({ ...opening, secret: secretOf() }))).toThrow('do not make its commitment');
  });

  it('is stopped by the root where a prover opens a commitment of his own in its place', () => {
    const digest = statementDigest(
      model,
      { inputs: [{ kind: 'committed', root: opening.root }], outputs: [{ kind: 'private' }], tag: TAG },
      true,
    );
    // other values, and the same values under another secret
    for (const values of [input.map((v) => -1 - v), input]) {
      const options = { publicInputs: new Set<number>(), zk: true, tag: TAG, ...openings(commitTo(values)) };
      const hooks: ProverHooks = { entropy: secretOf, channel: (_, grinder) => new ProverChannel(digest, grinder) };
      const { proof: lie, violated } = prover.prove([values], options, hooks);
      expect(violated).toBeUndefined();
      expect(judge(lie, statement(opening))).toBe('opening.merkle input');
    }
  });

  it('is stopped by the equations where the network was run on other values', () => {
    const values = input.map((v) => -1 - v);
    const { proof: other, violated } = prove(openings(opening), prover, values);
    expect(violated).toBeDefined();
    expect(judge(other, statement(opening))).toBe('pads.equations');
  });
});

describe('a proof under private weights', () => {
  const other = registered(otherWeights);
  const { proof, outputs } = prove({}, new Prover(machine, other));
  const said = { outputs: { y: outputs[0] as Int32Array } };

  it('of another model is named so, and is one for that model', () => {
    expect(judge(proof, said)).toBe('statement.model');
    expect(judge(proof, { ...said, key: acceptKey(encodeKey(other)) })).toBe('accepted');
  });

  it('of another model, called this one, was made for other challenges', () => {
    const renamed = encodeProof({ ...decodeProof(proof), model: modelId(model) });
    expect(judge(renamed, said)).toBe('grinding level grinding');
  });

  it('of another model, made for this one, is stopped by the root', () => {
    const liar = new Prover(machine, { ...other, privateRoot: other.privateRoot.slice() });
    liar.model.privateRoot.set(model.privateRoot);
    const lie = prove({}, liar);
    expect(judge(lie.proof, { outputs: { y: lie.outputs[0] as Int32Array } })).toBe('opening.merkle private weights');
  });
});

describe('a key of private weights', () => {
  const refused = (file: ModelFile) => {
    try {
      acceptKey(encodeKey(file));
      return 'accepted';
    } catch (error) {
      return String(error);
    }
  };
  const reseal = (certificate: Uint8Array, zk = true) => {
    return encodeProof({ model: modelId(certificateKey(model)), zk, proof: decodeProof(certificate).proof });
  };

  it('is accepted', () => {
    expect(refused(model)).toBe('accepted');
  });

  it('without a certificate is refused', () => {
    expect(refused({ ...model, certificate: new Uint8Array() })).toMatch(/^E_CERTIFICATE.*without a range certificate/);
  });

  it('with a certificate that is no file is refused', () => {
    expect(refused({ ...model, certificate: model.certificate.slice(0, -1) })).toMatch(/^E_CERTIFICATE.*E_FILE/);
  });

  it("with another root's certificate is refused", () => {
    const { certificate } = registered();
    expect(refused({ ...model, certificate })).toMatch(/^E_CERTIFICATE.*statement\.model/);
    expect(refused({ ...model, certificate: reseal(certificate) })).toMatch(/^E_CERTIFICATE.*grinding/);
    expect(refused({ ...registered(), certificate: model.certificate })).toMatch(/^E_CERTIFICATE.*statement\.model/);
  });

  it('with a certificate of other ranges is refused', () => {
    const tensors = circuit.tensors.map((t, id) => (id === w1 ? { ...t, range: { lo: -6, hi: 6 } } : t));
    const secret = model.secret;
    const { certificate, privateRoot } = registerModel(
      machine,
      { ...circuit, tensors },
      weights,
      parameters,
      '{}',
      firstThen(secret, secretOf),
    );
    expect(privateRoot).toEqual(model.privateRoot);
    expect(refused({ ...model, certificate })).toMatch(/^E_CERTIFICATE.*statement\.model/);
    expect(refused({ ...model, certificate: reseal(certificate) })).toMatch(/^E_CERTIFICATE.*grinding/);
  });

  it('with a proof of another purpose as a certificate is refused', () => {
    const own = certificateKey(model);
    const values = new Map([[weightIds(own.circuit, 'private')[0]!, weights.get(w1)!]]);
    const certifier = new Prover(machine, { ...own, weights: values, secret: model.secret, report: '{}' });
    const purposes = [CERTIFICATE_TAG, TAG].map((tag) => {
      const { proof } = certifier.prove([], { publicInputs: new Set(), zk: true, tag }, { entropy: secretOf });
      return refused({ ...model, certificate: proof });
    });
    expect(purposes).toEqual(['accepted', expect.stringMatching(/^E_CERTIFICATE.*grinding/)]);
  });

  it('with a certificate that calls itself plain is refused', () => {
    expect(refused({ ...model, certificate: reseal(model.certificate, false) })).toMatch(
      /^E_CERTIFICATE.*E_VISIBILITY/,
    );
  });

  it('with weights outside their range has no certificate that holds', () => {
    const wide = new Map(weights).set(w1, weights.get(w1)!.map((v, i) => (i === 5 ? 100 : v)) as IntArray);
    const beyond = () => registered(wide);
    expect(beyond).toThrow(/outside|range/);
  });
});

/** This secret first, then others. */
function firstThen(secret: Uint8Array, rest: () => Uint8Array): () => Uint8Array {
  let isFirst = true;
  return () => {
    if (!isFirst) return rest();
    isFirst = false;
    return secret;
  };
}

describe('a rotation', () => {
  const to = withNewRoot(machine, model, secretOf);
  const rotation = proveRotation(machine, model, to, secretOf);
  const other = registered(otherWeights);
  const keys = { from: encodeKey(model), to: encodeKey(to) };
  const word = (verdict: { ok: true } | (Verdict & { ok: false })) => {
    return verdict.ok ? 'accepted' : [verdict.check, verdict.where].filter((s) => s !== undefined).join(' ');
  };

  it('is accepted between the two roots, in this direction', () => {
    expect(word(verifyRotation(rotation, keys))).toBe('accepted');
    expect(word(verifyRotation(rotation, { from: keys.to, to: keys.from }))).toBe('statement.model');
  });

  it('to another root of the same weights was made for other challenges', () => {
    const third = withNewRoot(machine, model, secretOf);
    const renamed = encodeProof({ ...decodeProof(rotation), model: modelId(third) });
    expect(word(verifyRotation(rotation, { ...keys, to: encodeKey(third) }))).toBe('statement.model');
    expect(word(verifyRotation(renamed, { ...keys, to: encodeKey(third) }))).toBe('grinding level grinding');
  });

  it('to other weights is stopped by their root, where they are claimed to be the same', () => {
    const lie = proveRotation(machine, model, other, secretOf);
    expect(word(verifyRotation(lie, { ...keys, to: encodeKey(other) }))).toBe('opening.merkle rotated weights');
  });

  it('to other weights is stopped by the equations, where they are what they are', () => {
    const lie = rotateTo(model, other);
    expect(word(verifyRotation(lie.rotation, { ...keys, to: encodeKey(other) }))).toBe('pads.equations');
    expect(lie.violated).toBeDefined();
  });

  it('of keys that differ in more is refused', () => {
    const committed = new Map(weights);
    const w2 = circuit.tensors.findIndex((t) => t.name === 'w2');
    committed.set(w2, pattern(24, 78));
    expect(word(verifyRotation(rotation, { ...keys, to: encodeKey(registered(committed)) }))).toBe('E_CERTIFICATE');
  });
});

/** A rotation whose new weights are others, by a prover who hides that nowhere but in the messages. */
function rotateTo(from: ModelFile, to: ModelFile) {
  const plan = rotationPlan(to);
  const upload = (file: ModelFile) => uploadIntegers(machine, file.weights.get(w1)!);
  const values = new Map([[0, upload(from)] as const, [1, upload(to)] as const]);
  const run = evaluate(machine, plan.run, values, []);
  const twiddles = new Twiddles(machine, unpackParameters(to.parameters));
  const secrets = { 'private weights': from.secret, 'rotated weights': to.secret };
  const matrices = commitWeights(machine, plan, values, secrets, twiddles);
  const channel = new ProverChannel(rotationDigest(plan, from, to), (state, bits) => findNonce(machine, state, bits));
  const violated = sendProof(channel, plan, {
    hand: new Hand(machine, plan.circuit, run),
    values: new Map(),
    columns: (id) => run.tensors.get(id)!,
    matrices: [...matrices.values()],
    twiddles,
    padLayout: () => padLayoutOf(plan),
    secretOf,
    onStage: () => {},
  });
  return { rotation: encodeProof({ model: modelId(to), zk: true, proof: channel.finish() }), violated };
}
