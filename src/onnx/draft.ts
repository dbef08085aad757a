/**
 * The graph while it is being built: what is known of every value so far, and the nodes in normal form.
 */
import { TesseraError } from '../errors.ts';
import type { ElementType } from './element.ts';
import type { Constant, Node } from './graph.ts';
import { checkLimit, type Limits } from './limits.ts';
import { checkElements, type Shape, sizeOf, type Tensor } from './tensor.ts';

export interface Info {
  readonly shape: Shape;
  readonly type: ElementType;
}

export class Draft {
  readonly opset: number;
  readonly limits: Limits;
  readonly infos = new Map<string, Info>();
  readonly constants = new Map<string, Constant>();
  /** Float elements of the file's initializers; 0 for integers. */
  readonly initializers = new Map<string, number>();
  readonly architecture = new Map<string, string>();
  #nodes: Node[] = [];
  /** Outputs that a normal form does not have, and the node that the file gives them to. */
  readonly #missing = new Map<string, string>();
  readonly #aliases = new Map<string, string>();
  readonly #names = new Names();
  readonly #nodeNames = new Names();
  #folded = 0;

  constructor(opset: number, limits: Limits) {
    this.opset = opset;
    this.limits = limits;
  }

  /** In topological order. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** The value that a name stands for. */
  resolve(name: string): string {
    return this.#aliases.get(name) ?? name;
  }

  /** What is known of a value. @throws E_UNSUPPORTED_OP for an output that the normal form does not have */
  info(name: string): Info {
    const info = this.infos.get(this.resolve(name));
    if (info !== undefined) return info;
    const where = this.#missing.get(name);
    throw new TesseraError(
      'E_UNSUPPORTED_OP',
      `the output "${name}" is not supported`,
      where === undefined ? {} : { where },
    );
  }

  /** Notes the outputs of a node in the file that nothing wrote. */
  markMissing(outputs: readonly string[], where: string): void {
    for (const name of outputs) if (!this.infos.has(this.resolve(name))) this.#missing.set(name, where);
  }

  /** From now on `name` is another name of `target`. */
  alias(name: string, target: string): void {
    this.#names.add(name);
    this.#aliases.set(name, this.resolve(target));
  }

  /** @throws E_LIMIT for too many elements, E_SHAPE for none */
  define(name: string, info: Info, where: string): void {
    checkElements(info.shape, this.limits, where);
    if (info.shape.includes(0)) {
      throw new TesseraError('E_SHAPE', `value "${name}" has no elements: [${info.shape}]`, { where });
    }
    this.#names.add(name);
    this.infos.set(name, info);
  }

  /** `from`: the values that it was computed from. */
  addConstant(name: string, tensor: Tensor, from: readonly string[]): void {
    this.#names.add(name);
    this.infos.set(name, { shape: tensor.value.shape, type: tensor.type });
    const origins = from.flatMap((value) => this.constants.get(this.resolve(value))?.origins ?? []);
    this.constants.set(name, { ...tensor.value, origins: [...new Set(origins)] });
  }

  /** Notes initializers whose values become part of the graph itself: sizes, bounds, indices. `where`: the node that reads them so. */
  expose(origins: readonly string[], where: string): void {
    for (const origin of origins) if (!this.architecture.has(origin)) this.architecture.set(origin, where);
  }

  /** An initializer of the file, or a constant that a node of it holds. */
  addInitializer(name: string, tensor: Tensor): void {
    this.addConstant(name, tensor, []);
    this.constants.set(name, { ...tensor.value, origins: [name] });
    this.initializers.set(name, tensor.value.dtype === 'float' ? tensor.value.data.length : 0);
  }

  /** Appends a node, under a name that no other has. */
  addNode(node: Node): void {
    const name = this.#nodeNames.firstFree(node.name);
    this.#nodes.push({ ...node, name });
  }

  /** Gives values that nodes write other names, old to new. */
  rename(names: ReadonlyMap<string, string>): void {
    const change = (name: string) => names.get(name) ?? name;
    this.#nodes = this.#nodes.map((n) => ({ ...n, inputs: n.inputs.map(change), outputs: n.outputs.map(change) }));
  }

  /** Announces a constant that is about to be computed. @throws E_LIMIT, E_SHAPE */
  spend(shape: Shape, where: string): void {
    checkElements(shape, this.limits, where);
    this.#folded += sizeOf(shape);
    checkLimit(this.limits, 'foldedElements', this.#folded, where);
  }

  /** A name that no value has yet, reserved. */
  unique(wanted: string): string {
    return this.#names.firstFree(wanted);
  }

  /** Names of the file, so that no computed value takes one before its turn. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#names.add(name);
  }
}

/** Names in use. A million equal wishes cost a million steps: each remembers where its numbers ended. */
export class Names {
  readonly #last = new Map<string, number>();

  add(name: string): void {
    if (!this.#last.has(name)) this.#last.set(name, 1);
  }

  /** `wanted`, or `wanted_2`, ...: what is not in use, and is from now on. */
  firstFree(wanted: string): string {
    let name = wanted;
    let number = this.#last.get(wanted) ?? 1;
    while (this.#last.has(name)) name = `${wanted}_${++number}`;
    this.#last.set(wanted, number);
    this.add(name);
    return name;
  }
}
