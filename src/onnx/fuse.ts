/**
 * Constants that follow a linear operator go into its weights, in double precision. With one number a output channel,
 *
 *   a (W x + c) = (a W) x + a c,     (W x + c) + b = W x + (c + b)
 *
 * which folds BatchNormalization (by now a Mul and an Add), biases and scales into Conv, ConvTranspose, Gemm and MatMul.
 */
import type { Draft } from './draft.ts';
import type { Constant, Node } from './graph.ts';
import { equalShapes, mapped, type Shape } from './tensor.ts';

/** The draft's nodes after fusing. `outputs` are the graph's: what they name is read from outside. */
export function fuse(draft: Draft, outputs: readonly string[]): Node[] {
  const readers = new Map<string, number>();
  for (const name of [...outputs, ...draft.nodes.flatMap((n) => n.inputs)]) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const fused: Node[] = [];
  const writer = new Map<string, number>(); // value to the index in `fused` of the node that writes it
  for (const node of draft.nodes) {
    const from = writer.get(node.inputs[0] ?? '');
    const before = from === undefined ? undefined : fused[from]!;
    const single = readers.get(node.inputs[0] ?? '') === 1;
    const merged = before !== undefined && single ? absorb(draft, before, node) : undefined;
    if (merged !== undefined) {
      fused[from!] = merged;
      writer.set(merged.outputs[0]!, from!);
      continue;
    }
    for (const output of node.outputs) writer.set(output, fused.length);
    fused.push(before?.op === 'Pad' ? padInside(before, node) : node);
  }
  return fused;
}

/** `linear` with the Mul or Add after it inside, or undefined where it does not fit. */
function absorb(draft: Draft, linear: Node, after: Node): Node | undefined {
  const weight = draft.constants.get(linear.inputs[1] ?? '');
  const constant = draft.constants.get(after.inputs[1] ?? '');
  const shape = draft.infos.get(after.outputs[0]!)!.shape;
  if (weight === undefined || constant === undefined) return undefined;
  if (!equalShapes(shape, draft.infos.get(after.inputs[0]!)!.shape)) return undefined;
  const axis = channelAxis(linear, weight, shape);
  const channels = axis === undefined ? undefined : perChannel(constant, shape, axis);
  if (channels === undefined) return undefined;
  const constantName = after.inputs[1]!;
  if (after.op === 'Mul') return scaleWeights(draft, linear, weight, channels, constantName, after.outputs);
  if (after.op === 'Add') return addBias(draft, linear, weight, channels, constantName, after.outputs);
  return undefined;
}

/** The output axis that the weight's output channels make. */
function channelAxis(linear: Node, weight: Constant, shape: Shape): number | undefined {
  switch (linear.op) {
    case 'Conv':
    case 'ConvTranspose':
    case 'Gemm':
      return 1;
    case 'MatMul':
      return weight.shape.length === 2 ? shape.length - 1 : undefined;
    default:
      return undefined;
  }
}

/** The constant as one number a channel, if it varies along no other axis. */
function perChannel(constant: Constant, shape: Shape, axis: number): Float64Array | undefined {
  const lead = shape.length - constant.shape.length;
  if (constant.dtype !== 'float' || constant.shape.some((d, a) => d !== 1 && a + lead !== axis)) return undefined;
  return Float64Array.from({ length: shape[axis]! }, (_, c) => constant.data[constant.data.length === 1 ? 0 : c]!);
}

function scaleWeights(
  draft: Draft,
  linear: Node,
  weight: Constant,
  factors: Float64Array,
  after: string,
  outputs: readonly string[],
): Node | undefined {
  const [x, , c] = linear.inputs;
  const bias = c === undefined ? undefined : draft.constants.get(c);
  if (c !== undefined && bias === undefined) return undefined;
  const channel = channelOf(linear, weight);
  const data = mapped(weight.data, (w, i) => w * factors[channel(i)]!);
  const from = [...linear.inputs, after];
  const inputs = [x!, addConstant(draft, linear, 'weight', weight.shape, data, from)];
  if (bias !== undefined) {
    inputs.push(
      addConstant(
        draft,
        linear,
        'bias',
        bias.shape,
        mapped(bias.data, (b, i) => b * factors[i]!),
        from,
      ),
    );
  }
  return { ...linear, inputs, outputs };
}

/** A MatMul of matrices with a bias is a Gemm; one with batch axes has no place for it. */
function addBias(
  draft: Draft,
  linear: Node,
  weight: Constant,
  terms: Float64Array,
  after: string,
  outputs: readonly string[],
): Node | undefined {
  const [x, w, c] = linear.inputs;
  const bias = c === undefined ? undefined : draft.constants.get(c);
  if (c !== undefined && bias === undefined) return undefined;
  const matrices = weight.shape.length === 2 && draft.infos.get(x!)!.shape.length === 2;
  if (linear.op === 'MatMul' && !matrices) return undefined;
  const data = terms.map((b, i) => b + (bias?.data[i] ?? 0));
  const from = [c ?? '', after];
  const inputs = [x!, w!, addConstant(draft, linear, 'bias', [data.length], data, from)];
  return { ...linear, op: linear.op === 'MatMul' ? 'Gemm' : linear.op, inputs, outputs };
}

function addConstant(
  draft: Draft,
  node: Node,
  suffix: string,
  shape: Shape,
  data: Float64Array,
  from: readonly string[],
): string {
  const name = draft.unique(`${node.name}/${suffix}`);
  draft.addConstant(name, { type: 'float32', value: { shape, dtype: 'float', data } }, from);
  return name;
}

/** Element of the weight to output channel. Conv (M, C/g, k); ConvTranspose (C, M/g, k), grouped by rows; matrix (K, N). */
function channelOf(linear: Node, weight: Constant): (i: number) => number {
  const [first, second] = weight.shape;
  const row = weight.data.length / first!;
  if (linear.op === 'Conv') return (i) => Math.floor(i / row);
  if (linear.op !== 'ConvTranspose') return (i) => i % second!;
  const kernel = row / second!;
  const rowsPerGroup = first! / (linear.attributes.get('group') as number);
  return (i) => Math.floor(Math.floor(i / row) / rowsPerGroup) * second! + (Math.floor(i / kernel) % second!);
}

/** A Conv after a Pad with zeros pads for itself. The Pad stays for others and dies without them. */
function padInside(pad: Node, node: Node): Node {
  const pads = pad.attributes.get('pads') as readonly number[];
  const rank = pads.length / 2;
  const zeros = pad.attributes.get('mode') === 'constant' && pad.attributes.get('value') === 0;
  const spatial = [0, 1, rank, rank + 1].every((a) => pads[a] === 0);
  if (node.op !== 'Conv' || !zeros || !spatial) return node;
  const added = [...pads.slice(2, rank), ...pads.slice(rank + 2)];
  const own = node.attributes.get('pads') as readonly number[];
  const attributes = new Map([...node.attributes, ['pads', own.map((p, i) => p + added[i]!)] as const]);
  return { ...node, inputs: [pad.inputs[0]!, ...node.inputs.slice(1)], attributes };
}
