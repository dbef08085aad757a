/**
 * Windows of int16 images: patches for the matrix product, and depthwise convolutions. Eight neighbouring places of one line are done
 * together where all their windows lie inside the image's row and the stride is 1 or 2; the places at the edges one by one.
 */
import { scratch } from './scratch';

/** First place whose window does not begin before the row. */
// @ts-ignore: decorator
@inline
function firstInside(sx: i32, px: i32): i32 {
  return (px + sx - 1) / sx;
}

/** First place whose window ends beyond a row of `width` cells; `reach` cells lie between a window's first and last. */
// @ts-ignore: decorator
@inline
function firstBeyond(width: i32, reach: i32, sx: i32, px: i32, outW: i32): i32 {
  const last = width - 1 - reach + px;
  return last < 0 ? 0 : min(outW, last / sx + 1);
}

/** Cells p[0], p[stride], .. p[7 stride], stride 1 or 2; reads none beyond. */
// @ts-ignore: decorator
@inline
function eight(p: usize, stride: i32): v128 {
  const v = v128.load(p);
  return stride === 1 ? v : v128.shuffle<u16>(v, v128.load(p, 14), 0, 2, 4, 6, 9, 11, 13, 15);
}

// ---- patches -----------------------------------------------------------------------------------------------------------

export function patchesI16(x: usize, planes: usize, channels: i32, height: i32, width: i32, kh: i32, kw: i32, sy: i32, sx: i32, dy: i32, dx: i32, py: i32, px: i32, outW: i32, rowLen: i32, from: i32, to: i32, dst: usize): void {
  const isPlane = kh * kw === 1 && sy === 1 && sx === 1 && (py | px) === 0 && outW === width;
  const h = isPlane ? 1 : height;
  const w = isPlane ? height * width : width;
  const line = isPlane ? w : outW;
  const first = firstInside(sx, px);
  const beyond = sx > 2 ? 0 : firstBeyond(w, dx * (kw - 1), sx, px, line);
  for (let row = from; row < to; ) {
    const oy = row / line;
    const ox = row - oy * line;
    const inside = ox < first ? 0 : min(beyond - ox, to - row);
    const back = max(0, 8 - inside);
    const at = dst + (<usize>(row - back) * rowLen << 1);
    if (inside > 0 && back <= ox - first && back <= row - from) {
      eightPatches(x, planes, channels, h, w, kh, kw, sx, dy, dx, sy * oy - py, sx * (ox - back) - px, rowLen, at);
      row += 8 - back;
    } else {
      patch(x, planes, channels, h, w, kh, kw, dy, dx, sy * oy - py, sx * ox - px, rowLen, dst + (<usize>row * rowLen << 1));
      row++;
    }
  }
}

/** The patch of the window whose first cell is (y0, x0). */
function patch(x: usize, planes: usize, channels: i32, height: i32, width: i32, kh: i32, kw: i32, dy: i32, dx: i32, y0: i32, x0: i32, rowLen: i32, dst: usize): void {
  let at = dst;
  for (let line = 0, lines = channels * kh; line < lines; line++) {
    const ky = line % kh;
    const y = y0 + dy * ky;
    const plane = load<i32>(planes + (<usize>(line / kh) << 2));
    const isLine = plane >= 0 && <u32>y < <u32>height;
    const base = x + (<usize>(plane + y * width) << 1);
    for (let kx = 0; kx < kw; kx++) {
      const column = x0 + dx * kx;
      const isCell = isLine && <u32>column < <u32>width;
      store<i16>(at, isCell ? load<i16>(base + (<usize>column << 1)) : 0);
      at += 2;
    }
  }
  memory.fill(at, 0, dst + (<usize>rowLen << 1) - at);
}

/** The patches of eight windows, the first from (y0, x0) on, whose cells lie inside the row: eight entries of each at a time. */
function eightPatches(x: usize, planes: usize, channels: i32, height: i32, width: i32, kh: i32, kw: i32, sx: i32, dy: i32, dx: i32, y0: i32, x0: i32, rowLen: i32, dst: usize): void {
  let entry = 0;
  for (let channel = 0; channel < channels; channel++) {
    const plane = load<i32>(planes + (<usize>channel << 2));
    for (let ky = 0; ky < kh; ky++) {
      const y = y0 + dy * ky;
      const isLine = plane >= 0 && <u32>y < <u32>height;
      const base = x + (<usize>(plane + y * width + x0) << 1);
      for (let kx = 0; kx < kw; kx++) {
        v128.store(scratch((entry & 7) << 4), isLine ? eight(base + (<usize>(dx * kx) << 1), sx) : i32x4.splat(0));
        if ((++entry & 7) === 0) storeEntries(dst + ((<usize>entry - 8) << 1), rowLen);
      }
    }
  }
  const rest = entry & 7;
  for (let i = entry; rest > 0 && i < entry - rest + 8; i++) v128.store(scratch((i & 7) << 4), i32x4.splat(0));
  if (rest > 0) entry -= rest;
  if (rest > 0 && entry + 8 <= rowLen) {
    storeEntries(dst + (<usize>entry << 1), rowLen);
    entry += 8;
  } else if (rest > 0) {
    storeSome(dst + (<usize>entry << 1), rowLen, rowLen - entry);
    entry = rowLen;
  }
  if (entry === rowLen) return;
  for (let i = 0; i < 8; i++) memory.fill(dst + (<usize>(i * rowLen + entry) << 1), 0, <usize>(rowLen - entry) << 1);
}

/** Eight entries of eight patches, from scratch memory, where each vector holds one entry of all patches. */
// @ts-ignore: decorator
@inline
function storeEntries(dst: usize, rowLen: i32): void {
  const s = scratch(0);
  storeTransposed8(dst, <usize>rowLen << 1, v128.load(s), v128.load(s, 16), v128.load(s, 32), v128.load(s, 48), v128.load(s, 64), v128.load(s, 80), v128.load(s, 96), v128.load(s, 112));
}

/** As storeEntries for the first `count` entries. */
function storeSome(dst: usize, rowLen: i32, count: i32): void {
  for (let i = 0; i < 8; i++) {
    for (let e = 0; e < count; e++) store<i16>(dst + (<usize>(i * rowLen + e) << 1), load<i16>(scratch((e << 4) + (i << 1))));
  }
}

/** Rows of eight int16 to columns: lane i of r0 .. r7 is stored at dst + i step. */
// @ts-ignore: decorator
@inline
function storeTransposed8(dst: usize, step: usize, r0: v128, r1: v128, r2: v128, r3: v128, r4: v128, r5: v128, r6: v128, r7: v128): void {
  const a0 = v128.shuffle<u16>(r0, r1, 0, 8, 1, 9, 2, 10, 3, 11);
  const a1 = v128.shuffle<u16>(r2, r3, 0, 8, 1, 9, 2, 10, 3, 11);
  const a2 = v128.shuffle<u16>(r4, r5, 0, 8, 1, 9, 2, 10, 3, 11);
  const a3 = v128.shuffle<u16>(r6, r7, 0, 8, 1, 9, 2, 10, 3, 11);
  const b0 = v128.shuffle<u16>(r0, r1, 4, 12, 5, 13, 6, 14, 7, 15);
  const b1 = v128.shuffle<u16>(r2, r3, 4, 12, 5, 13, 6, 14, 7, 15);
  const b2 = v128.shuffle<u16>(r4, r5, 4, 12, 5, 13, 6, 14, 7, 15);
  const b3 = v128.shuffle<u16>(r6, r7, 4, 12, 5, 13, 6, 14, 7, 15);
  storePairs(dst, step, a0, a1, a2, a3);
  storePairs(dst + 4 * step, step, b0, b1, b2, b3);
}

/** Four rows from vectors that hold pairs of columns: (c0 c1) of rows 0..3, (c2 c3), (c4 c5), (c6 c7). */
// @ts-ignore: decorator
@inline
function storePairs(dst: usize, step: usize, p0: v128, p1: v128, p2: v128, p3: v128): void {
  const u0 = v128.shuffle<u32>(p0, p1, 0, 4, 1, 5);
  const u1 = v128.shuffle<u32>(p0, p1, 2, 6, 3, 7);
  const u2 = v128.shuffle<u32>(p2, p3, 0, 4, 1, 5);
  const u3 = v128.shuffle<u32>(p2, p3, 2, 6, 3, 7);
  v128.store(dst, v128.shuffle<u64>(u0, u2, 0, 2));
  v128.store(dst + step, v128.shuffle<u64>(u0, u2, 1, 3));
  v128.store(dst + 2 * step, v128.shuffle<u64>(u1, u3, 0, 2));
  v128.store(dst + 3 * step, v128.shuffle<u64>(u1, u3, 1, 3));
}

// ---- depthwise ---------------------------------------------------------------------------------------------------------

export function windowsI16(x: usize, w: usize, height: i32, width: i32, kh: i32, kw: i32, sy: i32, sx: i32, dy: i32, dx: i32, py: i32, px: i32, outH: i32, outW: i32, from: i32, to: i32, c: usize): void {
  const first = firstInside(sx, px);
  const beyond = sx > 2 ? 0 : firstBeyond(width, dx * (kw - 1), sx, px, outW);
  for (let channel = from; channel < to; channel++) {
    const image = x + (<usize>(channel * height * width) << 1);
    const kernel = w + (<usize>(channel * kh * kw) << 1);
    for (let oy = 0; oy < outH; oy++) {
      const y0 = sy * oy - py;
      const line = c + (<usize>((channel * outH + oy) * outW) << 2);
      for (let ox = 0; ox < outW; ) {
        const inside = ox < first ? 0 : beyond - ox;
        const back = max(0, 8 - inside);
        if (inside > 0 && back <= ox - first) {
          const at = ox - back;
          eightWindows(image, kernel, height, width, kh, kw, sx, dy, dx, y0, sx * at - px, line + (<usize>at << 2));
          ox += 8 - back;
        } else {
          store<i32>(line + (<usize>ox << 2), window(image, kernel, height, width, kh, kw, dy, dx, y0, sx * ox - px));
          ox++;
        }
      }
    }
  }
}

/** sum of kernel times the window whose first cell is (y0, x0). */
function window(image: usize, kernel: usize, height: i32, width: i32, kh: i32, kw: i32, dy: i32, dx: i32, y0: i32, x0: i32): i32 {
  let sum = 0;
  for (let ky = 0; ky < kh; ky++) {
    const y = y0 + dy * ky;
    if (<u32>y >= <u32>height) continue;
    for (let kx = 0; kx < kw; kx++) {
      const column = x0 + dx * kx;
      if (<u32>column >= <u32>width) continue;
      sum += <i32>load<i16>(kernel + (<usize>(ky * kw + kx) << 1)) * <i32>load<i16>(image + (<usize>(y * width + column) << 1));
    }
  }
  return sum;
}

/** Eight windows, the first from (y0, x0) on, whose cells lie inside the row. */
// @ts-ignore: decorator
@inline
function eightWindows(image: usize, kernel: usize, height: i32, width: i32, kh: i32, kw: i32, sx: i32, dy: i32, dx: i32, y0: i32, x0: i32, c: usize): void {
  let low = i32x4.splat(0);
  let high = i32x4.splat(0);
  for (let ky = 0; ky < kh; ky++) {
    const y = y0 + dy * ky;
    if (<u32>y >= <u32>height) continue;
    const base = image + (<usize>(y * width + x0) << 1);
    const taps = kernel + (<usize>(ky * kw) << 1);
    for (let kx = 0; kx < kw; kx++) {
      const v = eight(base + (<usize>(dx * kx) << 1), sx);
      const tap = v128.load16_splat(taps + (<usize>kx << 1));
      low = i32x4.add(low, i32x4.extmul_low_i16x8_s(v, tap));
      high = i32x4.add(high, i32x4.extmul_high_i16x8_s(v, tap));
    }
  }
  v128.store(c, low);
  v128.store(c, high, 16);
}
