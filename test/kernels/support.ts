/**
 * The same kernel call on two machines, on the same random memory, compared word for word.
 */
import { expect } from 'vitest';
import { P } from '../../src/field/m31.ts';
import { extBytes, type Machine, type RawKernels } from '../../src/kernels/kernels.ts';

/** A small deterministic generator: xorshift32, 32-bit words. */
export function random(seed: number): () => number {
  let s = seed | 1;
  return () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return s >>> 0;
  };
}

const EDGES = [0, 1, P - 1, P - 2, 0x40000000, 0x3fff8000, 0x3fff7fff, 0x3fffffff, 0x8000, 0xffff, 0x7fff];

/** A canonical field element, now and then one where carries and limbs change. */
export function element(next: () => number): number {
  const r = next();
  return r % 4 === 0 ? EDGES[(r >>> 8) % EDGES.length]! : r % P;
}

/** Arguments of a call, allocated on one machine; what comes out is compared. */
export class Bench {
  readonly machine: Machine;
  readonly next: () => number;
  private readonly outputs: { ptr: number; count: number; kind: 'ext' | 'words' }[] = [];

  constructor(machine: Machine, seed: number) {
    this.machine = machine;
    this.next = random(seed);
  }

  /** A random E vector of n elements; the unused lanes of its last quad are not canonical. */
  vector(n: number): number {
    const ptr = this.machine.alloc(extBytes(n));
    const words = this.machine.u32(ptr, extBytes(n) / 4).fill(0xffffffff);
    for (let i = 0; i < n; i++) for (let c = 0; c < 4; c++) words[16 * (i >> 2) + 4 * c + (i & 3)] = element(this.next);
    return ptr;
  }

  /** n random E scalars. */
  scalars(n: number): number {
    return this.words(4 * n);
  }

  /** Four coordinates to pass as arguments. */
  scalar(): [number, number, number, number] {
    return [element(this.next), element(this.next), element(this.next), element(this.next)];
  }

  /** A random base vector. */
  words(n: number): number {
    const ptr = this.machine.alloc(4 * n);
    const view = this.machine.u32(ptr, n);
    for (let i = 0; i < n; i++) view[i] = element(this.next);
    return ptr;
  }

  /** Random signed integers of `bits` bits, kind bytes each; -2^(bits - 1) and the largest appear. */
  integers(n: number, kind: number, bits: number): number {
    const ptr = this.machine.alloc(kind * n);
    const view = kind === 2 ? this.machine.i16(ptr, n) : this.machine.i32(ptr, n);
    for (let i = 0; i < n; i++) {
      const r = this.next();
      const top = 2 ** (bits - 1);
      view[i] = r % 16 === 0 ? (bits === 32 ? 1 - top : -top) : r % 16 === 1 ? top - 1 : (r | 0) >> (32 - bits);
      if (view[i] === -(2 ** 31)) view[i] = 0;
    }
    return ptr;
  }

  /** Declares n elements at ptr as results. */
  expectVector(ptr: number, count: number): number {
    this.outputs.push({ ptr, count, kind: 'ext' });
    return ptr;
  }

  expectWords(ptr: number, count: number): number {
    this.outputs.push({ ptr, count, kind: 'words' });
    return ptr;
  }

  /** A result E vector. */
  outVector(n: number): number {
    return this.expectVector(this.vector(n), n);
  }

  outWords(n: number): number {
    return this.expectWords(this.words(n), n);
  }

  results(): number[][] {
    return this.outputs.map(({ ptr, count, kind }) => {
      if (kind === 'words') return Array.from(this.machine.u32(ptr, count));
      const words = this.machine.u32(ptr, extBytes(count) / 4);
      const word = (i: number, c: number) => words[16 * (i >> 2) + 4 * c + (i & 3)]!;
      return Array.from({ length: count }, (_, i) => [0, 1, 2, 3].map((c) => word(i, c))).flat();
    });
  }
}

/** Runs `call` on both machines and expects equal results. `call` returns the kernel's own result or nothing. */
export function compare(
  reference: Machine,
  machine: Machine,
  seed: number,
  call: (raw: RawKernels, bench: Bench) => number | undefined,
): void {
  const [expected, actual] = [reference, machine].map((m) => {
    const mark = m.mark();
    const bench = new Bench(m, seed);
    const returned = call(m.raw, bench) ?? 0;
    const results = [[returned], ...bench.results()];
    m.release(mark);
    return results;
  });
  expect(actual).toEqual(expected);
}
