/**
 * The leaves of the prover's fraction tree. They are not stored: what is above them, and the tables of the sumcheck over them, are made
 * from the integers of lookups and tables. Blocks of fewer leaves than a kernel takes at a time are spelled out here.
 */
import { Ext, powers } from '../field/ext.ts';
import { fromInt } from '../field/m31.ts';
import { bitsFor } from '../field/mle.ts';
import type { KernelName, Machine } from '../kernels/kernels.ts';
import { allocExt, uploadScalars, writeExts } from '../kernels/vectors.ts';
import type { Hand } from './hand.ts';
import { type Block, type TreeLayout, tableColumnValues, tableTag } from './layout.ts';

/** Leaves of one task: small enough to share out, large enough not to notice the fork. */
const LEAVES_PER_TASK = 1 << 14;

/** Blocks of fewer leaves are spelled out; a multiple of the groups that kernels take. */
const SMALLEST = 64;

/** Leaves that share a pattern, and patterns of a box: which of them are in it. */
const GROUP = 8;
const BOX_PATTERNS = 2 ** GROUP;

/** Bytes of a block for the kernels, and of a pattern. */
const BLOCK_BYTES = 64;
export const PATTERN_BYTES = 128;

/** A layer, stored split: nodes 2i, then from `half` on nodes 2i + 1. Further nodes are empty, 0/1. */
export interface Layer {
  readonly p: number;
  readonly q: number;
  /** Half of the nodes that are stored. */
  readonly half: number;
}

/** The numerators of the leaves as quads of p0 and p1, one for eight leaves. */
export interface Patterns {
  readonly ids: number;
  readonly patterns: number;
  readonly count: number;
}

/** A block, or a part of one with at most three axes, at leaf `offset` of the tree. */
interface Part {
  readonly block: number;
  readonly offset: number;
  readonly leaves: number;
}

export class Leaves {
  /** Leaves up to here are stored in every layer; a multiple of 64 or all of them. */
  readonly count: number;
  readonly #machine: Machine;
  readonly #beta: number;
  readonly #parts: readonly Part[] = [];
  /** The leaves from #tailAt on. */
  readonly #tailAt: number;
  readonly #tail: readonly Fraction[];
  /** Multiplicities of tables, by their first pattern. */
  readonly #tables: readonly { readonly pattern: number; readonly m: number; readonly rows: number }[];
  readonly #patterns: number;

  constructor(hand: Hand, layout: TreeLayout, c: Ext, beta: Ext) {
    const m = hand.machine;
    this.#machine = m;
    const end = layout.blocks.reduce((n, b) => n + 2 ** b.bits, 0);
    this.count = Math.min(2 ** layout.depth, SMALLEST * Math.max(1, Math.ceil(end / SMALLEST)));
    const scale = powers(beta, layout.width + 1)[layout.width]!;
    const constantOf = (b: Block) => c.sub(scale.mul(Ext.of(tableTag(b.table))));
    const large = this.count <= 2 * SMALLEST ? [] : layout.blocks.filter((b) => 2 ** b.bits >= SMALLEST);
    const small = layout.blocks.slice(large.length);
    this.#beta = uploadScalars(m, [beta]);
    const tables: { pattern: number; m: number; rows: number }[] = [];
    let patterns = BOX_PATTERNS;
    this.#parts = large.flatMap((b) => {
      const source = leafSource(hand, b);
      if (source.m === 0) return partsOf(m, b, source, 0, constantOf(b));
      tables.push({ pattern: patterns, m: source.m, rows: b.shape[0]! });
      patterns += 2 ** b.bits / GROUP;
      return partsOf(m, b, source, patterns - 2 ** b.bits / GROUP, constantOf(b));
    });
    this.#tables = tables;
    this.#tailAt = small[0]?.offset ?? end;
    this.#tail = spelledOut(hand, small, this.count - this.#tailAt, this.#tailAt, beta, constantOf);
    this.#patterns = patterns;
  }

  /** The leaves themselves, where all of them are spelled out. */
  layer(): Layer {
    const layer = this.#alloc(1);
    this.#writeTail(layer, this.#tail, 1);
    return layer;
  }

  /** The layer above the leaves. */
  parents(): Layer {
    const layer = this.#alloc(2);
    this.#fork('leafParents', (t) => {
      return [t.block, t.from, t.to, this.#beta, t.offset / 2, layer.half, layer.p, layer.q];
    });
    this.#writeTail(layer, pairwise(this.#tail), 2);
    return layer;
  }

  /** The layer above that. */
  grandparents(): Layer {
    const layer = this.#alloc(4);
    this.#fork('leafGrandparents', (t) => {
      return [t.block, t.from, t.to, this.#beta, t.offset / 4, layer.half, layer.p, layer.q];
    });
    this.#writeTail(layer, pairwise(pairwise(this.#tail)), 4);
    return layer;
  }

  /** p + lambda q of all leaves, stored split. */
  factors(lambda: Ext): number {
    const half = this.count / 2;
    const dst = allocExt(this.#machine, this.count);
    const scalar = uploadScalars(this.#machine, [lambda]);
    this.#fork('leafFactors', (t) => [t.block, t.from, t.to, this.#beta, scalar, t.offset, half, dst]);
    writeSplit(
      this.#machine,
      dst,
      half,
      this.#tailAt,
      this.#tail.map(({ p, q }) => p.add(lambda.mul(q))),
    );
    return dst;
  }

  patterns(): Patterns {
    const m = this.#machine;
    const ids = m.alloc((4 * this.count) / GROUP);
    this.#fork('leafPatterns', (t) => [t.block, t.from, t.to, ids + (4 * t.offset) / GROUP]);
    const count = this.#patterns + this.#tail.length / GROUP;
    const patterns = m.alloc(PATTERN_BYTES * count);
    const words = m.u32(patterns, (PATTERN_BYTES / 4) * count).fill(0);
    const one = (pattern: number, leaf: number, value: number): void => {
      words[(PATTERN_BYTES / 4) * pattern + 16 * (leaf % 2) + (leaf >> 1)] = value;
    };
    for (let mask = 0; mask < BOX_PATTERNS; mask++) {
      for (let i = 0; i < GROUP; i++) one(mask, i, (mask >> i) & 1);
    }
    for (const table of this.#tables) {
      const counts = m.i32(table.m, table.rows);
      for (let row = 0; row < table.rows; row++) {
        one(table.pattern + (row >> 3), row % GROUP, fromInt(-counts[row]!));
      }
    }
    const places = m.u32(ids + (4 * this.#tailAt) / GROUP, this.#tail.length / GROUP);
    this.#tail.forEach(({ p }, i) => {
      const pattern = this.#patterns + Math.floor(i / GROUP);
      places[Math.floor(i / GROUP)] = pattern;
      one(pattern, i % GROUP, p.a);
    });
    return { ids, patterns, count };
  }

  #alloc(leavesANode: number): Layer {
    const nodes = this.count / leavesANode;
    return { p: allocExt(this.#machine, nodes), q: allocExt(this.#machine, nodes), half: nodes / 2 };
  }

  #writeTail(layer: Layer, tail: readonly Fraction[], leavesANode: number): void {
    const at = this.#tailAt / leavesANode;
    writeSplit(
      this.#machine,
      layer.p,
      layer.half,
      at,
      tail.map((f) => f.p),
    );
    writeSplit(
      this.#machine,
      layer.q,
      layer.half,
      at,
      tail.map((f) => f.q),
    );
  }

  #fork(kernel: KernelName, task: (t: Part & { from: number; to: number }) => number[]): void {
    const tasks = this.#parts.flatMap((part) => {
      const count = Math.ceil(part.leaves / LEAVES_PER_TASK);
      return Array.from({ length: count }, (_, i) => {
        const from = i * LEAVES_PER_TASK;
        return task({ ...part, from, to: Math.min(part.leaves, from + LEAVES_PER_TASK) });
      });
    });
    this.#machine.fork(kernel, tasks);
  }
}

interface Fraction {
  readonly p: Ext;
  readonly q: Ext;
}

const EMPTY: Fraction = { p: Ext.ZERO, q: Ext.ONE };

/** p0/q0 + p1/q1 of neighbours. */
function pairwise(nodes: readonly Fraction[]): Fraction[] {
  return Array.from({ length: nodes.length / 2 }, (_, i) => {
    const [a, b] = [nodes[2 * i]!, nodes[2 * i + 1]!];
    return { p: a.p.mul(b.q).add(b.p.mul(a.q)), q: a.q.mul(b.q) };
  });
}

/** Nodes from `at` on of a vector stored split. */
function writeSplit(m: Machine, ptr: number, half: number, at: number, nodes: readonly Ext[]): void {
  writeExts(
    m,
    ptr,
    nodes.filter((_, i) => (at + i) % 2 === 0),
    at / 2,
  );
  writeExts(
    m,
    ptr,
    nodes.filter((_, i) => (at + i) % 2 === 1),
    half + at / 2,
  );
}

// ---- blocks -------------------------------------------------------------------------------------------------------

interface LeafSource {
  readonly x0: number;
  readonly kind0: 2 | 4;
  readonly x1: number;
  readonly kind1: 0 | 2 | 4;
  readonly m: number;
}

function leafSource(hand: Hand, block: Block): LeafSource {
  const m = hand.machine;
  if (block.kind === 'lookup') {
    const [a, b] = block.tensors.map((t) => hand.values(t));
    return { x0: a!.ptr, kind0: a!.kind, x1: b?.ptr ?? 0, kind1: b?.kind ?? 0, m: 0 };
  }
  const table = hand.circuit.tables[block.table]!;
  const columns = table.columns.map((column) => {
    const ptr = m.alloc(4 * table.rows);
    m.i32(ptr, table.rows).set(tableColumnValues(column, table.rows));
    return ptr;
  });
  const multiplicities = hand.values(table.multiplicity);
  const x1 = columns[1] ?? 0;
  return { x0: columns[0]!, kind0: 4, x1, kind1: x1 === 0 ? 0 : 4, m: wideValues(hand, multiplicities, table.rows) };
}

/** Multiplicities as i32, which they are unless a declared range is narrow. */
function wideValues(hand: Hand, values: { kind: 2 | 4; ptr: number }, count: number): number {
  if (values.kind === 4) return values.ptr;
  const m = hand.machine;
  const wide = m.alloc(4 * count);
  m.i32(wide, count).set(m.i16(values.ptr, count));
  return wide;
}

/** A block as the kernels know it: axes that need no padding are joined with the next one; what has more than three is cut. */
function partsOf(m: Machine, block: Block, source: LeafSource, pattern: number, constant: Ext): Part[] {
  const { outer, axes } = joinAxes(block.shape);
  const [planes, inner, rowLength] = axes;
  const cells = planes * inner * rowLength;
  const [innerBits, rowBits] = [bitsFor(inner), bitsFor(rowLength)];
  const leaves = 2 ** (bitsFor(planes) + innerBits + rowBits);
  const count = 2 ** outer.reduce((n, s) => n + bitsFor(s), 0);
  return Array.from({ length: count }, (_, i) => {
    const index = denseIndex(i, outer);
    const first = (index ?? 0) * cells;
    const { x0, kind0, x1, kind1 } = source;
    const at = m.alloc(BLOCK_BYTES);
    const of = (ptr: number, kind: number) => (ptr === 0 ? 0 : ptr + kind * first);
    const place = [of(x0, kind0), kind0, of(x1, kind1), kind1, of(source.m, 4)];
    const size = [rowLength, rowBits, inner, innerBits, index === undefined ? 0 : planes];
    m.u32(at, 16).set([...place, ...size, pattern, 0, ...constant.coordinates()]);
    return { block: at, offset: block.offset + i * leaves, leaves };
  });
}

/** The last three axes after joining, and those before them. */
function joinAxes(shape: readonly number[]): { outer: number[]; axes: [number, number, number] } {
  const joined: number[] = [];
  for (const size of [...shape].reverse()) {
    const last = joined[0];
    if (last !== undefined && last === 2 ** bitsFor(last)) joined[0] = size * last;
    else joined.unshift(size);
  }
  while (joined.length < 3) joined.unshift(1);
  return { outer: joined.slice(0, -3), axes: joined.slice(-3) as [number, number, number] };
}

/** The flat dense index of a flat index over axes padded to powers of two; undefined outside. */
function denseIndex(padded: number, shape: readonly number[]): number | undefined {
  let rest = padded;
  let index = 0;
  let scale = 1;
  for (const size of [...shape].reverse()) {
    const i = rest % 2 ** bitsFor(size);
    if (i >= size) return undefined;
    index += i * scale;
    scale *= size;
    rest = Math.floor(rest / 2 ** bitsFor(size));
  }
  return index;
}

/** The leaves of small blocks, one after the other from `offset` on, and empty ones up to `count`. */
function spelledOut(
  hand: Hand,
  blocks: readonly Block[],
  count: number,
  offset: number,
  beta: Ext,
  constantOf: (b: Block) => Ext,
): Fraction[] {
  const leaves: Fraction[] = new Array(count).fill(EMPTY);
  for (const b of blocks) {
    const source = leafSource(hand, b);
    const read = (ptr: number, kind: number, cell: number): Ext => {
      const view = kind === 2 ? hand.machine.i16(ptr, cell + 1) : hand.machine.i32(ptr, cell + 1);
      return Ext.of(view[cell]!);
    };
    for (let i = 0; i < 2 ** b.bits; i++) {
      const cell = denseIndex(i, b.shape);
      if (cell === undefined) continue;
      let q = constantOf(b).sub(read(source.x0, source.kind0, cell));
      if (source.kind1 !== 0) q = q.sub(beta.mul(read(source.x1, source.kind1, cell)));
      const p = source.m === 0 ? Ext.ONE : Ext.ZERO.sub(read(source.m, 4, cell));
      leaves[b.offset - offset + i] = { p, q };
    }
  }
  return leaves;
}
