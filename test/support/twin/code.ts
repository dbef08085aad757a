/**
 * The Reed-Solomon code on the circle's x-axis and the Merkle tree over its columns (docs/spec/30-commitment.md, sections 1 and 2):
 *   f(x) = sum_b c_b prod_j pi_j(x)^(b_j),   pi_0 = x,  pi_(j+1) = 2 pi_j^2 - 1,   x_j = x(Q_n^(1 + 4 rev_n(j)))
 *   leaf = BLAKE3(column, or column . salt),   node = BLAKE3's compression of 28 bytes of left and of right as a parent
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { type E, mod, P } from './field.ts';
import { little, must, number, type Transcript, words } from './transcript.ts';

type CirclePoint = readonly [bigint, bigint];

const turn = ([x, y]: CirclePoint, [v, w]: CirclePoint): CirclePoint => [mod(x * v - y * w), mod(x * w + y * v)];

function turns(point: CirclePoint, count: number): CirclePoint {
  let result: CirclePoint = [1n, 0n];
  for (const bit of count.toString(2)) {
    result = turn(result, result);
    if (bit === '1') result = turn(result, point);
  }
  return result;
}

/** The point of position j of D_n. */
export function codePoint(n: number, position: number): bigint {
  const generator = turns([2n, 1268011823n], 2 ** (29 - n));
  const reversed = [...Array(n).keys()].reduce((v, j) => 2 * v + (Math.floor(position / 2 ** j) % 2), 0);
  return turns(generator, 1 + 4 * reversed)[0];
}

/** pi_(count-1)(x), .., pi_0(x): most significant first. */
export function basis(x: bigint, count: number): bigint[] {
  const list: bigint[] = [];
  for (let pi = x; list.length < count; pi = mod(2n * pi * pi - 1n)) list.unshift(pi);
  return list;
}

/** f(x) of coefficients over E, zeros behind those given: coordinate by coordinate. */
export function codeTensor(x: bigint, variables: number, coefficients: readonly E[]): E {
  let table = [1n];
  for (const pi of basis(x, variables)) table = table.flatMap((v) => [v, (v * pi) % P]);
  const sums = [0n, 0n, 0n, 0n] as [bigint, bigint, bigint, bigint];
  coefficients.forEach((c, i) => {
    for (let k = 0; k < 4; k++) sums[k]! += c[k]! * table[i]!;
  });
  return sums.map(mod) as unknown as E;
}

// ---- tree --------------------------------------------------------------------------------------------------------------

export interface Matrix {
  /** Of the message. */
  readonly label: string;
  readonly root: Uint8Array;
  /** Of 2^n leaves. */
  readonly n: number;
  /** Numbers of F in a column. */
  readonly cells: number;
  /** 32 bytes of salt behind the cells. */
  readonly isSalted: boolean;
}

/** A message of opened columns: their cells at each position; O1. */
export function openColumns(
  transcript: Transcript,
  { label, root, n, cells, isSalted }: Matrix,
  positions: readonly number[],
): number[][] {
  let known = positions;
  const missing = Array.from({ length: n }, () => {
    const siblings = known.map((k) => k ^ 1).filter((k) => !known.includes(k));
    known = [...new Set(known.map((k) => k >> 1))];
    return siblings;
  });
  const width = 4 * cells + (isSalted ? 32 : 0);
  const size = width * positions.length;
  const message = transcript.bytes(label, size + 28 * missing.flat().length);
  const leaves = positions.map((_, i) => message.subarray(width * i, width * (i + 1)));

  let at = size;
  let nodes = new Map<number, Uint8Array>(positions.map((position, i) => [position, blake3(leaves[i]!)]));
  for (const siblings of missing) {
    for (const k of siblings) {
      nodes.set(k, message.subarray(at, at + 28));
      at += 28;
    }
    const parents = [...nodes.keys()].filter((k) => k % 2 === 0);
    nodes = new Map(parents.map((k) => [k >> 1, parent(nodes.get(k)!, nodes.get(k + 1)!)]));
  }
  must(
    nodes.get(0)!.every((byte, i) => byte === root[i]),
    'opening.merkle',
  );
  return leaves.map((leaf) => words(leaf.subarray(0, 4 * cells)));
}

const IV = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const PARENT = 4;
/** Where message words go from one round to the next. */
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
/** Columns, then diagonals. */
const QUARTERS = [
  ...[0, 1, 2, 3].map((i) => [i, 4 + i, 8 + i, 12 + i]),
  ...[0, 1, 2, 3].map((i) => [i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4)]),
];

/** BLAKE3's compression with key IV, counter 0, 64 bytes and the flag PARENT, of 28 bytes of each child. */
export function parent(left: Uint8Array, right: Uint8Array): Uint8Array {
  const block = Uint8Array.from([left, right].flatMap((node) => [...node.subarray(0, 28), 0, 0, 0, 0]));
  let m = Array.from({ length: 16 }, (_, i) => number(block.subarray(4 * i, 4 * i + 4)));
  const v = Uint32Array.from([...IV, ...IV.slice(0, 4), 0, 0, 64, PARENT]);
  for (let round = 0; round < 7; round++) {
    for (const [i, quarter] of QUARTERS.entries()) mix(v, quarter, m[2 * i]!, m[2 * i + 1]!);
    m = PERMUTATION.map((from) => m[from]!);
  }
  return Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => little((v[i]! ^ v[i + 8]!) >>> 0, 4)));
}

/** BLAKE3's G on four words of the state. */
function mix(v: Uint32Array, quarter: readonly number[], x: number, y: number): void {
  const [a, b, c, d] = quarter as [number, number, number, number];
  for (const [word, left, right] of [
    [x, 16, 12],
    [y, 8, 7],
  ] as const) {
    v[a] = v[a]! + v[b]! + word;
    v[d] = rotate(v[d]! ^ v[a]!, left);
    v[c] = v[c]! + v[d]!;
    v[b] = rotate(v[b]! ^ v[c]!, right);
  }
}

const rotate = (w: number, n: number): number => ((w >>> n) | (w << (32 - n))) >>> 0;
