/** What is in a file of ours: the statement it stands for in one sentence, what it hides, sizes, parameters, and every soundness term. */
import { checkCertificate } from './certificate.ts';
import { cellsOf, type Port, type WeightVisibility } from './circuit/types.ts';
import { TesseraError } from './errors.ts';
import { decodeJournal, newJournal } from './files/budget.ts';
import { fileKind, notOurs } from './files/container.ts';
import { decodeKey, type KeyFile, modelId, weightIds } from './files/key.ts';
import { decodeModel, keyOf } from './files/model.ts';
import { decodeProof } from './files/proof.ts';
import { type CommitmentFile, commitmentId, decodeCommitment, decodeOpening } from './files/tensor.ts';
import { type Plan, plainDisclosure, planOf, unpackParameters } from './plan.ts';
import { levelsOf, type Parameters, proofBudget, STANDALONE, tailOf } from './soundness/parameters.ts';
import type { Soundness } from './soundness/terms.ts';

export interface InspectOptions {
  /** The budget file of a model or an opening: how much of it is spent. */
  readonly journal?: Uint8Array;
}

/** @throws TesseraError E_FILE, E_VERSION, and what `planOf` throws for a key that no proof could be trusted under */
export function inspect(bytes: Uint8Array, { journal }: InspectOptions = {}): object {
  if (isJournal(bytes)) return inspectJournal(bytes);
  switch (fileKind(bytes)) {
    case 'model':
      return inspectModel(bytes, journal);
    case 'key':
      return { kind: 'key', bytes: bytes.length, ...describe(decodeKey(bytes)) };
    case 'proof':
      return inspectProof(bytes);
    case 'commitment':
      return inspectCommitment(bytes);
    case 'opening':
      return inspectOpening(bytes, journal);
    default:
      throw notOurs();
  }
}

function inspectModel(bytes: Uint8Array, journal: Uint8Array | undefined): object {
  const model = decodeModel(bytes);
  const parameters = unpackParameters(model.parameters);
  const isPrivate = weightIds(model.circuit, 'private').length > 0;
  // the last share is kept for the rotation
  const budget = isPrivate && { budget: budgetOf(journal, model.privateRoot, parameters, 1) };
  return {
    kind: 'model',
    bytes: bytes.length,
    confidential: isPrivate,
    ...describe(keyOf(bytes)),
    ...budget,
    report: JSON.parse(model.report),
  };
}

function inspectProof(bytes: Uint8Array): object {
  const { model, zk, proof } = decodeProof(bytes);
  const hiding = zk
    ? 'It is in zero knowledge: it shows that its statement is so, and nothing else.'
    : 'It hides nothing: it may tell about the inputs, and about everything that was computed from them.';
  return {
    kind: 'proof',
    bytes: bytes.length,
    model: hex(model),
    zeroKnowledge: zk,
    sentence:
      `A proof about the model ${hex(model).slice(0, 16)}. It is a proof of nothing until it is verified against a key and a ` +
      `statement: outputs, public and committed inputs, tag. ${hiding}`,
    transcript: proof.length,
  };
}

function inspectCommitment(bytes: Uint8Array): object {
  const file = decodeCommitment(bytes);
  return {
    kind: 'commitment',
    bytes: bytes.length,
    confidential: false,
    ...committed(file),
    sentence:
      `A commitment to a tensor ${shapeText(file.shape)}: it fixes the values and shows none. Proofs that are verified with it are ` +
      'about the same values.',
  };
}

function inspectOpening(bytes: Uint8Array, journal: Uint8Array | undefined): object {
  const file = decodeOpening(bytes);
  return {
    kind: 'opening',
    bytes: bytes.length,
    confidential: true,
    ...committed(file),
    sentence:
      `The values and the secret behind the commitment ${hex(file.root).slice(0, 16)} to a tensor ${shapeText(file.shape)}, for whoever ` +
      'proves about it. Nobody else should have it.',
    proofs: proofBudget(STANDALONE),
    budget: budgetOf(journal, file.root, STANDALONE, 0),
  };
}

function committed(file: CommitmentFile): object {
  return { id: hex(commitmentId(file)), root: hex(file.root), shape: file.shape, scale: file.scale };
}

// ---- budgets -----------------------------------------------------------------------------------------------------------

const ROOT_AT = 16;
const ROOT_END = 48;

/** Budget files have no envelope: they are appended to. */
function isJournal(bytes: Uint8Array): boolean {
  if (!(bytes instanceof Uint8Array) || bytes.length < ROOT_END) return false;
  return newJournal(bytes.subarray(ROOT_AT, ROOT_END)).every((byte, i) => byte === bytes[i]);
}

function inspectJournal(bytes: Uint8Array): object {
  const root = bytes.slice(ROOT_AT, ROOT_END);
  const records = decodeJournal(bytes, root);
  return {
    kind: 'budget',
    bytes: bytes.length,
    root: hex(root),
    records: records.length,
    columnsOpened: opened(records),
    sentence:
      `The counter of what proofs have shown of the commitment ${hex(root).slice(0, 16)}. It belongs beside the model or opening that it ` +
      'counts for, is only ever appended to, and must not be put back to an older state. Inspect that file to see what is left.',
  };
}

/** What is spent and left; `kept`: proofs that are kept back. */
function budgetOf(journal: Uint8Array | undefined, root: Uint8Array, parameters: Parameters, kept: number): object {
  if (journal === undefined) return { missing: 'There is no budget file: without it nothing can be proved.' };
  try {
    const records = decodeJournal(journal, root);
    const { columnsAProof, columns } = budgetParameters(parameters);
    const left = columns - kept * columnsAProof - opened(records);
    return {
      records: records.length,
      columnsOpened: opened(records),
      columns,
      proofsLeft: Math.max(0, Math.floor(left / columnsAProof)),
    };
  } catch (error) {
    if (!(error instanceof TesseraError)) throw error;
    return { broken: String(error) };
  }
}

function opened(records: readonly { readonly positions: number }[]): number {
  return records.reduce((n, { positions }) => n + positions, 0);
}

/** T - 1 columns of a commitment may be opened in all. */
function budgetParameters(parameters: Parameters): { columnsAProof: number; columns: number } {
  return { columnsAProof: levelsOf(parameters)[0]!.queries, columns: tailOf(parameters) - 1 };
}

// ---- models and keys ---------------------------------------------------------------------------------------------------

function describe(key: KeyFile): object {
  const { circuit } = key;
  const parameters = unpackParameters(key.parameters);
  const zk = parameters.tailRows > 0;
  const plan = planOf(key, { ...plainDisclosure(circuit), zk });
  const weights = weightCells(key);
  return {
    sentence: sentenceOf(key, weights),
    model: hex(modelId(key)),
    inputs: circuit.inputs,
    outputs: circuit.outputs,
    weights,
    ...(weights.private > 0 && { certificate: certificateOf(key) }),
    circuit: sizes(plan),
    openingClasses: classesOf(parameters, zk, weights),
    levels: levelsOf(parameters),
    soundness: soundnessOf(plan.soundness),
    ...(zk && { soundnessWithCommitments: summary(allCommitted(key)) }),
  };
}

type WeightCells = Readonly<Record<WeightVisibility, number>>;

/** Numbers in weight tensors, by who may see them. */
function weightCells({ circuit }: KeyFile): WeightCells {
  const cells = (visibility: WeightVisibility) =>
    weightIds(circuit, visibility).reduce((n, id) => n + cellsOf(circuit.tensors[id]!.shape), 0);
  return { public: cells('public'), committed: cells('committed'), private: cells('private') };
}

function sentenceOf({ circuit, root, privateRoot }: KeyFile, weights: WeightCells): string {
  const names = (ports: readonly Port[]) => ports.map((p) => `${p.name} ${shapeText(p.shape)}`).join(' and ');
  const short = (bytes: Uint8Array) => hex(bytes).slice(0, 16);
  const parts = [
    ...(weights.public > 0 ? [`${weights.public} public weights, which are in this key`] : []),
    ...(weights.committed > 0
      ? [`${weights.committed} committed weights of root ${short(root)}, which anybody can make of them`]
      : []),
    ...(weights.private > 0 ? [`${weights.private} private weights behind the hiding root ${short(privateRoot)}`] : []),
  ];
  return (
    `The network "${circuit.name}" with ${parts.join(', and ') || 'no weights'} maps ${names(circuit.inputs)} to ` +
    `${names(circuit.outputs)}, in exact integers. Its graph, shapes and scales are known to whoever has this key` +
    `${weights.private > 0 ? '; its private weights stay hidden' : ''}. Of each proof, whoever verifies it states which inputs and outputs ` +
    'are public or committed; a proof in zero knowledge hides the others.'
  );
}

function certificateOf(key: KeyFile): object {
  const bytes = key.certificate.length;
  try {
    checkCertificate(key);
    return { bytes, holds: true, says: 'every private weight lies in its declared range; checked just now' };
  } catch (error) {
    if (!(error instanceof TesseraError)) throw error;
    return { bytes, holds: false, says: String(error) };
  }
}

/** The codes, and how long what they hide stays hidden. */
function classesOf(parameters: Parameters, zk: boolean, weights: WeightCells): object {
  const row = (of: string, p: Parameters, proofs: number | undefined) => ({
    of,
    rowBits: p.rowBits,
    rateBits: p.rateBits,
    folds: p.folds,
    randomCoefficients: tailOf(p),
    ...budgetParameters(p),
    ...(proofs !== undefined && { proofs }),
  });
  // a model's certificate and rotation open private weights as well
  const budget = weights.private > 0 ? Math.max(0, proofBudget(parameters) - 2) : undefined;
  const own = row('weights and witness', parameters, budget);
  return zk ? [own, row('committed inputs and outputs', STANDALONE, proofBudget(STANDALONE))] : [own];
}

/** Of statements about committed inputs. */
function allCommitted(key: KeyFile): Soundness {
  const { circuit } = key;
  return planOf(key, { ...plainDisclosure(circuit), inputs: circuit.inputs.map(() => 'committed'), zk: true })
    .soundness;
}

function soundnessOf(soundness: Soundness): object {
  return {
    ...summary(soundness),
    terms: soundness.terms.map((t) => ({ ...t, bits: round(t.bits), total: round(t.total) })),
  };
}

function summary({ bits, binding }: Soundness): object {
  return { bits: round(bits), binding };
}

function sizes({ circuit, commitments, tree }: Plan): object {
  const witness = commitments.at(-1)!;
  const lookups = circuit.lookups.map((l) => cellsOf(circuit.tensors[l.tensors[0]!]!.shape));
  return {
    tensors: circuit.tensors.length,
    witnessCells: witness.packing.cells,
    lookups: lookups.reduce((a, b) => a + b, 0),
    tableRows: circuit.tables.reduce((n, t) => n + t.rows, 0),
    treeDepth: tree.depth,
  };
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function round(bits: number): number {
  return Math.round(100 * bits) / 100;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}
