/**
 * What the importer knows of an operator is one function: from a node of the file to its normal form (normal.ts) with the
 * shapes of its outputs, or to something simpler.
 */
import { type ErrorCode, TesseraError } from '../errors.ts';
import type { Draft, Info } from './draft.ts';
import { dtypeOf, type ElementType } from './element.ts';
import type { Attribute, Constant } from './graph.ts';
import { isGraph, nodeWhere, type RawAttribute, type RawGraph, type RawNode } from './read.ts';
import type { Shape, Tensor } from './tensor.ts';

export type Rule = (call: Call) => Result;

export type Result =
  /** The node in normal form, and what it writes. Outputs beyond these must not be read. */
  | {
      readonly kind: 'node';
      readonly op: string;
      readonly inputs: readonly string[];
      readonly attributes: Readonly<Record<string, Attribute>>;
      readonly outputs: readonly Info[];
    }
  /** Output 0 is this value. */
  | { readonly kind: 'alias'; readonly value: string }
  /** Output 0 is known. */
  | { readonly kind: 'known'; readonly tensor: Tensor }
  /** The node means these; they write its outputs. */
  | { readonly kind: 'steps'; readonly nodes: readonly RawNode[] };

/** Numbers in a parameter: sizes, axes, scales. No model comes near. */
const MAX_PARAMETERS = 2 ** 16;

/** One node as a rule sees it: inputs resolved, attributes typed. An attribute that no rule asked for is refused. */
export class Call {
  readonly node: RawNode;
  readonly #draft: Draft;
  readonly #asked = new Set<string>();

  constructor(node: RawNode, draft: Draft) {
    this.node = node;
    this.#draft = draft;
  }

  get opset(): number {
    return this.#draft.opset;
  }

  get where(): string {
    return nodeWhere(this.node, this.opset);
  }

  has(i: number): boolean {
    return (this.node.inputs[i] ?? '') !== '';
  }

  /** Name of input i. @throws E_ONNX_GRAPH when it is absent */
  input(i: number): string {
    const name = this.node.inputs[i];
    if (name === undefined || name === '') return this.fail('E_ONNX_GRAPH', `input ${i} is missing`);
    return name;
  }

  info(i: number): Info {
    return this.#draft.info(this.input(i));
  }

  shape(i: number): Shape {
    return this.info(i).shape;
  }

  rank(i: number): number {
    return this.shape(i).length;
  }

  type(i: number): ElementType {
    return this.info(i).type;
  }

  isFloat(i: number): boolean {
    return dtypeOf(this.type(i)) === 'float';
  }

  /** The value of input i where it is known, to be made part of the graph. */
  parameter(i: number): Constant | undefined {
    const constant = this.constant(i);
    this.#draft.expose(constant?.origins ?? [], this.where);
    return constant;
  }

  /** The value of input i where it is known. */
  constant(i: number): Constant | undefined {
    return this.has(i) ? this.#draft.constants.get(this.input(i)) : undefined;
  }

  /** Numbers of a parameter that is an input; undefined when absent. @throws E_UNSUPPORTED_ATTRIBUTE when computed */
  numbersAt(i: number, what: string): readonly number[] | undefined {
    if (!this.has(i)) return undefined;
    const data = this.parameter(i)?.data;
    if (data === undefined) {
      return this.fail('E_UNSUPPORTED_ATTRIBUTE', `${what} depend(s) on the model's input`, 'Export with fixed sizes.');
    }
    if (data.length > MAX_PARAMETERS) this.fail('E_LIMIT', `${what} are ${data.length} numbers`);
    return [...data];
  }

  /** As `numbersAt`, integers. */
  intsAt(i: number, what: string): readonly number[] | undefined {
    if (this.has(i) && dtypeOf(this.type(i)) !== 'int')
      this.fail('E_DTYPE', `${what} are ${this.type(i)}, not integers`);
    return this.numbersAt(i, what);
  }

  int(name: string, fallback?: number): number {
    return this.#attribute(name, isInteger, fallback);
  }

  /** 0 or 1 as in ONNX. */
  flag(name: string, fallback: boolean): boolean {
    return this.int(name, fallback ? 1 : 0) !== 0;
  }

  float(name: string, fallback?: number): number {
    return this.#attribute(name, isNumber, fallback);
  }

  text(name: string, fallback?: string): string {
    return this.#attribute(name, isText, fallback);
  }

  ints(name: string): readonly number[] | undefined {
    return this.#optional(name, isIntegers);
  }

  floats(name: string): readonly number[] | undefined {
    return this.#optional(name, isNumbers);
  }

  tensor(name: string): Tensor | undefined {
    return this.#optional(name, isTensor);
  }

  graph(name: string): RawGraph {
    return this.#attribute(name, isGraph);
  }

  /** An axis 0 .. rank - 1 from one that may count from the end. @throws E_SHAPE */
  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value;
    if (axis >= 0 && axis < Math.max(1, rank)) return axis;
    return this.fail('E_SHAPE', `axis ${value} is outside a tensor of ${rank} axes`);
  }

  /** As `axis`, for a list: sorted, each once. */
  axes(values: readonly number[], rank: number): number[] {
    const axes = values.map((v) => this.axis(v, rank)).sort((a, b) => a - b);
    if (new Set(axes).size !== axes.length) this.fail('E_SHAPE', `axes [${values}] name one axis twice`);
    return axes;
  }

  fail(code: ErrorCode, sentence: string, hint?: string): never {
    throw new TesseraError(code, sentence, { where: this.where, ...(hint === undefined ? {} : { hint }) });
  }

  /** Whether output i exists and is given a name. */
  writes(i: number): boolean {
    return (this.node.outputs[i] ?? '') !== '';
  }

  /** A new constant for the steps of this node; its name. */
  addConstant(suffix: string, tensor: Tensor): string {
    const name = this.intermediate(suffix);
    this.#draft.addConstant(name, tensor, this.node.inputs);
    return name;
  }

  /** An initializer of a graph inside this node; its name. */
  addInitializer(inner: string, tensor: Tensor): string {
    const name = this.intermediate(inner);
    this.#draft.addInitializer(name, tensor);
    return name;
  }

  /** Announces a constant that is about to be computed. @throws E_LIMIT, E_SHAPE */
  spend(shape: Shape): void {
    this.#draft.spend(shape, this.where);
  }

  /** A new value name. */
  intermediate(suffix: string): string {
    return this.#draft.unique(`${this.node.outputs[0]}/${suffix}`);
  }

  /** @throws E_UNSUPPORTED_ATTRIBUTE for an attribute that nobody asked for */
  finish(): void {
    for (const name of this.node.attributes.keys()) {
      if (!this.#asked.has(name)) this.fail('E_UNSUPPORTED_ATTRIBUTE', `attribute "${name}" is not supported`);
    }
  }

  #attribute<T extends RawAttribute>(name: string, is: (a: RawAttribute) => a is T, fallback?: T): T {
    return this.#optional(name, is) ?? fallback ?? this.fail('E_ONNX_GRAPH', `attribute "${name}" is missing`);
  }

  #optional<T extends RawAttribute>(name: string, is: (a: RawAttribute) => a is T): T | undefined {
    this.#asked.add(name);
    const value = this.node.attributes.get(name);
    if (value === undefined || is(value)) return value;
    return this.fail('E_ONNX_GRAPH', `attribute "${name}" has the wrong type`);
  }
}

function isNumber(a: RawAttribute): a is number {
  return typeof a === 'number';
}

function isInteger(a: RawAttribute): a is number {
  return Number.isInteger(a);
}

function isIntegers(a: RawAttribute): a is readonly number[] {
  return Array.isArray(a) && a.every(Number.isInteger);
}

function isText(a: RawAttribute): a is string {
  return typeof a === 'string';
}

function isNumbers(a: RawAttribute): a is readonly number[] {
  return Array.isArray(a) && (a.length === 0 || typeof a[0] === 'number');
}

function isTensor(a: RawAttribute): a is Tensor {
  return typeof a === 'object' && 'value' in a;
}

/** The node itself, with its parameters in normal form. */
export function emit(
  call: Call,
  attributes: Readonly<Record<string, Attribute>>,
  outputs: readonly Info[],
  change: { readonly op?: string; readonly inputs?: readonly string[] } = {},
): Result {
  return {
    kind: 'node',
    op: change.op ?? call.node.op,
    inputs: change.inputs ?? call.node.inputs,
    attributes,
    outputs,
  };
}

/** The node does nothing. */
export function alias(call: Call): Result {
  return { kind: 'alias', value: call.input(0) };
}

export function known(tensor: Tensor): Result {
  return { kind: 'known', tensor };
}

export function steps(nodes: readonly RawNode[]): Result {
  return { kind: 'steps', nodes };
}

/** One step: a node inside the meaning of another. */
export function step(
  call: Call,
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, RawAttribute>> = {},
): RawNode {
  const name = `${call.node.name}/${op}`;
  return { name, op, inputs, outputs: [output], attributes: new Map(Object.entries(attributes)) };
}
