import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { circuitDigest, decodeCircuit, encodeCircuit } from '../../src/circuit/encode.ts';
import type { Circuit } from '../../src/circuit/types.ts';
import { TesseraError } from '../../src/errors.ts';
import { arbitraryCircuit } from '../support/arbitrary-circuit.ts';

/** y = x, in two tensors and a range table. */
const tiny: Circuit = {
  name: 'tiny',
  tensors: [
    { name: 'x', shape: [2], range: { lo: -8, hi: 7 }, def: { kind: 'input', input: 0 } },
    {
      name: 'm',
      shape: [16],
      range: { lo: 0, hi: 2 },
      def: { kind: 'witness', hint: { kind: 'multiplicity', table: 0 } },
    },
  ],
  tables: [{ name: 'range', rows: 16, columns: [{ kind: 'clamp', start: -8, lo: -8, hi: 7 }], multiplicity: 1 }],
  lookups: [{ table: 0, tensors: [0] }],
  zeros: [],
  inputs: [{ name: 'x', shape: [2], range: { lo: -8, hi: 7 }, scale: 3 }],
  outputs: [],
};

/** The circuit that these bytes are, or the error, which is always E_FILE. */
function decoded(bytes: Uint8Array): Circuit | TesseraError {
  try {
    return decodeCircuit(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(TesseraError);
    expect((error as TesseraError).code).toBe('E_FILE');
    return error as TesseraError;
  }
}

function acceptsOnlyCanonical(bytes: Uint8Array): void {
  const circuit = decoded(bytes);
  if (!(circuit instanceof TesseraError)) expect(encodeCircuit(circuit)).toEqual(new Uint8Array(bytes));
}

describe('encoding of circuits', () => {
  it('decode(encode(c)) = c', () => {
    fc.assert(
      fc.property(arbitraryCircuit, (circuit) => {
        expect(decodeCircuit(encodeCircuit(circuit))).toEqual(circuit);
      }),
    );
  });

  it('damaged bytes: E_FILE, or encode(decode(b)) = b', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(arbitraryCircuit, damage, (circuit, changes) => {
        const bytes = encodeCircuit(circuit);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        acceptsOnlyCanonical(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('every byte changed, every cut', () => {
    const bytes = encodeCircuit(tiny);
    for (let at = 0; at < bytes.length; at++) {
      expect(decoded(bytes.subarray(0, at))).toBeInstanceOf(TesseraError);
      for (const value of [0, 1, 0x7f, 0x80, 0xff, bytes[at]! ^ 1]) {
        const changed = bytes.slice();
        changed[at] = value;
        acceptsOnlyCanonical(changed);
      }
    }
  });

  it('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), acceptsOnlyCanonical), { numRuns: 1000 });
  });

  it('refuses a reference to a tensor that is not there', () => {
    expect(decoded(encodeCircuit({ ...tiny, zeros: [2] }))).toMatchObject({ message: '2 refers to one of 2.' });
  });
});

describe('circuit digest', () => {
  const digest = (circuit: Circuit) => Buffer.from(circuitDigest(circuit)).toString('hex');
  const [x, m] = tiny.tensors;
  const [table] = tiny.tables;
  const [port] = tiny.inputs;

  it('is frozen', () => {
    expect(digest(tiny)).toMatchInlineSnapshot(`"ee14b398d6f4526d52162d839a962bf2d65260001bb1da0868a0baa542197738"`);
  });

  it.each<[string, Circuit]>([
    ['the circuit name', { ...tiny, name: 'other' }],
    ['a tensor name', { ...tiny, tensors: [{ ...x!, name: 'other' }, m!] }],
    ['a table name', { ...tiny, tables: [{ ...table!, name: 'other' }] }],
    ['a hint', { ...tiny, tensors: [x!, { ...m!, def: { kind: 'witness', hint: { kind: 'max', of: 0 } } }] }],
  ])('ignores %s', (_, other) => {
    expect(digest(other)).toBe(digest(tiny));
  });

  it.each<[string, Circuit]>([
    ['a shape', { ...tiny, tensors: [{ ...x!, shape: [1, 2] }, m!] }],
    ['a range', { ...tiny, tensors: [{ ...x!, range: { lo: -8, hi: 8 } }, m!] }],
    ['a definition', { ...tiny, tensors: [{ ...x!, def: { kind: 'weight', visibility: 'committed' } }, m!] }],
    ['a table', { ...tiny, tables: [{ ...table!, columns: [{ kind: 'clamp', start: -8, lo: -8, hi: 8 }] }] }],
    ['a lookup', { ...tiny, lookups: [{ table: 0, tensors: [1] }] }],
    ['which input a lookup pins', { ...tiny, lookups: [{ table: 0, tensors: [0], input: 0 }] }],
    ['a zero', { ...tiny, zeros: [0] }],
    ['the name of an input', { ...tiny, inputs: [{ ...port!, name: 'other' }] }],
    ['the scale of an input', { ...tiny, inputs: [{ ...port!, scale: 4 }] }],
    ['an output', { ...tiny, outputs: [port!] }],
    ['an input that becomes an output', { ...tiny, inputs: [], outputs: [port!] }],
  ])('covers %s', (_, other) => {
    expect(digest(other)).not.toBe(digest(tiny));
  });
});
