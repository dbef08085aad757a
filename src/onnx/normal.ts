/**
 * The normal form of every operator that an imported graph may hold: what a reader of the graph can rely on.
 *
 * - Every attribute listed is present, no other is. Defaults are filled in, negative axes resolved, parameters that ONNX
 *   passes as constant inputs are attributes. `ints` are lists of safe integers.
 * - `X?` is an optional input. Inputs absent at the end are left out, others are ''.
 * - Shapes are static: an output's size is in graph.shapes and is repeated in an attribute only for Reshape and Expand.
 * - In Add and Mul a constant operand is the second. A node whose inputs are all constants is gone wherever it could be
 *   evaluated; Div and Sub by a float constant are Mul and Add.
 * - Identity is left only where a graph output is a graph input or another output. A graph output may be a constant.
 * - Rewritten, so never found: BatchNormalization, Cast between floats, Constant, ConstantOfShape, Dropout, Flatten, If,
 *   Mean, Range, Shape, Size, Sum, Upsample; Max and Min have two operands.
 * - Folded in double: a Mul or Add of one constant a channel after Conv, ConvTranspose, Gemm or MatMul with constant
 *   weights, where nothing else reads between. A Pad with zeros before a Conv is in its pads.
 */

export type AttributeKind = 'int' | 'ints' | 'float' | 'floats' | 'text';

export interface NormalForm {
  readonly inputs: string;
  readonly attributes: Readonly<Record<string, AttributeKind>>;
  readonly meaning: string;
}

function form(inputs: string, attributes: Readonly<Record<string, AttributeKind>>, meaning: string): NormalForm {
  return { inputs, attributes, meaning };
}

/** Window attributes: one entry a spatial axis; pads are all begins, then all ends. */
const WINDOW = { kernel_shape: 'ints', strides: 'ints', dilations: 'ints', pads: 'ints' } as const;

const REDUCE = form('X', { axes: 'ints', keepdims: 'int' }, 'axes sorted, at least one');

function each(names: string, normal: NormalForm): Record<string, NormalForm> {
  return Object.fromEntries(names.split(' ').map((name) => [name, normal]));
}

export const normalForms: Readonly<Record<string, NormalForm>> = {
  Conv: form(
    'X W B?',
    { ...WINDOW, group: 'int' },
    'X (N, C, ...), W (M, C / group, ...), B (M); cells outside X are 0',
  ),
  ConvTranspose: form(
    'X W B?',
    { ...WINDOW, output_padding: 'ints', group: 'int' },
    'W (C, M / group, ...); X[i] W[k] adds to Y[stride i + dilation k - pad]; output_padding is in the shape already',
  ),
  Gemm: form('A B C?', {}, 'A (M, K) times B (K, N) plus the constant row C (N)'),
  MatMul: form(
    'A B',
    {},
    '(..., M, K) times (..., K, N), batch axes broadcast; an operand of rank 1 is a row or column',
  ),

  MaxPool: form('X', WINDOW, 'cells outside X never win; ceil_mode is in the pads'),
  AveragePool: form(
    'X',
    { ...WINDOW, count_include_pad: 'int' },
    '1: every window is divided by its full size (so too without padding); 0: by the number of its cells inside X',
  ),
  ...each('GlobalAveragePool GlobalMaxPool', form('X', {}, '(N, C, ...) to (N, C, 1, ...)')),

  Relu: form('X', {}, 'max(x, 0)'),
  Clip: form('X', { min: 'float', max: 'float' }, 'min(max, max(min, x)); an absent bound is infinite'),
  LeakyRelu: form('X', { alpha: 'float' }, 'x, or alpha x below 0'),
  PRelu: form('X slope', {}, 'x, or slope x below 0; slope broadcasts to X, one a channel is (C, 1, ...) or (C)'),
  HardSigmoid: form('X', { alpha: 'float', beta: 'float' }, 'clip(alpha x + beta, 0, 1)'),
  HardSwish: form('X', {}, 'x clip(x / 6 + 1/2, 0, 1)'),
  ...each('Celu Elu Swish ThresholdedRelu', form('X', { alpha: 'float' }, 'as in ONNX')),
  Selu: form('X', { alpha: 'float', gamma: 'float' }, 'as in ONNX'),
  Gelu: form('X', { approximate: 'text' }, 'none (by erf) or tanh'),
  ...each(
    'Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Floor IsNaN Log Mish Neg Not Reciprocal Round Sigmoid ' +
      'Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh',
    form('X', {}, 'cell by cell'),
  ),
  Cast: form('X', { to: 'text' }, 'to an ElementType of element.ts; never from float to float'),

  ...each(
    'Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mul Or Pow Sub Xor',
    form('A B', {}, 'broadcast'),
  ),
  Mod: form('A B', { fmod: 'int' }, '1: sign of A; 0: sign of B'),
  Where: form('condition A B', {}, 'A where the condition holds, else B; broadcast'),

  Softmax: form('X', {}, 'along the last axis'),
  LogSoftmax: form('X', {}, 'along the last axis'),
  ...each('ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum', REDUCE),
  ReduceSumSquare: REDUCE,
  ...each(
    'ArgMax ArgMin',
    form('X', { axis: 'int', keepdims: 'int', select_last_index: 'int' }, 'ties: 0 first, 1 last'),
  ),
  InstanceNormalization: form('X scale B', { epsilon: 'float' }, 'over the spatial axes of each (n, c)'),
  ...each(
    'LayerNormalization RMSNormalization',
    form('X scale B?', { axis: 'int', epsilon: 'float' }, 'over axes axis ...'),
  ),

  Reshape: form('X', { shape: 'ints' }, 'the same cells in row-major order'),
  Squeeze: form('X', { axes: 'ints' }, 'axes of X that go, sorted'),
  Unsqueeze: form('X', { axes: 'ints' }, 'axes of Y that are new, sorted'),
  Transpose: form('X', { perm: 'ints' }, 'axis a of Y is axis perm[a] of X'),
  Expand: form('X', { shape: 'ints' }, 'broadcast to the shape'),
  Tile: form('X', { repeats: 'ints' }, 'one repeat an axis'),
  Concat: form('X ...', { axis: 'int' }, 'one after the other along the axis; at least two'),
  Split: form('X', { axis: 'int', split: 'ints' }, 'one size an output; an output that nothing reads may be unnamed'),
  Slice: form('X', { starts: 'ints', steps: 'ints' }, 'Y[j] = X[starts + steps j], one start and step an axis'),
  Pad: form(
    'X',
    { mode: 'text', pads: 'ints', value: 'float' },
    'pads of all axes, begins then ends, none negative; mode constant, reflect, edge or wrap; value for constant. ' +
      'A Concat with constants that are everywhere one number is a Pad',
  ),
  Gather: form(
    'X indices?',
    { axis: 'int', indices: 'ints' },
    'known indices: attribute, flat, from 0. Computed: input 1, no attribute',
  ),
  DepthToSpace: form('X', { blocksize: 'int', mode: 'text' }, 'mode DCR or CRD'),
  SpaceToDepth: form('X', { blocksize: 'int' }, 'as in ONNX'),
  Resize: form(
    'X',
    { mode: 'text', coordinate_transformation_mode: 'text', nearest_mode: 'text', scales: 'floats' },
    'mode nearest or linear; one scale an axis',
  ),
};
