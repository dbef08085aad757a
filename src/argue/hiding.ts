/**
 * The parties of zero knowledge, and the opening of the pads that ends a proof (docs/spec/45-zero-knowledge.md). The pads are committed before
 * the first challenge, as the codeword of [random || pads] over E with one uniform mask row S of the same length. At the end
 *
 *   V  beta: all equations as one, <a, pads> = b        P  d = <a, S>
 *   V  e                                                 P  V* = S + e [random || pads], whole
 *   V  positions                                         P  both columns there
 *      <a, V*> = d + e b,   Enc(V*) = Enc(S) + e Enc([random || pads]) at every position
 *
 * The random part comes first: the first t basis elements span all polynomials of degree below t, so any t columns are uniform.
 */
import { evaluateAt, receiveColumns } from '../commit/check.ts';
import { commitRows, type MatrixCommitment, openColumns } from '../commit/matrix.ts';
import { randomElements, USE } from '../commit/secret.ts';
import { domainPoint } from '../field/circle.ts';
import { planesOf } from '../field/dot.ts';
import { Ext, powers } from '../field/ext.ts';
import type { Machine } from '../kernels/kernels.ts';
import { type Level, MAX_PADS, padCode } from '../soundness/parameters.ts';
import { bytesToExts, type ProverChannel, Rejection, type VerifierChannel } from '../transcript/channel.ts';
import type { Label } from '../transcript/labels.ts';
import type { Affine } from './affine.ts';
import { AffineParty, type PadLayout, type Transmitted } from './pads.ts';

/** What only the prover holds of its pads. */
export class PadCommitment {
  /** [random || pads], and the mask: over E, of the code's length. */
  readonly full: Elements;
  readonly mask: Elements;
  readonly code: Level;
  readonly matrix: MatrixCommitment;

  constructor(m: Machine, layout: PadLayout, secret: Uint8Array, twiddles: (domainBits: number) => number) {
    this.code = padCode(layout.count);
    const { queries, messageBits, domainBits } = this.code;
    const length = queries + layout.count;
    this.full = Elements.random(m, secret, USE.pads, length);
    for (const { x, y, own } of layout.gates) {
      const [c0, c1, d0, d1] = [x, y, own + 1, own + 2].map((i) => this.pad(i)) as [Ext, Ext, Ext, Ext];
      this.full.set(queries + own, c0.mul(c1));
      this.full.set(queries + own + 3, c0.mul(d1).add(d0.mul(c1)));
      this.full.set(queries + own + 4, d0.mul(d1));
    }
    this.mask = Elements.random(m, secret, USE.padMask, length);
    const rows = [...this.full.upload(m, messageBits), ...this.mask.upload(m, messageBits)];
    this.matrix = commitRows(m, rows, messageBits, domainBits, twiddles(domainBits), {
      tails: [],
      tail: 0,
      salts: secret,
    });
  }

  pad(index: number): Ext {
    return this.full.at(this.code.queries + index);
  }
}

/** Elements of E as words, four each: few of them are ever looked at. */
export class Elements {
  readonly #words: Uint32Array;

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  static random(m: Machine, secret: Uint8Array, use: number, count: number): Elements {
    return new Elements(m.u32(randomElements(m, secret, use, 4 * count), 4 * count).slice());
  }

  get length(): number {
    return this.#words.length / 4;
  }

  at(i: number): Ext {
    const w = this.#words;
    return new Ext(w[4 * i]!, w[4 * i + 1]!, w[4 * i + 2]!, w[4 * i + 3]!);
  }

  list(): Ext[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i));
  }

  set(i: number, e: Ext): void {
    this.#words.set(e.coordinates(), 4 * i);
  }

  /** Four base rows of 2^bits words, zeros behind the elements. */
  upload(m: Machine, bits: number): number[] {
    return [0, 1, 2, 3].map((c) => {
      const ptr = m.alloc(4 * 2 ** bits);
      const row = m.u32(ptr, 2 ** bits).fill(0, this.length);
      for (let i = 0; i < this.length; i++) row[i] = this.#words[4 * i + c]!;
      return ptr;
    });
  }
}

/** Sends every hidden element minus its pad. A failed equation of its own is recorded, as in ProverParty. */
export class HidingProver extends AffineParty {
  readonly channel: ProverChannel;
  violated: string | undefined;
  readonly #machine: Machine;
  readonly #pads: PadCommitment;

  constructor(channel: ProverChannel, machine: Machine, pads: PadCommitment) {
    super();
    this.channel = channel;
    this.#machine = machine;
    this.#pads = pads;
  }

  show(label: Label, _count: number, compute: () => readonly Ext[]): Ext[] {
    const values = [...compute()];
    this.channel.send(label, values);
    return values;
  }

  act(work: () => void): void {
    work();
  }

  challenges(label: Label, count: number): Ext[] {
    return this.channel.transcript.challenges(label, count);
  }

  grind(label: Label, bits: number): void {
    this.channel.grind(label, bits);
  }

  worth(x: Affine): Ext {
    return x.value;
  }

  override zero(x: Affine, check: string, where?: string): void {
    super.zero(x, check, where);
    if (!x.value.isZero()) this.violated ??= where === undefined ? check : `${check} (${where})`;
  }

  protected transmit(label: Label, _count: number, compute: () => readonly Ext[], first: number): Transmitted[] {
    const sent = compute().map((value, i) => ({ value, masked: value.sub(this.padValue(first + i)) }));
    this.channel.send(
      label,
      sent.map((s) => s.masked),
    );
    return sent;
  }

  protected padValue(index: number): Ext {
    return this.#pads.pad(index);
  }

  close(): void {
    const { full, mask, code, matrix } = this.#pads;
    const { channel } = this;
    const beta = channel.transcript.challenge('pad batch');
    const expressions = this.equations.map((e) => e.expression);
    const a = this.tape.coefficients(expressions, powers(beta, expressions.length), this.layout.count);
    channel.send('pad product', [a.reduce((sum, k, i) => sum.add(k.mul(mask.at(code.queries + i))), Ext.ZERO)]);
    const e = channel.transcript.challenge('pad fold');
    channel.send(
      'pad vector',
      mask.list().map((s, i) => s.add(e.mul(full.at(i)))),
    );
    const positions = channel.transcript.positions('pad positions', code.queries, code.domainBits);
    channel.sendBytes('pad columns', openColumns(this.#machine, matrix, positions));
  }
}

/** Receives hidden elements minus pads that it does not know. Equations are checked together, at the end. */
export class HidingVerifier extends AffineParty {
  readonly channel: VerifierChannel;
  readonly #padRoot: Uint8Array;

  constructor(channel: VerifierChannel, padRoot: Uint8Array) {
    super();
    this.channel = channel;
    this.#padRoot = padRoot;
  }

  show(label: Label, count: number): Ext[] {
    return this.channel.receive(label, count);
  }

  act(): void {}

  challenges(label: Label, count: number): Ext[] {
    return this.channel.transcript.challenges(label, count);
  }

  grind(label: Label, bits: number): void {
    this.channel.grind(label, bits);
  }

  worth(): Ext {
    throw new RangeError('a verifier was asked for a hidden value');
  }

  protected transmit(label: Label, count: number): Transmitted[] {
    return this.channel.receive(label, count).map((masked) => ({ value: masked, masked }));
  }

  protected padValue(): Ext {
    return Ext.ZERO;
  }

  /** @throws Rejection */
  close(): void {
    const { channel } = this;
    const { count } = this.layout;
    if (Math.max(count, this.equations.length) > MAX_PADS) {
      throw new Rejection('pads.count', `the proof takes more than ${MAX_PADS} pads or equations between them`);
    }
    const code = padCode(count);
    const beta = channel.transcript.challenge('pad batch');
    const weights = powers(beta, this.equations.length);
    const expressions = this.equations.map((e) => e.expression);
    const a = this.tape.coefficients(expressions, weights, count);
    const constant = expressions.reduce((sum, x, i) => sum.add(x.value.mul(weights[i]!)), Ext.ZERO);
    const [d] = channel.receive('pad product', 1) as [Ext];
    const e = channel.transcript.challenge('pad fold');
    const vector = channel.receive('pad vector', code.queries + count);
    // <a, pads> = -constant
    const product = a.reduce((sum, k, i) => sum.add(k.mul(vector[code.queries + i]!)), Ext.ZERO);
    if (!product.add(e.mul(constant)).equals(d)) {
      throw new Rejection('pads.equations', 'the equations of the argument do not hold for the committed pads');
    }
    this.#checkColumns(code, vector, e);
  }

  #checkColumns(code: Level, vector: readonly Ext[], e: Ext): void {
    const { channel } = this;
    const positions = channel.transcript.positions('pad positions', code.queries, code.domainBits);
    const matrix = { root: this.#padRoot, leaf: 'salted', name: 'pads' } as const;
    const columns = receiveColumns(channel, 'pad columns', matrix, 32, positions, code.domainBits);
    const padded = [...vector, ...new Array<Ext>(2 ** code.messageBits - vector.length).fill(Ext.ZERO)];
    const words = planesOf(padded);
    positions.forEach((position, l) => {
      const [pads, mask] = bytesToExts(columns[l]!, 'pads') as [Ext, Ext];
      const x = domainPoint(code.domainBits, position);
      if (!evaluateAt(words, x).equals(mask.add(e.mul(pads)))) {
        throw new Rejection('pads.columns', 'the sum of pads and mask does not encode to the opened columns');
      }
    });
  }
}
