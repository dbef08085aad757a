/**
 * What the library needs from Node: threads.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Machine } from './kernels/kernels.ts';
import { createPool, type Spawn } from './kernels/pool.ts';
import { createWasmMachine } from './kernels/wasm.ts';

/** More threads than this only wait for each other. */
const MAX_THREADS = 16;

/** A Node worker with the source and data of a thread. It keeps the process alive only until it is ready. */
const spawn: Spawn = (source, start, ready, lost) => {
  const main = `const { parentPort, workerData } = require('node:worker_threads');
    (${source})(workerData, () => parentPort.postMessage('ready'));`;
  const worker = new Worker(main, { eval: true, workerData: start, execArgv: [] });
  worker.once('message', () => {
    worker.unref();
    ready();
  });
  worker.once('error', (error) => lost(error instanceof Error ? error.message : String(error)));
  worker.once('exit', (code) => lost(`it exited with code ${code}`));
  return worker;
};

export interface MachineOptions {
  /** Default: as many as there are processors. */
  readonly threads?: number;
  /** Bytes of working memory at most; what needs more is refused with E_MEMORY. Default: 4 GiB, which pointers reach. */
  readonly memory?: number;
}

/** A machine on this process. Dispose of it when done. */
export function createMachine(options: MachineOptions = {}): Promise<Machine> {
  const threads = Math.max(1, Math.min(options.threads ?? availableParallelism(), MAX_THREADS));
  return threads === 1 ? createWasmMachine(undefined, options.memory) : createPool(spawn, threads, options.memory);
}
