/**
 * The prover's fraction tree: the layers of p/q above the leaves of lookup.ts, built bottom up, consumed top down.
 *
 * Layers end with the last block; what is beyond is empty. The lowest are the longest: they are not kept but made again when their sumcheck
 * comes, so that at no time more is stored than 16 bytes a leaf (64 when leaves and all layers were), and where there is less room than
 * that, they are made in every one of the first rounds (windows.ts).
 */
import type { Ext } from '../field/ext.ts';
import type { Point } from '../field/mle.ts';
import { extBytes, type Machine } from '../kernels/kernels.ts';
import { forRanges, readExts } from '../kernels/vectors.ts';
import type { Hand } from './hand.ts';
import type { TreeLayout } from './layout.ts';
import { allocLayer, type Layer, Leaves } from './leaves.ts';
import { PairState } from './pairs.ts';
import { LayerState, SMALL } from './tables.ts';
import type { Space } from './windows.ts';

export class LookupTree {
  readonly #machine: Machine;
  readonly #mark: number;
  readonly #layersMark: number;
  readonly #depth: number;
  readonly #leaves: Leaves;
  readonly #space: Space;
  /** #layers[k] has 2^k nodes; the lowest are not among them where the leaves are many. */
  readonly #layers: Layer[] = [];
  #current: LayerState | PairState | undefined;

  /** `space`: what layers may take, if they can be made to. */
  constructor(hand: Hand, layout: TreeLayout, c: Ext, beta: Ext, space: Space) {
    const m = hand.machine;
    this.#machine = m;
    this.#mark = m.mark();
    this.#depth = layout.depth;
    this.#leaves = new Leaves(hand, layout, c, beta);
    this.#layersMark = m.mark();
    this.#space = { ...space, bytes: space.bytes - (m.mark() - this.#mark) };
    const isSmall = this.#leaves.count <= 2 * SMALL;
    const height = isSmall ? 0 : lowestStored(this.#leaves, this.#space);
    this.#layers[layout.depth - height] = isSmall ? this.#leaves.spelledOut() : this.#leaves.layer(height);
    for (let k = layout.depth - height - 1; k >= 1; k--) this.#layers[k] = parentsOf(m, this.#layers[k + 1]!, 2 ** k);
  }

  /** p0, p1, q0, q1: the two nodes under the root. */
  root(): Ext[] {
    const { p, q } = this.#layers[1]!;
    return [...readExts(this.#machine, p, 2), ...readExts(this.#machine, q, 2)];
  }

  /** Starts the sumcheck of the 2^k nodes of layer k, whose claims are at `point`, over their children. */
  startLayer(k: number, point: Point, lambda: Ext): void {
    this.#current?.release();
    this.#current = this.#stateOf(k, point, lambda);
  }

  #stateOf(k: number, point: Point, lambda: Ext): LayerState | PairState {
    const stored = this.#layers[k + 1];
    if (stored !== undefined) return LayerState.of(this.#machine, stored, point, lambda);
    this.#machine.release(this.#layersMark);
    const height = this.#depth - (k + 1);
    if (height === 0) return new PairState(this.#leaves, point, lambda, this.#space);
    return LayerState.above(this.#leaves, height, point, lambda, this.#space);
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

/** Levels above the leaves of the lowest layer that is stored: at least two, and as many as it takes for it and all above it to have room. */
function lowestStored(leaves: Leaves, { bytes }: Space): number {
  let height = 2;
  while (height < leaves.highest && extBytes((4 * leaves.count) / 2 ** height) > bytes) height++;
  return height;
}

/** The layer of `count` nodes above one. */
function parentsOf(m: Machine, child: Layer, count: number): Layer {
  const stored = Math.min(count, 8 * Math.ceil(child.half / 8));
  const { p, q, half } = allocLayer(m, stored);
  for (const at of [0, half]) {
    m.raw.fillExt(p, at + Math.floor(child.half / 2), at + half, 0, 0, 0, 0);
    m.raw.fillExt(q, at + Math.floor(child.half / 2), at + half, 1, 0, 0, 0);
  }
  forRanges(m, 'fractionUp', child.half, 512, (from, to) => [child.p, child.q, child.half, from, to, p, q, half]);
  return { p, q, half };
}
