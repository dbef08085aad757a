/**
 * Operators that work cell by cell: y[i] = f(x[i]) and, with numpy broadcasting, y[i] = f(a[i], b[i]).
 */
import type { Info } from '../draft.ts';
import { dtypeOf, elementType } from '../element.ts';
import { alias, type Call, emit, type Result, type Rule, step, steps } from '../rule.ts';
import { broadcast, mapped, type Shape, type Tensor } from '../tensor.ts';

/** y = f(x), with attributes that are numbers, by their defaults in ONNX. */
function unary(defaults: Readonly<Record<string, number>> = {}): Rule {
  return (call) => {
    const attributes = Object.entries(defaults).map(([name, value]) => [name, call.float(name, value)] as const);
    return emit(call, Object.fromEntries(attributes), [call.info(0)]);
  };
}

export function broadcastAll(call: Call, shapes: readonly Shape[]): Shape {
  return shapes.reduce<Shape>((a, b) => {
    const shape = broadcast(a, b);
    return shape ?? call.fail('E_SHAPE', `shapes [${a}] and [${b}] do not broadcast`);
  }, []);
}

function binaryInfo(call: Call): Info {
  if (dtypeOf(call.type(0)) !== dtypeOf(call.type(1))) {
    call.fail('E_DTYPE', `the operands are ${call.type(0)} and ${call.type(1)}`);
  }
  return { shape: broadcastAll(call, [call.shape(0), call.shape(1)]), type: call.type(0) };
}

const binary: Rule = (call) => emit(call, {}, [binaryInfo(call)]);

const comparison: Rule = (call) => emit(call, {}, [{ ...binaryInfo(call), type: 'bool' }]);

/** A constant operand comes second. */
const commutative: Rule = (call) => {
  const [a, b] = [call.input(0), call.input(1)];
  const swap = call.constant(0) !== undefined && call.constant(1) === undefined;
  return emit(call, {}, [binaryInfo(call)], { inputs: swap ? [b, a] : [a, b] });
};

/** x - c = x + (-c) and x / c = x (1/c) for a constant c of floats without zeros. */
function inverse(op: string, invert: (c: number) => number): Rule {
  return (call) => {
    const info = binaryInfo(call);
    const c = call.constant(1);
    const invertible = c !== undefined && call.constant(0) === undefined && call.isFloat(1);
    if (!invertible || (op === 'Mul' && c.data.includes(0))) return emit(call, {}, [info]);
    const data = mapped(c.data, invert);
    const inverted = call.addConstant('inverse', { type: call.type(1), value: { ...c, data } });
    return steps([step(call, op, [call.input(0), inverted], call.node.outputs[0]!)]);
  };
}

/** f(a, b, c, ...) = f(f(a, b), c) ... */
function variadic(op: string): Rule {
  return (call) => {
    const { inputs, outputs } = call.node;
    if (inputs.length === 1) return alias(call);
    if (inputs.length === 2 && op === call.node.op) return commutative(call);
    let last = call.input(0);
    const chain = inputs.slice(1).map((input, i) => {
      const output = i === inputs.length - 2 ? outputs[0]! : call.intermediate(`${op}_${i}`);
      const s = step(call, op, [last, input], output);
      last = output;
      return s;
    });
    return steps(chain);
  };
}

/** The exponent may be of another type. */
const pow: Rule = (call) => {
  const shape = broadcastAll(call, [call.shape(0), call.shape(1)]);
  return emit(call, {}, [{ shape, type: call.type(0) }]);
};

const where: Rule = (call) => {
  const shape = broadcastAll(call, [call.shape(0), call.shape(1), call.shape(2)]);
  return emit(call, {}, [{ shape, type: call.type(1) }]);
};

/** Bounds are attributes before opset 11 and inputs after; a computed bound makes it Max or Min. */
const clip: Rule = (call) => {
  if (call.opset < 11) {
    const [min, max] = [call.float('min', -Infinity), call.float('max', Infinity)];
    return emit(call, { min, max }, [call.info(0)], { inputs: [call.input(0)] });
  }
  const computed = [1, 2].some((i) => call.has(i) && call.constant(i) === undefined);
  if (computed) return clipComputed(call);
  const min = call.parameter(1)?.data[0] ?? -Infinity;
  const max = call.parameter(2)?.data[0] ?? Infinity;
  return emit(call, { min, max }, [call.info(0)], { inputs: [call.input(0)] });
};

function clipComputed(call: Call): Result {
  const output = call.node.outputs[0]!;
  if (!call.has(2)) return steps([step(call, 'Max', [call.input(0), call.input(1)], output)]);
  if (!call.has(1)) return steps([step(call, 'Min', [call.input(0), call.input(2)], output)]);
  const raised = call.intermediate('raised');
  return steps([
    step(call, 'Max', [call.input(0), call.input(1)], raised),
    step(call, 'Min', [raised, call.input(2)], output),
  ]);
}

/** The slope broadcasts to x in one direction: a slope of shape (C) or (C, 1, 1) is one number a channel. */
const prelu: Rule = (call) => {
  const shape = broadcastAll(call, [call.shape(0), call.shape(1)]);
  if (shape.length !== call.rank(0) || shape.some((d, a) => d !== call.shape(0)[a])) {
    call.fail('E_SHAPE', `slope [${call.shape(1)}] does not broadcast to [${call.shape(0)}]`);
  }
  return emit(call, {}, [call.info(0)]);
};

/** Between two float types a cast does nothing here: the graph is read as real numbers. */
const cast: Rule = (call) => {
  const code = call.int('to');
  call.int('saturate', 1);
  call.text('round_mode', 'up');
  const type = elementType(code) ?? call.fail('E_DTYPE', `the target type ${code} is not supported`);
  const float = dtypeOf(type) === 'float' && call.isFloat(0);
  if (type === call.type(0) || (float && call.constant(0) === undefined)) return alias(call);
  return emit(call, { to: type }, [{ shape: call.shape(0), type }]);
};

const identity: Rule = alias;

/** Inference: the values pass, and the mask, if anything reads it, is refused. */
const dropout: Rule = (call) => {
  call.float('ratio', 0.5);
  call.int('seed', 0);
  if (call.numbersAt(2, 'training_mode')?.[0]) call.fail('E_UNSUPPORTED_ATTRIBUTE', 'training_mode is on');
  return alias(call);
};

/** Tanh and erf forms differ by up to 5e-4, so the choice stays an attribute. */
const gelu: Rule = (call) => emit(call, { approximate: call.text('approximate', 'none') }, [call.info(0)]);

const mod: Rule = (call) => emit(call, { fmod: call.int('fmod', 0) }, [binaryInfo(call)]);

const test: Rule = (call) => emit(call, {}, [{ shape: call.shape(0), type: 'bool' }]);

/** Mean(a, b, ...) = Sum(a, b, ...) / n. */
const mean: Rule = (call) => {
  const count = call.node.inputs.length;
  const share: Tensor = { type: 'float32', value: { shape: [], dtype: 'float', data: Float64Array.of(1 / count) } };
  const total = call.intermediate('total');
  return steps([
    step(call, 'Sum', call.node.inputs, total),
    step(call, 'Mul', [total, call.addConstant('share', share)], call.node.outputs[0]!),
  ]);
};

const PLAIN_UNARY =
  'Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Floor HardSwish Log Mish Neg Reciprocal Relu Round Sigmoid ' +
  'Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh Not';

export const elementwiseRules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(PLAIN_UNARY.split(' ').map((op) => [op, unary()])),
  Celu: unary({ alpha: 1 }),
  Elu: unary({ alpha: 1 }),
  HardSigmoid: unary({ alpha: 0.2, beta: 0.5 }),
  LeakyRelu: unary({ alpha: 0.01 }),
  Selu: unary({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 }),
  Swish: unary({ alpha: 1 }),
  ThresholdedRelu: unary({ alpha: 1 }),
  Gelu: gelu,
  Add: commutative,
  Mul: commutative,
  Sub: inverse('Add', (c) => -c),
  Div: inverse('Mul', (c) => 1 / c),
  Pow: pow,
  Mod: mod,
  And: binary,
  Or: binary,
  Xor: binary,
  Equal: comparison,
  Greater: comparison,
  GreaterOrEqual: comparison,
  Less: comparison,
  LessOrEqual: comparison,
  IsNaN: test,
  Max: variadic('Max'),
  Min: variadic('Min'),
  Sum: variadic('Add'),
  Mean: mean,
  Where: where,
  Clip: clip,
  PRelu: prelu,
  Cast: cast,
  Identity: identity,
  Dropout: dropout,
};
