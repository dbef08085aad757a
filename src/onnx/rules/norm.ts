/**
 * Normalisations. BatchNormalization is affine at inference and becomes so at once:
 *
 *   y = a x + b,  a = scale / sqrt(variance + epsilon),  b = bias - a mean      (one a and b a channel, in double)
 */
import type { Constant } from '../graph.ts';
import { type Call, emit, type Rule, step, steps } from '../rule.ts';

const batchNormalization: Rule = (call) => {
  const epsilon = call.float('epsilon', 1e-5);
  call.float('momentum', 0.9);
  if (call.flag('training_mode', false) || !call.flag('spatial', true)) {
    call.fail('E_UNSUPPORTED_ATTRIBUTE', 'training_mode and spatial = 0 are not supported', 'Export in eval mode.');
  }
  const channels = call.shape(0)[1] ?? call.fail('E_SHAPE', `input [${call.shape(0)}] has no channel axis`);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => parameter(call, i, channels).data);
  const a = new Float64Array(channels);
  const b = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    a[c] = scale![c]! / Math.sqrt(variance![c]! + epsilon);
    b[c] = bias![c]! - a[c]! * mean![c]!;
  }
  const shape = [
    channels,
    ...call
      .shape(0)
      .slice(2)
      .map(() => 1),
  ];
  const constant = (suffix: string, data: Float64Array) =>
    call.addConstant(suffix, { type: call.type(0), value: { shape, dtype: 'float', data } });
  const scaled = call.intermediate('scaled');
  return steps([
    step(call, 'Mul', [call.input(0), constant('a', a)], scaled),
    step(call, 'Add', [scaled, constant('b', b)], call.node.outputs[0]!),
  ]);
};

function parameter(call: Call, i: number, channels: number): Constant {
  const value = call.constant(i);
  if (value === undefined) {
    return call.fail(
      'E_UNSUPPORTED_ATTRIBUTE',
      `input ${i} is computed`,
      'Export in eval mode, with constant statistics.',
    );
  }
  if (value.data.length !== channels) call.fail('E_SHAPE', `input ${i} is [${value.shape}] for ${channels} channels`);
  return value;
}

/** x (N, C, ...): over the axes after C; scale and bias (C). */
const instanceNormalization: Rule = (call) => {
  if (call.rank(0) < 3) call.fail('E_SHAPE', `input [${call.shape(0)}] has no spatial axes`);
  return emit(call, { epsilon: call.float('epsilon', 1e-5) }, [call.info(0)]);
};

/** Over the axes from `axis` on; scale and bias broadcast to x. Outputs mean and deviation are for training. */
const layerNormalization: Rule = (call) => {
  call.int('stash_type', 1);
  const axis = call.axis(call.int('axis', -1), call.rank(0));
  return emit(call, { axis, epsilon: call.float('epsilon', 1e-5) }, [call.info(0)]);
};

export const normRules: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: layerNormalization,
};
