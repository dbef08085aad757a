/**
 * What the library needs from Node: threads, and counters that survive.
 */
import { open, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { TesseraError } from './errors.ts';
import { checkLeft, checkSpent, decodeJournal, encodeRecord, newRecord, type SpendRecord } from './files/budget.ts';
import type { Machine } from './kernels/kernels.ts';
import { createPool, type Spawn } from './kernels/pool.ts';
import { createWasmMachine } from './kernels/wasm.ts';
import type { Budget, Spending } from './spending.ts';

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

/**
 * Counts in journals on disk (files/budget.ts). A record is appended and made durable before the proof begins, then the whole journal is read
 * back: of two processes at once each finds its own place. Whoever copies a model copies its counter too: two copies count apart.
 * @param pathOf the journal of what a proof is about to show
 */
export function fileBudget(pathOf: (spending: Spending) => string): Budget {
  return {
    async spend(spending) {
      const { root, positions, limit } = spending;
      const path = pathOf(spending);
      await countIn(path, root, (records) => checkLeft(records, positions, limit));
      const record = newRecord(positions);
      const file = await open(path, 'a').catch((cause) => Promise.reject(notWritable(path, cause)));
      try {
        await file.write(encodeRecord(root, record));
        await file.sync();
      } catch (cause) {
        throw notWritable(path, cause);
      } finally {
        await file.close();
      }
      await countIn(path, root, (records) => checkSpent(records, record.id, limit));
    },
  };
}

/** How many more of such proofs a budget file leaves, at least one. @throws TesseraError E_BUDGET where it leaves none, or is none */
export function proofsLeftIn(path: string, { root, positions, limit }: Spending): Promise<number> {
  return countIn(path, root, (records) => {
    checkLeft(records, positions, limit);
    return Math.floor((limit - records.reduce((n, record) => n + record.positions, 0)) / positions);
  });
}

/** What `count` says of the records in a budget file. @throws TesseraError E_BUDGET naming the file */
async function countIn<T>(path: string, root: Uint8Array, count: (records: readonly SpendRecord[]) => T): Promise<T> {
  const bytes = await readJournal(path);
  try {
    return count(decodeJournal(bytes, root));
  } catch (error) {
    if (!(error instanceof TesseraError) || error.where !== undefined) throw error;
    const { code, message, hint, cause } = error;
    throw new TesseraError(code, message, hint === undefined ? { where: path, cause } : { where: path, hint, cause });
  }
}

/** @throws TesseraError E_BUDGET where there is none: what has been shown is then unknown */
async function readJournal(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TesseraError('E_BUDGET', 'the budget file cannot be read', {
      where: path,
      hint: 'It belongs beside the model or opening that it counts for. Where it is lost, compile the model, or commit to the tensor, anew.',
      cause,
    });
  }
}

function notWritable(path: string, cause: unknown): TesseraError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new TesseraError('E_BUDGET', `the budget file cannot be written: ${said}`, {
    where: path,
    hint: 'A proof is made only after it is counted. Make the file writable.',
    cause,
  });
}
