/**
 * The prover's fraction tree: all layers of p/q over the leaves of lookup.ts, built bottom up, consumed top down.
 */
import { Ext, powers } from '../field/ext.ts';
import { bitsFor, type Point } from '../field/mle.ts';
import { extBytes, type Machine } from '../kernels/kernels.ts';
import {
  allocExt,
  eqVector,
  foldVector,
  forRanges,
  readExt,
  readExts,
  sumRanges,
  uploadExts,
} from '../kernels/vectors.ts';
import type { Hand } from './hand.ts';
import { type Block, type TreeLayout, tableColumnValues, tableTag } from './lookup.ts';

/** Leaves of one task: small enough to share out, large enough not to notice the fork. */
const LEAVES_PER_TASK = 1 << 14;

/** A layer of 2^k nodes, stored split (even nodes, then odd ones). */
interface Layer {
  readonly p: number;
  readonly q: number;
}

export class LookupTree {
  readonly #machine: Machine;
  readonly #mark: number;
  /** #layers[k] has 2^k nodes, k = 1 .. depth. */
  readonly #layers: Layer[] = [];
  #current: LayerState | undefined;

  constructor(hand: Hand, layout: TreeLayout, c: Ext, beta: Ext) {
    this.#machine = hand.machine;
    this.#mark = hand.machine.mark();
    let layer = buildLeaves(hand, layout, c, beta);
    this.#layers[layout.depth] = layer;
    for (let k = layout.depth - 1; k >= 1; k--) {
      layer = this.#parents(layer, 2 ** k);
      this.#layers[k] = layer;
    }
  }

  /** p0, p1, q0, q1: the two nodes under the root. */
  root(): Ext[] {
    const { p, q } = this.#layers[1]!;
    return [...readExts(this.#machine, p, 2), ...readExts(this.#machine, q, 2)];
  }

  /** Starts the sumcheck of the 2^k nodes of layer k, whose claims are at `point`, over their children. */
  startLayer(k: number, point: Point, lambda: Ext): void {
    this.#current?.release();
    this.#current = new LayerState(this.#machine, this.#layers[k + 1]!, k, point, lambda);
  }

  /** d, c of the next round, T being the claim without its eq factor. */
  round(total: Ext): Ext[] {
    return this.#current!.round(total);
  }

  bind(x: Ext): void {
    this.#current!.bind(x);
  }

  /** p0, p1, q0, q1 at the bound point. */
  values(): Ext[] {
    return this.#current!.values();
  }

  release(): void {
    this.#machine.release(this.#mark);
  }

  #parents(child: Layer, count: number): Layer {
    const m = this.#machine;
    const p = allocExt(m, count);
    const q = allocExt(m, count);
    forRanges(m, 'fractionUp', count, 512, (from, to) => [child.p, child.q, count, from, to, p, q]);
    return { p, q };
  }
}

/**
 * One layer's sumcheck. p1 is replaced by p1 + lambda q1, so that the summand is p0 q1 + p1 q0. A round's sums are found while the
 * tables are folded by the challenge before it.
 */
class LayerState {
  readonly #machine: Machine;
  readonly #mark: number;
  readonly #tables: readonly [number, number, number, number];
  readonly #lambda: Ext;
  readonly #point: Point;
  #round = 0;
  /** Entries of each table that are not folded yet. */
  #length: number;
  #challenge: Ext | undefined;

  constructor(m: Machine, layer: Layer, k: number, point: Point, lambda: Ext) {
    this.#machine = m;
    this.#mark = m.mark();
    this.#point = point;
    this.#lambda = lambda;
    this.#length = 2 ** k;
    const [p0, p1] = halves(m, layer.p, this.#length);
    const [q0, q1] = halves(m, layer.q, this.#length);
    this.#tables = [p0, p1, q0, q1];
    forRanges(m, 'axpyExt', this.#length, 1024, (from, to) => [
      p1,
      q1,
      from,
      to,
      lambda.a,
      lambda.b,
      lambda.c,
      lambda.d,
    ]);
  }

  round(total: Ext): Ext[] {
    const m = this.#machine;
    const mark = m.mark();
    const w = this.#point[this.#round]!;
    const rest = this.#point.slice(this.#round + 1);
    const lowBits = Math.min(rest.length, Math.max(3, Math.ceil(rest.length / 2)));
    const eqLow = eqVector(m, rest.slice(rest.length - lowBits));
    const eqHigh = eqVector(m, rest.slice(0, rest.length - lowBits));
    const r = this.#challenge;
    const [p0, p1, q0, q1] = this.#tables;
    if (r !== undefined) this.#length /= 2;
    const half = this.#length / 2;
    const [t0, c] =
      r === undefined
        ? sumRanges(m, 'fractionRound', half, 2, (from, to, out) => {
            return [p0, p1, q0, q1, half, eqLow, lowBits, eqHigh, from, to, out];
          })
        : sumRanges(m, 'fractionFoldRound', half, 2, (from, to, out) => {
            return [p0, p1, q0, q1, half, r.a, r.b, r.c, r.d, eqLow, lowBits, eqHigh, from, to, out];
          });
    m.release(mark);
    // T = t0 + w d; w is a challenge, zero with probability 2^-124
    return [total.sub(t0!).mul(w.inv()), c!];
  }

  bind(x: Ext): void {
    this.#challenge = x;
    this.#round += 1;
  }

  values(): Ext[] {
    const m = this.#machine;
    if (this.#challenge !== undefined) {
      for (const t of this.#tables) foldVector(m, t, this.#length / 2, this.#challenge);
    }
    const [p0, p1, q0, q1] = this.#tables.map((t) => readExt(m, t, 0)) as [Ext, Ext, Ext, Ext];
    return [p0, p1.sub(this.#lambda.mul(q1)), q0, q1];
  }

  release(): void {
    this.#machine.release(this.#mark);
  }
}

/** The two halves of a split layer's vector, each `half` entries; copied where they share a quad. */
function halves(m: Machine, ptr: number, half: number): [number, number] {
  if (half >= 4) return [ptr, ptr + extBytes(half)];
  const all = readExts(m, ptr, 2 * half);
  return [uploadExts(m, all.slice(0, half)), uploadExts(m, all.slice(half))];
}

function buildLeaves(hand: Hand, layout: TreeLayout, c: Ext, beta: Ext): Layer {
  const m = hand.machine;
  const count = 2 ** layout.depth;
  const p = allocExt(m, count);
  const q = allocExt(m, count);
  forRanges(m, 'fillLeaves', count, LEAVES_PER_TASK, (from, to) => [p, q, from, to]);
  const mark = m.mark();
  const scalars = m.alloc(16 * (1 + layout.blocks.length));
  const constants = layout.blocks.map((b) =>
    c.sub(powers(beta, layout.width + 1)[layout.width]!.mul(Ext.of(tableTag(b.table)))),
  );
  const sources = layout.blocks.map((b) => leafSource(hand, b));
  [beta, ...constants].forEach((e, i) => {
    m.u32(scalars + 16 * i, 4).set([e.a, e.b, e.c, e.d]);
  });
  const tasks = layout.blocks.flatMap((b, i) => {
    const s = sources[i]!;
    return leafTasks(b).map(({ dense, rows, rowLength, paddedLength, leaf }) => [
      s.x0 + s.kind0 * dense,
      s.kind0,
      s.x1 === 0 ? 0 : s.x1 + s.kind1 * dense,
      s.kind1,
      s.m === 0 ? 0 : s.m + 4 * dense,
      rows,
      rowLength,
      paddedLength,
      b.offset + leaf,
      count / 2,
      scalars + 16 * (1 + i),
      scalars,
      p,
      q,
    ]);
  });
  m.fork('leafRows', tasks);
  m.release(mark);
  return { p, q };
}

interface LeafSource {
  readonly x0: number;
  readonly kind0: number;
  readonly x1: number;
  readonly kind1: number;
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

interface LeafTask {
  /** First cell of the dense tensor. */
  readonly dense: number;
  readonly rows: number;
  readonly rowLength: number;
  readonly paddedLength: number;
  /** First leaf within the block. */
  readonly leaf: number;
}

/** Cuts a block into runs of equally padded rows. */
function leafTasks(block: Block): LeafTask[] {
  const shape = [...block.shape];
  let rowLength = shape.pop() ?? 1;
  while (shape.length > 0 && rowLength === 2 ** bitsFor(rowLength)) rowLength *= shape.pop()!;
  const paddedLength = 2 ** bitsFor(rowLength);
  if (shape.length === 0 && rowLength === paddedLength && rowLength > LEAVES_PER_TASK) {
    const rows = rowLength / LEAVES_PER_TASK;
    return Array.from({ length: rows }, (_, i) => {
      const at = i * LEAVES_PER_TASK;
      return { dense: at, rows: 1, rowLength: LEAVES_PER_TASK, paddedLength: LEAVES_PER_TASK, leaf: at };
    });
  }
  const inner = shape.pop() ?? 1;
  const innerPadded = 2 ** bitsFor(inner);
  const perTask = Math.max(1, Math.floor(LEAVES_PER_TASK / paddedLength));
  const tasks: LeafTask[] = [];
  const outer = shape.reduce((n, s) => n * s, 1);
  for (let o = 0; o < outer; o++) {
    const leafBase = paddedIndex(o, shape) * innerPadded * paddedLength;
    for (let row = 0; row < inner; row += perTask) {
      const rows = Math.min(perTask, inner - row);
      const dense = (o * inner + row) * rowLength;
      tasks.push({ dense, rows, rowLength, paddedLength, leaf: leafBase + row * paddedLength });
    }
  }
  return tasks;
}

/** Flat index over axes padded to powers of two, of a flat dense index. */
function paddedIndex(index: number, shape: readonly number[]): number {
  let rest = index;
  let padded = 0;
  let scale = 1;
  for (let a = shape.length - 1; a >= 0; a--) {
    padded += (rest % shape[a]!) * scale;
    rest = Math.floor(rest / shape[a]!);
    scale *= 2 ** bitsFor(shape[a]!);
  }
  return padded;
}
