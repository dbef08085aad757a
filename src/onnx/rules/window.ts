/**
 * Convolutions and pools over 1, 2 or 3 spatial axes. In all of them, along each spatial axis,
 *
 *   y[o] reads x[stride o + dilation k - pad_begin],  0 <= k < kernel
 *   out = floor((in + pad_begin + pad_end - dilation (kernel - 1) - 1) / stride) + 1
 *
 * and a transposed convolution adds x[i] w[k] to y[stride i + dilation k - pad_begin].
 */
import { alias, type Call, emit, type Result, type Rule } from '../rule.ts';
import type { Shape } from '../tensor.ts';

/** One spatial axis. */
interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Cells that a window spans. */
function extent(axis: Axis): number {
  return axis.dilation * (axis.kernel - 1) + 1;
}

function readAxes(call: Call, kernel: Shape): Axis[] {
  const spatial = call.shape(0).slice(2);
  const given = call.ints('kernel_shape') ?? kernel;
  const strides = call.ints('strides') ?? spatial.map(() => 1);
  const dilations = call.ints('dilations') ?? spatial.map(() => 1);
  if (spatial.length < 1 || spatial.length > 3) {
    call.fail('E_SHAPE', `${spatial.length} spatial axes; 1, 2 and 3 are supported`);
  }
  const right = [given, strides, dilations].every((l) => l.length === spatial.length && l.every((v) => v >= 1));
  if (!right)
    call.fail('E_SHAPE', `kernel [${given}], strides [${strides}], dilations [${dilations}] do not fit the input`);
  return spatial.map((size, a) => ({ size, kernel: given[a]!, stride: strides[a]!, dilation: dilations[a]! }));
}

/** [begin, end] of the padding along each axis, from pads or auto_pad. */
function readPads(call: Call, axes: readonly Axis[]): [number, number][] {
  const mode = call.text('auto_pad', 'NOTSET');
  const pads = call.ints('pads') ?? axes.flatMap(() => [0, 0]);
  if (pads.length !== 2 * axes.length) call.fail('E_SHAPE', `pads [${pads}] do not fit ${axes.length} spatial axes`);
  if (pads.some((p) => p < 0)) call.fail('E_UNSUPPORTED_ATTRIBUTE', `pads [${pads}] are negative`);
  switch (mode) {
    case 'NOTSET':
      return axes.map((_, a) => [pads[a]!, pads[a + axes.length]!]);
    case 'VALID':
      return axes.map(() => [0, 0]);
    case 'SAME_UPPER':
    case 'SAME_LOWER':
      return axes.map((axis) => {
        const out = Math.ceil(axis.size / axis.stride);
        const total = Math.max(0, (out - 1) * axis.stride + extent(axis) - axis.size);
        return halve(total, mode === 'SAME_UPPER');
      });
    default:
      return call.fail('E_UNSUPPORTED_ATTRIBUTE', `auto_pad "${mode}" is unknown`);
  }
}

/** An odd total leaves one cell more at the end (upper) or at the begin. */
function halve(total: number, upper: boolean): [number, number] {
  const less = Math.floor(total / 2);
  return upper ? [less, total - less] : [total - less, less];
}

function windowAttributes(axes: readonly Axis[], pads: readonly [number, number][]) {
  return {
    kernel_shape: axes.map((a) => a.kernel),
    strides: axes.map((a) => a.stride),
    dilations: axes.map((a) => a.dilation),
    pads: [...pads.map((p) => p[0]), ...pads.map((p) => p[1])],
  };
}

function outputSizes(call: Call, axes: readonly Axis[], pads: readonly [number, number][]): number[] {
  return axes.map((axis, a) => {
    const [begin, end] = pads[a]!;
    const out = Math.floor((axis.size + begin + end - extent(axis)) / axis.stride) + 1;
    if (out < 1)
      call.fail('E_SHAPE', `a window of ${extent(axis)} does not fit ${axis.size} cells with pads ${begin}, ${end}`);
    return out;
  });
}

function checkBias(call: Call, channels: number): void {
  if (call.has(2) && (call.rank(2) !== 1 || call.shape(2)[0] !== channels)) {
    call.fail('E_SHAPE', `bias [${call.shape(2)}] does not fit ${channels} output channels`);
  }
}

/** X (N, C, ...), W (M, C / group, kernel...), B (M). */
const conv: Rule = (call) => {
  const [n, c] = call.shape(0);
  const [m, perGroup, ...kernel] = call.shape(1);
  const group = call.int('group', 1);
  const axes = readAxes(call, kernel);
  if (group < 1 || c !== perGroup! * group || m! % group !== 0 || kernel.some((k, a) => k !== axes[a]!.kernel)) {
    call.fail('E_SHAPE', `weight [${call.shape(1)}] does not fit input [${call.shape(0)}] in ${group} group(s)`);
  }
  checkBias(call, m!);
  const pads = readPads(call, axes);
  const shape = [n!, m!, ...outputSizes(call, axes, pads)];
  return emit(call, { ...windowAttributes(axes, pads), group }, [{ shape, type: call.type(0) }]);
};

/** X (N, C, ...), W (C, M / group, kernel...), B (M): out = stride (in - 1) + output_padding + extent - pads. */
const convTranspose: Rule = (call) => {
  const [n, c] = call.shape(0);
  const [rows, perGroup, ...kernel] = call.shape(1);
  const group = call.int('group', 1);
  const axes = readAxes(call, kernel);
  if (group < 1 || c !== rows || c! % group !== 0 || kernel.some((k, a) => k !== axes[a]!.kernel)) {
    call.fail('E_SHAPE', `weight [${call.shape(1)}] does not fit input [${call.shape(0)}] in ${group} group(s)`);
  }
  checkBias(call, perGroup! * group);
  const extra = call.ints('output_padding') ?? axes.map(() => 0);
  const full = axes.map((axis, a) => axis.stride * (axis.size - 1) + extra[a]! + extent(axis));
  const pads = transposedPads(call, axes, full);
  const sizes = full.map((f, a) => f - pads[a]![0] - pads[a]![1]);
  if (sizes.some((s) => !(s >= 1))) call.fail('E_SHAPE', `pads leave no output: [${sizes}]`);
  const attributes = { ...windowAttributes(axes, pads), output_padding: extra, group };
  return emit(call, attributes, [{ shape: [n!, perGroup! * group, ...sizes], type: call.type(0) }]);
};

/** output_shape, or in stride for SAME, fixes the total padding. */
function transposedPads(call: Call, axes: readonly Axis[], full: readonly number[]): [number, number][] {
  const mode = call.text('auto_pad', 'NOTSET');
  const same = mode === 'SAME_UPPER' || mode === 'SAME_LOWER';
  const wanted =
    call.ints('output_shape')?.slice(-axes.length) ?? (same ? axes.map((a) => a.size * a.stride) : undefined);
  if (wanted === undefined) return readPads(call, axes);
  call.ints('pads');
  return full.map((f, a) => {
    if (wanted[a]! > f)
      call.fail('E_UNSUPPORTED_ATTRIBUTE', `output_shape [${wanted}] is larger than the input reaches`);
    return halve(f - wanted[a]!, mode === 'SAME_UPPER');
  });
}

/**
 * ceil_mode becomes end padding: a last, partial window is kept when it begins inside the input or its begin padding.
 * The cells it adds count as padding, which no maximum sees and an average over the input's own cells does not count.
 */
function ceilPads(axes: readonly Axis[], pads: readonly [number, number][]): [number, number][] {
  return axes.map((axis, a) => {
    const [begin, end] = pads[a]!;
    const beyond = axis.size + begin + end - extent(axis);
    const out = Math.ceil(beyond / axis.stride) + 1;
    const last = (out - 1) * axis.stride;
    const kept = last >= axis.size + begin ? last - axis.stride : last;
    return [begin, Math.max(end, end + kept - beyond)];
  });
}

function pool(
  call: Call,
  attributes: (pads: readonly [number, number][], grown: boolean) => Record<string, number>,
): Result {
  const kernel = call.ints('kernel_shape') ?? call.fail('E_ONNX_GRAPH', 'attribute "kernel_shape" is missing');
  const axes = readAxes(call, kernel);
  const given = readPads(call, axes);
  const pads = call.flag('ceil_mode', false) ? ceilPads(axes, given) : given;
  const grown = pads.some((p, a) => p[1] > given[a]![1]);
  const shape = [...call.shape(0).slice(0, 2), ...outputSizes(call, axes, pads)];
  const all = { ...windowAttributes(axes, pads), ...attributes(pads, grown) };
  if (axes.every((a) => a.kernel === 1 && a.stride === 1) && all.pads.every((p) => p === 0)) return alias(call);
  return emit(call, all, [{ shape, type: call.type(0) }]);
}

const maxPool: Rule = (call) => {
  call.int('storage_order', 0);
  return pool(call, () => ({}));
};

/** Without padding every window has the same divisor: count_include_pad = 1 says so. */
const averagePool: Rule = (call) => {
  const includes = call.flag('count_include_pad', false);
  return pool(call, (pads, grown) => {
    if (includes && grown) {
      call.fail(
        'E_UNSUPPORTED_ATTRIBUTE',
        'ceil_mode with count_include_pad is not supported where windows are partial',
      );
    }
    return { count_include_pad: includes || pads.every(([begin, end]) => begin + end === 0) ? 1 : 0 };
  });
};

/** Over all spatial axes; they stay, with size 1. */
const globalPool: Rule = (call) => {
  const shape = call.shape(0).map((d, a) => (a < 2 ? d : 1));
  if (shape.length < 3) call.fail('E_SHAPE', `input [${call.shape(0)}] has no spatial axes`);
  return emit(call, {}, [{ shape, type: call.type(0) }]);
};

export const windowRules: Readonly<Record<string, Rule>> = {
  AveragePool: averagePool,
  Conv: conv,
  ConvTranspose: convTranspose,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  MaxPool: maxPool,
};
