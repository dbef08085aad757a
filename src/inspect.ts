/** What is in a file of ours: the statement it stands for in one sentence, sizes, parameters, and every soundness term. */
import { cellsOf, type Port } from './circuit/types.ts';
import { fileKind, notOurs } from './files/container.ts';
import { decodeKey, type KeyFile, modelId } from './files/key.ts';
import { decodeModel, keyOf } from './files/model.ts';
import { decodeProof } from './files/proof.ts';
import { levelsOf } from './soundness/parameters.ts';
import { type Plan, planOf } from './statement.ts';

/** @throws TesseraError E_FILE, E_VERSION, and what `planOf` throws for a key that no proof could be trusted under */
export function inspect(bytes: Uint8Array): object {
  switch (fileKind(bytes)) {
    case 'model':
      return inspectModel(bytes);
    case 'key':
      return { kind: 'key', bytes: bytes.length, ...describe(decodeKey(bytes)) };
    case 'proof':
      return inspectProof(bytes);
    default:
      throw notOurs();
  }
}

function inspectModel(bytes: Uint8Array): object {
  const { report, weights } = decodeModel(bytes);
  const parameters = [...weights.values()].reduce((n, w) => n + w.length, 0);
  return {
    kind: 'model',
    bytes: bytes.length,
    weights: parameters,
    ...describe(keyOf(bytes)),
    report: JSON.parse(report),
  };
}

function inspectProof(bytes: Uint8Array): object {
  const { model, proof } = decodeProof(bytes);
  return {
    kind: 'proof',
    bytes: bytes.length,
    model: hex(model),
    sentence:
      `A proof about the model ${hex(model).slice(0, 16)}. It is a proof of nothing until it is verified against a key and a ` +
      'statement: outputs, public inputs, tag. It hides nothing: this version has no zero-knowledge mode.',
    transcript: proof.length,
  };
}

function describe(key: KeyFile): object {
  const plan = planOf(key, new Set());
  const { circuit } = key;
  const names = (ports: readonly Port[]) => ports.map((p) => `${p.name} [${p.shape.join(', ')}]`).join(' and ');
  return {
    sentence:
      `The network "${circuit.name}" with the committed weights of root ${hex(key.root).slice(0, 16)} maps ` +
      `${names(circuit.inputs)} to ${names(circuit.outputs)}, in exact integers.`,
    model: hex(modelId(key)),
    inputs: circuit.inputs,
    outputs: circuit.outputs,
    circuit: sizes(plan),
    parameters: { ...plan.parameters, levels: levelsOf(plan.parameters) },
    soundness: {
      bits: round(plan.soundness.bits),
      binding: plan.soundness.binding,
      terms: plan.soundness.terms.map((t) => ({ ...t, bits: round(t.bits), total: round(t.total) })),
    },
  };
}

function sizes({ circuit, commitments, tree }: Plan): object {
  const [witness, model] = [...commitments].reverse();
  const lookups = circuit.lookups.map((l) => cellsOf(circuit.tensors[l.tensors[0]!]!.shape));
  return {
    tensors: circuit.tensors.length,
    weightCells: model?.packing.cells ?? 0,
    witnessCells: witness!.packing.cells,
    lookups: lookups.reduce((a, b) => a + b, 0),
    tableRows: circuit.tables.reduce((n, t) => n + t.rows, 0),
    treeDepth: tree.depth,
  };
}

function round(bits: number): number {
  return Math.round(100 * bits) / 100;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}
