/**
 * A circuit is data: tensors, each defined once, and the relations that pin them. Everything that a proof says about a
 * network is in this file's types; the argument reads them, the operators write them, the digest covers them.
 *
 * Every tensor is an integer tensor with |v| < 2^30, dense and row-major inside its shape, zero outside it (the box rule).
 */

export type TensorId = number;
export type TableId = number;

/** Inclusive integer interval. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
}

export interface Tensor {
  readonly name: string;
  /** Axis sizes, each >= 1; [] is a single cell. */
  readonly shape: readonly number[];
  /** Holds for every cell inside the shape: proved by `ranges`. */
  readonly range: Range;
  readonly def: Definition;
}

export type Definition =
  /** A model input: public (the verifier holds it) or a witness column pinned by its `input` lookup. */
  | { readonly kind: 'input'; readonly input: number }
  /** Committed per proof; the prover computes it by its hint, a relation pins it. */
  | { readonly kind: 'witness'; readonly hint: Hint }
  /** Part of the model: committed once with it, or public. */
  | { readonly kind: 'weight'; readonly visibility: WeightVisibility }
  /** Public: cells of a model output, as the verifier holds it. */
  | { readonly kind: 'output'; readonly output: number; readonly derive: Derivation }
  /** The same value in every cell. */
  | { readonly kind: 'constant'; readonly value: number }
  /** v = (constant + sum coefficient * tensor) / 2^shift, exact; all shapes equal. */
  | {
      readonly kind: 'linear';
      readonly terms: readonly Term[];
      readonly constant: number;
      readonly shift: number;
    }
  /** v = a b, cell by cell; shapes equal. */
  | { readonly kind: 'product'; readonly a: TensorId; readonly b: TensorId }
  | Contract
  | View;

/**
 * public      the verifier holds the values
 * committed   the verifier holds a root that anybody can make of the values
 * private     the verifier holds a hiding root
 */
export type WeightVisibility = 'public' | 'committed' | 'private';

export interface Term {
  readonly tensor: TensorId;
  readonly coefficient: number;
}

/**
 * v[out] = sum A[..] B[..], axes labelled as in einsum. A label is in exactly one of these classes:
 *   m  in A and out      n  in B and out      batch  in A, B and out      k  in A and B, summed
 * An axis of B may instead be a window over an out label and an A label: x = stride o + dilation k - pad; terms outside
 * B's axis are dropped. The out label and the kernel label of a window occur nowhere else in B.
 */
export interface Contract {
  readonly kind: 'contract';
  readonly a: TensorId;
  readonly b: TensorId;
  readonly aAxes: readonly string[];
  readonly bAxes: readonly (string | Window)[];
  readonly out: readonly string[];
}

export interface Window {
  readonly out: string;
  readonly kernel: string;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first cell. */
  readonly pad: number;
}

/** v[j] = source[map(j)], or `fill` where some axis map has no source. Every axis of both tensors is in exactly one map. */
export interface View {
  readonly kind: 'view';
  readonly source: TensorId;
  readonly maps: readonly AxisMap[];
  readonly fill: number;
}

export type AxisMap =
  /** Axis `to` of v is axis `from` of the source, whole. */
  | { readonly kind: 'keep'; readonly from: number; readonly to: number }
  /** A new axis: every index reads the same cell. */
  | { readonly kind: 'broadcast'; readonly to: number }
  /** source index = stride * j + offset (offset may be negative); outside the axis: fill. */
  | {
      readonly kind: 'affine';
      readonly from: number;
      readonly to: number;
      readonly stride: number;
      readonly offset: number;
    }
  /**
   * Flat row-major index over the `to` axes -> flat row-major index over the `from` axes, or -1 for fill. `map` null is the
   * identity (a reshape of these axes). `to` may be empty: one cell of the `from` axes is selected.
   */
  | {
      readonly kind: 'index';
      readonly from: readonly number[];
      readonly to: readonly number[];
      readonly map: Int32Array | null;
    };

/** What a public output column holds, from the caller's output in ONNX's row-major order. */
export type Derivation =
  /** cell j = output[map[j]]; map null: the output itself, in its order. */
  | { readonly kind: 'gather'; readonly map: Int32Array | null }
  /** The output is an index along an axis of `size` cells; the column's last axis is its one-hot. */
  | { readonly kind: 'onehot'; readonly size: number };

/** How the prover finds an advice column. Hints are never trusted: they are not part of what a proof says. */
export type Hint =
  /** The low `count` bits of (of >> from), of taken as a two's complement integer. */
  | { readonly kind: 'bits'; readonly of: TensorId; readonly from: number; readonly count: number }
  /** Column 1 of the table's row whose column 0 is `of`. */
  | { readonly kind: 'table'; readonly table: TableId; readonly of: TensorId }
  /** floor(numerator / denominator), denominator > 0. */
  | { readonly kind: 'quotient'; readonly numerator: TensorId; readonly denominator: TensorId }
  /** floor(sqrt(of)), of >= 0. */
  | { readonly kind: 'root'; readonly of: TensorId }
  /** Maximum along the last axis (which the column does not have). */
  | { readonly kind: 'max'; readonly of: TensorId }
  /** One-hot of the first maximum along the last axis. */
  | { readonly kind: 'argmax'; readonly of: TensorId }
  /** How often each row of the table is looked up in the whole circuit. */
  | { readonly kind: 'multiplicity'; readonly table: TableId };

/** A table column: clamp(start + row, lo, hi), which the verifier evaluates in closed form, or listed values. */
export type TableColumn =
  | { readonly kind: 'clamp'; readonly start: number; readonly lo: number; readonly hi: number }
  | { readonly kind: 'values'; readonly values: Int32Array };

export interface Table {
  readonly name: string;
  readonly rows: number;
  /** One column: a range table. Two: a function, (argument, value), arguments consecutive and ascending. */
  readonly columns: readonly TableColumn[];
  /** Witness column of shape [rows]. */
  readonly multiplicity: TensorId;
}

/** Every cell inside the (equal) shapes of `tensors` is a row of the table. */
export interface Lookup {
  readonly table: TableId;
  readonly tensors: readonly TensorId[];
  /** Set where the lookup only pins a model input: it is dropped when the input is public. */
  readonly input?: number;
}

/** A model input or output as callers know it. */
export interface Port {
  readonly name: string;
  readonly shape: readonly number[];
  readonly range: Range;
  /** real value = integer * 2^-scale */
  readonly scale: number;
}

export interface Circuit {
  readonly name: string;
  readonly tensors: readonly Tensor[];
  readonly tables: readonly Table[];
  readonly lookups: readonly Lookup[];
  /** Tensors that are zero everywhere. */
  readonly zeros: readonly TensorId[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** Integer values of a tensor, dense row-major. */
export type IntArray = Int16Array | Int32Array;

export function cellsOf(shape: readonly number[]): number {
  return shape.reduce((n, s) => n * s, 1);
}

/** Value of a table column at a row. */
export function tableValue(column: TableColumn, row: number): number {
  return column.kind === 'values' ? column.values[row]! : Math.min(Math.max(column.start + row, column.lo), column.hi);
}
