/**
 * ONNX bytes and samples to an integer circuit: import, calibrate, choose the numbers, lower, measure against the float model.
 */
import { type Cost, committedCells, costOf } from './circuit/cost.ts';
import { checkRanges } from './circuit/ranges.ts';
import type { Circuit, IntArray, TensorId, WeightVisibility } from './circuit/types.ts';
import { cellsOf } from './circuit/types.ts';
import { TesseraError } from './errors.ts';
import { encodeKey, weightIds } from './files/key.ts';
import { encodeModel } from './files/model.ts';
import type { Machine } from './kernels/kernels.ts';
import { createWasmMachine } from './kernels/wasm.ts';
import type { Graph } from './onnx/graph.ts';
import { importOnnx } from './onnx/index.ts';
import { checkOperators, lowerGraph } from './ops/graph.ts';
import type { Interval, Scheme, VisibilityOf } from './ops/scheme.ts';
import type { CompileStage, OnProgress } from './progress.ts';
import { registerModel } from './prover/register.ts';
import { journalOfModel } from './prover/spending.ts';
import { type Accuracy, measureAccuracy } from './quantize/accuracy.ts';
import { calibrate, randomSamples } from './quantize/calibrate.ts';
import { composeConvolutions } from './quantize/compose.ts';
import { openFloatModel, type Sample } from './quantize/float-model.ts';
import { fusePatterns } from './quantize/patterns.ts';
import { absorbScales } from './quantize/scales.ts';
import { chooseParameters, type Parameters } from './soundness/parameters.ts';

export interface QuantizeOptions {
  /** Representative inputs, by name: scales and domains follow from them. */
  readonly samples?: Iterable<Sample>;
  /** One class a sample: the report counts how often float and integers find it. */
  readonly labels?: ArrayLike<number>;
  /** Real range of the inputs: instead of samples, or beyond what they show. Default without samples: 0 .. 1. */
  readonly inputRange?: Interval;
  /** Width of activations, 4 .. 14. Default 10 to 12, more for larger models; 9 with private weights. */
  readonly bits?: number;
  /** Largest width of weights, 4 .. 16. Default 16: a proof costs the same for all. */
  readonly weightBits?: number;
  /** Bits by which arguments of functions may exceed what calibration saw, 0 .. 4. Default 2. */
  readonly headroom?: number;
  /** Percentile of each sample's values that sets the range, above 50. Default 100: the extremes. */
  readonly percentile?: number;
  /** Samples that accuracy is measured on, from the first. Default 32, and all where there are labels. */
  readonly accuracySamples?: number;
  /** Shapes of inputs whose sizes the file leaves open. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Bytes of a file beside the model. */
  readonly externalData?: (location: string) => Uint8Array;
  /** Who may see the weights: everybody, everybody who has them (a root stands for them), or nobody. Default: committed. */
  readonly weights?: WeightVisibility;
  /** Visibility of single initializers (of one number alone, and of integers, only if named here), by name or by a pattern with `*`; a later one counts before an earlier one. */
  readonly visibility?: readonly (readonly [pattern: string, visibility: WeightVisibility])[];
  /** How many proofs the commitment of private weights shall hide in. Default 256. */
  readonly proofBudget?: number;
  /** Runs the integers for the accuracy report. Default: one thread. */
  readonly machine?: Machine;
  readonly onProgress?: OnProgress;
  /** Stops at the end of a stage. */
  readonly signal?: AbortSignal;
}

export interface CompileReport {
  readonly scheme: Scheme;
  /** Samples calibrated with. */
  readonly samples: number;
  /** What a proof will commit, look up and take. */
  readonly cost: Cost;
  readonly accuracy: Accuracy;
  readonly warnings: readonly string[];
}

/**
 * @throws TesseraError of the importer; E_UNSUPPORTED_OP naming the node; E_QUANTIZE for bad options, where ONNX Runtime is missing, or
 * where the integers do not fit; E_INPUT, E_NAN for bad samples; E_RANGE; E_ABORTED
 */
export async function quantizeModel(
  bytes: Uint8Array,
  options: QuantizeOptions = {},
): Promise<{ circuit: Circuit; weights: ReadonlyMap<TensorId, IntArray>; report: CompileReport }> {
  const { shapes, externalData, inputRange } = options;
  const stage = stageOf(options);
  stage('read', 0);
  const graph = importOnnx(bytes, { ...(shapes && { shapes }), ...(externalData && { externalData }) });
  checkOperators(graph);
  const fused = composeConvolutions(fusePatterns(graph));
  const visibility = visibilityOf(fused, options);
  const scheme = schemeFor(graph, options, visibility);
  stage('read', 1);
  stage('calibrate', 0);
  const float = await openFloatModel(bytes, graph, externalData);
  const { samples, isRandom } = samplesFor(graph, options);
  const seen = await calibrate(float, samples, options.percentile);
  const ranges = new Map([...seen].map(([name, real]) => [name, scaled(real, MARGIN)] as const));
  for (const { name } of graph.inputs) ranges.set(name, seen.get(name)!);
  if (inputRange !== undefined) {
    for (const { name } of graph.inputs) ranges.set(name, join(ranges.get(name)!, inputRange));
  }

  stage('calibrate', 1);
  stage('lower', 0);
  const simpler = absorbScales({ graph: fused, ranges });
  const lowered = lowerGraph(simpler.graph, scheme, simpler.ranges, visibility);
  stage('lower', 1);
  stage('measure', 0);
  const machine = options.machine ?? (await createWasmMachine());
  const measured = samples.slice(0, options.accuracySamples ?? (options.labels ? samples.length : ACCURACY_SAMPLES));
  const labels = options.labels && Array.from(options.labels).slice(0, measured.length);
  const accuracy = await measureAccuracy(machine, float, graph, lowered, measured, labels);
  stage('measure', 1);
  const { circuit, weights } = lowered;
  const warnings = [...(isRandom ? [NO_SAMPLES] : []), ...exposures(fused, visibility, options)];
  const cost = costOf(circuit, parametersFor(circuit, options));
  return { circuit, weights, report: { scheme, samples: samples.length, cost, accuracy, warnings } };
}

/** @throws TesseraError E_INPUT where labels and samples do not belong together */
function samplesFor(graph: Graph, options: QuantizeOptions): { samples: readonly Sample[]; isRandom: boolean } {
  const isRandom = options.samples === undefined;
  const samples =
    options.samples === undefined
      ? randomSamples(graph, RANDOM_SAMPLES, options.inputRange ?? { min: 0, max: 1 })
      : [...options.samples];
  if (options.labels !== undefined && (isRandom || options.labels.length !== samples.length)) {
    const given = isRandom ? 0 : samples.length;
    throw new TesseraError('E_INPUT', `${options.labels.length} labels for ${given} samples`);
  }
  return { samples, isRandom };
}

/** What `compile` makes of a network: the prover's file, the verifier's, and how well the integers do. */
export interface Compiled {
  readonly model: Uint8Array;
  readonly key: Uint8Array;
  /** The counter of the private weights, to be kept beside the model; undefined where there are none. */
  readonly journal: Uint8Array | undefined;
  readonly report: CompileReport;
}

/**
 * ONNX bytes and representative inputs to a model and its key. The weights are committed: the key holds their root only.
 * @throws TesseraError what `quantizeModel` throws; E_SOUNDNESS, E_MEMORY, E_ABORTED
 */
export async function compile(onnx: Uint8Array, options: QuantizeOptions = {}): Promise<Compiled> {
  const machine = options.machine ?? (await createWasmMachine());
  return machine.exclusive(() => compileOn(machine, onnx, options));
}

async function compileOn(machine: Machine, onnx: Uint8Array, options: QuantizeOptions): Promise<Compiled> {
  const stage = stageOf(options);
  const { circuit, weights, report } = await quantizeModel(onnx, { ...options, machine });
  stage('commit', 0);
  for (const sentence of report.warnings) options.onProgress?.({ kind: 'note', sentence });
  checkRanges(circuit, weights);
  const parameters = parametersFor(circuit, options);
  const model = registerModel(machine, circuit, weights, parameters, JSON.stringify(report));
  stage('commit', 1);
  const journal = model.secret.length > 0 ? journalOfModel(model) : undefined;
  return { model: encodeModel(model), key: encodeKey(model), journal, report };
}

/** The parameters that suit what a circuit commits, and how many proofs private weights shall hide in. */
function parametersFor(circuit: Circuit, { proofBudget }: QuantizeOptions): Parameters {
  const { weightCells, witnessCells } = committedCells(circuit);
  const budget = weightIds(circuit, 'private').length > 0 ? checkedBudget(proofBudget) + OWN_PROOFS : 1;
  return chooseParameters([weightCells, witnessCells], budget);
}

/** Tells of a stage, and stops where the caller wants to. @throws TesseraError E_ABORTED */
function stageOf({ onProgress, signal }: QuantizeOptions): (stage: CompileStage, done: number) => void {
  return (stage, done) => {
    onProgress?.({ kind: 'stage', stage, done });
    if (signal?.aborted) throw new TesseraError('E_ABORTED', 'compiling was stopped');
  };
}

/**
 * The visibility of every initializer. @throws TesseraError E_VISIBILITY for a pattern that names none, or that is no visibility
 */
function visibilityOf(graph: Graph, { weights = 'committed', visibility = [] }: QuantizeOptions): VisibilityOf {
  const names = new Set(graph.initializers.keys());
  const rules = visibility.map(([pattern, seen]) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return { pattern, matches: new RegExp(`^${parts.join('.*')}$`), seen };
  });
  for (const { pattern, matches, seen } of [...rules, { pattern: '*', matches: /.*/, seen: weights }]) {
    if (!['public', 'committed', 'private'].includes(seen)) {
      throw new TesseraError('E_VISIBILITY', `"${seen}" is not public, committed or private`, { where: pattern });
    }
    if (pattern !== '*' && ![...names].some((name) => matches.test(name))) {
      const some = [...names].slice(0, 5).join(', ');
      throw new TesseraError('E_VISIBILITY', 'no initializer that the model reads has this name', {
        where: pattern,
        hint: `Among its initializers are ${some}.`,
      });
    }
  }
  const otherwise = (name: string) => (isArchitecture(graph, name) ? 'committed' : weights);
  const seenBy = (name: string) => rules.findLast(({ matches }) => matches.test(name))?.seen ?? otherwise(name);
  for (const [name, where] of [...graph.architecture, ...graph.exposed]) {
    if (seenBy(name) !== 'private') continue;
    throw new TesseraError('E_VISIBILITY', `the initializer "${name}" cannot be private`, {
      where,
      hint: 'The node makes it, or something computed from it, part of the circuit, which is public.',
    });
  }
  for (const { name: where, op, inputs } of graph.nodes) {
    if (!BY_NUMBER.includes(op)) continue;
    const numbers = inputs.map((input) => graph.constants.get(input)).filter((c) => c?.data.length === 1);
    const origin = numbers.flatMap((c) => c!.origins).find((name) => seenBy(name) === 'private');
    if (origin === undefined) continue;
    throw new TesseraError('E_VISIBILITY', `the initializer "${origin}" cannot be private`, {
      where,
      hint: `${op} makes a number that stands alone part of the circuit, which is public.`,
    });
  }
  return seenBy;
}

/** Operators that take a constant of one number into the circuit; a factor may still find its way into weights. */
const BY_NUMBER = ['Add', 'Sub', 'PRelu'];

/** A number that stands alone, integers, and what an operator reads as its parameters: part of the circuit unless it is named. */
function isArchitecture(graph: Graph, name: string): boolean {
  return (graph.initializers.get(name) ?? 0) <= 1 || graph.architecture.has(name);
}

/** What of a private model everybody sees all the same. */
function exposures(graph: Graph, visibility: VisibilityOf, { weights }: QuantizeOptions): string[] {
  const names = [...graph.initializers].flatMap(([name, elements]) => {
    return elements > 0 && isArchitecture(graph, name) && visibility(name) !== 'private' ? [name] : [];
  });
  if (weights !== 'private' || names.length === 0) return [];
  const some = names.slice(0, 8).join(', ');
  return [
    `Single numbers and parameters of operators are part of the public circuit, not private: ${some}${names.length > 8 ? ', ..' : ''}.`,
  ];
}

function checkedBudget(budget = DEFAULT_BUDGET): number {
  return checked('proofBudget', budget, 1, 2 ** 20);
}

/** Proofs that private weights are hidden in, unless more or fewer are asked for. */
const DEFAULT_BUDGET = 256;

/** The certificate and the rotation open the private weights as well. */
const OWN_PROOFS = 2;
const PRIVATE_BITS = 9;
const RANDOM_SAMPLES = 8;
const ACCURACY_SAMPLES = 32;
const NO_SAMPLES =
  'Calibrated with random inputs: accuracy on real inputs may be far from what this report says. Give samples.';

/**
 * Tables cost a row of commitment and lookup each, so small models get narrower activations: 10 bits below 2^17 activations, 12 from
 * 2^18 on. Measured 2026-11 on a Fashion-MNIST CNN: 10 bits keep every top-1 of 1,000 images, 12 bits cost 45 % more cells.
 * Sums over private weights are bounded by their bits alone, so activations leave room for these: BlazeFace's score is 0.892 with 9
 * bits and 0.789 with 12, for 0.897 in float; fashion-cnn with 9 has 93.8 % for 93.9 % (2026-11-25).
 */
function schemeFor(graph: Graph, options: QuantizeOptions, visibility: VisibilityOf): Scheme {
  const cells = graph.nodes.reduce((n, node) => n + cellsOf(graph.shapes.get(node.outputs[0]!) ?? []), 0);
  const isPrivate = [...graph.initializers.keys()].some((name) => visibility(name) === 'private');
  const usual = isPrivate ? PRIVATE_BITS : Math.min(12, Math.max(10, Math.floor(Math.log2(cells)) - 6));
  const bits = checked('bits', options.bits ?? usual, 4, 14);
  const headroom = checked('headroom', options.headroom ?? 2, 0, 4);
  return {
    bits,
    weightBits: checked('weightBits', options.weightBits ?? 16, 4, 16),
    headroom,
    // a table of 2^(bits + headroom) arguments on either side, times the shift, stays below the modulus
    shift: Math.min(bits < 12 ? bits : bits + 1, 29 - bits - headroom),
  };
}

function checked(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new TesseraError('E_QUANTIZE', `${name} = ${value} is not an integer of ${least} .. ${most}`);
}

/**
 * Values inside the network may leave what calibration saw by an eighth before they saturate; inputs are refused instead. Measured
 * 2026-11-25 on inputs that calibration did not see, cosine to float without and with it: fr_eye 0.9186 and 0.9968, mlp-4m 0.9985 and
 * 0.9997, fr_feature 0.99995 and 0.99996; of 968 pictures fashion-resnet classifies 901 and 902 right, float 901.
 */
const MARGIN = 1.125;

function scaled({ min, max }: Interval, factor: number): Interval {
  return { min: min * factor, max: max * factor };
}

function join(a: Interval, b: Interval): Interval {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}
