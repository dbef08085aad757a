/**
 * The leaves of the prover's fraction tree. They are not stored: what is above them, and the tables of the sumcheck over them, are made
 * from the integers of lookups and tables, all at once or stretch by stretch.
 */
import { Ext, powers } from '../field/ext.ts';
import { fromInt } from '../field/m31.ts';
import type { KernelName, Machine } from '../kernels/kernels.ts';
import { allocExt, forRanges, uploadScalars, writeExts } from '../kernels/vectors.ts';
import type { Hand } from './hand.ts';
import { type Block, type TreeLayout, tableTag } from './layout.ts';
import { type Fraction, leafSource, type Part, partsOf, spelledOut, withLargeParts } from './leaf-blocks.ts';
import type { Stretch } from './windows.ts';

/** Leaves of one task: small enough to share out, large enough not to notice the fork. */
const LEAVES_PER_TASK = 1 << 14;

/** Blocks of fewer leaves are spelled out; a multiple of the groups that kernels take. */
const SMALLEST = 64;

/** Of at least so many leaves, a multiple of UNIT is stored, so that layers far above them still end in whole quads of pairs. */
const MANY = 2 ** 20;
const UNIT = 2 ** 10;

/** Leaves that share a pattern, and patterns of a box: which of them are in it. */
const GROUP = 8;
const BOX_PATTERNS = 2 ** GROUP;

/** Bytes of a pattern. */
export const PATTERN_BYTES = 128;

/** Levels that a kernel makes from integers at once; those above need the ones below. */
const DIRECT = 2;

/** Leaves whose nodes are made at once where they are on the way to higher ones. */
const WINDOW = 1 << 18;

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

export class Leaves {
  /** Leaves up to here are stored in every layer; a multiple of 64, or all of them. */
  readonly count: number;
  /** Levels above the leaves up to which layers can be made from them. */
  readonly highest: number;
  readonly machine: Machine;
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
    this.machine = m;
    const end = layout.blocks.reduce((n, b) => n + 2 ** b.bits, 0);
    const unit = end < MANY ? SMALLEST : UNIT;
    this.count = Math.min(2 ** layout.depth, unit * Math.max(1, Math.ceil(end / unit)));
    this.highest = Math.log2(unit / 8);
    const scale = powers(beta, layout.width + 1)[layout.width]!;
    const constantOf = (b: Block) => c.sub(scale.mul(Ext.of(tableTag(b.table))));
    const large = this.count <= 2 * SMALLEST ? [] : layout.blocks.filter((b) => 2 ** b.bits >= SMALLEST);
    const small = layout.blocks.slice(large.length);
    this.#beta = uploadScalars(m, [beta]);
    const tables: { pattern: number; m: number; rows: number }[] = [];
    let patterns = BOX_PATTERNS;
    this.#parts = large.flatMap((own) => {
      const { block: b, source } = withLargeParts(hand, own, leafSource(hand, own));
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

  /** All leaves. */
  get all(): Stretch {
    return { from: 0, to: this.count, at: 0 };
  }

  /** The leaves themselves, where all of them are spelled out. */
  spelledOut(): Layer {
    const layer = this.#alloc(0);
    this.#writeTail([layer.p, layer.q], layer.half, 0, [this.all], [fractionP, fractionQ]);
    return layer;
  }

  /** The layer `height` > 0 levels above the leaves. */
  layer(height: number): Layer {
    const layer = this.#alloc(height);
    this.nodes(height, [this.all], layer);
    return layer;
  }

  /** Writes the nodes `height` > 0 levels above stretches of leaves, whose ends are multiples of 64. */
  nodes(height: number, stretches: readonly Stretch[], dst: Layer): void {
    if (height > DIRECT) {
      for (const stretch of stretches) this.#higherNodes(height, stretch, dst);
      return;
    }
    const [kernel, leaves] = height === 1 ? (['leafParents', 2] as const) : (['leafGrandparents', 4] as const);
    this.#fork(kernel, stretches, (block, from, to, at) => {
      return [block, from, to, this.#beta, at / leaves, dst.half, dst.p, dst.q];
    });
    this.#writeTail([dst.p, dst.q], dst.half, height, stretches, [fractionP, fractionQ]);
  }

  /** As `nodes`, by way of the layers between, a part of the stretch at a time. */
  #higherNodes(height: number, { from, to, at }: Stretch, dst: Layer): void {
    const m = this.machine;
    for (let first = from; first < to; first += WINDOW) {
      const mark = m.mark();
      const end = Math.min(first + WINDOW, to);
      let layer = allocLayer(m, (end - first) / 2 ** DIRECT);
      this.nodes(DIRECT, [{ from: first, to: end, at: 0 }], layer);
      for (let h = DIRECT + 1; h <= height; h++) {
        const { p, q, half } = layer;
        const skip = h === height ? (16 * (at + first - from)) / 2 ** (height + 1) : 0;
        const next = h === height ? dst : allocLayer(m, half);
        forRanges(m, 'fractionUp', half, 512, (x, y) => [p, q, half, x, y, next.p + skip, next.q + skip, next.half]);
        layer = next;
      }
      m.release(mark);
    }
  }

  /** p + lambda q of leaves, stored split. */
  factors(lambda: Ext, stretches: readonly Stretch[], dst: number, half: number): void {
    const scalar = uploadScalars(this.machine, [lambda]);
    this.#fork('leafFactors', stretches, (block, from, to, at) => {
      return [block, from, to, this.#beta, scalar, at, half, dst];
    });
    this.#writeTail([dst], half, 0, stretches, [({ p, q }) => p.add(lambda.mul(q))]);
  }

  patterns(): Patterns {
    const m = this.machine;
    const ids = m.alloc((4 * this.count) / GROUP);
    this.#fork('leafPatterns', [this.all], (block, from, to, at) => [block, from, to, ids + (4 * at) / GROUP]);
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

  #alloc(height: number): Layer {
    return allocLayer(this.machine, this.count / 2 ** height);
  }

  /** Writes what is above the spelled-out leaves of some stretches: a value of each of `of` to the vector with its number. */
  #writeTail(
    vectors: readonly number[],
    half: number,
    height: number,
    stretches: readonly Stretch[],
    of: readonly ((node: Fraction) => Ext)[],
  ): void {
    let nodes = this.#tail;
    for (let h = 0; h < height; h++) nodes = pairwise(nodes);
    const leaves = 2 ** height;
    for (const { from, to, at } of stretches) {
      const first = Math.max(from, this.#tailAt);
      if (first >= to) continue;
      const own = nodes.slice((first - this.#tailAt) / leaves, (to - this.#tailAt) / leaves);
      const place = (at + first - from) / leaves;
      vectors.forEach((ptr, i) => {
        writeSplit(this.machine, ptr, half, place, own.map(of[i]!));
      });
    }
  }

  /** Tasks for the leaves of the stretches: `at` is where the block's first leaf would lie, which may be below zero. */
  #fork(
    kernel: KernelName,
    stretches: readonly Stretch[],
    task: (block: number, from: number, to: number, at: number) => number[],
  ): void {
    const tasks: number[][] = [];
    for (const { from, to, at } of stretches) {
      for (const { block, offset, leaves } of this.#parts) {
        const end = Math.min(leaves, to - offset);
        for (let l = Math.max(0, from - offset); l < end; l += LEAVES_PER_TASK) {
          tasks.push(task(block, l, Math.min(end, l + LEAVES_PER_TASK), offset - from + at));
        }
      }
    }
    this.machine.fork(kernel, tasks);
  }
}

/** Room for a layer of so many nodes. */
export function allocLayer(m: Machine, nodes: number): Layer {
  return { p: allocExt(m, nodes), q: allocExt(m, nodes), half: nodes / 2 };
}

const fractionP = ({ p }: Fraction): Ext => p;
const fractionQ = ({ q }: Fraction): Ext => q;

/** p0/q0 + p1/q1 of neighbours. */
function pairwise(nodes: readonly Fraction[]): Fraction[] {
  return Array.from({ length: nodes.length / 2 }, (_, i) => {
    const [a, b] = [nodes[2 * i]!, nodes[2 * i + 1]!];
    return { p: a.p.mul(b.q).add(b.p.mul(a.q)), q: a.q.mul(b.q) };
  });
}

/** Nodes from `at` on of a vector stored split. */
function writeSplit(m: Machine, ptr: number, half: number, at: number, nodes: readonly Ext[]): void {
  const side = (parity: number) => nodes.filter((_, i) => (at + i) % 2 === parity);
  writeExts(m, ptr, side(0), at / 2);
  writeExts(m, ptr, side(1), half + at / 2);
}
