/**
 * Threads: fork-join over one shared memory.
 *
 * A ring of task records lies in the shared memory, with three counters that only grow (modulo 2^32): END, the tasks
 * put in, NEXT, the tasks taken out, DONE, the tasks done. A thread takes task n by moving NEXT from n to n + 1, and
 * everything about the task is in record n mod RING, so a late thread can never run a task of another fork. The caller
 * writes records, moves END, works along and returns when DONE = END. Threads spin a little before they sleep, because
 * forks are often microseconds apart.
 */
import { TesseraError } from '../errors.ts';
import type { KernelName, Machine } from './kernels.ts';
import { machineOf, runTasks } from './machine.ts';
import { compileKernels, createSharedMemory, createWasmMachine, instantiateKernels, SCRATCH_BYTES } from './wasm.ts';

/** What a worker is given. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Its scratch memory. */
  readonly scratch: number;
  readonly kernels: readonly string[];
  readonly layout: Layout;
}

/** A running worker. */
export interface Worker {
  terminate(): Promise<unknown>;
}

/**
 * Starts a worker: evaluates `source`, the expression of a function of (start, ready), and calls it with `start`.
 * `ready` or `lost` is called once it runs, `lost` also when it ends or fails later. A worker must not keep the process
 * alive once it is ready.
 */
export type Spawn = (source: string, start: WorkerStart, ready: () => void, lost: (why: string) => void) => Worker;

/** Word indices of the counters, each in a cache line of its own, and of the ring. */
interface Layout {
  readonly next: number;
  readonly end: number;
  readonly done: number;
  readonly sleepers: number;
  readonly ring: number;
  /** Records in the ring, a power of two. */
  readonly records: number;
  /** Words of a record: kernel, failed, result, number of arguments, arguments. */
  readonly recordWords: number;
}

const LAYOUT: Layout = { next: 16, end: 32, done: 48, sleepers: 64, ring: 80, records: 512, recordWords: 32 };
const HEADER_WORDS = 4;

/** First byte behind the ring: the scratch memories of all threads. */
const SCRATCH = 4 * (LAYOUT.ring + LAYOUT.records * LAYOUT.recordWords);

/** Loads of a counter before a thread goes to sleep, about 50 us. */
const SPINS = 1000;

type Kernel = (...task: readonly number[]) => number | undefined;

/** Takes tasks until there are none. Self-contained: it also runs in workers, from its source text. */
function drain(words: Int32Array, kernels: readonly Kernel[], layout: Layout): void {
  for (;;) {
    const n = Atomics.load(words, layout.next);
    if (n === Atomics.load(words, layout.end)) return;
    if (Atomics.compareExchange(words, layout.next, n, (n + 1) | 0) !== n) continue;
    const record = layout.ring + (n & (layout.records - 1)) * layout.recordWords;
    const args = words.subarray(record + 4, record + 4 + words[record + 3]!);
    try {
      words[record + 2] = kernels[words[record]!]!(...args) ?? 0;
      words[record + 1] = 0;
    } catch {
      words[record + 1] = 1;
    }
    const done = (Atomics.add(words, layout.done, 1) + 1) | 0;
    if (done === Atomics.load(words, layout.end)) Atomics.notify(words, layout.done);
  }
}

/** The life of a worker. Self-contained, as `drain`, which is handed in. */
function work(start: WorkerStart, ready: () => void, takeTasks: typeof drain, spins: number): void {
  const { module, memory, layout, scratch } = start;
  const instance = new WebAssembly.Instance(module, { env: { memory, modulus: 0x7fffffff } });
  const exports = instance.exports as unknown as Record<string, Kernel>;
  exports.useScratch!(scratch);
  const kernels = start.kernels.map((name) => exports[name]!);
  const words = new Int32Array(memory.buffer, 0, layout.ring + layout.records * layout.recordWords);
  ready();
  for (;;) {
    const end = Atomics.load(words, layout.end);
    takeTasks(words, kernels, layout);
    let spin = 0;
    while (spin < spins && Atomics.load(words, layout.end) === end) spin++;
    if (spin < spins) continue;
    Atomics.add(words, layout.sleepers, 1);
    Atomics.wait(words, layout.end, end);
    Atomics.sub(words, layout.sleepers, 1);
  }
}

/** The source of a function of (start, ready). */
const workerSource = (): string => `(start, ready) => (${work})(start, ready, ${drain}, ${SPINS})`;

/** True where the calling thread may sleep: a page's main thread may not. */
function maySleep(words: Int32Array): boolean {
  try {
    Atomics.wait(words, LAYOUT.sleepers, Atomics.load(words, LAYOUT.sleepers), 0);
    return true;
  } catch {
    return false;
  }
}

/** A task takes milliseconds; a thread that has not finished one in this time, ms, has died in it. */
const PATIENCE = 60_000;

/** Waits until every task is done. @throws TesseraError E_PROVE where a thread died in the middle of one */
function join(words: Int32Array, sleep: boolean): void {
  for (let spin = 0; ; spin++) {
    const done = Atomics.load(words, LAYOUT.done);
    if (done === Atomics.load(words, LAYOUT.end)) return;
    if (sleep && spin >= SPINS && Atomics.wait(words, LAYOUT.done, done, PATIENCE) === 'timed-out') {
      throw new TesseraError('E_PROVE', 'A worker thread no longer answers.', {
        hint: 'Start anew, or use one thread.',
      });
    }
  }
}

/** Puts tasks in the ring; at most LAYOUT.records of them. */
function publish(words: Int32Array, kernel: number, tasks: readonly (readonly number[])[]): void {
  const first = Atomics.load(words, LAYOUT.end);
  tasks.forEach((task, i) => {
    const record = recordOf(first + i);
    words[record] = kernel;
    words[record + 3] = task.length;
    words.set(task, record + HEADER_WORDS);
  });
  Atomics.store(words, LAYOUT.end, (first + tasks.length) | 0);
  if (Atomics.load(words, LAYOUT.sleepers) > 0) Atomics.notify(words, LAYOUT.end);
}

function recordOf(n: number): number {
  return LAYOUT.ring + (n & (LAYOUT.records - 1)) * LAYOUT.recordWords;
}

/** The results of the last `count` tasks. @throws TesseraError E_PROVE if one of them failed */
function collect(words: Int32Array, kernel: KernelName, count: number): number[] {
  const first = Atomics.load(words, LAYOUT.end) - count;
  return Array.from({ length: count }, (_, i) => {
    const record = recordOf(first + i);
    if (words[record + 1] !== 0) {
      throw new TesseraError('E_PROVE', 'A kernel failed while it ran on several threads.', { where: kernel });
    }
    return words[record + 2]!;
  });
}

/** Starts one worker and waits for it. @throws Error if it does not start */
function startWorker(spawn: Spawn, start: WorkerStart, lost: (why: string) => void): Promise<Worker> {
  return new Promise((resolve, reject) => {
    let running = false;
    const worker = spawn(
      workerSource(),
      start,
      () => {
        running = true;
        // A microtask later `worker` is assigned, however early the worker was ready.
        queueMicrotask(() => resolve(worker));
      },
      (why) => (running ? lost(why) : reject(new Error(why))),
    );
  });
}

/**
 * A machine with `threads` threads, the caller's included, and at most `limit` bytes. Where workers cannot be started it has one thread,
 * and says why.
 */
export async function createPool(spawn: Spawn, threads: number, limit?: number): Promise<Machine> {
  const module = await compileKernels();
  const memory = createSharedMemory(SCRATCH + threads * SCRATCH_BYTES, limit);
  const raw = instantiateKernels(module, memory.memory, SCRATCH);
  const names = Object.keys(raw) as KernelName[];
  const workers: Worker[] = [];
  let reason: string | undefined;
  let disposed = false;
  const lost = (why: string): void => {
    if (!disposed) reason ??= `A worker thread ended: ${why}`;
  };
  const scratches = Array.from({ length: threads - 1 }, (_, i) => SCRATCH + (i + 1) * SCRATCH_BYTES);
  const starts = scratches.map((scratch) => ({
    module,
    memory: memory.memory,
    scratch,
    kernels: names,
    layout: LAYOUT,
  }));
  const started = await Promise.allSettled(starts.map((start) => startWorker(spawn, start, lost)));
  for (const s of started) {
    if (s.status === 'fulfilled') workers.push(s.value);
    else reason ??= `Worker threads do not start here: ${(s.reason as Error).message}`;
  }
  if (workers.length === 0) return createWasmMachine(reason, limit);

  const words = new Int32Array(memory.memory.buffer, 0, SCRATCH / 4);
  const sleep = maySleep(words);
  const kernels = names.map((name) => raw[name] as Kernel);
  const fork: Machine['fork'] = (kernel, tasks) => {
    if (tasks.length < 2 || disposed || reason !== undefined || !names.includes(kernel))
      return runTasks(raw, kernel, tasks);
    const results: number[] = [];
    for (let i = 0; i < tasks.length; i += LAYOUT.records) {
      const batch = tasks.slice(i, i + LAYOUT.records);
      publish(words, names.indexOf(kernel), batch);
      drain(words, kernels, LAYOUT);
      join(words, sleep);
      results.push(...collect(words, kernel, batch.length));
    }
    return results;
  };
  return machineOf({
    name: 'wasm-threads',
    threads: workers.length + 1,
    get reason() {
      return reason;
    },
    raw,
    memory,
    base: SCRATCH + threads * SCRATCH_BYTES,
    fork,
    async dispose() {
      disposed = true;
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  });
}
