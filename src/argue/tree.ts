/**
 * The prover's fraction tree: all layers of p/q over the leaves of lookup.ts, built bottom up, consumed top down.
 */
import type { Ext } from '../field/ext.ts';
import type { Point } from '../field/mle.ts';
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
import type { TreeLayout } from './layout.ts';
import { buildLeaves, type Layer } from './leaves.ts';

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
