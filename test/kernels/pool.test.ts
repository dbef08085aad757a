import { afterAll, beforeAll, expect, test } from 'vitest';
import { TesseraError } from '../../src/errors.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { createPool, type Spawn } from '../../src/kernels/pool.ts';
import { createMachine } from '../../src/node.ts';
import { Bench } from './support.ts';

let pool: Machine;
beforeAll(async () => {
  pool = await createMachine({ threads: 3 });
});
afterAll(() => pool[Symbol.asyncDispose]());

/** Column hashes and row folds by many tasks, all results in one list. */
function forked(machine: Machine): number[] {
  const bench = new Bench(machine, 7);
  const [matrix, digests] = [bench.words(20 * 256), machine.alloc(32 * 256)];
  const columns = Array.from({ length: 32 }, (_, i) => [matrix, 20, 256, 8 * i, 8 * i + 8, digests, 0, 20]);
  machine.fork('hashColumns', columns);
  const [a, b] = [bench.vector(256), bench.vector(256)];
  const outs = machine.alloc(16 * 32);
  machine.fork(
    'dotExt',
    columns.map(([, , , from, to], i) => [a, b, from!, to!, outs + 16 * i]),
  );
  return [...machine.u32(digests, 8 * 256), ...machine.u32(outs, 4 * 32)];
}

test('threads compute what one thread computes', () => {
  expect(pool.name).toBe('wasm-threads');
  expect(pool.threads).toBe(3);
  expect(pool.reason).toBeUndefined();
  expect(forked(pool)).toEqual(forked(createReferenceMachine()));
});

test('results come in task order, also of more tasks than the ring holds', () => {
  const x = pool.alloc(4 * 8);
  pool.i32(x, 8).set([5, 5, 5, 5, 5, 5, 5, 5]);
  const state = new Bench(pool, 3).words(8);
  const tasks = Array.from({ length: 1500 }, (_, i) => [state, i, 0, 1000, 4]);
  const alone = tasks.map(([s, lo, hi, count, bits]) => pool.raw.grind(s!, lo!, hi!, count!, bits!));
  expect(pool.fork('grind', tasks)).toEqual(alone);
});

test('thousands of small forks, with pauses in which the workers fall asleep', async () => {
  const bench = new Bench(pool, 11);
  const [a, b, outs] = [bench.vector(16), bench.vector(16), pool.alloc(32)];
  const tasks = [
    [a, b, 0, 8, outs],
    [a, b, 8, 16, outs + 16],
  ];
  pool.fork('dotExt', tasks);
  const expected = Array.from(pool.u32(outs, 8));
  for (let i = 0; i < 3000; i++) {
    pool.u32(outs, 8).fill(0);
    pool.fork('dotExt', tasks);
    expect(Array.from(pool.u32(outs, 8))).toEqual(expected);
    if (i % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

test('workers see memory that was allocated after they started', () => {
  const n = 2 ** 20;
  const mark = pool.mark();
  const v = pool.alloc(16 * n);
  const w = pool.alloc(16 * n);
  pool.fork('zeroExt', [
    [v, n],
    [w, n],
  ]);
  expect(pool.u32(w + 16 * n - 64, 16).every((x) => x === 0)).toBe(true);
  expect(pool.peakBytes).toBeGreaterThan(32 * n);
  pool.release(mark);
});

test('a kernel that fails on a worker is a typed error, and the machine lives on', () => {
  const outside = 0xfffffff0;
  expect(() =>
    pool.fork('dotExt', [
      [outside, outside, 0, 4, outside],
      [outside, outside, 0, 4, outside],
    ]),
  ).toThrow(TesseraError);
  expect(forked(pool)).toEqual(forked(createReferenceMachine()));
});

test('no workers: one thread, and the reason', async () => {
  const refuse: Spawn = (_source, _start, _ready, lost) => {
    lost('no shared memory');
    return { terminate: () => Promise.resolve() };
  };
  const machine = await createPool(refuse, 4);
  expect(machine.threads).toBe(1);
  expect(machine.reason).toContain('no shared memory');
  expect(forked(machine)).toEqual(forked(createReferenceMachine()));
});

test('a worker that ends: the machine goes on alone and says so', async () => {
  let end: (why: string) => void = () => {};
  const machine = await createPool((source, start, ready, lost) => {
    end = lost;
    expect(source).toContain('Atomics.wait');
    expect(start.kernels).toContain('dotExt');
    queueMicrotask(ready);
    return { terminate: () => Promise.resolve() };
  }, 2);
  expect(machine.threads).toBe(2);
  end('it exited with code 1');
  expect(machine.reason).toContain('exited');
  expect(forked(machine)).toEqual(forked(createReferenceMachine()));
  await machine[Symbol.asyncDispose]();
});

test('disposing twice is harmless', async () => {
  const machine = await createMachine({ threads: 2 });
  await machine[Symbol.asyncDispose]();
  await machine[Symbol.asyncDispose]();
  expect(machine.reason).toBeUndefined();
});

test('more memory than there can be is a typed error, and the arena is as before', () => {
  const mark = pool.mark();
  expect(() => pool.alloc(2 ** 32)).toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
  expect(pool.mark()).toBe(mark);
});

test.each([1, 2])('a memory limit is kept, with %i threads, and its error has the numbers', async (threads) => {
  await using machine = await createMachine({ threads, memory: 2 ** 26 });
  expect(machine.u8(machine.alloc(2 ** 25), 1).length).toBe(1);
  const error = expect.objectContaining({ code: 'E_MEMORY', message: expect.stringContaining('0.06 GiB') });
  expect(() => machine.alloc(2 ** 25)).toThrow(error);
  expect(machine.peakBytes).toBeLessThanOrEqual(2 ** 26);
});
