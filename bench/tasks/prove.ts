/** Proofs of a compiled network, timed. */
import { setTimeout } from 'node:timers/promises';
import { processorTime, processPeak } from '../../src/cli/environment.ts';
import { watchMemory } from '../../src/cli/memory.ts';
import { measureProofs } from '../../src/measure/proofs.ts';
import { QUIET } from '../../src/measure/runs.ts';
import { sizesOf } from '../../src/measure/sizes.ts';
import { createMachine } from '../../src/node.ts';
import { readFiles, readInput } from './folder.ts';
import type { Proved, ProveTask } from './types.ts';

/** Milliseconds that a machine must be quiet before a proof begins. */
const MOMENT = 300;

/** Milliseconds of proofs that count, once there are 3. */
const BUDGET = 60_000;

export async function task({ folder, conditions, repeat, patience }: ProveTask): Promise<Proved> {
  const { threads, zk, input } = conditions;
  await using machine = await createMachine({ threads });
  if (machine.threads !== threads) {
    throw new Error(`${machine.threads} threads in place of ${threads} ${machine.reason ?? ''}`);
  }
  const files = readFiles(folder);
  const options = {
    machine,
    repeat,
    budget: BUDGET,
    zk,
    input,
    watch: watchMemory,
    processorTime,
    ...waiting(patience),
  };
  const proofs = await measureProofs(files, readInput(folder), options);
  return { ...proofs, processBytes: processPeak(), ...sizesOf(files) };
}

/** Before proofs, until others have used next to nothing for a moment, or patience is at an end. */
function waiting(patience: number): { readonly untilQuiet?: () => Promise<void> } {
  let left = 1000 * patience;
  const isQuiet = async () => {
    const [start, before] = [performance.now(), processorTime().others];
    await setTimeout(MOMENT);
    const time = performance.now() - start;
    left -= time;
    return (processorTime().others - before) / time < QUIET;
  };
  const untilQuiet = async () => {
    while (left > 0 && !(await isQuiet()));
  };
  return patience > 0 ? { untilQuiet } : {};
}
