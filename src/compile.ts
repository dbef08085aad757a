/**
 * ONNX bytes and samples to an integer circuit: import, calibrate, choose the numbers, lower, measure against the float model.
 */
import { type Cost, committedCells, costOf } from './circuit/cost.ts';
import { checkRanges } from './circuit/ranges.ts';
import type { Circuit, IntArray, TensorId } from './circuit/types.ts';
import { cellsOf } from './circuit/types.ts';
import { TesseraError } from './errors.ts';
import { encodeKey, ROOT_BYTES } from './files/key.ts';
import { encodeModel } from './files/model.ts';
import type { Machine } from './kernels/kernels.ts';
import { createWasmMachine } from './kernels/wasm.ts';
import type { Graph } from './onnx/graph.ts';
import { importOnnx } from './onnx/index.ts';
import { checkOperators, lowerGraph } from './ops/graph.ts';
import type { Interval, Scheme } from './ops/scheme.ts';
import type { CompileStage, OnProgress } from './progress.ts';
import { modelRoot } from './prove.ts';
import { type Accuracy, measureAccuracy } from './quantize/accuracy.ts';
import { calibrate, randomSamples } from './quantize/calibrate.ts';
import { composeConvolutions } from './quantize/compose.ts';
import { openFloatModel, type Sample } from './quantize/float-model.ts';
import { chooseParameters, type Parameters } from './soundness/parameters.ts';
import { packParameters, planOf } from './statement.ts';

export interface QuantizeOptions {
  /** Representative inputs, by name: scales and domains follow from them. */
  readonly samples?: Iterable<Sample>;
  /** One class a sample: the report counts how often float and integers find it. */
  readonly labels?: ArrayLike<number>;
  /** Real range of the inputs: instead of samples, or beyond what they show. Default without samples: 0 .. 1. */
  readonly inputRange?: Interval;
  /** Width of activations, 4 .. 14. Default 10 to 12, more for larger models. */
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
  const scheme = schemeFor(graph, options);
  stage('read', 1);
  stage('calibrate', 0);
  const float = await openFloatModel(bytes, graph, externalData);
  const { samples, isRandom } = samplesFor(graph, options);
  const ranges = await calibrate(float, samples, options.percentile);
  if (inputRange !== undefined) {
    for (const { name } of graph.inputs) ranges.set(name, join(ranges.get(name)!, inputRange));
  }

  stage('calibrate', 1);
  stage('lower', 0);
  const lowered = lowerGraph(composeConvolutions(graph), scheme, ranges);
  stage('lower', 1);
  stage('measure', 0);
  const machine = options.machine ?? (await createWasmMachine());
  const measured = samples.slice(0, options.accuracySamples ?? (options.labels ? samples.length : ACCURACY_SAMPLES));
  const labels = options.labels && Array.from(options.labels).slice(0, measured.length);
  const accuracy = await measureAccuracy(machine, float, graph, lowered, measured, labels);
  stage('measure', 1);
  const { circuit, weights } = lowered;
  const warnings = isRandom ? [NO_SAMPLES] : [];
  const cost = costOf(circuit, parametersFor(circuit));
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
  readonly report: CompileReport;
}

/**
 * ONNX bytes and representative inputs to a model and its key. The weights are committed: the key holds their root only.
 * @throws TesseraError what `quantizeModel` throws; E_SOUNDNESS, E_MEMORY, E_ABORTED
 */
export async function compile(onnx: Uint8Array, options: QuantizeOptions = {}): Promise<Compiled> {
  const machine = options.machine ?? (await createWasmMachine());
  const stage = stageOf(options);
  const { circuit, weights, report } = await quantizeModel(onnx, { ...options, machine });
  stage('commit', 0);
  for (const sentence of report.warnings) options.onProgress?.({ kind: 'note', sentence });
  checkRanges(circuit, weights);
  const parameters = packParameters(parametersFor(circuit));
  const plan = planOf({ circuit, parameters, root: new Uint8Array(ROOT_BYTES) }, new Set());
  const key = { circuit, parameters, root: modelRoot(machine, plan, weights) };
  stage('commit', 1);
  return { model: encodeModel({ ...key, weights, report: JSON.stringify(report) }), key: encodeKey(key), report };
}

/** The parameters that suit what a circuit commits. */
function parametersFor(circuit: Circuit): Parameters {
  const { weightCells, witnessCells } = committedCells(circuit);
  return chooseParameters([weightCells, witnessCells]);
}

/** Tells of a stage, and stops where the caller wants to. @throws TesseraError E_ABORTED */
function stageOf({ onProgress, signal }: QuantizeOptions): (stage: CompileStage, done: number) => void {
  return (stage, done) => {
    onProgress?.({ kind: 'stage', stage, done });
    if (signal?.aborted) throw new TesseraError('E_ABORTED', 'compiling was stopped');
  };
}

const RANDOM_SAMPLES = 8;
const ACCURACY_SAMPLES = 32;
const NO_SAMPLES =
  'Calibrated with random inputs: accuracy on real inputs may be far from what this report says. Give samples.';

/**
 * Tables cost a row of commitment and lookup each, so small models get narrower activations: 10 bits below 2^17 activations, 12 from
 * 2^18 on. Measured 2026-11 on a Fashion-MNIST CNN: 10 bits keep every top-1 of 1,000 images, 12 bits cost 45 % more cells.
 */
function schemeFor(graph: Graph, options: QuantizeOptions): Scheme {
  const cells = graph.nodes.reduce((n, node) => n + cellsOf(graph.shapes.get(node.outputs[0]!) ?? []), 0);
  const bits = checked('bits', options.bits ?? Math.min(12, Math.max(10, Math.floor(Math.log2(cells)) - 6)), 4, 14);
  return {
    bits,
    weightBits: checked('weightBits', options.weightBits ?? 16, 4, 16),
    headroom: checked('headroom', options.headroom ?? 2, 0, 4),
    shift: bits < 12 ? bits : bits + 1,
  };
}

function checked(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new TesseraError('E_QUANTIZE', `${name} = ${value} is not an integer of ${least} .. ${most}`);
}

function join(a: Interval, b: Interval): Interval {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}
