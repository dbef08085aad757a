import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum } from '../../src/bytes/checksum.ts';
import { type Circuit, cellsOf, type IntArray } from '../../src/circuit/types.ts';
import { TesseraError } from '../../src/errors.ts';
import { fileKind, seal, unseal } from '../../src/files/container.ts';
import { decodeKey, encodeKey, modelId } from '../../src/files/key.ts';
import { decodeModel, encodeModel, type ModelFile } from '../../src/files/model.ts';
import { decodeProof, encodeProof } from '../../src/files/proof.ts';
import { decodeCommitment, decodeOpening, encodeCommitment, encodeOpening } from '../../src/files/tensor.ts';
import { arbitraryCircuit } from '../support/arbitrary-circuit.ts';

/** Weights of every visibility, nothing else. */
const circuit: Circuit = {
  name: 'weights',
  tensors: [
    { name: 'w', shape: [2, 3], range: { lo: -9, hi: 9 }, def: { kind: 'weight', visibility: 'committed' } },
    { name: 'v', shape: [1], range: { lo: 0, hi: 2 ** 20 }, def: { kind: 'weight', visibility: 'committed' } },
    { name: 'seen', shape: [2], range: { lo: -9, hi: 9 }, def: { kind: 'weight', visibility: 'public' } },
    { name: 'hidden', shape: [3], range: { lo: -8, hi: 7 }, def: { kind: 'weight', visibility: 'private' } },
  ],
  tables: [],
  lookups: [],
  zeros: [],
  inputs: [],
  outputs: [],
};

const model: ModelFile = {
  circuit,
  parameters: [1, 12, 2 ** 32 - 1],
  root: new Uint8Array(32).fill(7),
  privateRoot: new Uint8Array(32).fill(8),
  publicWeights: new Map([[2, Int16Array.of(4, -5)]]),
  certificate: Uint8Array.of(1, 2, 3, 4),
  report: '{"bits":12}',
  secret: new Uint8Array(32).fill(9),
  weights: new Map<number, IntArray>([
    [0, Int16Array.of(1, -2, 3, -4, 5, -6)],
    [1, Int32Array.of(2 ** 20)],
    [2, Int16Array.of(4, -5)],
    [3, Int16Array.of(-8, 0, 7)],
  ]),
};

const { weights: _, report: __, secret: ___, ...key } = model;
const proof = { model: modelId(model), zk: true, proof: Uint8Array.of(1, 2, 3) };
const commitment = { shape: [1, 3], scale: -4, root: new Uint8Array(32).fill(6) };
const opening = { ...commitment, secret: new Uint8Array(32).fill(5), values: Int32Array.of(1, -2, 2 ** 30) };

const files = [
  ['model', encodeModel(model), (b: Uint8Array) => encodeModel(decodeModel(b))],
  ['key', encodeKey(key), (b: Uint8Array) => encodeKey(decodeKey(b))],
  ['proof', encodeProof(proof), (b: Uint8Array) => encodeProof(decodeProof(b))],
  ['commitment', encodeCommitment(commitment), (b: Uint8Array) => encodeCommitment(decodeCommitment(b))],
  ['opening', encodeOpening(opening), (b: Uint8Array) => encodeOpening(decodeOpening(b))],
] as const;

/** The error that reading these bytes gives, with one of the two codes that it may have. */
function refusal(read: () => unknown): TesseraError | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(TesseraError);
    expect((error as TesseraError).code).toMatch(/^E_FILE$|^E_VERSION$/);
    return error as TesseraError;
  }
}

describe('files', () => {
  it('decode(encode(x)) = x', () => {
    expect(decodeModel(encodeModel(model))).toEqual(model);
    expect(decodeKey(encodeKey(key))).toEqual(key);
    expect(decodeProof(encodeProof(proof))).toEqual(proof);
    expect(decodeProof(encodeProof({ ...proof, zk: false }))).toEqual({ ...proof, zk: false });
    expect(decodeCommitment(encodeCommitment(opening))).toEqual(commitment);
    expect(decodeOpening(encodeOpening(opening))).toEqual(opening);
  });

  it('model files of all circuits', () => {
    fc.assert(
      fc.property(arbitraryCircuit, (any) => {
        const small = any.tensors.map((tensor) => ({ ...tensor, shape: tensor.shape.map((size) => (size % 4) + 1) }));
        const weights = new Map<number, IntArray>();
        small.forEach((tensor, id) => {
          const values = new Int16Array(cellsOf(tensor.shape)).fill(id);
          if (tensor.def.kind === 'weight') weights.set(id, values);
        });
        const of = (visibility: string) => {
          return [...weights].filter(([id]) => (small[id]!.def as { visibility?: string }).visibility === visibility);
        };
        const secret = new Uint8Array(of('private').length > 0 ? 32 : 0);
        const publicWeights = new Map(of('public'));
        const file = { ...model, circuit: { ...any, tensors: small }, publicWeights, secret, weights };
        expect(decodeModel(encodeModel(file))).toEqual(file);
      }),
    );
  });

  describe.each(files)('%s', (kind, bytes, recode) => {
    it('is its own kind and encodes back to itself', () => {
      expect(fileKind(bytes)).toBe(kind);
      expect(recode(bytes)).toEqual(bytes);
      expect(recode(Buffer.from(bytes))).toEqual(bytes);
    });

    it('every flipped bit, every cut, every appended byte is refused', () => {
      for (let at = 0; at < bytes.length; at++) {
        expect(refusal(() => recode(bytes.subarray(0, at)))).toBeDefined();
        for (let bit = 1; bit < 256; bit *= 2) {
          const flipped = bytes.slice();
          flipped[at]! ^= bit;
          expect(
            refusal(() => recode(flipped)),
            `byte ${at}, bit ${bit}`,
          ).toBeDefined();
        }
      }
      expect(refusal(() => recode(Uint8Array.of(...bytes, 0)))).toBeDefined();
    });

    it('a well-sealed body of any other bytes is refused or canonical', () => {
      const body = unseal(kind, bytes);
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
          (changes) => {
            const changed = body.slice();
            for (const [at, value] of changes) changed[at] = value;
            const file = seal(kind, changed);
            if (refusal(() => recode(file)) === undefined) expect(recode(file)).toEqual(file);
          },
        ),
        { numRuns: 500 },
      );
    });
  });

  it('says which kind was given and which is expected', () => {
    const error = refusal(() => decodeKey(encodeModel(model)));
    expect(error!.message).toBe('This is a model (.tsm), a key (.tsk) is expected.');
  });

  it('names both versions', () => {
    const newer = encodeKey(key);
    newer[8] = 9;
    expect(refusal(() => decodeKey(newer))).toMatchObject({
      code: 'E_VERSION',
      message: 'The file has format version 9, this program reads version 3.',
    });
  });

  it('knows files that are not ours', () => {
    expect(fileKind(Uint8Array.of(8, 7, 6))).toBeUndefined();
    expect(refusal(() => decodeKey(Uint8Array.of(8, 7)))!.message).toBe('This is no Tessera file.');
  });

  it('refuses a report that is not JSON', () => {
    const file = encodeModel({ ...model, report: '{' });
    expect(refusal(() => decodeModel(file))!.message).toBe('The report is not JSON.');
  });

  it('refuses to write a weight without values', () => {
    expect(() => encodeModel({ ...model, weights: new Map() })).toThrow('has no values');
    expect(() => encodeKey({ ...key, publicWeights: new Map() })).toThrow('has no values');
  });

  it('a model has a secret where a weight is private, and only there', () => {
    const committed = { ...circuit, tensors: circuit.tensors.slice(0, 3) };
    const without = { ...model, circuit: committed, secret: new Uint8Array() };
    expect(decodeModel(encodeModel(without)).secret).toHaveLength(0);
    for (const file of [
      { ...model, secret: new Uint8Array() },
      { ...model, secret: new Uint8Array(31) },
    ]) {
      expect(refusal(() => decodeModel(encodeModel(file)))!.message).toBe('The secret has a wrong length.');
    }
    expect(refusal(() => decodeModel(encodeModel({ ...without, secret: model.secret })))!.message).toBe(
      'The secret has a wrong length.',
    );
  });

  it('a proof is plain or in zero knowledge, nothing else', () => {
    const body = unseal('proof', encodeProof(proof)).slice();
    body[32] = 2;
    expect(refusal(() => decodeProof(seal('proof', body)))!.message).toBe('How the proof was made is unknown.');
  });
});

describe('model id', () => {
  const id = (file: typeof key) => Buffer.from(modelId(file)).toString('hex');

  it('is frozen, and the same for model and key', () => {
    expect(id(model)).toBe(id(key));
    expect(id(key)).toMatchInlineSnapshot(`"30db8f32a18ccd1f5f74f6255c511e410c509772164bbd23ca41c860f0ebe927"`);
  });

  it('covers circuit, parameters, roots and public weights, and not the certificate', () => {
    expect(id({ ...key, circuit: { ...circuit, zeros: [0] } })).not.toBe(id(key));
    expect(id({ ...key, parameters: [1, 12] })).not.toBe(id(key));
    expect(id({ ...key, root: new Uint8Array(32) })).not.toBe(id(key));
    expect(id({ ...key, privateRoot: new Uint8Array(32) })).not.toBe(id(key));
    expect(id({ ...key, publicWeights: new Map([[2, Int16Array.of(4, -4)]]) })).not.toBe(id(key));
    expect(id({ ...key, certificate: new Uint8Array() })).toBe(id(key));
  });
});

describe('checksum', () => {
  it('depends on every byte, wherever it lies in memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, change) => {
        const shifted = Uint8Array.of(0, ...bytes).subarray(1);
        expect(checksum(shifted)).toEqual(checksum(bytes.slice()));
        const changed = bytes.slice();
        changed[at % bytes.length]! ^= change;
        expect(checksum(changed)).not.toEqual(checksum(bytes));
      }),
    );
  });
});
