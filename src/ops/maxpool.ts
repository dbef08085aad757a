/**
 * Maxima over windows, one axis at a time, by  max(a, b) = b + relu(a - b):  a window of k cells costs k - 1 looked-up differences.
 * Only these are committed; the maximum itself stays a virtual sum. Cells outside the tensor hold the range's lowest integer.
 */
import type { Range, TensorId, Term } from '../circuit/types.ts';
import type { Node } from '../onnx/graph.ts';
import { numbersOf } from './attributes.ts';
import { arrangeInOrder, factorsOf } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';

export const maxPool: Operator = {
  ops: ['MaxPool', 'GlobalMaxPool'],
  meaning: 'the exact maximum over the window',
  takes: 'narrow',
  lower,
  demand: ownScale,
};

interface Step {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
  readonly out: number;
}

function lower(node: Node, ctx: Lowering): void {
  const x = ctx.narrowTo(node.inputs[0]!, ctx.scheme.bits);
  const shape = ctx.shape(node.inputs[0]!);
  const [batch, channels] = factorsOf(x.layout) as [number[], number[]];
  const spatial = shape.slice(2).map((size) => [size]);
  const range = ctx.range(x);
  let tensor = arrangeInOrder(ctx.builder, `${node.name}.input`, x, [batch, channels, ...spatial]);
  const first = batch.length + channels.length;
  spatial.forEach((_, a) => {
    tensor = maxAlong(ctx, tensor, first + a, stepOf(node, ctx, a), range, `${node.name}.${a}`);
  });
  const sizes = ctx.builder.shapeOf(tensor).slice(first);
  ctx.setTensor(node, tensor, x.scale, [batch, channels, ...sizes.map((size) => [size])]);
}

function stepOf(node: Node, ctx: Lowering, a: number): Step {
  const size = ctx.shape(node.inputs[0]!)[2 + a]!;
  if (node.op === 'GlobalMaxPool') return { kernel: size, stride: 1, dilation: 1, pad: 0, out: 1 };
  const [kernel, stride] = [numbersOf(node, 'kernel_shape')[a]!, numbersOf(node, 'strides')[a]!];
  const out = ctx.shape(node.outputs[0]!)[2 + a]!;
  return { kernel, stride, dilation: numbersOf(node, 'dilations')[a]!, pad: numbersOf(node, 'pads')[a]!, out };
}

/** y[o] = max_k x[stride o + dilation k - pad] along one axis. */
function maxAlong(ctx: Lowering, x: TensorId, axis: number, step: Step, range: Range, name: string): TensorId {
  const { builder } = ctx;
  const shape = builder.shapeOf(x).map((size, a) => (a === axis ? step.out : size));
  const part = (k: number): TensorId =>
    builder.view(
      `${name}.${k}`,
      x,
      shape,
      shape.map((_, a) =>
        a === axis
          ? { kind: 'affine', from: a, to: a, stride: step.stride, offset: step.dilation * k - step.pad }
          : { kind: 'keep', from: a, to: a },
      ),
      range.lo,
    );
  if (step.kernel === 1 && step.stride === 1 && step.pad === 0) return x;
  const terms: Term[] = [{ tensor: part(0), coefficient: 1 }];
  for (let k = 1; k < step.kernel; k++) {
    const negated = terms.map((t) => ({ ...t, coefficient: -1 }));
    const difference = builder.linear(`${name}.difference${k}`, [{ tensor: part(k), coefficient: 1 }, ...negated]);
    const { y } = builder.requantise(`${name}.gain${k}`, difference, 0, ctx.differenceTable(range));
    terms.push({ tensor: y, coefficient: 1 });
  }
  return terms.length === 1 ? terms[0]!.tensor : builder.linear(`${name}.max`, terms);
}
