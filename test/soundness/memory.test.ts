/**
 * A proof has the same bytes however little memory there is: codewords are made again, tables of sumchecks in windows, rows of slabs folded
 * instead of spelled out. What cannot be is refused before the work.
 */
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { costOf } from '../../src/circuit/cost.ts';
import type { ModelFile } from '../../src/files/model.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { expectedBytes } from '../../src/measure/runs.ts';
import { createMachine } from '../../src/node.ts';
import { unpackParameters } from '../../src/proof/plan.ts';
import { Prover } from '../../src/prover/prover.ts';
import { verify } from '../../src/verify.ts';
import { seededSecrets } from '../support/programmed.ts';
import { pattern, register, type Tiny } from '../support/tiny.ts';

/** Squares and products whose cells are a power of two and not, a matrix product, and thousands of lookups. */
function network(): Tiny {
  const b = new CircuitBuilder('products');
  const range = { lo: -16, hi: 15 };
  const x = b.input({ name: 'x', shape: [64, 32], range, scale: 0 });
  const relu = b.functionTable('relu', -512, { lo: 0, hi: 15, rows: 1024 });
  const square = b.requantise('square', b.product('xx', x, x), 4, relu).y;
  const both = b.requantise('both', b.product('sx', square, x), 4, relu).y;
  const w = b.weight('w', [24, 32], pattern(24 * 32, 5));
  const mixed = b.requantise('mixed', b.contract('wx', w, both, ['o', 'i'], ['n', 'i'], ['n', 'o']), 6, relu).y;
  const last = b.requantise('last', b.product('mm', mixed, mixed), 4, relu).y;
  const sum = b.contract('sum', b.weight('v', [64, 24], pattern(64 * 24, 6)), last, ['n', 'o'], ['n', 'o'], []);
  b.output({ name: 'y', shape: [], range: b.rangeOf(sum), scale: 0 }, sum);
  return { ...b.build(), input: Int32Array.from({ length: 64 * 32 }, (_, i) => ((i * 11) % 31) - 15) };
}

const tiny = network();
const tag = Uint8Array.of(1);

/** The machine with less than is expected of a proof, and with nothing left whenever a sumcheck asks. */
function narrowed(machine: Machine, model: ModelFile): Machine {
  const { leastBytes } = costOf(model.circuit, unpackParameters(model.parameters));
  const limits = [0.91 * leastBytes].values();
  const limitBytes = (): number => limits.next().value ?? machine.mark();
  return Object.create(machine, { limitBytes: { get: limitBytes } }) as Machine;
}

function prove(machine: Machine, model: ModelFile, zk: boolean) {
  const prover = new Prover(machine, model);
  return prover.prove([tiny.input], { publicInputs: new Set(), zk, tag }, { entropy: seededSecrets(7) });
}

describe.each([
  ['plain', false],
  ['in zero knowledge', true],
] as const)('a proof %s', (_, zk) => {
  it.each([1, 2])('has the same bytes where there is little memory, on %i threads', async (threads) => {
    await using large = await createMachine({ threads });
    await using small = await createMachine({ threads });
    const { model, key } = register(large, tiny);
    const roomy = prove(large, model, zk);
    const little = prove(narrowed(small, model), model, zk);
    expect(little.proof).toEqual(roomy.proof);
    expect(small.peakBytes).toBeLessThan(large.peakBytes);
    const outputs = { y: Int32Array.from(little.outputs[0]!) };
    expect(verify(little.proof, { key, outputs, tag })).toMatchObject({ ok: true });
  });
});

it('is refused where even that is not enough, before anything is done', async () => {
  const machine = await createWasmMachine();
  const { model } = register(machine, tiny);
  const mark = machine.mark();
  const small = Object.create(machine, { limitBytes: { value: 2 ** 18 } }) as Machine;
  expect(() => new Prover(small, model)).toThrow(/takes about .* of memory at least; the limit is 0\.00024 GiB/);
  expect(machine.mark()).toBe(mark);
});

it('what is expected is between what helps and what must be', () => {
  const { circuit } = tiny;
  const cost = costOf(circuit, { rowBits: 12, rateBits: 1, tailRows: 0, folds: [3] });
  const odd = { ...cost, peakBytes: 100, leastBytes: 40 };
  expect([10, 40, 70, 200].map((limit) => expectedBytes(odd, limit))).toEqual([40, 40, 70, 100]);
});
