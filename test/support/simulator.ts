/**
 * A simulator: it knows what the verifier knows, no input, no weight and no secret of anybody, and when it may read the challenges beforehand it
 * writes a proof that the verifier accepts. So the messages of a proof, given its challenges, can be made from the statement alone. That
 * they also have the distribution of a prover's messages is by comparing line by line with what a prover sends:
 *
 *   hidden elements x - pad, and the gates' X, Y      uniform here; there because every pad is uniform and used once
 *   h = sum kappa row + weight mask, all of it        uniform here; there because the mask is. v, levels, last vector: functions of h
 *   opened columns of hiding rows, and their salts    uniform here; there because t <= T - 1 columns of T random coefficients are
 *   opened columns of the mask                        what h and the other columns leave, here and there
 *   V* of the pads, and the columns of the pads       uniform here; there because of the mask S, and of t random coefficients
 *   d, the columns of S                               what V*, the equations and the pads' columns leave, here and there
 *   other leaves                                      random digests here; there hashes of a salt of 256 bits that is never seen
 *
 * This shows zero knowledge against a verifier whose challenges do not depend on the messages, which is what a random oracle gives: the simulator
 * then programs it. It does not show anything about an oracle that is a real hash function beyond that idealisation, nor about what a
 * prover's time, memory or number of proofs tell. One simulated proof stands for one real one: proofs that share a commitment open
 * columns of the same rows, and the sum of them is what the budget counts.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { argueNetwork } from '../../src/argue/network.ts';
import type { OpeningClaim } from '../../src/argue/opening.ts';
import { AffineParty, type Transmitted } from '../../src/argue/pads.ts';
import type { TensorId } from '../../src/circuit/types.ts';
import { evaluateAt } from '../../src/commit/check.ts';
import { SALT_WORDS } from '../../src/commit/codewords.ts';
import { type MatrixCommitment, openColumns, prepareTwiddles } from '../../src/commit/matrix.ts';
import { openMatrices } from '../../src/commit/open.ts';
import { domainPoint } from '../../src/field/circle.ts';
import { planesOf } from '../../src/field/dot.ts';
import { BASIS, Ext, powers } from '../../src/field/ext.ts';
import { eqTable } from '../../src/field/mle.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import type { Plan } from '../../src/proof/plan.ts';
import { levelsOf, padCode, tailOf, vectorBits } from '../../src/soundness/parameters.ts';
import type { Label } from '../../src/transcript/labels.ts';
import type { Transcript } from '../../src/transcript/transcript.ts';
import { Coins, ProgrammedProver, programmedTranscript } from './programmed.ts';

type Values = ReadonlyMap<TensorId, ArrayLike<number>>;

/** The argument of a party that has nothing to say: it sends uniform elements, or without a channel only learns the challenges. */
class Simulated extends AffineParty {
  readonly #transcript: Transcript;
  readonly #coins: Coins;
  readonly #channel: ProgrammedProver | undefined;
  readonly #opened: Ext[];

  /** `opened`: the values that the openings will have, class by class. */
  constructor(transcript: Transcript, coins: Coins, opened: readonly Ext[], channel?: ProgrammedProver) {
    super();
    this.#transcript = transcript;
    this.#coins = coins;
    this.#opened = [...opened];
    this.#channel = channel;
  }

  /** Nothing else is in clear: the simulator is for statements without committed-open weights. */
  show(label: Label, count: number): Ext[] {
    if (label !== 'gate values' && label !== 'opened value') throw new RangeError(`a simulator cannot show a ${label}`);
    const values = label === 'opened value' ? [this.#opened.shift()!] : this.#coins.elements(count);
    this.#channel?.send(label, values);
    return values;
  }

  act(): void {}

  challenges(label: Label, count: number): Ext[] {
    return this.#transcript.challenges(label, count);
  }

  grind(label: Label, bits: number): void {
    this.#channel?.grind(label, bits);
  }

  worth(): Ext {
    throw new RangeError('a simulator was asked for a hidden value');
  }

  protected transmit(label: Label, count: number): Transmitted[] {
    const values = this.#coins.elements(count);
    this.#channel?.send(label, values);
    return values.map((masked) => ({ value: masked, masked }));
  }

  protected padValue(): Ext {
    return Ext.ZERO;
  }

  /** All equations as one, <a, pads> = -constant, under beta. */
  combined(beta: Ext): { a: Ext[]; constant: Ext } {
    const weights = powers(beta, this.equations.length);
    const expressions = this.equations.map((e) => e.expression);
    return {
      a: this.tape.coefficients(expressions, weights, this.layout.count),
      constant: expressions.reduce((sum, x, i) => sum.add(x.value.mul(weights[i]!)), Ext.ZERO),
    };
  }
}

export interface Simulation {
  readonly channel: ProgrammedProver;
  readonly proof: Uint8Array;
  /** Roots of all commitments of the plan. */
  readonly roots: readonly Uint8Array[];
}

/**
 * A proof of a plan whose commitments all hide, from the values that the verifier holds, under the challenges that `seed` programs. `tosses`: the
 * seed of the simulator's own coins.
 */
export function simulate(m: Machine, plan: Plan, values: Values, seed: number, tosses: number): Simulation {
  const mark = m.mark();
  const coins = new Coins(tosses);

  // the challenges, and what every class will be asked
  const ahead = programmedTranscript(seed);
  const nothing = plan.classes.map(() => Ext.ZERO);
  const listener = new Simulated(ahead, coins, nothing);
  const asked = argueNetwork(listener, plan, values, undefined);
  const classes = asked.map((claim, i) => fabricateClass(m, plan, coins, ahead, i, claim));
  const pads = fabricatePads(m, coins, ahead, listener.layout.count);
  const roots = plan.commitments.map((own, i) => {
    const before = plan.commitments.slice(0, i).filter((c) => c.class === own.class).length;
    return classes[own.class]!.matrices[before]!.root;
  });

  // the messages
  const channel = new ProgrammedProver(seed);
  channel.sendBytes('witness root', roots.at(-1)!);
  plan.classes.forEach(({ mask }, i) => {
    if (mask === 'alone') channel.sendBytes('mask root', classes[i]!.matrices.at(-1)!.root);
  });
  channel.sendBytes('pad root', pads.matrix.root);
  const opened = classes.map((c) => c.value);
  const party = new Simulated(channel.transcript, coins, opened, channel);
  const claims = argueNetwork(party, plan, values, undefined);
  claims.forEach((claim, i) => {
    openClass(channel, m, plan, i, claim, classes[i]!);
  });
  closePads(channel, m, party, pads);
  m.release(mark);
  return { channel, proof: channel.finish(), roots };
}

/** What is opened of a class. */
interface FabricatedClass {
  /** h: four rows of 2^m words, and four of T. */
  readonly messages: number;
  readonly tails: number;
  /** <h, eq(z)> */
  readonly value: Ext;
  /** Its commitments in the plan's order, then the mask where it stands alone. */
  readonly matrices: readonly MatrixCommitment[];
}

/** h is uniform, and so are all columns but the mask's, which h and the others decide. */
function fabricateClass(
  m: Machine,
  plan: Plan,
  coins: Coins,
  ahead: Transcript,
  index: number,
  claim: OpeningClaim,
): FabricatedClass {
  const { parameters, mask } = plan.classes[index]!;
  const [positions] = levelsOf(parameters).map((l) => ahead.positions('level positions', l.queries, l.domainBits));
  const [length, tail] = [2 ** parameters.rowBits, tailOf(parameters)];
  const h = coins.elements(length + tail);
  const value = eqTable(claim.point).reduce((sum, e, i) => sum.add(e.mul(h[i]!)), Ext.ZERO);
  const words = planesOf([...h, ...new Array<Ext>(2 ** vectorBits(parameters) - h.length).fill(Ext.ZERO)]);
  const own = plan.commitments.flatMap(({ content }, i) => {
    const kappas = claim.kappas[i];
    return kappas === undefined ? [] : [{ kappas, isMasked: content === 'witness' && mask === 'in witness' }];
  });
  if (mask === 'alone') own.push({ kappas: [], isMasked: true });
  const { domainBits } = levelsOf(parameters)[0]!;
  const byPosition = positions!.map((position) => {
    let rest = evaluateAt(words, domainPoint(domainBits, position));
    const cells = own.map(({ kappas }) => kappas.map(() => coins.base()));
    own.forEach(({ kappas }, k) => {
      kappas.forEach((kappa, row) => {
        rest = rest.sub(kappa.mulBase(cells[k]![row]!));
      });
    });
    const maskCells = rest.mul(claim.mask.inv()).coordinates();
    return own.map(({ isMasked }, k) => [...cells[k]!, ...(isMasked ? maskCells : [])]);
  });
  const matrices = own.map((_, k) => {
    const columns = byPosition.map((all) => all[k]!);
    return fabricateMatrix(m, coins, domainBits, positions!, columns);
  });
  const rows = (from: number, count: number) => {
    const ptr = m.alloc(16 * count);
    words.forEach((plane, c) => {
      m.i32(ptr + 4 * count * c, count).set(plane.subarray(from, from + count));
    });
    return ptr;
  };
  return { messages: rows(0, length), tails: rows(length, tail), value, matrices };
}

/** A Merkle tree over these columns, a salt behind each, and over digests of nothing elsewhere. */
function fabricateMatrix(
  m: Machine,
  coins: Coins,
  domainBits: number,
  positions: readonly number[],
  columns: readonly (readonly number[])[],
): MatrixCommitment {
  const length = 2 ** domainBits;
  const words = columns[0]!.length + SALT_WORDS;
  const leaves = m.alloc(32 * length);
  const cells = new Map<number, Uint32Array>();
  const digests = m.u8(leaves, 32 * length);
  digests.set(coins.bytes(32 * length));
  positions.forEach((position, i) => {
    const salt = Array.from({ length: SALT_WORDS }, () => coins.word());
    const column = Uint32Array.from([...columns[i]!, ...salt]);
    cells.set(position, column);
    digests.set(blake3(new Uint8Array(column.buffer)), 32 * position);
  });
  const levels = [leaves];
  for (let count = length / 2; count >= 1; count /= 2) {
    const nodes = m.alloc(32 * count);
    m.raw.hashParents(levels.at(-1)!, 0, count, nodes);
    levels.push(nodes);
  }
  const opened = (at: readonly number[]) => Uint32Array.from(at.flatMap((position) => [...cells.get(position)!]));
  return { words, domainBits, columns: opened, levels, root: m.u8(levels.at(-1)!, 32).slice() };
}

/** The honest recursion, from an h that no row made: its four planes, weighed with the basis, stand in for all rows. */
function openClass(
  channel: ProgrammedProver,
  m: Machine,
  plan: Plan,
  index: number,
  claim: OpeningClaim,
  { messages, tails, matrices }: FabricatedClass,
): void {
  const { parameters } = plan.classes[index]!;
  const twiddles = prepareTwiddles(m, parameters.rowBits + parameters.rateBits);
  const opened = matrices.map((commitment, k) => {
    return k === 0 ? { commitment, messages, tails, kappas: BASIS } : { commitment, messages, tails: 0, kappas: [] };
  });
  openMatrices(channel, m, parameters, twiddles, opened, claim.point);
}

interface FabricatedPads {
  /** V* */
  readonly vector: readonly Ext[];
  readonly queries: number;
  /** The challenge of their fold, known beforehand. */
  readonly e: Ext;
  readonly matrix: MatrixCommitment;
}

/** V* is uniform, and so are the columns of the pads; those of the mask are what is left. */
function fabricatePads(m: Machine, coins: Coins, ahead: Transcript, count: number): FabricatedPads {
  const { queries, messageBits, domainBits } = padCode(count);
  const e = ahead.challenge('pad fold');
  const positions = ahead.positions('pad positions', queries, domainBits);
  const vector = coins.elements(queries + count);
  const words = planesOf([...vector, ...new Array<Ext>(2 ** messageBits - vector.length).fill(Ext.ZERO)]);
  const columns = positions.map((position) => {
    const pads = coins.element();
    const mask = evaluateAt(words, domainPoint(domainBits, position)).sub(e.mul(pads));
    return [...pads.coordinates(), ...mask.coordinates()];
  });
  return { vector, queries, e, matrix: fabricateMatrix(m, coins, domainBits, positions, columns) };
}

function closePads(channel: ProgrammedProver, m: Machine, party: Simulated, pads: FabricatedPads): void {
  const { transcript } = channel;
  const { a, constant } = party.combined(transcript.challenge('pad batch'));
  const { vector, queries, e, matrix } = pads;
  const { domainBits } = matrix;
  const product = a.reduce((sum, k, i) => sum.add(k.mul(vector[queries + i]!)), Ext.ZERO);
  // sent before e is drawn: only who programs e can make it fit
  channel.send('pad product', [product.add(e.mul(constant))]);
  transcript.challenge('pad fold');
  channel.send('pad vector', vector);
  const positions = transcript.positions('pad positions', queries, domainBits);
  channel.sendBytes('pad columns', openColumns(m, matrix, positions));
}
