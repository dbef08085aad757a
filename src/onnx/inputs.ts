/**
 * Static shapes of the graph's true inputs. A symbolic size is bound by the caller's shapes; unbound, a first axis is a
 * batch of 1, and any other is refused.
 */
import type { TensorShapeProto_Dimension, ValueInfoProto } from 'onnx-buf';
import { TesseraError } from '../errors.ts';
import type { Info } from './draft.ts';
import { codeName, type ElementType, elementType } from './element.ts';
import type { RawGraph } from './read.ts';
import type { Shape } from './tensor.ts';

export type GivenShapes = Readonly<Record<string, readonly number[]>>;

/** Size, name of a size, or neither. */
type Dim = number | string | undefined;

interface Declared {
  readonly name: string;
  readonly type: ElementType;
  /** undefined when the rank is unknown. */
  readonly dims: readonly Dim[] | undefined;
}

/**
 * Inputs with an initializer are constants with a default, not inputs.
 *
 * @throws E_SHAPE, E_DTYPE
 */
export function readInputs(graph: RawGraph, given: GivenShapes): Map<string, Info> {
  const declared = graph.inputs.filter((i) => !graph.initializers.has(i.name)).map(declare);
  const unknown = Object.keys(given).find((name) => !declared.some((d) => d.name === name));
  if (unknown !== undefined) {
    const hint = `Inputs: ${declared.map((d) => d.name).join(', ')}.`;
    throw new TesseraError('E_SHAPE', `a shape was given for "${unknown}", which is no input of the model`, { hint });
  }
  const symbols = new Map<string, number>();
  for (const { name, dims } of declared) bindSymbols(name, dims, given[name], symbols);
  return new Map(declared.map((d) => [d.name, { shape: given[d.name] ?? resolve(d, symbols), type: d.type }]));
}

function declare(value: ValueInfoProto): Declared {
  const where = `input "${value.name}"`;
  if (value.type?.value.case !== 'tensorType') {
    throw new TesseraError('E_DTYPE', `a ${value.type?.value.case ?? 'value without a type'} is no tensor`, { where });
  }
  const { elemType, shape } = value.type.value.value;
  const type = elementType(elemType);
  if (type === undefined)
    throw new TesseraError('E_DTYPE', `inputs of ${codeName(elemType)} are not supported`, { where });
  return { name: value.name, type, dims: shape?.dim.map(readDim) };
}

/** Exporters write an unknown size as a name, as nothing, as 0 or as -1. */
function readDim(dim: TensorShapeProto_Dimension): Dim {
  if (dim.value.case === 'dimParam') return dim.value.value === '' ? undefined : dim.value.value;
  if (dim.value.case === 'dimValue' && dim.value.value > 0n) return Number(dim.value.value);
  return undefined;
}

/** Checks a given shape against the declared one. */
function bindSymbols(
  name: string,
  dims: readonly Dim[] | undefined,
  given: Shape | undefined,
  symbols: Map<string, number>,
) {
  if (given === undefined) return;
  const refuse = (sentence: string): never => {
    throw new TesseraError('E_SHAPE', sentence, { where: `input "${name}"` });
  };
  if (given.some((d) => !Number.isSafeInteger(d) || d < 1)) refuse(`[${given}] is no shape`);
  if (dims !== undefined && dims.length !== given.length) refuse(`[${given}] was given, the model has [${dims}]`);
  dims?.forEach((dim, a) => {
    const bound = typeof dim === 'string' ? (symbols.get(dim) ?? given[a]!) : (dim ?? given[a]!);
    if (bound !== given[a])
      refuse(`[${given}] was given, the model has ${typeof dim === 'string' ? `${dim} = ` : ''}${bound} at axis ${a}`);
    if (typeof dim === 'string') symbols.set(dim, bound);
  });
}

function resolve(declared: Declared, symbols: ReadonlyMap<string, number>): number[] {
  const where = `input "${declared.name}"`;
  const hint = `Give its shape: --shape ${declared.name}=1,.. or, in the library, shapes: { ${JSON.stringify(declared.name)}: [1, ..] }.`;
  if (declared.dims === undefined) throw new TesseraError('E_SHAPE', 'the shape is unknown', { where, hint });
  return declared.dims.map((dim, a) => {
    if (typeof dim === 'number') return dim;
    const bound = dim === undefined ? undefined : symbols.get(dim);
    if (bound !== undefined) return bound;
    if (a === 0) return 1;
    throw new TesseraError('E_SHAPE', `the size of axis ${a}${dim === undefined ? '' : ` ("${dim}")`} is unknown`, {
      where,
      hint,
    });
  });
}
