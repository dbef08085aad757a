/**
 * The float graph as the rest of the compiler sees it: static shapes, constants folded, nodes in topological order.
 */

/** A tensor of values: float weights, or integers as ONNX's int64 constants (safe integers). */
export interface Literal {
  readonly shape: readonly number[];
  readonly dtype: 'float' | 'int' | 'bool' | 'string';
  /** Row-major. float: Float32Array or Float64Array; int and bool: exact in a double. */
  readonly data: Float32Array | Float64Array;
}

/** A constant of the graph. */
export interface Constant extends Literal {
  /** Initializers of the file that it was computed from: who may not see one of them may not see it. */
  readonly origins: readonly string[];
}

export type Attribute = number | string | readonly number[] | readonly string[] | Constant | Graph;

export interface Node {
  /** Unique; ONNX's own name where it has one, else op_index. */
  readonly name: string;
  readonly op: string;
  /** Value names; '' is an absent optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float' | 'int' | 'bool';
}

export interface Graph {
  readonly name: string;
  /** Opset of the default domain. */
  readonly opset: number;
  /** True inputs (no initializers), static shapes. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  /** Float elements of every initializer, or constant in a node, that something reads; 0 for integers. */
  readonly initializers: ReadonlyMap<string, number>;
  /** Initializers whose values have become part of the graph, which everybody sees, and the node that reads them so. */
  readonly architecture: ReadonlyMap<string, string>;
  /** Shape of every value that a node writes, and of inputs and constants. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}
