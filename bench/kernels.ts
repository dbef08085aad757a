/**
 * Nanoseconds per unit of each kernel on one core, against the targets of the design.
 *   npm run bench:kernels [-- --json] [name ...]
 */
import process from 'node:process';
import { extBytes, type Machine } from '../src/kernels/kernels.ts';
import { createWasmMachine } from '../src/kernels/wasm.ts';

interface Row {
  readonly name: string;
  readonly unit: string;
  /** ns per unit. */
  readonly measured: number;
  /** ns per unit, where the design has one. */
  readonly target?: number;
}

interface Case extends Omit<Row, 'measured'> {
  /** Units of one call of `run`. */
  readonly units: number;
  run(): void;
}

/** Milliseconds that each case is measured for; the best of its calls counts. */
const BUDGET_MS = 200;

function measure({ name, unit, target, units, run }: Case): Row {
  run();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + BUDGET_MS;
  while (performance.now() < end) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return { name, unit, measured: (1e6 * best) / units, ...(target === undefined ? {} : { target }) };
}

/** Random data on a machine. */
function data(m: Machine) {
  let s = 1;
  const next = (): number => {
    s = (Math.imul(s, 1664525) + 1013904223) | 0;
    return s >>> 8;
  };
  return {
    words(n: number): number {
      const ptr = m.alloc(4 * n);
      m.u32(ptr, n).forEach((_, i, view) => {
        view[i] = next() * 64 + (i & 63);
      });
      return ptr;
    },
    small(n: number, bits: number): number {
      const ptr = m.alloc(2 * n);
      m.i16(ptr, n).forEach((_, i, view) => {
        view[i] = (next() & (2 ** bits - 1)) - 2 ** (bits - 1);
      });
      return ptr;
    },
    vector(n: number): number {
      return this.words(extBytes(n) / 4);
    },
  };
}

const R = [11, 22, 33, 44] as const;

function vectorCases(m: Machine): Case[] {
  const d = data(m);
  const n = 2 ** 15;
  const [a, b, e] = [d.vector(2 * n), d.vector(2 * n), d.vector(2 * n)];
  const [out, coords] = [m.alloc(64), d.words(64)];
  const { raw } = m;
  const unit = 'E entry';
  return [
    { name: 'dotExt', unit: 'E product', target: 8, units: n, run: () => raw.dotExt(a, b, 0, n, out) },
    { name: 'outerExt', unit: 'E product', target: 8, units: n, run: () => raw.outerExt(a, 32, b, n / 32, e) },
    { name: 'foldExt', unit: 'E entry out', target: 8, units: n, run: () => raw.foldExt(a, n, 0, n, ...R, e) },
    { name: 'axpyExt', unit, target: 8, units: n, run: () => raw.axpyExt(e, a, 0, n, ...R) },
    { name: 'eqTable', unit, target: 8, units: n, run: () => raw.eqTable(coords, 15, ...R, e) },
    { name: 'productRound', unit: 'pair', target: 16, units: n, run: () => raw.productRound(a, b, n, 0, n, out) },
    { name: 'tripleRound', unit: 'pair', target: 48, units: n, run: () => raw.tripleRound(e, a, b, n, 0, n, out) },
  ];
}

function fractionCases(m: Machine): Case[] {
  const d = data(m);
  const n = 2 ** 14;
  const t = [d.vector(n), d.vector(n), d.vector(n), d.vector(n)] as const;
  const [p, q] = [d.vector(n), d.vector(n)];
  const [lo, hi, out, scalar] = [d.vector(128), d.vector(128), m.alloc(64), d.vector(4)];
  const { raw } = m;
  const eq = [lo, 7, hi] as const;
  return [
    {
      name: 'fractionUp',
      unit: 'parent',
      target: 24,
      units: n / 2,
      run: () => raw.fractionUp(p, q, n / 2, 0, n / 2, t[0], t[1], n / 4),
    },
    {
      name: 'fractionFirst',
      unit: 'entry in',
      target: 24,
      units: n,
      run: () => raw.fractionFirst(...t, n / 2, n, scalar, ...eq, 0, n / 2, out),
    },
    {
      name: 'fractionNext',
      unit: 'entry in',
      target: 28,
      units: n,
      run: () => raw.fractionNext(...t, n / 4, n, scalar, scalar, ...eq, 0, n / 4, out),
    },
  ];
}

/** The lowest layer of the tree, one column and two. */
function leafCases(m: Machine): Case[] {
  const d = data(m);
  const n = 2 ** 14;
  const [p, q] = [d.vector(n), d.vector(n)];
  const [lo, hi, out, scalar] = [d.vector(128), d.vector(128), m.alloc(64), d.vector(4)];
  const [ids, products] = [m.alloc(n), d.vector(32)];
  m.u32(ids, n / 4).fill(1);
  const { raw } = m;
  const eq = [scalar, ids, products, lo, 7, hi] as const;
  const ofColumns = [1, 2].flatMap((columns) => {
    const block = d.words(20);
    const second = columns === 2 ? [d.small(n, 12), 2] : [0, 0];
    m.u32(block, 13).set([d.small(n, 12), 2, ...second, 0, n, 14, 1, 0, 1, 0, n, n]);
    const leaf = { unit: 'leaf', units: n };
    return [
      {
        ...leaf,
        name: `leafGrandparents ${columns}`,
        run: () => raw.leafGrandparents(block, 0, n, scalar, 0, n / 8, p, q),
      },
      { ...leaf, name: `leafParents ${columns}`, run: () => raw.leafParents(block, 0, n, scalar, 0, n / 4, p, q) },
      { ...leaf, name: `leafFactors ${columns}`, run: () => raw.leafFactors(block, 0, n, scalar, scalar, 0, n / 2, p) },
    ];
  });
  const unit = 'entry in';
  return [
    ...ofColumns,
    { name: 'pairFirst', unit, units: n, run: () => raw.pairFirst(p, q, n / 2, n, ...eq, 0, n / 2, out) },
    { name: 'pairNext', unit, units: n, run: () => raw.pairNext(p, q, n / 4, n, scalar, ...eq, 0, n / 4, out) },
  ];
}

/** A 32-bit weight is four multiplications in the base field, 0.45 ns each. */
function mixedCases(m: Machine): Case[] {
  const d = data(m);
  const [rows, columns] = [512, 1024];
  const units = rows * columns;
  const [x, y, z] = [d.small(units, 12), d.words(units), d.words(units)];
  m.u32(z, units).forEach((v, i, view) => {
    view[i] = v % 0xfff;
  });
  const [w, v, dst] = [d.vector(columns), d.vector(rows), d.vector(columns)];
  const { raw } = m;
  const unit = 'weight';
  return [
    { name: 'dotRowsI16', unit, target: 0.6, units, run: () => raw.dotRowsI16(x, columns, columns, w, 0, rows, dst) },
    { name: 'foldRowsI16', unit, target: 0.6, units, run: () => raw.foldRowsI16(x, columns, rows, v, 0, columns, dst) },
    { name: 'dotRowsI32', unit, target: 1.8, units, run: () => raw.dotRowsI32(y, columns, columns, w, 0, rows, dst) },
    { name: 'foldRowsI32', unit, target: 1.8, units, run: () => raw.foldRowsI32(y, columns, rows, v, 0, columns, dst) },
    { name: 'dotRowsI32 small', unit, units, run: () => raw.dotRowsI32(z, columns, columns, w, 0, rows, dst) },
    { name: 'foldRowsI32 small', unit, units, run: () => raw.foldRowsI32(z, columns, rows, v, 0, columns, dst) },
  ];
}

function codeCases(m: Machine): Case[] {
  const d = data(m);
  const [log, n] = [13, 14];
  const [row, tw, codeword] = [d.words(2 ** log), d.words(2 ** n), m.alloc(4 * 2 ** n)];
  const { raw } = m;
  raw.twiddles(n, tw);
  const [rows, columns] = [128, 2048];
  const [matrix, digests, key] = [d.words(rows * columns), m.alloc(32 * columns), d.words(8)];
  return [
    { name: 'twiddles', unit: 'twiddle', units: 2 ** n, run: () => raw.twiddles(n, tw) },
    {
      name: 'encodeRow',
      unit: 'butterfly',
      target: 0.6,
      units: log * 2 ** (n - 1),
      run: () => raw.encodeRow(row, log, codeword, n, tw),
    },
    {
      name: 'hashColumns',
      unit: 'byte',
      target: 0.9,
      units: 4 * rows * columns,
      run: () => raw.hashColumns(matrix, rows, columns, 0, columns, digests, 0, rows),
    },
    {
      name: 'hashParents',
      unit: 'byte',
      target: 0.9,
      units: 64 * columns,
      run: () => raw.hashParents(matrix, 0, columns, digests),
    },
    { name: 'grind', unit: 'nonce', units: 4000, run: () => raw.grind(key, 0, 0, 4000, 32) },
  ];
}

function integerCases(m: Machine): Case[] {
  const d = data(m);
  const [rows, columns, inner] = [256, 128, 576];
  const [a, b, c] = [d.small(rows * inner, 12), d.small(columns * inner, 12), m.alloc(4 * rows * columns)];
  const { raw } = m;
  const units = rows * columns * inner;
  return [
    { name: 'gemmI16', unit: 'MAC', target: 0.05, units, run: () => raw.gemmI16(a, b, columns, inner, 0, rows, c) },
  ];
}

function format({ name, unit, measured, target }: Row): string {
  const right =
    target === undefined ? '' : `${target.toFixed(2).padStart(8)} ${(measured / target).toFixed(2).padStart(6)}`;
  return `${name.padEnd(18)} ${unit.padEnd(12)} ${measured.toFixed(3).padStart(9)} ${right}`;
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const machine = await createWasmMachine();
const cases = [vectorCases, fractionCases, leafCases, mixedCases, codeCases, integerCases].flatMap((make) =>
  make(machine),
);
const rows = cases.filter(({ name }) => wanted.length === 0 || wanted.includes(name)).map(measure);
if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
} else {
  process.stdout.write('kernel             unit              ns/unit   target  ratio\n');
  for (const row of rows) process.stdout.write(`${format(row)}\n`);
}
