/**
 * Machines: a growing linear memory with a stack-like arena, the kernels on it, and a way to run many tasks of one
 * kernel.
 */
import { TesseraError } from '../errors.ts';
import type { KernelName, Machine, RawKernels } from './kernels.ts';
import { type Memory, viewsOf } from './reference/memory.ts';
import { referenceKernels } from './reference.ts';

/** Alignment of every allocation, bytes: one quad of extension elements. */
const ALIGNMENT = 64;

/** Kernels may read this far behind the end of a vector, bytes; what they read there has no effect. */
const SLACK = 64;

/** Pointers are 32-bit. */
const MAX_BYTES = 2 ** 32;

/** A memory that can grow. Growing may replace the buffer and its views. */
export interface LinearMemory extends Memory {
  /** Bytes that it may have at most. */
  readonly limit: number;
  /** Makes the memory at least `bytes` long. @throws TesseraError E_MEMORY */
  reserve(bytes: number): void;
}

/** What a machine is made of; the arena comes from here. */
export interface Engine extends Pick<Machine, 'name' | 'threads' | 'reason' | 'raw' | 'fork'> {
  readonly memory: LinearMemory;
  /** First byte that the arena may use, above 0, so that no allocation has pointer 0. */
  readonly base: number;
  dispose(): Promise<void>;
}

/** The machine of an engine. */
export function machineOf(engine: Engine): Machine {
  const { memory, name, threads, raw, fork } = engine;
  let top = Math.ceil(engine.base / ALIGNMENT) * ALIGNMENT;
  let peak = top;
  let last: Promise<unknown> = Promise.resolve();
  return {
    name,
    threads,
    raw,
    fork,
    get reason() {
      return engine.reason;
    },
    limitBytes: memory.limit,
    get peakBytes() {
      return peak;
    },
    alloc(bytes) {
      const ptr = top;
      const end = ptr + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
      memory.reserve(end + SLACK);
      top = end;
      peak = Math.max(peak, end);
      return ptr;
    },
    mark: () => top,
    release(mark) {
      top = mark;
    },
    exclusive(work) {
      const turn = last.then(async () => {
        const mark = top;
        try {
          return await work();
        } finally {
          top = mark;
        }
      });
      last = turn.catch(() => undefined);
      return turn;
    },
    u8: (ptr, length) => memory.u8.subarray(ptr, ptr + length),
    u32: (ptr, length) => memory.u32.subarray(ptr / 4, ptr / 4 + length),
    i32: (ptr, length) => memory.i32.subarray(ptr / 4, ptr / 4 + length),
    i16: (ptr, length) => memory.i16.subarray(ptr / 2, ptr / 2 + length),
    [Symbol.asyncDispose]: () => engine.dispose(),
  };
}

/** raw[kernel](...task) for every task, one after the other. */
export function runTasks(raw: RawKernels, kernel: KernelName, tasks: readonly (readonly number[])[]): number[] {
  const run = raw[kernel] as (...task: readonly number[]) => number | undefined;
  return tasks.map((task) => run(...task) ?? 0);
}

/** The error of a memory of at most `limit` that cannot grow to `bytes`. */
export function outOfMemory(bytes: number, limit: number, cause?: unknown): TesseraError {
  const sentence = `The working memory cannot grow to ${gibText(bytes)}`;
  return new TesseraError('E_MEMORY', bytes > limit ? `${sentence}: its limit is ${gibText(limit)}.` : `${sentence}.`, {
    hint: 'Use a smaller model or batch, or close other programs.',
    cause,
  });
}

/** The error of work that is known to take more than `limit`, before it begins. */
export function tooLittleMemory(what: string, bytes: number, limit: number): TesseraError {
  const sentence = `${what} takes about ${gibText(bytes)} of memory at least; the limit is ${gibText(limit)}`;
  return new TesseraError('E_MEMORY', sentence, { hint: 'Allow more memory, or use a smaller model or batch.' });
}

function gibText(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return `${gib < 0.01 ? gib.toPrecision(2) : gib.toFixed(2)} GiB`;
}

/** Views of an ArrayBuffer that is replaced by a longer copy when it must grow. */
function growingMemory(): LinearMemory {
  let views = viewsOf(new ArrayBuffer(2 ** 16));
  return {
    limit: MAX_BYTES,
    get u8() {
      return views.u8;
    },
    get u32() {
      return views.u32;
    },
    get i32() {
      return views.i32;
    },
    get i16() {
      return views.i16;
    },
    reserve(bytes) {
      if (bytes <= views.u8.length) return;
      if (bytes > MAX_BYTES) throw outOfMemory(bytes, MAX_BYTES);
      const old = views.u8;
      try {
        views = viewsOf(new ArrayBuffer(Math.min(MAX_BYTES, Math.max(2 * old.length, Math.ceil(bytes / 8) * 8))));
      } catch (cause) {
        throw outOfMemory(bytes, MAX_BYTES, cause);
      }
      views.u8.set(old);
    },
  };
}

/** A machine that runs the plain reference kernels: slow, and the definition of what the others must compute. */
export function createReferenceMachine(): Machine {
  const memory = growingMemory();
  const raw = referenceKernels(memory);
  return machineOf({
    name: 'reference',
    threads: 1,
    reason: undefined,
    raw,
    memory,
    base: ALIGNMENT,
    fork: (kernel, tasks) => runTasks(raw, kernel, tasks),
    dispose: () => Promise.resolve(),
  });
}
