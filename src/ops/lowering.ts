/**
 * Lowering of a float graph to a circuit, node by node. A value is an integer tensor with a power-of-two scale; sums stay as wide as
 * they come, virtual and exact, until a reader needs a narrow operand or applies a function. Then one requantisation
 *
 *   y = T(floor(acc 2^-s + 1/2)),   s = scale(acc) - scale(argument of T)
 *
 * does both: rescale and apply (saturate, Relu, Sigmoid, ..). A convolution, its bias, a residual and the activation cost two
 * committed cells and two lookups an element together.
 */
import type { CircuitBuilder } from '../circuit/builder.ts';
import type { Range, TableId, TensorId, WeightVisibility } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Constant, Graph, Node } from '../onnx/graph.ts';
import type { Factors, Value } from './layout.ts';
import { layoutOf, plainFactors } from './layout.ts';
import type { Operator, Takes } from './operator.ts';
import type { Interval, Scheme, VisibilityOf } from './scheme.ts';
import { magnitude, quantise, scaleInto, signedRange, unsignedRange } from './scheme.ts';

/** Operands of products are narrow: they fit 16 bits. */
const NARROW: Range = { lo: -(2 ** 15), hi: 2 ** 15 - 1 };

/** Sums that are added to other sums stay below 2^29, others below 2^30 less what rounding adds. */
export const SUM_LIMIT = 2 ** 29;
const LONE_SUM_LIMIT = 2 ** 30 - 2 ** 20;

/** A graph output that is an index: the one-hot of it along its last axis, of `size` cells. */
export interface Choice {
  readonly tensor: TensorId;
  readonly size: number;
}

/** One term of a value that is a sum of narrow tensors of one layout and scale, each times real factors. */
export interface Part {
  readonly value: Value;
  /** One an index of ONNX axis 1; undefined: 1. */
  readonly factors: ArrayLike<number> | undefined;
}

export class Lowering {
  readonly builder: CircuitBuilder;
  readonly graph: Graph;
  readonly scheme: Scheme;
  readonly #operators: ReadonlyMap<string, Operator>;
  readonly #calibrated: ReadonlyMap<string, Interval>;
  readonly #readers = new Map<string, Node[]>();
  readonly #values = new Map<string, Value>();
  readonly #narrowed = new Map<string, Value>();
  readonly #choices = new Map<string, Choice>();
  readonly #visibilityOf: VisibilityOf;
  /** The node that is being lowered, and its private constants that have not become weights yet. */
  #node: Node | undefined;
  readonly #exposed = new Set<string>();
  readonly #parts = new Map<string, readonly Part[]>();

  constructor(
    builder: CircuitBuilder,
    graph: Graph,
    scheme: Scheme,
    operators: ReadonlyMap<string, Operator>,
    calibrated: ReadonlyMap<string, Interval>,
    visibilityOf: VisibilityOf = () => 'committed',
  ) {
    this.#visibilityOf = visibilityOf;
    this.builder = builder;
    this.graph = graph;
    this.scheme = scheme;
    this.#operators = operators;
    this.#calibrated = calibrated;
    for (const node of graph.nodes) {
      for (const name of new Set(node.inputs)) this.#readers.set(name, [...(this.#readers.get(name) ?? []), node]);
    }
  }

  // ---- the graph -----------------------------------------------------------------------------------------------------

  shape(name: string): readonly number[] {
    const shape = this.graph.shapes.get(name) ?? this.graph.constants.get(name)?.shape;
    if (shape === undefined) throw new TesseraError('E_ONNX_GRAPH', 'a value has no shape', { where: name });
    return shape;
  }

  constant(name: string | undefined): Constant | undefined {
    return name === undefined ? undefined : this.graph.constants.get(name);
  }

  /** The operator of a node. @throws TesseraError E_UNSUPPORTED_OP */
  operator(node: Node): Operator {
    return operatorOf(this.#operators, node, this.graph.opset);
  }

  // ---- who may see what ----------------------------------------------------------------------------------------------

  /**
   * Lowers a node. @throws TesseraError of its operator; E_VISIBILITY where a private initializer would become part of the circuit, which
   * everybody sees
   */
  lower(node: Node): void {
    this.#node = node;
    this.#exposed.clear();
    for (const name of node.inputs) if (this.#visibilityOfConstant(name) === 'private') this.#exposed.add(name);
    this.operator(node).lower(node, this);
    this.#node = undefined;
    const [exposed] = this.#exposed;
    if (exposed === undefined) return;
    throw new TesseraError(
      'E_VISIBILITY',
      `the initializer "${this.constant(exposed)!.origins[0]}" cannot be private`,
      {
        where: node.name,
        hint: `${node.op} would make it part of the circuit, which is public.`,
      },
    );
  }

  /**
   * Who may see a weight: those who may see the constant of this name, or else every constant of the node that is being lowered. What comes from no
   * initializer belongs to the architecture.
   */
  weightVisibility(name: string): WeightVisibility {
    const inputs = this.#node?.inputs ?? [name];
    const named = inputs.includes(name) ? [name] : inputs; // other names are made here, and may be those of other tensors
    for (const input of named) this.#exposed.delete(input);
    return strictest(named.map((input) => this.#visibilityOfConstant(input)));
  }

  /** Whether a constant of the node is private: then no more of it may be known than bits. */
  isPrivate(node: Node): boolean {
    return node.inputs.some((name) => this.#visibilityOfConstant(name) === 'private');
  }

  /** Whether not even a constant's being zero may be seen. */
  hides(constant: Constant): boolean {
    return constant.origins.some((origin) => this.#visibilityOf(origin) === 'private');
  }

  #visibilityOfConstant(name: string): WeightVisibility | undefined {
    const origins = this.constant(name)?.origins ?? [];
    return origins.length === 0 ? undefined : strictest(origins.map(this.#visibilityOf));
  }

  // ---- values --------------------------------------------------------------------------------------------------------

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  /** Sets an output of a node to a circuit tensor whose axes are the factors of the ONNX axes, in order. */
  setTensor(node: Node, tensor: TensorId, scale: number, factors: Factors, output = 0): void {
    this.set(node.outputs[output]!, { tensor, scale, layout: layoutOf(factors) });
  }

  /** The value as it came: perhaps wide. A constant becomes a weight. */
  value(name: string): Value {
    const value = this.#values.get(name) ?? this.#constantValue(name);
    this.set(name, value);
    return value;
  }

  #constantValue(name: string): Value {
    const constant = this.constant(name);
    if (constant === undefined) {
      throw new TesseraError('E_ONNX_GRAPH', 'a value is read that no node or input writes', { where: name });
    }
    const largest = magnitude(constant.data);
    const scale = scaleInto({ min: -largest, max: largest }, signedRange(this.scheme.weightBits));
    const factors = plainFactors(constant.shape);
    const tensor = this.builder.weight(name, factors.flat(), quantise(constant.data, scale, name));
    return { tensor, scale, layout: layoutOf(factors) };
  }

  /** Says of a value that it is the sum of narrow parts too, for readers whose weights can take the factors. */
  setParts(name: string, parts: readonly Part[]): void {
    this.#parts.set(name, parts);
  }

  /** The narrow parts of a value, itself where it has none. */
  parts(name: string): readonly Part[] {
    return this.#parts.get(name) ?? [{ value: this.narrow(name), factors: undefined }];
  }

  /** Whether everything that reads a value takes it in parts. */
  isReadInParts(name: string): boolean {
    if (this.graph.outputs.some((output) => output.name === name)) return false;
    const readers = this.#readers.get(name) ?? [];
    return readers.length > 0 && readers.every((reader) => this.#takes(reader) === 'parts');
  }

  #takes(node: Node): Takes {
    const { takes } = this.operator(node);
    return typeof takes === 'function' ? takes(node, this) : takes;
  }

  /** Sets a value that is an index. @throws TesseraError E_UNSUPPORTED_OP where a node reads it */
  setChoice(node: Node, choice: Choice): void {
    const name = node.outputs[0]!;
    if (this.#readers.has(name)) {
      throw new TesseraError('E_UNSUPPORTED_OP', `the result of ${node.op} is read by another node`, {
        where: node.name,
        hint: `${node.op} is supported where its result is an output of the model.`,
      });
    }
    this.#choices.set(name, choice);
  }

  choice(name: string): Choice | undefined {
    return this.#choices.get(name);
  }

  values(): ReadonlyMap<string, Value> {
    return this.#values;
  }

  range(value: Value): Range {
    return this.builder.rangeOf(value.tensor);
  }

  /** The value with integers inside `limit`: itself, or requantised by plain saturation to `bits`. */
  narrow(name: string, limit: Range = NARROW, bits: number = this.scheme.bits): Value {
    const value = this.value(name);
    if (isInside(this.range(value), limit)) return value;
    const key = `${value.tensor} ${value.scale} ${bits}`;
    const known = this.#narrowed.get(key) ?? this.#saturate(name, value, bits);
    this.#narrowed.set(key, known);
    return { ...known, layout: value.layout };
  }

  /** The value with at most `bits` bits. */
  narrowTo(name: string, bits: number): Value {
    const value = this.value(name);
    const limit = this.range(value).lo >= 0 ? unsignedRange(bits) : signedRange(bits);
    return this.narrow(name, limit, bits);
  }

  #saturate(name: string, value: Value, bits: number): Value {
    const { lo } = this.range(value);
    const range = lo >= 0 ? unsignedRange(bits) : signedRange(bits);
    const scale = this.coarserScale(name, value, scaleInto(this.interval(name), range));
    const table = lo >= 0 ? this.reluTable(bits) : this.saturationTable(bits);
    return this.requantise(name, value, scale, table, scale);
  }

  /** Calibrated real values; undefined where the calibration does not know the value. */
  realOf(name: string): Interval | undefined {
    return this.#calibrated.get(name);
  }

  /** Calibrated real values, or what the integers can be. */
  interval(name: string): Interval {
    const calibrated = this.realOf(name);
    if (calibrated !== undefined) return calibrated;
    const value = this.value(name);
    const { lo, hi } = this.range(value);
    return { min: lo * 2 ** -value.scale, max: hi * 2 ** -value.scale };
  }

  // ---- scales --------------------------------------------------------------------------------------------------------

  /** Scale that the readers of a value want it requantised to; undefined where it only reaches model outputs. */
  demandOn(name: string): number | undefined {
    const readers = this.#readers.get(name) ?? [];
    const [reader] = readers;
    if (reader === undefined) return undefined;
    if (readers.length === 1) return this.operator(reader).demand(reader, this, name);
    return this.scaleOf(name);
  }

  /** Whether some reader needs the value narrow, so that the narrow one is there for all. */
  isNarrowed(name: string): boolean {
    return (this.#readers.get(name) ?? []).some((reader) => {
      const takes = this.#takes(reader);
      return (
        takes === 'narrow' ||
        (takes === 'parts' && !this.#parts.has(name)) ||
        (takes === 'same' && reader.outputs.some((output) => this.isNarrowed(output)))
      );
    });
  }

  /** Scale of a sum requantised by plain saturation. */
  scaleOf(name: string): number | undefined {
    const real = this.realOf(name);
    return real === undefined ? undefined : scaleInto(real, signedRange(this.scheme.bits));
  }

  /** Scale of a sum that one shift of the scheme brings to what its readers want; that of a wide sum it is added to, if coarser. */
  sumScale(name: string): number | undefined {
    const demand = this.demandOn(name);
    if (demand === undefined) return undefined;
    const other = this.#addend(name);
    const isCoarser = other !== undefined && !isInside(this.range(other), NARROW);
    return isCoarser ? Math.min(other.scale, demand + this.scheme.shift) : demand + this.scheme.shift;
  }

  /** The other operand of the one sum that reads a value, where it is lowered already. */
  #addend(name: string): Value | undefined {
    const readers = this.#readers.get(name) ?? [];
    const [reader] = readers;
    if (reader === undefined || readers.length > 1 || !isSum(reader)) return undefined;
    const other = reader.inputs.find((input) => input !== name);
    if (other === undefined || !this.#values.has(other)) return undefined;
    return this.isNarrowed(other) ? this.narrow(other) : this.value(other);
  }

  /** Bound on |acc| of a sum at a scale, leaving room for the one other term that its reader may add. */
  sumLimit(name: string, scale: number): number {
    const readers = this.#readers.get(name) ?? [];
    if (!readers.some(isSum)) return LONE_SUM_LIMIT;
    const other = this.#addend(name);
    if (other === undefined || other.scale > scale) return SUM_LIMIT;
    const { lo, hi } = this.range(other);
    return Math.max(SUM_LIMIT, LONE_SUM_LIMIT - Math.max(-lo, hi) * 2 ** (scale - other.scale));
  }

  // ---- requantisation ------------------------------------------------------------------------------------------------

  /**
   * A scale to requantise a value to: the wanted one, but no finer than the value has, and no coarser than a shift that keeps the whole
   * table below the modulus, reach 2^shift <= 2^29, where the calibrated values fit that finer scale: zeros do, and ask for any.
   */
  coarserScale(name: string, { scale }: Value, wanted: number | undefined): number {
    const { bits, shift } = this.scheme;
    const coarser = Math.min(wanted ?? scale, scale);
    const finest = scale - Math.max(shift, 29 - Math.log2(this.reach(bits)));
    const real = this.realOf(name);
    if (coarser >= finest || real === undefined) return coarser;
    return Math.max(-real.min, real.max) * 2 ** finest < 2 ** (bits - 1) ? finest : coarser;
  }

  /** y = T(round(acc 2^-s)) with s = value.scale - argumentScale; y has `scale`. */
  requantise(name: string, value: Value, argumentScale: number, table: TableId, scale: number): Value {
    const { tensor, shift } = this.shiftTo(name, value, argumentScale);
    const { y } = this.builder.requantise(name, tensor, shift, table);
    return { tensor: y, layout: value.layout, scale };
  }

  /**
   * acc 2^k and a shift s + k with s = value.scale - argumentScale: the scheme's shift where the range allows it, 0 for s = 0.
   * @throws TesseraError E_QUANTIZE where the range leaves no room for the scale
   */
  shiftTo(name: string, value: Value, argumentScale: number): { tensor: TensorId; shift: number } {
    const s = value.scale - argumentScale;
    const { lo, hi } = this.range(value);
    const isRoom = (k: number): boolean => Math.max(-lo, hi) * 2 ** k < SUM_LIMIT;
    const wanted = s <= 0 ? 0 : this.scheme.shift;
    const shift = s === wanted || (wanted > s && isRoom(wanted - s)) ? wanted : s;
    if (shift < 0) {
      throw new TesseraError(
        'E_QUANTIZE',
        `The values ${lo} .. ${hi} leave no room for a scale of 2^-${argumentScale}.`,
        {
          where: name,
          hint: 'Use fewer bits, or samples that show the range of this value.',
        },
      );
    }
    if (shift === s) return { tensor: value.tensor, shift };
    const terms = [{ tensor: value.tensor, coefficient: 2 ** (shift - s) }];
    return { tensor: this.builder.linear(`${name}.scaled`, terms), shift };
  }

  /** clamp(q, 0, 2^bits - 1) for |q| < 2^(bits + headroom): Relu, and saturation of what is never negative. */
  reluTable(bits: number = this.scheme.bits): TableId {
    return this.clampTable('relu', unsignedRange(bits), bits);
  }

  /** clamp(q, -2^(bits-1), 2^(bits-1) - 1) for |q| < 2^(bits - 1 + headroom). */
  saturationTable(bits: number = this.scheme.bits): TableId {
    return this.clampTable('saturate', signedRange(bits), bits - 1);
  }

  /** max(d, 0) for every difference d of two integers of a range: the Relu table where it reaches, so that they share it. */
  differenceTable(range: Range): TableId {
    const span = range.hi - range.lo;
    const { bits } = this.scheme;
    if (span <= 2 ** bits - 1) return this.reluTable();
    return this.builder.functionTable(`gain ${span}`, -span, { lo: 0, hi: span, rows: 2 * span + 1 });
  }

  /** clamp(q, lo, hi) for |q| < 2^(bits + headroom). */
  clampTable(name: string, range: Range, bits: number): TableId {
    const reach = this.reach(bits);
    return this.builder.functionTable(`${name} ${range.lo}..${range.hi}`, -reach, { ...range, rows: 2 * reach });
  }

  /** Arguments of a function table lie in [-reach, reach). */
  reach(bits: number): number {
    return 2 ** Math.min(bits + this.scheme.headroom, 19);
  }
}

/** private before committed before public; committed where nothing is said. */
function strictest(all: readonly (WeightVisibility | undefined)[]): WeightVisibility {
  const said = all.filter((v) => v !== undefined);
  if (said.includes('private')) return 'private';
  return said.length > 0 && said.every((v) => v === 'public') ? 'public' : 'committed';
}

export function isInside(inner: Range, outer: Range): boolean {
  return outer.lo <= inner.lo && inner.hi <= outer.hi;
}

function isSum(node: Node): boolean {
  return node.op === 'Add' || node.op === 'Sub';
}

/** The operator of a node. @throws TesseraError E_UNSUPPORTED_OP */
export function operatorOf(operators: ReadonlyMap<string, Operator>, node: Node, opset: number): Operator {
  const operator = operators.get(node.op);
  if (operator !== undefined) return operator;
  throw new TesseraError('E_UNSUPPORTED_OP', `${node.op} is not supported`, {
    where: `node "${node.name}" (${node.op}, opset ${opset})`,
    hint: waysOut.get(node.op) ?? 'Supported operators are listed in the README.',
  });
}

const waysOut: ReadonlyMap<string, string> = new Map([
  [
    'LogSoftmax',
    'Export the model without it: the logits order the classes alike, and the caller can take the logarithm.',
  ],
]);
