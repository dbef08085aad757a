/**
 * The kernels: all arithmetic worth making fast, on flat buffers in one linear memory. No tensors, no graph.
 *
 * Pointers are byte offsets. Layouts:
 *   base vector   u32 words, canonical field elements
 *   i16 / i32     little-endian signed integers; an i32 kernel also takes canonical base vectors (they are below 2^31)
 *   E vector      extension elements in quads: coordinate c (0..3) of element i is the u32 word at
 *                 ptr + 64 (i >> 2) + 16 c + 4 (i & 3). 64 bytes per 4 elements; a vector of 1-3 elements takes one quad, whose
 *                 unused lanes are arbitrary. Halves of vectors of >= 8 elements are again vectors.
 *   E scalar      four u32 words; passed as four arguments, stored as 16 consecutive bytes
 * All E values are canonical, in and out. `from`, `to` cut a call's range into tasks for several threads: they are multiples of
 * 8 or the ends of the range; sums over a range are written to `out` (E scalars) and added up by the caller.
 *
 * The plain TypeScript reference is the definition; the WebAssembly equals it bit for bit (test/kernels).
 */

/** Functions over one memory, each total on its documented domain. Vector lengths are powers of two unless a comment says `any`. */
export interface RawKernels {
  // ---- extension vectors -------------------------------------------------------------------------------------------
  /** dst[i] = src[i] + r (src[half + i] - src[i]), from <= i < to <= half. dst may be src. any. */
  foldExt(
    src: number,
    half: number,
    from: number,
    to: number,
    r0: number,
    r1: number,
    r2: number,
    r3: number,
    dst: number,
  ): void;
  /** dst[x] = scale * eq(r, x), x < 2^n; coords: n E scalars, the first belongs to the most significant bit of x. n >= 0. */
  eqTable(coords: number, n: number, s0: number, s1: number, s2: number, s3: number, dst: number): void;
  /** out = sum_(from <= i < to) a[i] b[i]. any. */
  dotExt(a: number, b: number, from: number, to: number, out: number): void;
  /** dst[i] += k src[i]. any. */
  axpyExt(dst: number, src: number, from: number, to: number, k0: number, k1: number, k2: number, k3: number): void;
  /** dst[i nb + j] = a[i] b[j], i < na, j < nb. any. */
  outerExt(a: number, na: number, b: number, nb: number, dst: number): void;
  /** dst[i] = 0, i < count. any. */
  zeroExt(dst: number, count: number): void;
  /** dst[i] = k, from <= i < to. any. */
  fillExt(dst: number, from: number, to: number, k0: number, k1: number, k2: number, k3: number): void;
  /** dst[i] += the element with coordinates c at src + c planeBytes, base vectors, i < count. any. */
  addPlanes(dst: number, count: number, src: number, planeBytes: number): void;
  /** dst[to + a toPlane + b toRow + i toStep] = src[from + a fromPlane + b fromRow + i fromStep], a < planes, b < rows, i < count. any. */
  moveExt(
    src: number,
    from: number,
    dst: number,
    to: number,
    planes: number,
    fromPlane: number,
    toPlane: number,
    rows: number,
    fromRow: number,
    toRow: number,
    count: number,
    fromStep: number,
    toStep: number,
  ): void;
  /** dst[row] = sum_(j < len) x[row stride + j] w[j], from <= row < to, over E. any. */
  dotRowsExt(x: number, stride: number, len: number, w: number, from: number, to: number, dst: number): void;
  /** dst[j] += sum_(row < rows) w[row] x[skip + row stride + j], from <= j < to, over E. any. */
  foldRowsExt(
    x: number,
    skip: number,
    stride: number,
    rows: number,
    w: number,
    from: number,
    to: number,
    dst: number,
  ): void;
  /** E vector -> four base vectors: dst + c planeBytes holds coordinate c. any. */
  splitExt(src: number, count: number, dst: number, planeBytes: number): void;

  // ---- sumcheck rounds: values over x < half of polynomials in X, t(X) = t[x] + X (t[half + x] - t[x]) ---------------
  /** out: sum a(0) b(0), sum da db (the leading coefficient). any. */
  productRound(a: number, b: number, half: number, from: number, to: number, out: number): void;
  /** out: sum e a b at X = 0, at X = -1, and the cubic coefficient sum de da db. */
  tripleRound(e: number, a: number, b: number, half: number, from: number, to: number, out: number): void;

  // ---- fraction tree (logUp-GKR). A layer is stored split: the nodes 2i, then from `half` on the nodes 2i + 1 ---------------------
  /**
   * Parents of a split layer: p = p0 q1 + p1 q0, q = q0 q1 for from <= x < to, children at x and half + x. Parent x goes to position
   * x/2 (even) or dstHalf + (x-1)/2 (odd). dstHalf is even, or all parents are fewer than four.
   */
  fractionUp(
    p: number,
    q: number,
    half: number,
    from: number,
    to: number,
    pDst: number,
    qDst: number,
    dstHalf: number,
  ): void;
  /**
   * The first round of sum_x eq(x) (p0 q1 + (p1 + lambda q1) q0) over vectors of 2 half entries. Of these only `length` are stored, the
   * rest are (p0, p1, q0, q1) = (0, 0, 1, 1). p1 <- p1 + lambda q1 at x and half + x; then out = the sum at X = 0 of the summands less
   * lambda, and the coefficient of X^2 (sum eq (dp0 dq1 + dp1 dq0)), for from <= x < to <= min(half, length).
   * eq(x) = eqHi[x >> loBits] eqLo[x & (2^loBits - 1)]. length: a multiple of 4, or 2 half. lambda: pointer to an E scalar.
   */
  fractionFirst(
    p0: number,
    p1: number,
    q0: number,
    q1: number,
    half: number,
    length: number,
    lambda: number,
    eqLo: number,
    loBits: number,
    eqHi: number,
    from: number,
    to: number,
    out: number,
  ): void;
  /**
   * Folds four vectors of 4 quarter entries, `length` stored, in place by r (as foldExt with half = 2 quarter), p1 being p1 + lambda q1
   * and so lambda where it is not stored; then the sums of fractionFirst with half = quarter, for from <= x < to <= min(quarter, length)
   * (x touches only entries x, x + quarter and their partners). r, lambda: pointers to E scalars.
   */
  fractionNext(
    p0: number,
    p1: number,
    q0: number,
    q1: number,
    quarter: number,
    length: number,
    r: number,
    lambda: number,
    eqLo: number,
    loBits: number,
    eqHi: number,
    from: number,
    to: number,
    out: number,
  ): void;

  // ---- the leaves. A block is 20 words: x0, kind0, x1, kind1, m, rowLen, rowBits, inner, innerBits, outer, pattern, innerStride,
  // ---- outerStride, 0, 0, 0, c ---------------------------------------------------------------------------------------
  /**
   * Leaf l of a block has the cell (l >> rowBits + innerBits) outerStride + row innerStride + column, column the low rowBits bits of l, row
   * the innerBits above; it is p/q with q = c - x0[cell] - beta x1[cell], p = 1, or -m[cell] where m != 0, and 0/1 where an index is not
   * below its size (outer, inner, rowLen). Kinds: 0 none (x1), 2 i16, 4 i32. m: i32 vector. beta: pointer to an E scalar.
   *
   * The parents of leaves from <= l < to, multiples of 8, as nodes at + l/2 of a split layer.
   */
  leafParents(
    block: number,
    from: number,
    to: number,
    beta: number,
    at: number,
    half: number,
    p: number,
    q: number,
  ): void;
  /** The parents' parents of leaves from <= l < to, multiples of 16, as nodes at + l/4 of a split layer. */
  leafGrandparents(
    block: number,
    from: number,
    to: number,
    beta: number,
    at: number,
    half: number,
    p: number,
    q: number,
  ): void;
  /** p + lambda q of leaves from <= l < to, multiples of 8, as nodes at + l of a split layer. lambda: pointer to an E scalar. */
  leafFactors(
    block: number,
    from: number,
    to: number,
    beta: number,
    lambda: number,
    at: number,
    half: number,
    dst: number,
  ): void;
  /**
   * ids[l/8], u32: which of leaves l .. l+7 are in the box, a bit each; or, where pattern != 0, pattern + l/8 if one of them is. For
   * from <= l < to, multiples of 8.
   */
  leafPatterns(block: number, from: number, to: number, ids: number): void;

  // ---- the sumcheck over the leaves: A = p0 + lambda q0, B = p1 + lambda q1; quad x/4 of p0 and p1 is pattern ids[x/4] ---------------
  /**
   * The first round of sum_x eq(x) (A B - p0 p1) over vectors of 2 half entries, of which `length` are stored and the rest are `empty`
   * (pointer to an E scalar): out = sum eq (A B - product 0) at X = 0, sum eq (dA dB - product 1), the quads of pattern pair i being
   * at products + 128 i and 64 further, for from <= x < to <= min(half, length). from, to, half, length: multiples of 4. loBits >= 2.
   * Id 0 says that all entries concerned are `empty`: they are left as they are and add nothing.
   */
  pairFirst(
    a: number,
    b: number,
    half: number,
    length: number,
    empty: number,
    ids: number,
    products: number,
    eqLo: number,
    loBits: number,
    eqHi: number,
    from: number,
    to: number,
    out: number,
  ): void;
  /** As fractionNext to fractionFirst: folds by r (pointer to an E scalar), then the sums of pairFirst with half = quarter. */
  pairNext(
    a: number,
    b: number,
    quarter: number,
    length: number,
    r: number,
    empty: number,
    ids: number,
    products: number,
    eqLo: number,
    loBits: number,
    eqHi: number,
    from: number,
    to: number,
    out: number,
  ): void;
  /**
   * Numbers the pairs (ids[x], ids[half + x]), x < min(half, length), 0 standing for ids at or above `length`: in order of appearance
   * from 1 on, (0, 0) being 0. dst[x] = the number, pairs[number] = the two ids (u32). Returns how many there are, or -1 where that is
   * more than 2^(slotBits - 1). slots: room for 3 2^slotBits words. dst may be ids.
   */
  pairPatterns(
    ids: number,
    half: number,
    length: number,
    slots: number,
    slotBits: number,
    pairs: number,
    dst: number,
  ): number;
  /**
   * A pattern is two quads, p0 and p1, 128 bytes. For pairs from <= i < to of patterns (lo, hi): dst[i] = the quads p0 p1 + constant of
   * lo, and (p0' - p0) (p1' - p1), primes being hi's. constant: pointer to an E scalar.
   */
  patternProducts(patterns: number, pairs: number, from: number, to: number, constant: number, dst: number): void;
  /** dst[i] = lo + r (hi - lo), both quads. r: pointer to an E scalar. */
  patternFold(patterns: number, pairs: number, from: number, to: number, r: number, dst: number): void;

  // ---- integers times extension --------------------------------------------------------------------------------------
  /** dst[row] = sum_(j < len) x[row stride + j] w[j], from <= row < to. x: i16. any; stride in elements. */
  dotRowsI16(x: number, stride: number, len: number, w: number, from: number, to: number, dst: number): void;
  /** As dotRowsI16 with x: i32, |x| < 2^31. */
  dotRowsI32(x: number, stride: number, len: number, w: number, from: number, to: number, dst: number): void;
  /** dst[j] += sum_(row < rows) w[row] x[row stride + j], from <= j < to. x: i16. any. */
  foldRowsI16(x: number, stride: number, rows: number, w: number, from: number, to: number, dst: number): void;
  /** As foldRowsI16 with x: i32, |x| < 2^31. */
  foldRowsI32(x: number, stride: number, rows: number, w: number, from: number, to: number, dst: number): void;

  // ---- code and hashes -----------------------------------------------------------------------------------------------
  /**
   * Twiddles of stages 1..n: word 2^(k-1) + b, b < 2^(k-1), is x(Q_k^(1 + 4 rev_(k-1)(b))), rev of k-1 bits (field/circle.ts). Word 0
   * unused; 2^n words.
   */
  twiddles(n: number, dst: number): void;
  /**
   * Codeword of 2^m coefficients on D_n in position order (field/circle.ts `encode`): stage by stage from the top index bit,
   * (a, b) -> (a + v b, a - v b), v = twiddle of the block. src: base vector of 2^m, kept; dst: base vector of 2^n, which may begin at src.
   * m <= n, n >= 3.
   */
  encodeRow(src: number, m: number, dst: number, n: number, twiddles: number): void;
  /** dst: the 2^m words of src, then the `length` <= 2^m words of tail, then zeros up to 2^(m+1) words. */
  joinRow(src: number, m: number, tail: number, length: number, dst: number): void;
  /**
   * The transpose of encodeRow: dst[i], i < 2^m, is the sum over positions j of src[j] times basis element i at the point of j. src: base
   * vector of 2^n, overwritten. m <= n, n >= 3.
   */
  adjointRow(src: number, n: number, dst: number, m: number, twiddles: number): void;
  /**
   * A step of the BLAKE3 of columns of `total` words, from <= j < to: takes words first .. first + rows, matrix[row stride + j], row < rows,
   * little-endian, into the chaining values at dst, 32 bytes a column. They are all of one chunk of 256 words; first is a multiple of 16. Behind
   * the last word of a chunk, dst is the chunk's chaining value, which of up to 256 words is the digest. from, to multiples of 4. stride in words.
   */
  hashColumns(
    matrix: number,
    rows: number,
    stride: number,
    from: number,
    to: number,
    dst: number,
    first: number,
    total: number,
  ): void;
  /** dst[j] = BLAKE3 parent of left[j] and right[j], 32 bytes each, root 1: as the root; from, to multiples of 4. dst may be left or right. */
  joinColumns(left: number, right: number, root: number, from: number, to: number, dst: number): void;
  /** dst[i] = BLAKE3 parent chaining value (no ROOT flag) of nodes src[2i], src[2i+1]; 32 bytes a node, of whose children the first 28 count. */
  hashParents(src: number, from: number, to: number, dst: number): void;
  /**
   * Least nonce n with start <= n < start + count such that the low `bits` bits of the first word of
   * BLAKE3.keyed(state, "grind" || n as u64 LE) are zero, minus start; -1 if none. state: 32 bytes. start: startLo + 2^32 startHi. bits <= 32.
   */
  grind(state: number, startLo: number, startHi: number, count: number, bits: number): number;
  /**
   * Pseudorandom words: block i, from <= i < to, at dst + 32 i is BLAKE3.keyed(key, use u32 || i u64 || attempt u32), attempt 0. canonical 1:
   * its eight words w become field elements w >> 1, and the first attempt in which none of them is p counts; canonical 0: as they are.
   */
  expandSecret(key: number, use: number, canonical: number, from: number, to: number, dst: number): void;

  // ---- integers ------------------------------------------------------------------------------------------------------
  /** c[i N + j] = sum_k a[i K + k] b[j K + k], i32 wrap-around free by the caller's range analysis; rows from <= i < to of a. i16 in, i32 out. any. */
  gemmI16(a: number, b: number, N: number, K: number, from: number, to: number, c: number): void;
  /**
   * Rows of window patches for gemmI16. x: i16, planes of height x width: that of a channel begins at cell planes[ch] (i32), and is of zeros
   * where that is -1. For from <= row < to, row = oy outW + ox:
   *   dst[row rowLen + (ch kh + ky) kw + kx] = x[ch, sy oy + dy ky - py, sx ox + dx kx - px], 0 outside. rowLen >= channels kh kw; the rest is 0.
   */
  patchesI16(
    x: number,
    planes: number,
    channels: number,
    height: number,
    width: number,
    kh: number,
    kw: number,
    sy: number,
    sx: number,
    dy: number,
    dx: number,
    py: number,
    px: number,
    outW: number,
    rowLen: number,
    from: number,
    to: number,
    dst: number,
  ): void;
  /** Depthwise windows: c[ch, oy, ox] = sum_(ky,kx) w[ch, ky, kx] x[ch, sy oy + dy ky - py, sx ox + dx kx - px], channels from <= ch < to. i16 in, i32 out. */
  windowsI16(
    x: number,
    w: number,
    height: number,
    width: number,
    kh: number,
    kw: number,
    sy: number,
    sx: number,
    dy: number,
    dx: number,
    py: number,
    px: number,
    outH: number,
    outW: number,
    from: number,
    to: number,
    c: number,
  ): void;
  /** dst[i] (i32) += k src[i]. srcKind 2: i16, 4: i32. any. */
  axpyInt(dst: number, src: number, srcKind: number, k: number, from: number, to: number): void;
  /** dst[i] (i32) = value. any. */
  fillI32(dst: number, value: number, from: number, to: number): void;
  /** dst[i] = (src[i] >> shift), arithmetic. src i32; dstKind 2: i16, 4: i32. any. */
  shiftInt(src: number, shift: number, dst: number, dstKind: number, from: number, to: number): void;
  /** dst[i] (i32) = (src[i] >> shift) & (2^count - 1), arithmetic shift. srcKind as above. any. */
  bitsInt(src: number, srcKind: number, shift: number, count: number, dst: number, from: number, to: number): void;
  /**
   * dst[i] = table[src[i] - start], table: i32 vector of `rows`. Returns the first i whose index is outside the table, or -1.
   * srcKind and dstKind 2: i16, 4: i32. any.
   */
  tableInt(
    src: number,
    srcKind: number,
    table: number,
    start: number,
    rows: number,
    dst: number,
    dstKind: number,
    from: number,
    to: number,
  ): number;
  /** counts[src[i] - start] += 1 (i32). Returns the first i outside 0 <= src[i] - start < rows, or -1. any. */
  countInt(src: number, srcKind: number, start: number, rows: number, counts: number, from: number, to: number): number;
  /**
   * dst: the canonical field elements of a box of src, densely: cells plane planeStride + row rowStride + i, plane < planes, row < rows,
   * i < count. srcKind as above. dst: base vector. any; strides in elements.
   */
  packBox(
    src: number,
    srcKind: number,
    planes: number,
    planeStride: number,
    rows: number,
    rowStride: number,
    count: number,
    dst: number,
  ): void;
}

export type KernelName = keyof RawKernels;

/** A memory with kernels on it, and perhaps threads. */
export interface Machine extends AsyncDisposable {
  readonly name: 'reference' | 'wasm' | 'wasm-threads';
  /** Threads that work at a fork, the caller's included. */
  readonly threads: number;
  /** Why there is one thread only, where more were asked for. */
  readonly reason: string | undefined;
  /** The kernels on the calling thread. */
  readonly raw: RawKernels;
  /** Bytes that the largest allocation so far reached. */
  readonly peakBytes: number;
  /** Bytes that it may take at most. */
  readonly limitBytes: number;

  /** `bytes` of memory, 64-byte aligned, contents arbitrary. @throws TesseraError E_MEMORY */
  alloc(bytes: number): number;
  /** The arena's top; `release` frees everything allocated since. Strictly nested. */
  mark(): number;
  release(mark: number): void;

  /** Views of the memory; valid until the next `alloc`, which may grow it. Lengths in elements. */
  u8(ptr: number, length: number): Uint8Array;
  u32(ptr: number, length: number): Uint32Array;
  i32(ptr: number, length: number): Int32Array;
  i16(ptr: number, length: number): Int16Array;

  /**
   * Runs `work` with the arena to itself, after whatever else holds it: what is allocated since the beginning is free again at the end, however it
   * ends. Work that waits for something else than the machine must be done in here; not to be nested.
   */
  exclusive<T>(work: () => T | Promise<T>): Promise<T>;

  /** Runs raw[kernel](...task) for every task, on all threads, and returns when all are done. Task order is free. Results (numbers) in task order. */
  fork(kernel: KernelName, tasks: readonly (readonly number[])[]): readonly number[];
}

/** Bytes of an E vector of n elements. */
export function extBytes(n: number): number {
  return 64 * Math.ceil(n / 4);
}
