/**
 * Holds the specification to the code: numbers, labels, kinds and names that docs/spec writes down, read from its tables, are those that
 * the code has; its equations for hashes are computed here a second time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blake3 } from '@noble/hashes/blake3.js';
import { describe, expect, it } from 'vitest';
import { CHECKSUM_BYTES, checksum } from '../../src/bytes/checksum.ts';
import { TEXT_LIMIT, Writer } from '../../src/bytes/writer.ts';
import { MAX_DEPTH, MAX_LEAVES, MAX_LISTED_ROWS, MAX_RANK, MAX_ROWS, MAX_VARIABLES } from '../../src/circuit/check.ts';
import { circuitDigest, encodeCircuit } from '../../src/circuit/encode.ts';
import { MAGNITUDE, MODULUS } from '../../src/circuit/interval.ts';
import type { AxisMap, Circuit, Definition, Hint, Tensor } from '../../src/circuit/types.ts';
import { MAX_CLAIMS, MAX_WORK } from '../../src/circuit/work.ts';
import { siblingPositions } from '../../src/commit/merkle.ts';
import { cutAxis, packColumns } from '../../src/commit/packing.ts';
import { domainPoint, double, GENERATOR } from '../../src/field/circle.ts';
import { Ext } from '../../src/field/ext.ts';
import { P } from '../../src/field/m31.ts';
import { nextClaim } from '../../src/field/rounds.ts';
import { FORMAT_VERSION, seal } from '../../src/files/container.ts';
import { type KeyFile, modelId } from '../../src/files/key.ts';
import { type Statement, statementDigest } from '../../src/proof/statement.ts';
import {
  bitsPerQuery,
  checkParameters,
  levelsOf,
  MAX_PADS,
  QUERY_GRINDING,
  STANDALONE,
  TARGET,
} from '../../src/soundness/parameters.ts';
import { soundness } from '../../src/soundness/terms.ts';
import { LABELS, labelId } from '../../src/transcript/labels.ts';
import { Transcript } from '../../src/transcript/transcript.ts';
import { bareKey } from '../support/keys.ts';

const root = join(import.meta.dirname, '../..');
const text = (name: string) => readFileSync(join(root, 'docs/spec', name), 'utf8');

/** Rows of all tables of a specification file, cells trimmed and without code marks. */
function rows(name: string): string[][] {
  const lines = text(name).split('\n');
  const table = lines.filter((line) => line.startsWith('|') && !line.startsWith('|-'));
  const cells = (line: string) => line.slice(1, -1).split(/(?<!\\)\|/);
  return table.map((line) => cells(line).map((cell) => cell.trim().replaceAll('`', '')));
}

/** The tables of numbered kinds in 70-files.md: heading -> names in order of their ids. */
function kinds(heading: string): string[] {
  const all = rows('70-files.md');
  const start = all.findIndex((r) => r[0] === heading && r[1] === 'id');
  const end = all.findIndex((r, i) => i > start && !/^\d+$/.test(r[1] ?? ''));
  const listed = all.slice(start + 1, end < 0 ? undefined : end);
  expect(listed.map((r) => Number(r[1]))).toEqual(listed.map((_, i) => i));
  return listed.map((r) => r[0]!);
}

function circuitOf(...tensors: Tensor[]): Circuit {
  return { name: '', tensors, tables: [], lookups: [], zeros: [], inputs: [], outputs: [] };
}

function tensor(def: Definition): Tensor {
  return { name: '', shape: [], range: { lo: 0, hi: 0 }, def };
}

const ascii = (s: string) => new TextEncoder().encode(s);
const deriveKey = (context: string, bytes: Uint8Array) => blake3(bytes, { context: ascii(context) });

function littleEndian(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

describe('20-transcript', () => {
  it('lists the labels by their ids', () => {
    const listed = rows('20-transcript.md').filter((r) => /^\d+$/.test(r[0]!));
    expect(listed.map((r) => r[1])).toEqual([...LABELS]);
    expect(listed.map((r) => Number(r[0]))).toEqual(LABELS.map(labelId));
  });

  it('says how to absorb, squeeze and grind', () => {
    const digest = new Uint8Array(32).fill(7);
    const message = ascii('abc');
    const head = (label: number, kind: number, length: number) =>
      Uint8Array.of(label, 0, kind, ...littleEndian(length, 8));
    const keyed = (key: Uint8Array, ...parts: Uint8Array[]) =>
      blake3(Uint8Array.from(parts.flatMap((p) => [...p])), { key });
    let state = keyed(blake3(ascii('tessera-2')), head(0, 2, 32), digest);
    const transcript = new Transcript(digest);
    expect(transcript.state).toEqual(state);

    transcript.absorb('stage values', 'ext', message);
    state = keyed(state, head(labelId('stage values'), 1, 3), message);
    expect(transcript.state).toEqual(state);

    const nonce = 5;
    const word = new DataView(keyed(state, ascii('grind'), littleEndian(nonce, 8)).buffer).getUint32(0, true);
    const zeros = word === 0 ? 32 : Math.clz32(word & -word) ^ 31;
    expect(transcript.checkNonce(nonce, zeros)).toBe(true);
    expect(transcript.checkNonce(nonce, zeros + 1)).toBe(false);
    transcript.absorb('level grinding', 'nonce', littleEndian(nonce, 8));
    state = keyed(state, head(labelId('level grinding'), 3, 8), littleEndian(nonce, 8));

    const squeezed = (label: number, words: number) => {
      const out = blake3
        .create({ key: state })
        .update(Uint8Array.of(label, 0, 255))
        .xof(32 + 4 * words);
      state = out.slice(0, 32);
      const view = new DataView(out.buffer, out.byteOffset);
      return Array.from({ length: words }, (_, i) => view.getUint32(32 + 4 * i, true));
    };
    const [a, b, c, d] = squeezed(labelId('eta'), 6)
      .map((w) => w >>> 1)
      .filter((w) => w !== P) as [number, number, number, number];
    expect(transcript.challenge('eta')).toEqual(new Ext(a, b, c, d));
    const positions = [...new Set(squeezed(labelId('level positions'), 3 + 16).map((w) => w % 2 ** 10))].slice(0, 3);
    expect(transcript.positions('level positions', 3, 10)).toEqual(positions.sort((x, y) => x - y));
    expect(transcript.challenges('zero point', 0)).toEqual([]);
    expect(transcript.state).toEqual(state);
  });
});

describe('10-statement', () => {
  it('says what the digest is made of', () => {
    const port = (name: string, hi = 300) => ({ name, shape: [2], range: { lo: -300, hi }, scale: 0 });
    const circuit = { ...circuitOf(), inputs: [port('a'), port('b')], outputs: [port('y', 2 ** 15), port('z')] };
    const key = bareKey(circuit, [12, 1, 1, 3], new Uint8Array(32).fill(9));
    const root = new Uint8Array(32).fill(5);
    const statement: Statement = {
      inputs: [{ kind: 'private' }, { kind: 'public', values: Int16Array.of(1, -2) }],
      outputs: [
        { kind: 'public', values: Int32Array.of(3, 300) },
        { kind: 'committed', root },
      ],
      tag: ascii('tag'),
    };
    for (const zk of [false, true]) {
      const bytes = new Writer()
        .u16(3)
        .raw(modelId(key))
        .u8(zk ? 1 : 0)
        .u8(0)
        .u8(1)
        .int16s(Int16Array.of(1, -2))
        .u8(1)
        .int32s(Int32Array.of(3, 300))
        .u8(2)
        .raw(root)
        .bytes(ascii('tag'))
        .finish();
      expect(statementDigest(key, statement, zk)).toEqual(deriveKey('tessera 2 statement', bytes));
    }
  });

  it('names every check that the argument, the opening and the transcript make, and no other', () => {
    const folders = ['src/argue', 'src/commit', 'src/transcript'];
    const files = folders.flatMap((f) => readdirSync(join(root, f)).map((name) => join(f, name)));
    const source = [...files, 'src/proof/accept.ts', 'src/verify.ts']
      .map((f) => readFileSync(join(root, f), 'utf8'))
      .join('\n');
    const made = /(?:new Rejection\(|(?:zero|nonzero)\([^;]*?,)\s*'([a-z.]+)'/g;
    const names = new Set([...source.matchAll(made)].map((m) => m[1]!));
    const listed = rows('10-statement.md').filter((r) => /^[STLRBOZ]\d+$/.test(r[0]!) && !r[2]!.startsWith('E_'));
    expect(new Set(listed.map((r) => r[2]))).toEqual(names);
    for (const file of ['20-transcript.md', '30-commitment.md', '45-zero-knowledge.md', '50-lookup.md']) {
      for (const [id, , name] of rows(file).filter((r) => /^[TLBOZ]\d$/.test(r[0]!))) {
        expect(listed.find((r) => r[0] === id)![2]).toBe(name);
      }
    }
  });
});

describe('30-commitment', () => {
  it('has the circle, its positions and its pieces', () => {
    expect(text('30-commitment.md')).toContain(`G = (${GENERATOR.x}, ${GENERATOR.y})`);
    for (let j = 0; j < 16; j++) {
      expect(domainPoint(4, j) + domainPoint(4, j ^ 1)).toBe(P);
      expect(double(domainPoint(4, j))).toBe(domainPoint(3, j >> 1));
    }
    expect(cutAxis(28).map((c) => 2 ** c.bits)).toEqual([16, 8, 4]);
    const { slabs, rows: count } = packColumns([[3], [5, 4]], 3);
    expect(slabs.map((s) => s.pieces.map((p) => [p.column, p.offset, p.bits]))).toEqual([
      [[1, 0, 4]],
      [
        [1, 0, 2],
        [0, 4, 1],
        [0, 6, 0],
      ],
    ]);
    expect(count).toBe(3);
    expect(siblingPositions([2, 3, 6], 3)).toEqual([[7], [0, 2], []]);
  });
});

describe('40-sumcheck', () => {
  it('has right vectors', () => {
    const e = Ext.of;
    expect(nextClaim(e(28), [e(5), e(11)], e(3))).toEqual(e(125));
  });
});

describe('60-relations', () => {
  it('has the limits of legality', () => {
    const spec = text('60-relations.md').replaceAll(/\s+/g, ' ');
    const limits: [string, number, number][] = [
      ['at most 12 axes', MAX_RANK, 12],
      ['sizes 1 .. 2^30, index bits together at most 30', MAX_VARIABLES, 30],
      ['1 .. 2^20 rows', MAX_ROWS, 2 ** 20],
      ['listed rows of all tables at most 2^16', MAX_LISTED_ROWS, 2 ** 16],
      ['Leaves of all lookups and tables at most 2^29', MAX_LEAVES, 2 ** 29],
      ['At most 16 products and contracts in a row', MAX_DEPTH, 16],
      ['at most 2^20 claims', MAX_CLAIMS, 2 ** 20],
      ['at most 2^24 operations', MAX_WORK, 2 ** 24],
      ['below 2^30 in absolute value', MAGNITUDE, 2 ** 30],
      ['below p for the rest', MODULUS, P],
    ];
    for (const [sentence, inCode, inSpec] of limits) {
      expect(spec).toContain(sentence);
      expect(inCode).toBe(inSpec);
    }
  });
});

describe('70-files', () => {
  it('has the envelope', () => {
    const body = ascii('body');
    const file = seal('key', body);
    const head = [...ascii('tessera\0'), 3, 0, 2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0];
    expect(FORMAT_VERSION).toBe(3);
    expect(CHECKSUM_BYTES).toBe(16);
    expect(TEXT_LIMIT).toBe(4096);
    expect([...file.subarray(0, 24)]).toEqual(head);
    expect(file.subarray(28)).toEqual(checksum(file.subarray(0, 28)));
    const kinds = ['model', 'key', 'proof', 'commitment', 'opening'] as const;
    expect(kinds.map((kind) => seal(kind, body)[10])).toEqual([1, 2, 3, 4, 5]);
    const listed = /(1 model .*) \|/.exec(text('70-files.md'))![1]!;
    expect(listed.split(', ').map((entry) => entry.split(' ').slice(0, 2))).toEqual(
      kinds.map((k, i) => [`${i + 1}`, k]),
    );
  });

  it('has the ids of definitions, maps, derivations, visibilities and hints', () => {
    const none = { kind: 'gather', map: null } as const;
    const definitions: Record<string, Definition> = {
      input: { kind: 'input', input: 0 },
      witness: { kind: 'witness', hint: { kind: 'max', of: 0 } },
      weight: { kind: 'weight', visibility: 'committed' },
      output: { kind: 'output', output: 0, derive: none },
      constant: { kind: 'constant', value: 0 },
      linear: { kind: 'linear', terms: [], constant: 0, shift: 0 },
      product: { kind: 'product', a: 0, b: 0 },
      contract: { kind: 'contract', a: 0, b: 0, aAxes: [], bAxes: [], out: [] },
      view: { kind: 'view', source: 0, maps: [], fill: 0 },
    };
    // bytes(statement) has one byte of length; counts, shape and range take five bytes before the kind
    const idOf = (def: Definition) => encodeCircuit(circuitOf(tensor(def)))[6];
    expect(kinds('definition')).toEqual(Object.keys(definitions));
    kinds('definition').forEach((name, id) => {
      expect(idOf(definitions[name]!)).toBe(id);
    });

    const maps: AxisMap[] = [
      { kind: 'keep', from: 0, to: 0 },
      { kind: 'broadcast', to: 0 },
      { kind: 'affine', from: 0, to: 0, stride: 1, offset: 0 },
      { kind: 'index', from: [], to: [], map: null },
    ];
    expect(kinds('map')).toEqual(maps.map((m) => m.kind));
    maps.forEach((map, id) => {
      expect(encodeCircuit(circuitOf(tensor({ ...definitions.view!, maps: [map] } as Definition)))[9]).toBe(id);
    });

    const derivations = [none, { kind: 'onehot', size: 1 }] as const;
    expect(kinds('derivation')).toEqual(derivations.map((d) => d.kind));
    derivations.forEach((derive, id) => {
      expect(encodeCircuit(circuitOf(tensor({ kind: 'output', output: 0, derive })))[8]).toBe(id);
    });

    const visibilities = ['committed', 'public', 'private'] as const;
    expect(kinds('weight visibility')).toEqual(visibilities);
    visibilities.forEach((visibility, id) => {
      expect(encodeCircuit(circuitOf(tensor({ kind: 'weight', visibility })))[7]).toBe(id);
    });

    const hints: Hint[] = [
      { kind: 'bits', of: 0, from: 0, count: 1 },
      { kind: 'table', table: 0, of: 0 },
      { kind: 'quotient', numerator: 0, denominator: 0 },
      { kind: 'max', of: 0 },
      { kind: 'argmax', of: 0 },
      { kind: 'multiplicity', table: 0 },
      { kind: 'root', of: 0 },
    ];
    expect(kinds('hint')).toEqual(hints.map((h) => h.kind));
    hints.forEach((hint, id) => {
      const bytes = encodeCircuit(circuitOf(tensor({ kind: 'witness', hint })));
      const statement = 1 + bytes[0]!;
      const names = 1 + bytes[statement]!;
      expect(bytes[statement + names + 1]).toBe(id);
    });
  });

  it('has the digests', () => {
    const weights = (['committed', 'public'] as const).map((visibility) => tensor({ kind: 'weight', visibility }));
    const circuit = circuitOf(...weights);
    const encoded = encodeCircuit(circuit);
    const digest = deriveKey('tessera 2 circuit', encoded.subarray(1, 1 + encoded[0]!));
    expect(circuitDigest(circuit)).toEqual(digest);
    const key: KeyFile = {
      ...bareKey(circuit, [12], new Uint8Array(32).fill(3)),
      privateRoot: new Uint8Array(32).fill(4),
      publicWeights: new Map([[1, Int16Array.of(-2)]]),
      certificate: Uint8Array.of(1),
    };
    const named = Uint8Array.of(...digest, 1, 12, 0, 0, 0, ...key.root, ...key.privateRoot, 2, 1, 254, 255);
    expect(modelId(key)).toEqual(deriveKey('tessera 2 model id', named));
  });
});

describe('90-soundness', () => {
  it('has the queries of every rate', () => {
    const table = rows('90-soundness.md');
    const at = table.findIndex((r) => r[0] === 'rho');
    const queries = table[at]!.slice(1).map((rate) => Math.ceil(84 / bitsPerQuery(1 / Number(rate.slice(2)))));
    expect(table[at + 1]!.slice(1).map(Number)).toEqual(queries);
    expect([TARGET, QUERY_GRINDING, MAX_CLAIMS, MAX_PADS]).toEqual([100, 16, 2 ** 20, 2 ** 18]);
  });

  it('lists every term', () => {
    const parameters = { rowBits: 15, rateBits: 1, tailRows: 1, folds: [4, 3] };
    const classes = [parameters, STANDALONE].map((p) => ({ parameters: p, slabs: 3 }));
    const { terms } = soundness({ classes, fractions: 1000, treeDepth: 10, tupleWidth: 2, zk: true });
    const all = rows('90-soundness.md');
    const listed = all.slice(
      all.findIndex((r) => r[0] === 'term') + 1,
      all.findIndex((r) => r[0] === 'claim'),
    );
    const inCode = new Set(terms.map((t) => t.name.replace(/level \d/, 'level i').replace(/, class 1$/, '')));
    expect(listed.map((r) => r[0])).toEqual(expect.arrayContaining([...inCode]));
    expect(listed).toHaveLength(inCode.size);
    expect(levelsOf(parameters).map((l) => l.domainBits)).toEqual([16, 15, 14]);
  });

  it('has the bounds of parameter sets', () => {
    const legal = { rowBits: 12, rateBits: 1, tailRows: 0, folds: [3] };
    expect(() => checkParameters(legal)).not.toThrow();
    expect(() => checkParameters({ ...legal, rowBits: 22, rateBits: 3, folds: [4, 4, 4, 4] })).not.toThrow();
    expect(() => checkParameters({ ...legal, rateBits: 2, tailRows: 8 })).not.toThrow();
    expect(() => checkParameters(STANDALONE)).not.toThrow();
    const illegal = [
      { ...legal, rowBits: 11 },
      { ...legal, rowBits: 23, folds: [4, 4, 4] },
      { ...legal, rateBits: 0 },
      { ...legal, rateBits: 4 },
      { ...legal, tailRows: -1 },
      { ...legal, rateBits: 2, tailRows: 9 },
      { ...legal, tailRows: 8 },
      { ...legal, folds: [] },
      { ...legal, folds: [1, 2] },
      { ...legal, folds: [5] },
      { ...legal, folds: [4, 3] },
      { ...legal, rowBits: 16, folds: [4] },
      { ...legal, rowBits: 22, folds: [2, 2, 2, 2, 3] },
    ];
    for (const set of illegal) expect(() => checkParameters(set), JSON.stringify(set)).toThrow('parameter set');
  });
});
