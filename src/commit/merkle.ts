/**
 * Merkle trees over columns: leaf = BLAKE3 of the column's bytes, node = BLAKE3 parent compression of the first 28 bytes of two chaining
 * values (the spec of BLAKE3, section 2.5, without the root flag); the root has all 32. A multiproof lists the siblings that the opened leaves do not determine, level by
 * level from the leaves, ascending.
 */
import { hash, parentNode } from '../bytes/blake3.ts';
import { NODE_BYTES } from '../soundness/parameters.ts';

/** Which sibling nodes a multiproof of ascending, distinct positions lists at each level. */
export function siblingPositions(positions: readonly number[], depth: number): number[][] {
  const levels: number[][] = [];
  let known = [...positions];
  for (let level = 0; level < depth; level++) {
    const set = new Set(known);
    levels.push(known.map((k) => (k % 2 === 0 ? k + 1 : k - 1)).filter((s) => !set.has(s)));
    known = [...new Set(known.map((k) => Math.floor(k / 2)))];
  }
  return levels;
}

/** The root that columns at ascending positions and their siblings lead to; undefined where counts do not fit. */
export function rootOf(
  columns: readonly Uint8Array[],
  positions: readonly number[],
  depth: number,
  siblings: readonly Uint8Array[],
): Uint8Array | undefined {
  let nodes = new Map<number, Uint8Array>(positions.map((p, i) => [p, hash(columns[i]!)]));
  let next = 0;
  for (let level = 0; level < depth; level++) {
    const parents = new Map<number, Uint8Array>();
    for (const [position, node] of nodes) {
      const parent = Math.floor(position / 2);
      if (parents.has(parent)) continue;
      const sibling = nodes.get(position % 2 === 0 ? position + 1 : position - 1) ?? siblings[next++];
      if (sibling === undefined) return undefined;
      const [left, right] = position % 2 === 0 ? [node, sibling] : [sibling, node];
      parents.set(parent, parentNode(left, right, NODE_BYTES));
    }
    nodes = parents;
  }
  return next === siblings.length ? nodes.get(0) : undefined;
}
