/**
 * Sums over private weights are bounded by the ranges that the circuit declares of them, and a certificate in the key proves these of the very cells
 * that proofs open. A circuit whose ranges do not follow is no model and no key; a prover who commits to a cell outside, or to a fraction in the
 * field, finds no certificate, whatever it tells of limbs and multiplicities.
 */
import { describe, expect, it } from 'vitest';
import { Hand } from '../../src/argue/hand.ts';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { evaluate } from '../../src/circuit/evaluate.ts';
import type { Circuit, IntArray, Range, TensorId } from '../../src/circuit/types.ts';
import { uploadIntegers } from '../../src/commit/columns.ts';
import { findNonce } from '../../src/commit/grind.ts';
import { fromInt, inversePowerOfTwo, P, toInt } from '../../src/field/m31.ts';
import { encodeKey, modelId } from '../../src/files/key.ts';
import type { ModelFile } from '../../src/files/model.ts';
import { encodeProof } from '../../src/files/proof.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { CERTIFICATE_TAG, certificateKey } from '../../src/proof/certificate.ts';
import { planOf, unpackParameters } from '../../src/proof/plan.ts';
import { statementDigest } from '../../src/proof/statement.ts';
import { commitWeights, modelRoots, Prover } from '../../src/prover/prover.ts';
import { registerModel } from '../../src/prover/register.ts';
import { padLayoutOf, sendProof, Twiddles } from '../../src/prover/send.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';
import { ProverChannel } from '../../src/transcript/channel.ts';
import { acceptKey, verify } from '../../src/verify.ts';
import { LyingHider } from '../support/hiding-court.ts';
import { seededSecrets } from '../support/programmed.ts';

const machine = await createWasmMachine();
const parameters = chooseParameters([1000, 1000], 4);

/** y = sum of w x and v x, over a narrow and a wide private weight. */
function network(visibility: 'private' | 'committed' = 'private') {
  const b = new CircuitBuilder('sums', () => visibility);
  const x = b.input({ name: 'x', shape: [4], range: { lo: -8, hi: 7 }, scale: 0 });
  const w = b.weight('narrow', [4], Int16Array.of(1, -2, 3, 5));
  const v = b.weight('wide', [4], Int32Array.of(70_000, -80_000, 3, -5));
  const sums = [w, v].map((weight, i) => b.contract(`sum${i}`, weight, x, ['i'], ['i'], []));
  const out = b.linear(
    'out',
    sums.map((tensor) => ({ tensor, coefficient: 1 })),
  );
  b.output({ name: 'y', shape: [], range: b.rangeOf(out), scale: 0 }, out);
  return b.build();
}

const { circuit, weights } = network();
const idOf = (name: string, of: Circuit = circuit): TensorId => of.tensors.findIndex((t) => t.name === name);

function declared(of: Circuit, name: string, range: Range): Circuit {
  return { ...of, tensors: of.tensors.map((t) => (t.name === name ? { ...t, range } : t)) };
}

const input = Int32Array.of(7, -8, 3, 1);
const model = registerModel(machine, circuit, weights, parameters, '{}');
const options = { publicInputs: new Set<number>(), zk: true, tag: new Uint8Array() };
const mark = machine.mark();
const { proof, outputs } = new Prover(machine, model).prove([input], options);
machine.release(mark);
const y = Int32Array.from(outputs[0]!);

describe('the range of a sum over private weights', () => {
  it('is that of all weights of as many bits', () => {
    expect(circuit.tensors[idOf('narrow')]!.range).toEqual({ lo: -8, hi: 7 });
    expect(circuit.tensors[idOf('wide')]!.range).toEqual({ lo: -(2 ** 17), hi: 2 ** 17 - 1 });
    expect(circuit.tensors[idOf('sum0')]!.range).toEqual({ lo: 4 * -8 * 7, hi: 4 * 64 });
    expect(verify(proof, { key: encodeKey(model), outputs: { y } })).toMatchObject({ ok: true });
  });

  const { lo, hi } = circuit.tensors[idOf('sum0')]!.range;
  const sums = [8 * (1 + 2 + 3 + 5), 4 * 64 - 1]; // what the true weights reach, and one less than the bound
  it.each([
    ['above', { lo, hi: hi - 1 }],
    ['below', { lo: lo + 1, hi }],
    ['by the true sums', { lo: -sums[0]!, hi: sums[0]! }],
    ['a single value', { lo: y[0]!, hi: y[0]! }],
  ])('declared narrower, %s: E_RANGE at registration, in the key, and for a proof', (_, range) => {
    const lying = declared(circuit, 'sum0', range);
    const refusal = expect.objectContaining({ code: 'E_RANGE', where: 'sum0' });
    expect(() => registerModel(machine, lying, weights, parameters, '{}')).toThrow(refusal);
    const key = encodeKey({ ...model, circuit: lying });
    expect(verify(proof, { key, outputs: { y } })).toMatchObject({ ok: false, check: 'E_RANGE', where: 'sum0' });
  });

  it('narrower ranges of the weights do not help, for the certificate is another statement', () => {
    const narrower = declared(circuit, 'narrow', { lo: -4, hi: 3 });
    const lying = declared(narrower, 'sum0', { lo: 4 * -4 * 7, hi: 4 * 4 * 8 });
    const key = encodeKey({ ...model, circuit: declared(lying, 'out', circuit.tensors[idOf('out')]!.range) });
    expect(verify(proof, { key, outputs: { y } })).toMatchObject({ ok: false, check: 'E_CERTIFICATE' });
    expect(() => acceptKey(key)).toThrow(expect.objectContaining({ code: 'E_CERTIFICATE' }));
  });

  it('of committed weights is that of their true sums, as before', () => {
    const open = network('committed');
    expect(open.circuit.tensors[idOf('sum0', open.circuit)]!.range.hi).toBe(8 * 2 + 7 * 9);
  });

  it.each([
    ['narrow', Int16Array.of(1, -2, 8, 5)],
    ['narrow', Int16Array.of(1, -9, 3, 5)],
    ['wide', Int32Array.of(2 ** 17, 0, 0, 0)],
  ] as const)('with a cell of %s outside its own range: an honest registration has no certificate', (name, values) => {
    const outside = new Map<TensorId, IntArray>(weights).set(idOf(name), values);
    expect(() => registerModel(machine, circuit, outside, parameters, '{}')).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^E_(RANGE|PROVE)$/) }),
    );
  });
});

/** Cells by name, in place of those that an honest run has; field elements. */
type Tale = Readonly<Record<string, (cells: Int32Array) => void>>;

/** The key, the certificate and the failed equations of a prover who commits to the weights of a tale, and tells the rest of it. */
function lyingKey(tale: Tale) {
  const start = machine.mark();
  const secretOf = seededSecrets(77);
  const told = (name: string, values: IntArray): Int32Array => {
    const cells = Int32Array.from(values);
    tale[name]?.(cells);
    return cells;
  };
  const lies = new Map([...weights].map(([id, values]) => [id, told(circuit.tensors[id]!.name, values)] as const));
  const secret = secretOf();
  const disclosure = { inputs: ['private'], outputs: ['public'], zk: true } as const;
  const roots = modelRoots(machine, planOf(model, disclosure), lies, secret);
  const file: ModelFile = { ...model, ...roots, secret, weights: lies };

  const key = certificateKey(file);
  const plan = planOf(key, { inputs: [], outputs: [], zk: true });
  const names = key.circuit.tensors.map(({ name }) => name);
  const uploaded = (of: ReadonlyMap<TensorId, IntArray>) =>
    new Map([...of].map(([id, values]) => [names.indexOf(circuit.tensors[id]!.name), uploadIntegers(machine, values)]));
  const run = evaluate(machine, plan.run, uploaded(weights), []);
  const tensors = new Map(run.tensors);
  for (const [id, at] of run.tensors) {
    const cells = at.kind === 2 ? machine.i16(at.ptr, at.length) : machine.i32(at.ptr, at.length);
    tensors.set(id, uploadIntegers(machine, told(names[id]!, cells)));
  }
  const twiddles = new Twiddles(machine, unpackParameters(file.parameters));
  const matrices = commitWeights(machine, plan, uploaded(lies), { 'private weights': secret }, twiddles);
  const statement = { inputs: [], outputs: [], tag: CERTIFICATE_TAG };
  const grinder = (state: Uint8Array, bits: number) => findNonce(machine, state, bits);
  const channel = new ProverChannel(statementDigest(key, statement, true), grinder);
  const side = {
    hand: new Hand(machine, plan.circuit, { ...run, tensors }),
    values: new Map(),
    columns: (id: TensorId) => tensors.get(id)!,
    matrices: [...matrices.values()],
    twiddles,
    padLayout: () => padLayoutOf(plan),
    secretOf,
    onStage: () => {},
  };
  let party: LyingHider | undefined;
  sendProof(channel, plan, side, { hiding: (c, m, pads) => (party = new LyingHider(c, m, pads, {})) });
  const certificate = encodeProof({ model: modelId(key), zk: true, proof: channel.finish() });
  machine.release(start);
  return { key: encodeKey({ ...file, certificate }), violations: party!.violations };
}

const half = inversePowerOfTwo(1);
const set = (at: number, value: number) => (cells: Int32Array) => {
  cells[at] = value;
};
const add = (at: number, value: number) => (cells: Int32Array) => {
  cells[at]! += value;
};
const plus = (at: number, value: number) => (cells: Int32Array) => {
  cells[at] = toInt((fromInt(cells[at]!) + value) % P);
};

/** What is committed, and told; which equations the prover fails. A verifier sees them together, behind the pads, and says `pads.equations`. */
const tales: readonly (readonly [string, Tale, readonly string[]])[] = [
  ['a cell above its range', { narrow: set(2, 8) }, ['lookup.root']],
  ['a cell below its range', { narrow: set(2, -9) }, ['lookup.root']],
  [
    'a cell above, counted as the one that it was not',
    { narrow: set(2, 8), 'range [-8, 7].multiplicity': add(15, 1) },
    ['lookup.root'],
  ],
  ['one half', { narrow: set(0, half) }, ['lookup.root']],
  ['the largest of all integers', { narrow: set(0, 2 ** 30 - 1) }, ['lookup.root']],
  ['a wide cell, with the limbs of what it should be', { wide: add(0, 2 ** 17) }, ['opening.batch']],
  [
    'a wide cell, with a limb that makes it good',
    { wide: plus(0, 2 ** 17), 'wide.bits9': plus(0, 2 ** 8) },
    ['lookup.root'],
  ],
  [
    'a wide half, with a limb that is a fraction',
    { wide: plus(2, half), 'wide.bits0': plus(2, half) },
    ['lookup.root'],
  ],
];

describe('a prover who commits to', () => {
  it('nothing but the weights, by the same steps, has a certificate', () => {
    const { key, violations } = lyingKey({});
    expect(violations).toEqual([]);
    expect(() => acceptKey(key)).not.toThrow();
  });

  it.each(tales)('%s has none', (_, tale, checks) => {
    const { key, violations } = lyingKey(tale);
    expect(violations).toEqual(checks);
    const refusal = { code: 'E_CERTIFICATE', message: expect.stringContaining('pads.equations') };
    expect(() => acceptKey(key)).toThrow(expect.objectContaining(refusal));
    expect(verify(proof, { key, outputs: { y } })).toMatchObject({ ok: false, check: 'E_CERTIFICATE' });
  });

  it('other weights within their range has one, for that root alone', () => {
    const moved = (cells: Int32Array) => {
      cells[1 + 8]! -= 1;
      cells[7 + 8]! += 1;
    };
    const { key, violations } = lyingKey({ narrow: set(0, 7), 'range [-8, 7].multiplicity': moved });
    expect(violations).toEqual([]);
    const accepted = acceptKey(key).file;
    expect(accepted.privateRoot).not.toEqual(model.privateRoot);
    const swapped = encodeKey({ ...model, certificate: accepted.certificate });
    expect(() => acceptKey(swapped)).toThrow(expect.objectContaining({ code: 'E_CERTIFICATE' }));
    expect(verify(proof, { key, outputs: { y } }).ok).toBe(false);
  });
});
