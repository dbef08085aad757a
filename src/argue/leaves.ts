/**
 * The lowest layer of the prover's fraction tree: each lookup's and table's cells as fractions, every other leaf 0/1.
 */
import { Ext, powers } from '../field/ext.ts';
import { bitsFor } from '../field/mle.ts';
import { allocExt, forRanges } from '../kernels/vectors.ts';
import type { Hand } from './hand.ts';
import { type Block, type TreeLayout, tableColumnValues, tableTag } from './layout.ts';

/** Leaves of one task: small enough to share out, large enough not to notice the fork. */
const LEAVES_PER_TASK = 1 << 14;

/** A layer of 2^k nodes, stored split (even nodes, then odd ones). */
export interface Layer {
  readonly p: number;
  readonly q: number;
}

export function buildLeaves(hand: Hand, layout: TreeLayout, c: Ext, beta: Ext): Layer {
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
