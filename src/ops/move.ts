/**
 * Operators that only name the cells of a tensor otherwise. They cost nothing: axes are renamed, split and merged in the value's
 * layout, and whoever needs the axes apart, or an output in its ONNX order, reads them from there.
 */
import type { Node } from '../onnx/graph.ts';
import { numbersOf } from './attributes.ts';
import { arrangeInOrder, coalesce, plainFactors, regroup } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { type Operator, readersScale } from './operator.ts';

export const reshape: Operator = {
  ops: ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Dropout'],
  meaning: 'the same integers under another shape',
  takes: 'same',
  lower: lowerReshape,
  demand: readersScale,
};

export const transpose: Operator = {
  ops: ['Transpose'],
  meaning: 'the same integers, axes permuted',
  takes: 'same',
  lower: (node, ctx) => {
    const x = ctx.value(node.inputs[0]!);
    const layout = numbersOf(node, 'perm').map((axis) => x.layout[axis]!);
    ctx.set(node.outputs[0]!, { ...x, layout });
  },
  demand: readersScale,
};

function lowerReshape(node: Node, ctx: Lowering): void {
  const x = ctx.value(node.inputs[0]!);
  const factors = plainFactors(ctx.shape(node.outputs[0]!));
  const layout = regroup(x.layout, factors);
  if (layout !== undefined) {
    ctx.set(node.outputs[0]!, { ...x, layout: coalesce(layout, ctx.builder.shapeOf(x.tensor)) });
    return;
  }
  const tensor = arrangeInOrder(ctx.builder, node.name, x, factors);
  ctx.setTensor(node, tensor, x.scale, factors);
}
