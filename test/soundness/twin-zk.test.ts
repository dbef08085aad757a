/**
 * The verifier against its twin (test/support/twin) on proofs in zero knowledge: with every visibility of inputs, outputs and weights, of random circuits,
 * changed, lied, and under other statements. They agree down to the name of the check.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HidingVerifier } from '../../src/argue/hiding.ts';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import type { Circuit, IntArray, TensorId, WeightVisibility } from '../../src/circuit/types.ts';
import { TesseraError } from '../../src/errors.ts';
import { Ext } from '../../src/field/ext.ts';
import { decodeKey, encodeKey, modelId } from '../../src/files/key.ts';
import { decodeProof, encodeProof } from '../../src/files/proof.ts';
import { encodeCommitment, type OpeningFile } from '../../src/files/tensor.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { unpackParameters, type Visibility } from '../../src/proof/plan.ts';
import { Prover, type ProverHooks } from '../../src/prover/prover.ts';
import { registerModel } from '../../src/prover/register.ts';
import { commitTensor } from '../../src/prover/tensor.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';
import { VerifierChannel } from '../../src/transcript/channel.ts';
import { acceptKey, verify } from '../../src/verify.ts';
import { hidingCourtOf, LyingHider, withPads } from '../support/hiding-court.ts';
import { tell, twisted } from '../support/lies.ts';
import { flip, messagesOf, reseal, splice } from '../support/mutations.ts';
import { seededSecrets } from '../support/programmed.ts';
import { randomCircuit } from '../support/random-circuit.ts';
import { tinyNetwork } from '../support/tiny.ts';
import { Argument } from '../support/twin/argument.ts';
import { type Case, type Claimed, checksOf, Twins } from '../support/twin/court.ts';
import type { Given } from '../support/twin/ports.ts';
import { Transcript } from '../support/twin/transcript.ts';

const machine = await createWasmMachine();
const twins = new Twins();
const verdictOn = (claim: Case): string => twins.verdictOn(claim);
const secretOf = seededSecrets(61);
const tag = new TextEncoder().encode('twins');
/** A private weight's root serves its certificate and more than one proof. */
const parameters = chooseParameters([1000, 1000], 20);

function register(circuit: Circuit, weights: ReadonlyMap<TensorId, IntArray>) {
  const model = registerModel(machine, circuit, weights, parameters, '{}', secretOf);
  const key = encodeKey(model);
  twins.accept(key);
  return { model, key, prover: new Prover(machine, model) };
}

type Registered = ReturnType<typeof register>;

/** A proof with these visibilities, port by port, and the statement that it is for. */
function prove(
  { model: { circuit }, key, prover }: Registered,
  values: readonly IntArray[],
  inputs: readonly Visibility[],
  outputs: readonly Visibility[],
  hooks: ProverHooks = {},
): Case {
  const openings = new Map<number, OpeningFile>();
  inputs.forEach((v, i) => {
    const { shape, scale } = circuit.inputs[i]!;
    if (v !== 'committed') return;
    openings.set(i, commitTensor(machine, { shape, scale, values: values[i]!, secret: secretOf() }));
  });
  const publicInputs = new Set([...inputs.keys()].filter((i) => inputs[i] === 'public'));
  const options = { publicInputs, openings, outputs, zk: true, tag };
  const made = prover.prove(values, options, { entropy: secretOf, ...hooks });
  const said = (v: Visibility, cells: IntArray, opening: OpeningFile | undefined): Given[string] => {
    if (v === 'committed') return { commitment: encodeCommitment(opening!) };
    return v === 'public' ? Int32Array.from(cells) : v;
  };
  const given = circuit.inputs.map(({ name }, i) => [name, said(inputs[i]!, values[i]!, openings.get(i))] as const);
  const results = circuit.outputs.map(({ name }, i) => {
    return [name, said(outputs[i]!, made.outputs[i]!, made.openings.get(i))] as const;
  });
  const shown = Object.fromEntries(given.filter(([, v]) => v !== 'private'));
  return { proof: made.proof, claimed: { key, inputs: shown, outputs: Object.fromEntries(results), tag } };
}

const VISIBILITIES = ['private', 'public', 'committed'] as const;
const mixed = (name: string): WeightVisibility => (({ w1: 'private', w2: 'public' }) as const)[name] ?? 'committed';
const input = tinyNetwork().input;

describe.each([
  ['committed', () => 'committed'],
  ['private', () => 'private'],
  ['public', () => 'public'],
  ['of every kind', mixed],
] as const)('weights that are %s', (_, visibilityOf) => {
  const { circuit, weights } = tinyNetwork(visibilityOf as (name: string) => WeightVisibility);
  const registered = register(circuit, weights);
  it.each(VISIBILITIES.flatMap((i) => VISIBILITIES.map((o) => [i, o] as const)))('%s input, %s output', (i, o) => {
    expect(verdictOn(prove(registered, [input], [i], [o]))).toBe('accepted');
  });
});

it.each(['private', 'committed'] as const)('a %s input of rows enough to go without salts', (visibility) => {
  const b = new CircuitBuilder('sum');
  const x = b.input({ name: 'x', shape: [2 ** 16], range: { lo: -8, hi: 7 }, scale: 0 });
  const sum = b.contract('sum', b.constant('ones', [2 ** 16], 1), x, ['i'], ['i'], []);
  b.output({ name: 'y', shape: [], range: b.rangeOf(sum), scale: 0 }, sum);
  const registered = register(b.build().circuit, new Map());
  const values = Int32Array.from({ length: 2 ** 16 }, (_, i) => ((i * 7) % 16) - 8);
  expect(verdictOn(prove(registered, [values], [visibility], ['public']))).toBe('accepted');
});

let withPrivateWeights = 0;

/** With private weights where the ranges that they are declared to have are enough for the circuit. */
function registerRandom({ circuit, weights }: { circuit: Circuit; weights: ReadonlyMap<TensorId, IntArray> }) {
  const tensors = circuit.tensors.map((t): Circuit['tensors'][number] =>
    t.def.kind === 'weight' ? { ...t, def: { kind: 'weight', visibility: 'private' } } : t,
  );
  try {
    const registered = register({ ...circuit, tensors }, weights);
    if (weights.size > 0) withPrivateWeights += 1;
    return registered;
  } catch (error) {
    if (error instanceof TesseraError && error.code === 'E_RANGE') return register(circuit, weights);
    throw error;
  }
}

describe('a random circuit', () => {
  it.each([0, 3, 5, 8, 13, 104, 107, 112, 1000, 1004])('%i, and a false output', (seed) => {
    const { inputs, ...network } = randomCircuit(seed, seed < 1000 ? undefined : 4000);
    const registered = registerRandom(network);
    const { circuit } = registered.model;
    const pick = (i: number) => VISIBILITIES[(seed + i) % 3]!;
    const isIndex = (o: number) =>
      circuit.tensors.some(({ def }) => def.kind === 'output' && def.output === o && def.derive.kind === 'onehot');
    const said = circuit.inputs.map((_, i) => pick(i));
    const outputs = circuit.outputs.map((_, o) => (isIndex(o) && pick(o) === 'committed' ? 'public' : pick(o)));
    expect(verdictOn(prove(registered, inputs, said, outputs))).toBe('accepted');
    const shown = circuit.outputs.map(() => 'public' as const);
    const lie = (values: IntArray[]) => {
      const i = circuit.outputs.findIndex(({ range }) => range.lo < range.hi);
      const { lo, hi } = circuit.outputs[i]!.range;
      values[i] = Int32Array.from(values[i]!, (v, at) => (at > 0 ? v : v < hi ? v + 1 : lo));
    };
    expect(verdictOn(prove(registered, inputs, said, shown, { outputs: lie }))).toBe('pads.equations');
  });
});

it('random circuits had private weights', () => {
  expect(withPrivateWeights).toBeGreaterThan(3);
});

it.each([[[12, 3, 1, 4]], [[13, 2, 1, 2, 2, 2]], [[15, 1, 3, 2, 3, 4]]])('the parameters %j', (list) => {
  const { circuit, weights } = tinyNetwork();
  const model = registerModel(machine, circuit, weights, unpackParameters(list), '{}');
  const own = { model, key: encodeKey(model), prover: new Prover(machine, model) };
  expect(verdictOn(prove(own, [input], ['committed'], ['public']))).toBe('accepted');
});

const plain = tinyNetwork();
const plainKey = encodeKey(registerModel(machine, plain.circuit, plain.weights, parameters, '{}'));
const network = tinyNetwork(mixed);
const tiny = register(network.circuit, network.weights);
const honest = prove(tiny, [input], ['committed'], ['committed']);
const shown = prove(tiny, [input], ['public'], ['public']);

describe('another statement', () => {
  const key = decodeKey(tiny.key);
  const opening = (shape: readonly number[], scale: number) =>
    commitTensor(machine, { shape, scale, values: new Int32Array(90), secret: secretOf() });
  const x = (file: OpeningFile) => ({ inputs: { x: { commitment: encodeCommitment(file) } } });
  const others: Record<string, Partial<Claimed>> = {
    'no tag': { tag: new Uint8Array() },
    'a private input': { inputs: {} },
    'the input itself': { inputs: { x: input } },
    'another commitment': x(opening([3, 6, 5], 0)),
    'a commitment of another shape': x(opening([6, 3, 5], 0)),
    'a commitment at another scale': x(opening([3, 6, 5], 1)),
    'a commitment that is none': { inputs: { x: { commitment: honest.proof } } },
    'a private output': { outputs: { y: 'private' } },
    'the output itself': { outputs: shown.claimed.outputs },
    'no output': { outputs: {} },
    'the key of another model': { key: plainKey },
    'another root of private weights': { key: encodeKey({ ...key, privateRoot: key.root }) },
    'no certificate': { key: encodeKey({ ...key, certificate: new Uint8Array() }) },
    'rows without a random part': { key: encodeKey({ ...key, parameters: key.parameters.with(2, 0) }) },
  };

  it.each(Object.entries(others))('%s', (_, other) => {
    const word = verdictOn({ ...honest, claimed: { ...honest.claimed, ...other } });
    expect(word).not.toBe('accepted');
  });

  it.each([honest, shown])('a plain proof', ({ proof, claimed }) => {
    expect(verdictOn({ proof: encodeProof({ ...decodeProof(proof), zk: false }), claimed })).toBe('E_VISIBILITY');
  });

  it('a proof in zero knowledge under a key that has no room for one', () => {
    const { circuit, weights } = tinyNetwork();
    const model = registerModel(machine, circuit, weights, { ...parameters, tailRows: 0 }, '{}');
    const proof = encodeProof({ ...decodeProof(shown.proof), model: modelId(model) });
    const claimed = { ...shown.claimed, key: encodeKey(model) };
    expect(verdictOn({ proof, claimed })).toBe('E_VISIBILITY');
  });
});

describe('changed bytes', () => {
  const statement = { ...honest.claimed, key: acceptKey(tiny.key) };
  const messages = messagesOf(verify(honest.proof, statement as Parameters<typeof verify>[1]));
  const verdictOnBytes = (change: (bytes: Uint8Array) => Uint8Array) =>
    verdictOn({ ...honest, proof: reseal(honest.proof, change) });

  it.each([...new Set(messages.map((m) => m.label))])('the first message %s', (label) => {
    const { start, length } = messages.find((m) => m.label === label)!;
    const changes: ((bytes: Uint8Array) => Uint8Array)[] = [
      (b) => flip(b, start + (31 % length)),
      (b) => b.fill(255, start, start + 4), // no element of F, no nonce of 53 bits
      (b) => splice(b, start, length),
      (b) => b.slice(0, start + length - 1),
    ];
    for (const change of changes) expect(verdictOnBytes(change)).not.toBe('accepted');
  });

  it('one of every ninth message, and that message dropped', () => {
    for (const [i, { start, length }] of messages.entries()) {
      if (i % 9 !== 4) continue;
      expect(verdictOnBytes((b) => flip(b, start + ((31 * i) % length)))).not.toBe('accepted');
      expect(verdictOnBytes((b) => splice(b, start, length))).not.toBe('accepted');
    }
  });

  it('one too many', () => {
    expect(verdictOnBytes((b) => splice(b, b.length, 0, new Uint8Array(1)))).toBe('proof.length');
  });
});

describe('a lie', () => {
  const told = (hooks: ProverHooks): string => verdictOn(prove(tiny, [input], ['private'], ['public'], hooks));

  it.each(['witness', 'linear', 'view', 'product', 'contract'])('about a cell of the first %s', (kind) => {
    const id = network.circuit.tensors.findIndex(({ def }) => def.kind === kind);
    const cells = (t: TensorId, values: number[][]) => {
      if (t === id) values[t]![0] = values[t]![0] === 1 ? 2 : 1;
    };
    expect(told(tell(tiny.model, [input], { cells }))).toBe('pads.equations');
  });

  it.each([
    ['inverse', 'pads.equations'],
    ['leaf value', 'pads.equations'],
    ['stage values', 'pads.equations'],
    ['slab values', 'opening.claims'],
    ['mask value', 'opening.claims'],
  ] as const)('about what is hidden in %s: %s', (label, check) => {
    const hidden = (at: string, values: Ext[]) => {
      if (at === label) values[0] = values[0]!.add(Ext.ONE);
    };
    const hiding: ProverHooks['hiding'] = (channel, m, pads) => new LyingHider(channel, m, pads, { hidden });
    expect(told({ hiding })).toBe(check);
  });

  it.each([
    ['gate values', 'pads.equations'],
    ['opened value', 'opening.claims'],
    ['pad product', 'pads.equations'],
    ['pad vector', 'pads.columns'], // its first element is random, and in no equation
  ] as const)('about %s: %s', (label, check) => {
    const channelLie = (values: Ext[]) => values.with(0, values[0]!.add(Ext.ONE));
    const hiding: ProverHooks['hiding'] = (channel, m, pads) => {
      const send = channel.send.bind(channel);
      channel.send = (sent, values) => send(sent, sent === label ? channelLie([...values]) : values);
      return new LyingHider(channel, m, pads, {});
    };
    expect(told({ hiding })).toBe(check);
  });

  it('about the product of two pads', () => {
    const court = hidingCourtOf(machine, network);
    const { hooks, violations } = withPads(
      court,
      (full, queries, { gates }) => {
        full[queries + gates[0]!.own] = Ext.ONE;
      },
      {},
    );
    const { proof, outputs } = court.proveWith(hooks);
    const claimed = { key: encodeKey(court.model), inputs: {}, outputs: { y: outputs[0]! }, tag: new Uint8Array() };
    expect(verdictOn({ proof, claimed })).toBe('pads.equations');
    expect(violations()).toContain('pads.products');
  });

  it('about the vector of the first fold', () => {
    const liar = twisted(machine, 'splitExt', ([, , planes]) => {
      machine.u32(planes!, 1)[0]! ^= 1;
    });
    const by = { ...tiny, prover: new Prover(liar, tiny.model) };
    expect(verdictOn(prove(by, [input], ['private'], ['public']))).toBe('opening.last');
  });
});

it('more than 2^18 pads are refused before they are opened, by both', () => {
  const digest = new Uint8Array(32);
  for (const [pads, check] of [
    [2 ** 18, 'proof.length'],
    [2 ** 18 + 1, 'pads.count'],
  ] as const) {
    const bytes = new Uint8Array(16 * pads);
    const theirs = new HidingVerifier(new VerifierChannel(digest, bytes), digest);
    theirs.exchange('leaf value', pads, () => []);
    expect(() => theirs.close()).toThrow(expect.objectContaining({ check }));
    const ours = new Argument(new Transcript(bytes, digest), true);
    ours.elements('leaf value', pads);
    expect(() => ours.close(digest)).toThrow(expect.objectContaining({ check }));
    twins.said.add(check);
  }
});

it('every check of a proof in zero knowledge has been named by both', () => {
  const text = readFileSync(new URL('../../docs/spec/10-statement.md', import.meta.url), 'utf8');
  const checks = checksOf(text, /^(S11|[TO]\d|Z[1-4])$/);
  const equations = checksOf(text, /^([LRB]\d|Z[5-7])$/); // all of them are Z1
  expect([...checks, ...equations].sort()).toEqual(checksOf(text, /./));
  expect([...twins.said].filter((word) => equations.includes(word))).toEqual([]);
  const others = ['accepted', 'E_CERTIFICATE', 'E_COMMITMENT', 'E_FILE', 'E_INPUT', 'E_VISIBILITY'];
  expect([...twins.said].sort()).toEqual([...checks, ...others].sort());
});
