/**
 * Hashes of a commitment: leaves are BLAKE3 of codeword columns, nodes are BLAKE3 parents, grinding is keyed BLAKE3
 * (protocol.md sections 4 and 5).
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { CHUNK_END, CHUNK_START, compress, IV, PARENT, ROOT } from '../../bytes/blake3.ts';
import { P } from '../../field/m31.ts';
import type { RawKernels } from '../kernels.ts';
import type { Memory } from './memory.ts';

type HashKernels = Pick<RawKernels, 'hashColumns' | 'joinColumns' | 'hashParents' | 'grind' | 'expandSecret'>;

/** Words of a block, and of a chunk. */
const BLOCK_WORDS = 16;
const CHUNK_WORDS = 256;

const GRIND = new TextEncoder().encode('grind');

/** The four little-endian bytes of a word. */
function bytesOf(word: number): number[] {
  return [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24];
}

export function hashKernels(m: Memory): HashKernels {
  return {
    hashColumns(matrix, rows, stride, from, to, dst, first, total) {
      const isWhole = total <= CHUNK_WORDS;
      for (let j = from; j < to; j++) {
        const at = m.u32.subarray(dst / 4 + 8 * j, dst / 4 + 8 * (j + 1));
        if (first % CHUNK_WORDS === 0) at.set(IV);
        for (let row = 0; row === 0 || row < rows; row += BLOCK_WORDS) {
          const count = Math.min(rows - row, BLOCK_WORDS);
          const block = Array.from({ length: BLOCK_WORDS }, (_, i) =>
            i < count ? m.u32[matrix / 4 + (row + i) * stride + j]! : 0,
          );
          const end = first + row + count;
          const starts = (first + row) % CHUNK_WORDS === 0 ? CHUNK_START : 0;
          const ends = end === total || end % CHUNK_WORDS === 0 ? CHUNK_END | (isWhole ? ROOT : 0) : 0;
          at.set(compress(at, block, 4 * count, starts | ends, Math.floor(first / CHUNK_WORDS)));
        }
      }
    },

    joinColumns(left, right, root, from, to, dst) {
      for (let j = from; j < to; j++) {
        const children = [left, right].flatMap((at) => [...m.u32.subarray(at / 4 + 8 * j, at / 4 + 8 * (j + 1))]);
        m.u32.set(compress(IV, children, 64, root === 0 ? PARENT : PARENT | ROOT), dst / 4 + 8 * j);
      }
    },

    hashParents(src, from, to, dst) {
      for (let i = from; i < to; i++) {
        const children = m.u32.slice(src / 4 + 16 * i, src / 4 + 16 * (i + 1));
        children[7] = 0;
        children[15] = 0;
        m.u32.set(compress(IV, children, 64, PARENT), dst / 4 + 8 * i);
      }
    },

    grind(state, startLo, startHi, count, bits) {
      const key = m.u8.slice(state, state + 32);
      const message = new Uint8Array(13);
      message.set(GRIND);
      const mask = bits === 32 ? -1 : 2 ** bits - 1;
      for (let i = 0; i < count; i++) {
        const low = startLo + i;
        message.set(bytesOf(low), 5);
        message.set(bytesOf(startHi + Math.floor(low / 2 ** 32)), 9);
        const digest = blake3(message, { key });
        const word = digest[0]! | (digest[1]! << 8) | (digest[2]! << 16) | (digest[3]! << 24);
        if ((word & mask) === 0) return i;
      }
      return -1;
    },

    expandSecret(secret, use, canonical, from, to, dst) {
      const key = m.u8.slice(secret, secret + 32);
      for (let i = from; i < to; i++) {
        for (let attempt = 0; ; attempt++) {
          const message = Uint8Array.from([...bytesOf(use), ...bytesOf(i), 0, 0, 0, 0, ...bytesOf(attempt)]);
          m.u8.set(blake3(message, { key }), dst + 32 * i);
          if (canonical === 0) break;
          const words = m.u32.subarray((dst + 32 * i) / 4, (dst + 32 * i) / 4 + 8);
          if (words.some((w) => w >>> 1 === P)) continue;
          words.forEach((w, k) => {
            words[k] = w >>> 1;
          });
          break;
        }
      }
    },
  };
}
