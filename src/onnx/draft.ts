/**
 * The graph while it is being built: what is known of every value so far, and the nodes in normal form.
 */
import { TesseraError } from '../errors.ts';
import type { ElementType } from './element.ts';
import type { Constant, Node } from './graph.ts';
import { checkLimit, type Limits } from './limits.ts';
import { checkElements, type Shape, type Tensor } from './tensor.ts';

export interface Info {
  readonly shape: Shape;
  readonly type: ElementType;
}

export class Draft {
  readonly opset: number;
  readonly limits: Limits;
  readonly infos = new Map<string, Info>();
  readonly constants = new Map<string, Constant>();
  #nodes: Node[] = [];
  /** Outputs that a normal form does not have, and the node that the file gives them to. */
  readonly #missing = new Map<string, string>();
  readonly #aliases = new Map<string, string>();
  readonly #names = new Set<string>();
  readonly #nodeNames = new Set<string>();
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
    const next = this.#aliases.get(name);
    return next === undefined ? name : this.resolve(next);
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

  addConstant(name: string, tensor: Tensor): void {
    this.#names.add(name);
    this.infos.set(name, { shape: tensor.value.shape, type: tensor.type });
    this.constants.set(name, tensor.value);
  }

  /** Appends a node, under a name that no other has. */
  addNode(node: Node): void {
    const name = firstFree(node.name, this.#nodeNames);
    this.#nodes.push({ ...node, name });
  }

  /** Gives a value that a node writes another name, which becomes the one that others resolve to. */
  rename(from: string, to: string): void {
    const change = (name: string) => (name === from ? to : name);
    this.#nodes = this.#nodes.map((n) => ({ ...n, inputs: n.inputs.map(change), outputs: n.outputs.map(change) }));
    this.#aliases.set(from, to);
    this.#aliases.delete(to);
  }

  /** Announces the elements of a constant that is about to be computed. @throws E_LIMIT */
  spend(elements: number, where: string): void {
    this.#folded += elements;
    checkLimit(this.limits, 'foldedElements', this.#folded, where);
  }

  /** A name that no value has yet, reserved. */
  unique(wanted: string): string {
    return firstFree(wanted, this.#names);
  }

  /** Names of the file, so that no computed value takes one before its turn. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#names.add(name);
  }
}

/** `wanted`, or `wanted_2`, ...: what is not taken, and is from now on. */
export function firstFree(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let i = 2; taken.has(name); i++) name = `${wanted}_${i}`;
  taken.add(name);
  return name;
}
