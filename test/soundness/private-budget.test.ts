/**
 * What proofs show of a commitment that lives on is counted, and only that: a request that fails costs nothing, a proof costs one record, and however
 * many processes there are, together they show no more than the limit.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeJournal, newJournal } from '../../src/files/budget.ts';
import { commitmentId, decodeOpening, encodeCommitment, encodeOpening } from '../../src/files/tensor.ts';
import { commit, compile, type ProveOptions, prove } from '../../src/index.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { fileBudget } from '../../src/node.ts';
import { commitTensor } from '../../src/prover/tensor.ts';
import { denseLayer, SIZE } from '../support/dense-layer.ts';

const folder = mkdtempSync(join(tmpdir(), 'tessera-budget-'));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const { onnx, samples, extreme } = denseLayer(43);
const machine = await createWasmMachine();
const compiling = { machine, samples, headroom: 0, bits: 9, proofBudget: 4 };
const hidden = await compile(onnx, { ...compiling, weights: 'private' });
const open = await compile(onnx, { ...compiling, weights: 'committed' });

const { opening, journal } = (await commit(hidden.key, samples[0]!, { machine })).x!;
const tooMuch = (await commit(hidden.key, extreme, { machine })).x!.opening;

const budget = fileBudget(({ what }) => at(what.kind));
const options: ProveOptions = { machine, budget };
const records = (name: 'weights' | 'input') => {
  const bytes = readFileSync(at(name));
  return decodeJournal(bytes, bytes.subarray(16, 48)).length;
};

beforeEach(() => {
  writeFileSync(at('weights'), hidden.journal!);
  writeFileSync(at('input'), journal);
});

/** The opening with one thing changed. */
function changed(
  change: (file: ReturnType<typeof decodeOpening>) => Partial<ReturnType<typeof decodeOpening>>,
): Uint8Array {
  const file = decodeOpening(opening);
  return encodeOpening({ ...file, ...change(file) });
}

function withBit(bytes: Uint8Array, i: number): Uint8Array {
  return bytes.with(i, bytes[i]! ^ 1);
}

const otherOpenings: readonly (readonly [string, Uint8Array])[] = [
  ['first value', changed(({ values }) => ({ values: Int32Array.from(values).with(0, values[0]! ^ 1) }))],
  ['last value', changed(({ values }) => ({ values: Int32Array.from(values).with(SIZE - 1, values[SIZE - 1]! ^ 1) }))],
  ['secret', changed(({ secret }) => ({ secret: withBit(secret, 0) }))],
  ['last byte of the secret', changed(({ secret }) => ({ secret: withBit(secret, 31) }))],
  ['root', changed(({ root }) => ({ root: withBit(root, 31) }))],
  ['shape', changed(() => ({ shape: [SIZE, 1] }))],
  ['scale', changed(({ scale }) => ({ scale: scale + 1 }))],
];

const failing: readonly (readonly [string, Parameters<typeof prove>[1], string, ProveOptions])[] = [
  ['an input out of its range', { x: new Float32Array(SIZE).fill(1e6) }, 'E_RANGE', {}],
  ['integers out of their range', { x: new Int32Array(SIZE).fill(2 ** 20) }, 'E_RANGE', {}],
  ['an input that is no number', { x: new Float32Array(SIZE).fill(Number.NaN) }, 'E_NAN', {}],
  ['a value out of its range', extreme, 'E_RANGE', {}],
  ['a value out of its range, of a public input', extreme, 'E_RANGE', { input: 'public' }],
  ['a value out of its range, of a committed input', { x: { opening: tooMuch } }, 'E_RANGE', {}],
  ['no input', {}, 'E_INPUT', {}],
  ['another input', { ...samples[0]!, z: new Float32Array(1) }, 'E_INPUT', {}],
  ['too few cells', { x: new Float32Array(SIZE - 1) }, 'E_INPUT', {}],
  ['a plain proof', samples[0]!, 'E_VISIBILITY', { zk: false }],
  ['an opening that is none', { x: { opening: opening.slice(1) } }, 'E_FILE', {}],
];

describe('a request that fails', () => {
  it.each(failing)('by %s: no record', async (_, inputs, code, more) => {
    await expect(prove(hidden.model, inputs, { ...options, ...more })).rejects.toMatchObject({ code });
    expect([records('weights'), records('input')]).toEqual([1, 0]);
  });

  it.each(otherOpenings)('by an opening with another %s: E_COMMITMENT, no record', async (_, other) => {
    for (const { model: file } of [hidden, open]) {
      const spent: string[] = [];
      const counting = { spend: async () => void spent.push('spent') };
      const proving = prove(file, { x: { opening: other } }, { machine, budget: counting });
      await expect(proving).rejects.toMatchObject({ code: 'E_COMMITMENT' });
      expect(spent).toEqual([]);
    }
  });

  it('by a model file with another bit: no record', async () => {
    const broken = hidden.model.slice();
    broken[broken.length - 1]! ^= 1;
    await expect(prove(broken, samples[0]!, options)).rejects.toMatchObject({ code: 'E_FILE' });
    expect(records('weights')).toBe(1);
  });
});

describe('a proof', () => {
  it('writes one record for what it shows of the weights, one for the input', async () => {
    await prove(hidden.model, samples[0]!, options);
    expect([records('weights'), records('input')]).toEqual([2, 0]);
    await prove(hidden.model, { x: { opening } }, options);
    expect([records('weights'), records('input')]).toEqual([3, 1]);
    await prove(open.model, { x: { opening } }, options);
    expect([records('weights'), records('input')]).toEqual([3, 2]);
    await prove(open.model, samples[0]!, options);
    expect([records('weights'), records('input')]).toEqual([3, 2]);
  });

  it('is not made after as many as were asked for, and no record is', async () => {
    let proofs = 0;
    for (;;) {
      const before = records('weights');
      const made = await prove(hidden.model, samples[0]!, options).catch((error: unknown) => ({ error }));
      expect(proofs).toBeLessThan(200);
      if ('error' in made) {
        expect(made.error).toMatchObject({ code: 'E_BUDGET', where: at('weights') });
        expect(records('weights')).toBe(before);
        break;
      }
      proofs += 1;
    }
    expect(proofs).toBeGreaterThanOrEqual(compiling.proofBudget);
  });
});

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Processes that wait for their input to end, then spend `times` each. What each could spend. */
async function spendAtOnce(path: string, processes: number, numbers: readonly number[]): Promise<number[]> {
  const script = join(import.meta.dirname, '../support/spend.ts');
  const children = Array.from({ length: processes }, (): Child => {
    return spawn(process.execPath, [script, path, ...numbers.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
  });
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const said = children.map(async (child) => {
    const texts: string[] = [];
    child.stdout.on('data', (text) => texts.push(String(text)));
    child.stdin.end();
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    return Number(texts.join(''));
  });
  return Promise.all(said);
}

describe('four processes at once', () => {
  it.each([
    [13, 1],
    [57, 10],
    [400, 100],
  ])('spend exactly what %i positions leave room for, %i at a time', async (limit, positions) => {
    const root = new Uint8Array(32).fill(7);
    const path = at(`${limit}.budget`);
    writeFileSync(path, newJournal(root));
    const spent = await spendAtOnce(path, 4, [limit, positions, 12]);
    const room = Math.floor(limit / positions);
    expect(spent.reduce((a, b) => a + b)).toBe(room);
    // a record that came too late counts, as if its proof had been made
    expect(decodeJournal(readFileSync(path), root).length).toBeGreaterThanOrEqual(room);
    copyFileSync(path, at('again'));
    expect(await spendAtOnce(path, 1, [limit, positions, 3])).toEqual([0]);
    expect(readFileSync(path)).toEqual(readFileSync(at('again')));
  });
});

describe('commitments with one root', () => {
  const secret = new Uint8Array(32).fill(9);
  const values = Int32Array.from({ length: 32 }, (_, i) => i - 16);
  const shapes = [
    { shape: [32], scale: 8 },
    { shape: [32], scale: 7 },
    { shape: [32], scale: -8 },
    { shape: [4, 8], scale: 8 },
    { shape: [8, 4], scale: 8 },
    { shape: [1, 32], scale: 8 },
    { shape: [2, 2, 2, 2, 2], scale: 8 },
  ];
  const made = shapes.map((port) => commitTensor(machine, { ...port, values, secret }));

  it('there are', () => {
    expect(new Set(made.map(({ root }) => String(root))).size).toBeLessThan(made.length);
  });

  it('have ids of their own, as their files differ', () => {
    expect(new Set(made.map((file) => String(commitmentId(file)))).size).toBe(made.length);
    expect(new Set(made.map((file) => String(encodeCommitment(file)))).size).toBe(made.length);
    const again = commitTensor(machine, { ...shapes[3]!, values, secret });
    expect(commitmentId(again)).toEqual(commitmentId(made[3]!));
  });

  it('have ids that follow from what everybody has', () => {
    const [{ shape, scale, root }] = made as [(typeof made)[0]];
    const [other, otherSecret] = [values.with(0, 5), secret.with(0, 1)];
    expect(commitmentId({ shape, scale, root })).toEqual(commitmentId(made[0]!));
    for (const file of [
      { values: other, secret },
      { values, secret: otherSecret },
    ]) {
      expect(commitmentId(commitTensor(machine, { shape, scale, ...file }))).not.toEqual(commitmentId(made[0]!));
    }
  });
});
