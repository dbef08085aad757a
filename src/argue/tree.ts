/**
 * The prover's fraction tree: the layers of p/q above the leaves of lookup.ts, built bottom up, consumed top down.
 *
 * Layers end with the last block; what is beyond is empty. The layer above the leaves is the longest: it is not kept but made again when
 * its sumcheck comes, so that at no time more is stored than 16 bytes a leaf (64 when leaves and all layers were).
 */
import type { Ext } from '../field/ext.ts';
import type { Point } from '../field/mle.ts';
import type { Machine } from '../kernels/kernels.ts';
import { allocExt, forRanges, readExts } from '../kernels/vectors.ts';
import type { Hand } from './hand.ts';
import type { TreeLayout } from './layout.ts';
import { type Layer, Leaves } from './leaves.ts';
import { PairState } from './pairs.ts';
import { LayerState, SMALL } from './tables.ts';

export class LookupTree {
  readonly #machine: Machine;
  readonly #mark: number;
  readonly #layersMark: number;
  readonly #depth: number;
  readonly #leaves: Leaves;
  /** #layers[k] has 2^k nodes; the last two are not among them where the leaves are many. */
  readonly #layers: Layer[] = [];
  #current: LayerState | PairState | undefined;

  constructor(hand: Hand, layout: TreeLayout, c: Ext, beta: Ext) {
    const m = hand.machine;
    this.#machine = m;
    this.#mark = m.mark();
    this.#depth = layout.depth;
    this.#leaves = new Leaves(hand, layout, c, beta);
    this.#layersMark = m.mark();
    const isSmall = this.#leaves.count <= 2 * SMALL;
    const lowest = isSmall ? layout.depth : layout.depth - 2;
    this.#layers[lowest] = isSmall ? this.#leaves.layer() : this.#leaves.grandparents();
    for (let k = lowest - 1; k >= 1; k--) this.#layers[k] = parentsOf(m, this.#layers[k + 1]!, 2 ** k);
  }

  /** p0, p1, q0, q1: the two nodes under the root. */
  root(): Ext[] {
    const { p, q } = this.#layers[1]!;
    return [...readExts(this.#machine, p, 2), ...readExts(this.#machine, q, 2)];
  }

  /** Starts the sumcheck of the 2^k nodes of layer k, whose claims are at `point`, over their children. */
  startLayer(k: number, point: Point, lambda: Ext): void {
    const m = this.#machine;
    this.#current?.release();
    const stored = this.#layers[k + 1];
    if (stored === undefined) m.release(this.#layersMark);
    if (stored === undefined && k + 1 === this.#depth) {
      this.#current = new PairState(m, this.#leaves, point, lambda);
      return;
    }
    this.#current = LayerState.of(m, stored ?? this.#leaves.parents(), point, lambda);
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
}

/** The layer of `count` nodes above one. */
function parentsOf(m: Machine, child: Layer, count: number): Layer {
  const stored = Math.min(count, 8 * Math.ceil(child.half / 8));
  const [p, q, half] = [allocExt(m, stored), allocExt(m, stored), stored / 2];
  for (const at of [0, half]) {
    m.raw.fillExt(p, at + Math.floor(child.half / 2), at + half, 0, 0, 0, 0);
    m.raw.fillExt(q, at + Math.floor(child.half / 2), at + half, 1, 0, 0, 0);
  }
  forRanges(m, 'fractionUp', child.half, 512, (from, to) => [child.p, child.q, child.half, from, to, p, q, half]);
  return { p, q, half };
}
