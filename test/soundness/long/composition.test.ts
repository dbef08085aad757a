/** A thousand random circuits (composition.test.ts), every tenth on the plain kernels too, and fifty larger ones on 1, 2 and 3 threads. */
import { afterAll, expect, it } from 'vitest';
import { createReferenceMachine } from '../../../src/kernels/machine.ts';
import { createWasmMachine } from '../../../src/kernels/wasm.ts';
import { createMachine } from '../../../src/node.ts';
import { trial } from '../../support/composition.ts';

const wasm = await createWasmMachine();
const reference = createReferenceMachine();
const threaded = [await createMachine({ threads: 2 }), await createMachine({ threads: 3 })];
afterAll(() => Promise.all(threaded.map((machine) => machine[Symbol.asyncDispose]())));

const sound = { violated: [], differing: [], honest: { ok: true }, lying: { ok: false }, others: [] };

// 65 ms a circuit, a second where the plain kernels take part: about 3 minutes (2026-11-22)
it('a thousand', { timeout: 1800_000 }, () => {
  for (let seed = 10_000; seed < 11_000; seed++) {
    const machines = seed % 10 === 0 ? [reference, wasm] : [wasm];
    expect(trial(seed, machines), `seed ${seed}`).toMatchObject(sound);
  }
});

it('fifty larger ones, with threads', { timeout: 1800_000 }, () => {
  for (let seed = 20_000; seed < 20_050; seed++) {
    const machines = seed % 10 === 0 ? [reference, wasm, ...threaded] : [wasm, ...threaded];
    expect(trial(seed, machines, 20_000), `seed ${seed}`).toMatchObject(sound);
  }
});
