/**
 * The WebAssembly kernels on one shared linear memory.
 */
import { KERNELS } from './kernels.bytes.ts';
import type { Machine, RawKernels } from './kernels.ts';
import { type LinearMemory, machineOf, outOfMemory, runTasks } from './machine.ts';
import { viewsOf } from './reference/memory.ts';

const PAGE = 65_536;
const MAX_PAGES = 65_536;

/** The memory grows by at least this much, bytes. */
const STEP = 2 ** 24;

/** Scratch memory of one instance of the kernels, bytes (assembly/scratch.ts). */
export const SCRATCH_BYTES = 65_536;

/** What the module exports: the kernels, and where their scratch memory is. */
export type KernelExports = RawKernels & { useScratch(at: number): void };

export function compileKernels(): Promise<WebAssembly.Module> {
  const text = atob(KERNELS);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return WebAssembly.compile(bytes);
}

export interface SharedMemory extends LinearMemory {
  readonly memory: WebAssembly.Memory;
}

/** @throws TesseraError E_MEMORY where the addresses of 4 GiB cannot be had */
function reserveMemory(bytes: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE), maximum: MAX_PAGES, shared: true });
  } catch (cause) {
    throw outOfMemory(MAX_PAGES * PAGE, MAX_PAGES * PAGE, cause);
  }
}

/** A shared memory of at least `bytes`, at most `limit`. Its old views stay valid when it grows, but end where they ended. */
export function createSharedMemory(bytes: number, limit = MAX_PAGES * PAGE): SharedMemory {
  const memory = reserveMemory(bytes);
  let views = viewsOf(memory.buffer);
  return {
    memory,
    limit,
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
    reserve(end) {
      const length = views.u8.length;
      if (end <= length) return;
      if (end > limit) throw outOfMemory(end, limit);
      const target = Math.ceil(Math.min(limit, Math.max(end, length + STEP)) / PAGE);
      try {
        memory.grow(target - length / PAGE);
      } catch (cause) {
        throw outOfMemory(end, limit, cause);
      }
      views = viewsOf(memory.buffer);
    },
  };
}

/** The kernels on a memory, with scratch memory at `scratch`. */
export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  scratch: number,
): RawKernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory, modulus: 0x7fffffff } });
  const { useScratch, ...raw } = exports as unknown as KernelExports;
  useScratch(scratch);
  return raw;
}

/**
 * A machine with the WebAssembly kernels on the calling thread. `reason`: why there are no threads, if some were
 * wanted. `limit`: bytes that it may take at most.
 */
export async function createWasmMachine(reason?: string, limit?: number): Promise<Machine> {
  const module = await compileKernels();
  const memory = createSharedMemory(2 * SCRATCH_BYTES, limit);
  const raw = instantiateKernels(module, memory.memory, SCRATCH_BYTES);
  return machineOf({
    name: 'wasm',
    threads: 1,
    reason,
    raw,
    memory,
    base: 2 * SCRATCH_BYTES,
    fork: (kernel, tasks) => runTasks(raw, kernel, tasks),
    dispose: () => Promise.resolve(),
  });
}
