/**
 * ONNX's own cases, one node each: every case is either refused by a typed error before anything is computed, or its integers are what ONNX
 * says within the roundings of 12 bits. Never wrong.
 *
 * What cases give as inputs beside the first is made constant, as it is in models: weights, sizes, axes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type TensorProto, TensorProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { checkCircuit } from '../../src/circuit/check.ts';
import { evaluate } from '../../src/circuit/evaluate.ts';
import { decodeOutput, encodeInput } from '../../src/circuit/ports.ts';
import { checkRanges } from '../../src/circuit/ranges.ts';
import { quantizeModel } from '../../src/compile.ts';
import { TesseraError } from '../../src/errors.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { readTarGz } from '../support/tar.ts';

const ARCHIVE = new URL('../../../shared/onnx-node-tests.tar.gz', import.meta.url);
const FOLDER = 'onnx/backend/test/data/node/';

/** Of the largest float of an output; results of 12 bits through one or two roundings. */
const TOLERANCE = 0.01;

const FLOAT = 1;

/** Cases that differ, and why. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  [
    'test_resize_downsample_scales_linear_align_corners',
    'ONNX measures by size times scale, ONNX Runtime by the whole cells of it',
  ],
  ['test_softmax_large_number', 'differences of 1 between values of 10,000 are below 12 bits'],
]);

interface Case {
  readonly name: string;
  readonly onnx: Uint8Array;
  readonly sample: Readonly<Record<string, Float32Array>>;
  readonly outputs: readonly TensorProto[];
}

function floatsOf({ floatData, rawData }: TensorProto): Float32Array {
  if (floatData.length > 0) return Float32Array.from(floatData);
  return new Float32Array(Uint8Array.from(rawData).buffer);
}

/** The case with every input but the first made constant; undefined where the inputs or outputs are no float tensors. */
function readCase(name: string, files: ReadonlyMap<string, Uint8Array>): Case | undefined {
  const model = fromBinary(ModelProtoSchema, files.get(`${FOLDER}${name}/model.onnx`)!);
  const graph = model.graph!;
  const tensors = (kind: string, count: number): TensorProto[] =>
    Array.from({ length: count }, (_, i) => {
      return fromBinary(TensorProtoSchema, files.get(`${FOLDER}${name}/test_data_set_0/${kind}_${i}.pb`)!);
    });
  const isTensor = graph.input.every((v) => v.type?.value.case === 'tensorType');
  if (!isTensor || graph.input.length === 0 || !graph.output.every((v) => v.type?.value.case === 'tensorType'))
    return undefined;
  const [inputs, outputs] = [tensors('input', graph.input.length), tensors('output', graph.output.length)];
  if (inputs[0]!.dataType !== FLOAT || !outputs.every((t) => t.dataType === FLOAT)) return undefined;
  const [first, ...others] = graph.input;
  others.forEach((v, i) => {
    graph.initializer.push({ ...inputs[i + 1]!, name: v.name });
  });
  graph.input = [first!];
  return { name, onnx: toBinary(ModelProtoSchema, model), sample: { [first!.name]: floatsOf(inputs[0]!) }, outputs };
}

/** 'right', 'refused CODE', or what is wrong. */
async function resultOf({ onnx, sample, outputs }: Case): Promise<string> {
  const machine = createReferenceMachine();
  try {
    const { circuit, weights } = await quantizeModel(onnx, {
      samples: [sample],
      machine,
      bits: 12,
      accuracySamples: 0,
    });
    checkCircuit(circuit);
    checkRanges(circuit, weights);
    const inputs = circuit.inputs.map((port) => encodeInput(port, sample[port.name]!));
    const got = evaluate(machine, circuit, weights, inputs).outputs;
    const wrong = circuit.outputs.flatMap((port, i) => {
      const [want, have] = [floatsOf(outputs[i]!), decodeOutput(port, got[i]!)];
      const reach = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const error = want.reduce((most, v, k) => Math.max(most, Math.abs(v - have[k]!)), 0);
      if (have.length !== want.length) return [`${port.name}: ${have.length} cells for ${want.length}`];
      return error <= TOLERANCE * reach + 1e-6 ? [] : [`${port.name}: off by ${error} of ${reach}`];
    });
    return wrong.length === 0 ? 'right' : wrong.join('; ');
  } catch (error) {
    if (error instanceof TesseraError) return `refused ${error.code}`;
    throw error;
  }
}

describe.skipIf(!existsSync(ARCHIVE))(
  'cases of ONNX (skipped where ../shared/onnx-node-tests.tar.gz is not there)',
  () => {
    it('are right or refused', { timeout: 300_000 }, async () => {
      const files = readTarGz(readFileSync(ARCHIVE));
      const names = [...files.keys()].flatMap((path) => {
        const match = path.startsWith(FOLDER) ? /^([^/]+)\/model\.onnx$/.exec(path.slice(FOLDER.length)) : null;
        return match === null ? [] : [match[1]!];
      });
      expect(names.length).toBeGreaterThan(1700);
      const results = new Map<string, string>();
      for (const name of names) {
        const read = readCase(name, files);
        if (read !== undefined) results.set(name, await resultOf(read));
      }
      const wrong = [...results].filter(([, r]) => r !== 'right' && !r.startsWith('refused'));
      expect(wrong.map(([name, result]) => (KNOWN.has(name) ? name : `${name}: ${result}`))).toEqual([...KNOWN.keys()]);
      const right = [...results].filter(([, r]) => r === 'right').length;
      expect(right).toBeGreaterThan(330);
    });
  },
);
