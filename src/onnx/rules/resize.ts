/**
 * Resize, and Upsample before it: y[j] = x at coordinate(j), by neighbour or interpolation; out = floor(in scale).
 *
 * Upsample and the Resize of opset 10 are asymmetric (coordinate j / scale) and round neighbours down when enlarging.
 */
import { alias, type Call, emit, type Result, type Rule } from '../rule.ts';
import { equalShapes } from '../tensor.ts';

interface Sampling {
  readonly mode: string;
  readonly coordinate: string;
  readonly nearest: string;
}

const resize: Rule = (call) => {
  const mode = call.text('mode', 'nearest');
  if (call.opset < 11) return oldResize(call, mode);
  const coordinate = call.text('coordinate_transformation_mode', 'half_pixel');
  const nearest = call.text('nearest_mode', 'round_prefer_floor');
  const odd = call.flag('antialias', false) || call.flag('exclude_outside', false);
  call.float('cubic_coeff_a', -0.75);
  call.float('extrapolation_value', 0);
  if (odd || mode === 'cubic' || coordinate === 'tf_crop_and_resize') {
    const hint = 'Use mode=linear or nearest.';
    call.fail(
      'E_UNSUPPORTED_ATTRIBUTE',
      'cubic, antialias, exclude_outside and tf_crop_and_resize are not supported',
      hint,
    );
  }
  if (call.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
    call.fail('E_UNSUPPORTED_ATTRIBUTE', 'keep_aspect_ratio_policy is not supported');
  }
  const scales = call.numbersAt(2, 'the scales');
  const sizes = call.intsAt(3, 'the sizes');
  const axes = call.ints('axes')?.map((a) => call.axis(a, call.rank(0))) ?? [...call.shape(0).keys()];
  const byScales = scales !== undefined && scales.length > 0;
  const given = (byScales ? scales : sizes) ?? call.fail('E_ONNX_GRAPH', 'scales and sizes are missing');
  if (given.length !== axes.length) call.fail('E_SHAPE', `${given.length} scales or sizes for ${axes.length} axes`);
  const full = call.shape(0).map((d, a) => {
    const i = axes.indexOf(a);
    if (i < 0) return 1;
    return byScales ? given[i]! : given[i]! / d;
  });
  return resample(call, full, { mode, coordinate, nearest });
};

const upsample: Rule = (call) => oldResize(call, call.text('mode', 'nearest'));

function oldResize(call: Call, mode: string): Result {
  const scales = call.numbersAt(1, 'the scales') ?? scalesAttribute(call);
  if (mode === 'nearest' && scales.some((s) => s < 1)) {
    call.fail(
      'E_UNSUPPORTED_ATTRIBUTE',
      'shrinking by neighbours before opset 11 is not defined exactly',
      'Export at opset 11.',
    );
  }
  return resample(call, scales, { mode, coordinate: 'asymmetric', nearest: 'floor' });
}

/** Upsample kept its scales as floats until opset 9. */
function scalesAttribute(call: Call): readonly number[] {
  return call.floats('scales') ?? call.fail('E_ONNX_GRAPH', 'the scales are missing');
}

function resample(call: Call, scales: readonly number[], sampling: Sampling): Result {
  const shape = call.shape(0).map((d, a) => Math.floor(Math.fround(d * (scales[a] ?? Number.NaN)) + 1e-9));
  if (scales.length !== shape.length || shape.some((d) => !(d >= 1))) {
    call.fail('E_SHAPE', `scales [${scales}] do not fit [${call.shape(0)}]`);
  }
  if (equalShapes(shape, call.shape(0)) && scales.every((s) => s === 1)) return alias(call);
  const attributes = {
    mode: sampling.mode,
    coordinate_transformation_mode: sampling.coordinate,
    nearest_mode: sampling.nearest,
    scales,
  };
  return emit(call, attributes, [{ shape, type: call.type(0) }], { op: 'Resize', inputs: [call.input(0)] });
}

export const resizeRules: Readonly<Record<string, Rule>> = { Resize: resize, Upsample: upsample };
