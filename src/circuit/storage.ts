/**
 * Integer tensors in a machine's memory: two bytes a cell where the range allows it, else four; what is no longer read makes room for
 * what comes next.
 */
import type { KernelName, Machine } from '../kernels/kernels.ts';
import type { IntArray, Range } from './types.ts';

/** Where a tensor's cells are: dense, row-major, little-endian i16 (2) or i32 (4). */
export interface Stored {
  readonly kind: 2 | 4;
  readonly ptr: number;
  /** Cells. */
  readonly length: number;
}

/** Bytes a cell of values in this range. */
export function kindOf(range: Range): 2 | 4 {
  return range.lo >= -(2 ** 15) && range.hi < 2 ** 15 ? 2 : 4;
}

/** The cells, valid until the next allocation. */
export function cellsAt(machine: Machine, at: Stored): IntArray {
  return at.kind === 2 ? machine.i16(at.ptr, at.length) : machine.i32(at.ptr, at.length);
}

/** Allocation unit of a machine, bytes. */
const UNIT = 64;

interface Block {
  ptr: number;
  bytes: number;
}

/** The part of a machine that storage needs: `cost` counts on an arena without memory. */
export type Arena = Pick<Machine, 'alloc' | 'mark'>;

/** Allocates from freed blocks first (best fit, neighbours merged), then from the arena. */
export class Storage<A extends Arena = Machine> {
  readonly machine: A;
  /** Where the arena was before: what is below is not the storage's. */
  readonly #base: number;
  /** Free blocks by address, no two adjacent. */
  readonly #free: Block[] = [];

  constructor(machine: A) {
    this.machine = machine;
    this.#base = machine.mark();
  }

  /** Room for a tensor; contents arbitrary. @throws TesseraError E_MEMORY */
  alloc(kind: 2 | 4, length: number): Stored {
    return { kind, length, ptr: this.#take(bytesOf(kind, length)) };
  }

  release(at: Stored): void {
    const block = { ptr: at.ptr, bytes: bytesOf(at.kind, at.length) };
    let i = this.#free.findIndex((f) => f.ptr > block.ptr);
    if (i < 0) i = this.#free.length;
    this.#free.splice(i, 0, block);
    this.#merge(i);
    if (i > 0) this.#merge(i - 1);
  }

  /** Bytes that are taken, and those between and behind them that are free. */
  get bytes(): { readonly taken: number; readonly free: number } {
    const free = this.#free.reduce((n, block) => n + block.bytes, 0);
    return { taken: this.machine.mark() - this.#base - free, free };
  }

  /** Whether enough is free to be worth moving what is not: a quarter. Moving takes 0.3 ns a byte. */
  get isSparse(): boolean {
    const { taken, free } = this.bytes;
    return 3 * free > taken;
  }

  /** Where what was stored at `old` lies once all that is taken has moved to the start of the storage; ends the storage. */
  compact(this: Storage<Machine>, kept: Iterable<Stored>): (old: Stored) => Stored {
    const places = new Map<number, number>();
    const own = [...kept].filter(({ ptr }) => ptr >= this.#base).sort((a, b) => a.ptr - b.ptr);
    let end = this.#base;
    for (const { ptr, kind, length } of own) {
      const bytes = bytesOf(kind, length);
      this.machine.u8(end, ptr - end + bytes).copyWithin(0, ptr - end);
      places.set(ptr, end);
      end += bytes;
    }
    this.machine.release(end);
    return (old) => ({ ...old, ptr: places.get(old.ptr) ?? old.ptr });
  }

  #take(bytes: number): number {
    let best: Block | undefined;
    for (const f of this.#free) if (f.bytes >= bytes && (best === undefined || f.bytes < best.bytes)) best = f;
    if (best === undefined) return this.#grow(bytes);
    const ptr = best.ptr;
    best.ptr += bytes;
    best.bytes -= bytes;
    if (best.bytes === 0) this.#free.splice(this.#free.indexOf(best), 1);
    return ptr;
  }

  /** A free block at the arena's top is extended rather than left behind. */
  #grow(bytes: number): number {
    const last = this.#free.at(-1);
    if (last === undefined || last.ptr + last.bytes !== this.machine.mark()) return this.machine.alloc(bytes);
    this.machine.alloc(bytes - last.bytes);
    this.#free.pop();
    return last.ptr;
  }

  #merge(i: number): void {
    const block = this.#free[i]!;
    const next = this.#free[i + 1];
    if (next === undefined || block.ptr + block.bytes !== next.ptr) return;
    block.bytes += next.bytes;
    this.#free.splice(i + 1, 1);
  }
}

function bytesOf(kind: 2 | 4, length: number): number {
  return Math.ceil((kind * length) / UNIT) * UNIT;
}

/** Below this many elements a fork costs more than it saves. */
const WORTH_A_FORK = 2 ** 14;

/**
 * Runs a kernel over [0, length) cut into one range a thread; `work` is the cost of an element in simple operations. Returns the
 * kernel's results in order of the ranges.
 */
export function inParallel(
  machine: Machine,
  kernel: KernelName,
  length: number,
  work: number,
  task: (from: number, to: number) => readonly number[],
): readonly number[] {
  const pieces = length * work < WORTH_A_FORK ? 1 : machine.threads;
  const size = Math.ceil(length / pieces / 8) * 8;
  const tasks: (readonly number[])[] = [];
  for (let from = 0; from < length; from += size) tasks.push(task(from, Math.min(length, from + size)));
  return machine.fork(kernel, tasks);
}
