/** Proofs of a compiled network, timed. */
import { othersTime, processPeak } from '../../src/cli/environment.ts';
import { watchMemory } from '../../src/cli/memory.ts';
import { measureProofs } from '../../src/measure/proofs.ts';
import { sizesOf } from '../../src/measure/sizes.ts';
import { createMachine } from '../../src/node.ts';
import { readFiles, readInput } from './folder.ts';
import type { Proved, ProveTask } from './types.ts';

/** Milliseconds of proofs that count, once there are 3. */
const BUDGET = 60_000;

export async function task({ folder, conditions, repeat }: ProveTask): Promise<Proved> {
  const { threads, zk, input } = conditions;
  await using machine = await createMachine({ threads });
  if (machine.threads !== threads) {
    throw new Error(`${machine.threads} threads in place of ${threads} ${machine.reason ?? ''}`);
  }
  const files = readFiles(folder);
  const options = { machine, repeat, budget: BUDGET, zk, input, watch: watchMemory, othersTime };
  const proofs = await measureProofs(files, readInput(folder), options);
  return { ...proofs, processBytes: processPeak(), ...sizesOf(files) };
}
