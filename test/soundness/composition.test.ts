/**
 * Random compositions of everything that a circuit can hold (test/support/random-circuit.ts): accepted when honest, with the same bytes
 * on the plain kernels and on WebAssembly whatever the number of threads; rejected with one output cell changed.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { createMachine } from '../../src/node.ts';
import { trial } from '../support/composition.ts';
import { randomCircuit } from '../support/random-circuit.ts';

const wasm = await createWasmMachine();
const reference = createReferenceMachine();
const threaded = [await createMachine({ threads: 2 }), await createMachine({ threads: 3 })];
afterAll(() => Promise.all(threaded.map((machine) => machine[Symbol.asyncDispose]())));

const sound = { violated: [], differing: [], honest: { ok: true }, lying: { ok: false }, others: [] };
const seeds = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

describe('a random circuit', () => {
  it.each(seeds(0, 16))('%i, on the plain kernels too', { timeout: 30_000 }, (seed) => {
    expect(trial(seed, [reference, wasm])).toMatchObject(sound);
  });

  it('of fifty more', { timeout: 60_000 }, () => {
    for (const seed of seeds(100, 50)) expect(trial(seed, [wasm]), `seed ${seed}`).toMatchObject(sound);
  });

  it.each(seeds(1000, 6))('%i, larger, on 1, 2 and 3 threads', { timeout: 30_000 }, (seed) => {
    expect(trial(seed, [wasm, ...threaded], 20_000)).toMatchObject(sound);
  });
});

it('such circuits have every definition, every map, every hint', () => {
  const tensors = seeds(0, 100).flatMap((seed) => randomCircuit(seed).circuit.tensors);
  const of = (list: readonly string[]) => [...new Set(list)].sort();
  expect(of(tensors.map((t) => t.def.kind))).toHaveLength(9);
  const maps = tensors.flatMap(({ def }) => (def.kind === 'view' ? def.maps : []));
  expect(of(maps.map((m) => m.kind))).toEqual(['affine', 'broadcast', 'index', 'keep']);
  const hints = tensors.flatMap(({ def }) => (def.kind === 'witness' ? [def.hint.kind] : []));
  expect(of(hints)).toEqual(['argmax', 'bits', 'max', 'multiplicity', 'quotient', 'table']);
  expect(tensors.some(({ def }) => def.kind === 'contract' && def.a === def.b)).toBe(true);
  expect(tensors.some(({ shape }) => shape.length === 0)).toBe(true);
});
