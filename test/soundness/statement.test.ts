/**
 * What is proved is the caller's statement: each of its fields changed alone makes every challenge another one and the proof no proof,
 * also for a forger who writes the changed model's id into the file. Values that are no canonical integers of a port are verdicts.
 */
import { describe, expect, it } from 'vitest';
import type { Circuit, Definition, IntArray, Tensor } from '../../src/circuit/types.ts';
import { encodeKey, type KeyFile, modelId } from '../../src/files/key.ts';
import { decodeProof, encodeProof } from '../../src/files/proof.ts';
import { encodeCommitment } from '../../src/files/tensor.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { planOf } from '../../src/plan.ts';
import { Prover } from '../../src/prover.ts';
import { type PortStatement, type Statement, statementDigest } from '../../src/statement.ts';
import { Transcript } from '../../src/transcript/transcript.ts';
import { verify } from '../../src/verify.ts';
import { register, tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const tiny = tinyNetwork();
const { model, key } = register(machine, tiny);
const tag = new TextEncoder().encode('a purpose');
const prover = new Prover(machine, model);
const openly = prover.prove([tiny.input], { publicInputs: new Set([0]), zk: false, tag });
const privately = prover.prove([tiny.input], { publicInputs: new Set(), zk: false, tag });
const silently = prover.prove([tiny.input], { publicInputs: new Set([0]), outputs: ['private'], zk: false, tag });
const y = Int32Array.from(openly.outputs[0]!);
const open = { key, inputs: { x: tiny.input }, outputs: { y }, tag };

const shown = (values: IntArray): PortStatement[] => [{ kind: 'public', values }];
const statement: Statement = { inputs: shown(tiny.input), outputs: shown(y), tag };
const firstChallenge = (file: KeyFile, s: Statement, zk = false) =>
  new Transcript(statementDigest(file, s, zk)).challenge('lookup challenge').toString();
const honest = firstChallenge(model, statement);

function changed<A extends IntArray>(values: A, at: number, by = 1): A {
  const copy = values.slice() as A;
  copy[at]! += by;
  return copy;
}

/** Where the first argument check is that a proof under other challenges fails. */
const UNDER_OTHER_CHALLENGES = 'lookup.layer';

describe('the caller changes', () => {
  it('nothing: the proofs are accepted', () => {
    expect(verify(openly.proof, open)).toMatchObject({ ok: true });
    expect(verify(privately.proof, { key, outputs: { y }, tag })).toMatchObject({ ok: true });
  });

  it.each([...y.keys()])('output cell %i', (i) => {
    const outputs = changed(y, i);
    expect(firstChallenge(model, { ...statement, outputs: shown(outputs) })).not.toBe(honest);
    expect(verify(openly.proof, { ...open, outputs: { y: outputs } })).toMatchObject({ check: UNDER_OTHER_CHALLENGES });
  });

  it('each cell of the public input', () => {
    for (const i of tiny.input.keys()) {
      const input = changed(tiny.input, i, tiny.input[i] === 7 ? -1 : 1);
      expect(firstChallenge(model, { ...statement, inputs: shown(input) })).not.toBe(honest);
      const verdict = verify(openly.proof, { ...open, inputs: { x: input } });
      expect(verdict).toMatchObject({ check: UNDER_OTHER_CHALLENGES });
    }
  });

  it('the visibility of the input, either way', () => {
    expect(firstChallenge(model, { ...statement, inputs: [{ kind: 'private' }] })).not.toBe(honest);
    expect(verify(openly.proof, { ...open, inputs: {} }).ok).toBe(false);
    expect(verify(privately.proof, open).ok).toBe(false);
  });

  it('the visibility of the output, either way', () => {
    expect(firstChallenge(model, { ...statement, outputs: [{ kind: 'private' }] })).not.toBe(honest);
    expect(verify(silently.proof, { ...open, outputs: { y: 'private' } })).toMatchObject({ ok: true });
    expect(verify(openly.proof, { ...open, outputs: { y: 'private' } }).ok).toBe(false);
    expect(verify(silently.proof, open).ok).toBe(false);
  });

  it('values to a commitment: a root of its own in every challenge, and nothing for a plain proof', () => {
    const [first, second] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array];
    const challenges = [first, second].flatMap((root) => [
      firstChallenge(model, { ...statement, inputs: [{ kind: 'committed', root }] }),
      firstChallenge(model, { ...statement, outputs: [{ kind: 'committed', root }] }),
    ]);
    expect(new Set([honest, ...challenges]).size).toBe(5);
    const commitment = (shape: readonly number[], scale = 0) => ({
      commitment: encodeCommitment({ shape, scale, root: first }),
    });
    const verdict = (x: { commitment: Uint8Array }) => verify(openly.proof, { ...open, inputs: { x } });
    expect(verdict(commitment([3, 6, 5]))).toMatchObject({ check: 'E_VISIBILITY' });
    for (const x of [commitment([3, 5, 6]), commitment([90]), commitment([3, 6, 5], 1)]) {
      expect(verdict(x)).toMatchObject({ check: 'E_COMMITMENT' });
    }
    expect(verify(openly.proof, { ...open, outputs: { y: commitment([4]) } })).toMatchObject({ check: 'E_VISIBILITY' });
  });

  it('nothing, but the file says that the proof is in zero knowledge', () => {
    expect(firstChallenge(model, statement, true)).not.toBe(honest);
    const renamed = encodeProof({ ...decodeProof(openly.proof), zk: true });
    expect(verify(renamed, open).ok).toBe(false);
  });

  it.each([[new Uint8Array()], [Uint8Array.of(...tag, 0)], [tag.slice(1)], [changedTag()]])(
    'the tag to %s',
    (other) => {
      expect(firstChallenge(model, { ...statement, tag: other })).not.toBe(honest);
      expect(verify(openly.proof, { ...open, tag: other })).toMatchObject({ check: UNDER_OTHER_CHALLENGES });
    },
  );
});

function changedTag(): Uint8Array {
  const other = tag.slice();
  other[3]! ^= 1;
  return other;
}

// ---- another key -------------------------------------------------------------------------------------------------------

const { circuit } = model;

function withTensor(name: string, change: (tensor: Tensor) => Partial<Tensor>): Circuit {
  const tensors = circuit.tensors.map((t) => (t.name === name ? { ...t, ...change(t) } : t));
  return { ...circuit, tensors };
}

/** `change` sees the definition of a tensor of this kind. */
function withDefinition<K extends Definition['kind']>(
  name: string,
  kind: K,
  change: (def: Extract<Definition, { kind: K }>) => object,
): Circuit {
  return withTensor(name, ({ def }) => {
    if (def.kind !== kind) throw new Error(`${name} is no ${kind}`);
    return { def: { ...def, ...change(def as Extract<Definition, { kind: K }>) } as Definition };
  });
}

const listed = circuit.tables.findIndex((t) => t.name === 'odd');

const otherKeys: Record<string, KeyFile> = {
  'the root': { ...model, root: changedRoot() },
  'the root of private weights': { ...model, privateRoot: changedRoot() },
  'the row length': { ...model, parameters: [13, ...model.parameters.slice(1)] },
  'the rate': {
    ...model,
    parameters: [model.parameters[0]!, 1 + (model.parameters[1]! % 3), ...model.parameters.slice(2)],
  },
  'the random part of a row': { ...model, parameters: model.parameters.map((v, i) => (i === 2 ? v + 1 : v)) },
  'a fold': { ...model, parameters: [...model.parameters.slice(0, 3), model.parameters[3] === 3 ? 4 : 3] },
  'a table value': withCircuit({
    ...circuit,
    tables: circuit.tables.map((t, i) =>
      i !== listed ? t : { ...t, columns: [t.columns[0]!, { kind: 'values', values: oneMore(t.columns[1]!) }] },
    ),
  }),
  "an output's range": withCircuit({
    ...circuit,
    outputs: circuit.outputs.map((p) => ({ ...p, range: { ...p.range, hi: p.range.hi + 1 } })),
  }),
  "a tensor's range": withCircuit(withTensor('square', ({ range }) => ({ range: { ...range, hi: range.hi + 1 } }))),
  "an output's shape": withCircuit({ ...circuit, outputs: circuit.outputs.map((p) => ({ ...p, shape: [2, 2] })) }),
  'a coefficient': withCircuit(
    withDefinition('out', 'linear', ({ terms }) => ({
      terms: terms.map((t, i) => (i === 0 ? { ...t, coefficient: 2 } : t)),
    })),
  ),
  'a constant': withCircuit(withDefinition('y2.biased', 'linear', (def) => ({ constant: def.constant - 1 }))),
  'a fill': withCircuit(withDefinition('tail', 'view', () => ({ fill: 1 }))),
  'an offset': withCircuit(
    withDefinition('even', 'view', ({ maps }) => ({
      maps: maps.map((m) => (m.kind === 'affine' && m.from === 1 ? { ...m, offset: 1 } : m)),
    })),
  ),
  "an input's scale": withCircuit({ ...circuit, inputs: circuit.inputs.map((p) => ({ ...p, scale: 1 })) }),
  "an output's scale": withCircuit({ ...circuit, outputs: circuit.outputs.map((p) => ({ ...p, scale: 1 })) }),
  "an output's name": withCircuit({ ...circuit, outputs: circuit.outputs.map((p) => ({ ...p, name: 'z' })) }),
  'a lookup left out': withCircuit({ ...circuit, lookups: circuit.lookups.slice(0, -1) }),
};

function withCircuit(other: Circuit): KeyFile {
  return { ...model, circuit: other };
}

function changedRoot(): Uint8Array {
  const root = model.root.slice();
  root[31]! ^= 1;
  return root;
}

function oneMore(column: Circuit['tables'][number]['columns'][number]): Int32Array {
  if (column.kind !== 'values') throw new Error('the table lists no values');
  return changed(column.values, 77);
}

describe.each(Object.entries(otherKeys))('the key differs in %s', (_, other) => {
  const outputs = { [other.circuit.outputs[0]!.name]: y };

  it('and every challenge with it', () => {
    expect(firstChallenge(other, statement)).not.toBe(honest);
    expect(modelId(other)).not.toEqual(modelId(model));
  });

  it('and the proof is for another model, or the key is none', () => {
    const verdict = verify(openly.proof, { ...open, key: encodeKey(other), outputs });
    expect(verdict).toMatchObject({ ok: false });
    expect(['statement.model', 'E_CIRCUIT', 'E_RANGE']).toContain(verdict.ok ? 'accepted' : verdict.check);
  });

  it("and a forger who writes that model's id is stopped too", () => {
    const forged = encodeProof({ ...decodeProof(openly.proof), model: modelId(other) });
    const verdict = verify(forged, { ...open, key: encodeKey(other), outputs });
    expect(['lookup.layer', 'proof.length', 'E_CIRCUIT', 'E_RANGE']).toContain(verdict.ok ? 'accepted' : verdict.check);
  });
});

it('a key with private weights takes no plain proof, and no certificate is no key', () => {
  const other = withCircuit(withDefinition('bias', 'weight', () => ({ visibility: 'private' })));
  const forged = encodeProof({ ...decodeProof(openly.proof), model: modelId(other) });
  expect(() => planOf(other)).toThrow('private weights need a proof in zero knowledge');
  expect(verify(forged, { ...open, key: encodeKey(other) })).toMatchObject({ ok: false, check: 'E_CERTIFICATE' });
});

describe('parameters outside the closed list are refused', () => {
  const [rowBits, rateBits, tail, ...folds] = model.parameters as [number, number, number, ...number[]];
  it.each([
    [[]],
    [[rowBits]],
    [[rowBits, rateBits]],
    [[rowBits, rateBits, tail]],
    [[11, rateBits, tail, ...folds]],
    [[23, rateBits, tail, ...folds]],
    [[rowBits, 0, tail, ...folds]],
    [[rowBits, 4, tail, ...folds]],
    [[rowBits, rateBits, 2 ** folds[0]! + 1, ...folds]],
    [[rowBits, 1, 2 ** folds[0]!, ...folds]],
    [[rowBits, rateBits, tail, 1]],
    [[rowBits, rateBits, tail, 5]],
    [[rowBits, rateBits, tail, ...folds, 4, 4]],
    [[rowBits, rateBits, tail, 2, 2, 2, 2, 2]],
  ])('%j', (parameters) => {
    const other = { ...model, parameters };
    const forged = encodeProof({ ...decodeProof(openly.proof), model: modelId(other) });
    expect(verify(forged, { ...open, key: encodeKey(other) })).toMatchObject({ ok: false, check: 'E_SOUNDNESS' });
  });
});

// ---- values that are none ----------------------------------------------------------------------------------------------

/** What a caller without types may hand over. */
function verdictOn(inputs: unknown, outputs: unknown): string {
  const verdict = verify(openly.proof, {
    ...open,
    inputs: inputs as typeof open.inputs,
    outputs: outputs as typeof open.outputs,
  });
  return verdict.ok ? 'accepted' : verdict.check;
}

describe('values that are not a port’s integers are verdicts', () => {
  const lists = (v: unknown) => Array.from(tiny.input, (x, i) => (i === 4 ? v : x));

  it.each([1.5, Number.NaN, -0, 2 ** 31, Number.POSITIVE_INFINITY, '1', null, undefined, 1n])('%s in a list', (v) => {
    expect(verdictOn({ x: lists(v) }, { y })).toBe('E_DTYPE');
  });

  it.each([8, -9, 2 ** 31 - 1, -(2 ** 31)])('%i, out of the port’s range', (v) => {
    expect(verdictOn({ x: Int32Array.from(lists(v) as number[]) }, { y })).toBe('E_RANGE');
  });

  it('an output out of its range', () => {
    expect(verdictOn({ x: tiny.input }, { y: changed(y, 0, 2 ** 30) })).toBe('E_RANGE');
  });

  it.each([0, 89, 91])('%i cells for 90', (length) => {
    expect(verdictOn({ x: new Int32Array(length) }, { y })).toBe('E_INPUT');
  });

  it('three outputs for four', () => {
    expect(verdictOn({ x: tiny.input }, { y: y.slice(0, 3) })).toBe('E_INPUT');
  });

  it('names that the model does not have, and names left out', () => {
    expect(verdictOn({ x: tiny.input, z: tiny.input }, { y })).toBe('E_INPUT');
    expect(verdictOn({ x: tiny.input }, { y, z: y })).toBe('E_INPUT');
    expect(verdictOn({ x: tiny.input }, {})).toBe('E_INPUT');
    expect(verdictOn({ x: tiny.input }, Object.create({ y }))).toBe('E_INPUT');
  });

  it('another type of integers', () => {
    expect(verdictOn({ x: BigInt64Array.from(tiny.input, BigInt) }, { y })).toBe('E_DTYPE');
    expect(verdictOn({ x: Uint32Array.from(tiny.input) }, { y })).toBe('E_DTYPE');
  });

  it('the same integers in 16 bits are accepted', () => {
    expect(verdictOn({ x: Int16Array.from(tiny.input) }, { y })).toBe('accepted');
  });
});
