/**
 * What both sides of a proof derive from a key and from who may see what, before the proof begins: the circuit as it is argued, what is
 * committed where, the codes, and the soundness of it all. Nothing here is read from a proof.
 */
import { layoutTree } from './argue/layout.ts';
import type { Commitment, Content, Network, OpeningClass } from './argue/network.ts';
import { checkCircuit } from './circuit/check.ts';
import { sameShape } from './circuit/legal.ts';
import { outputBindings } from './circuit/outputs.ts';
import { checkRanges } from './circuit/ranges.ts';
import { type Circuit, cellsOf, type Definition, type Tensor, type TensorId } from './circuit/types.ts';
import { packColumns } from './commit/packing.ts';
import { TesseraError } from './errors.ts';
import type { KeyFile } from './files/key.ts';
import { checkParameters, type Parameters, STANDALONE, withoutTail } from './soundness/parameters.ts';
import { insist, type Soundness, soundness } from './soundness/terms.ts';

/**
 * public      the verifier holds the values
 * private     the verifier holds nothing: some values within the port's range
 * committed   the verifier holds a commitment made beforehand, which other proofs may refer to as well
 */
export type Visibility = 'public' | 'private' | 'committed';

/** Who may see what, port by port, and whether the proof hides the rest. */
export interface Disclosure {
  readonly inputs: readonly Visibility[];
  readonly outputs: readonly Visibility[];
  /** Zero knowledge; without it only that little is said which integers need. */
  readonly zk: boolean;
}

/** Everything that follows from the key and the disclosure. */
export interface Plan extends Network {
  readonly disclosure: Disclosure;
  /** What runs: the key's circuit without the lookups that fall away. */
  readonly run: Circuit;
  readonly soundness: Soundness;
  /** The code of the weights, tail and all, whatever the proof hides. */
  readonly weightParameters: Parameters;
  /** The committed tensor of an output, where the argued circuit has one. */
  readonly committedOutputs: ReadonlyMap<number, TensorId>;
}

/** Inputs private, outputs public, nothing hidden. */
export function plainDisclosure(circuit: Circuit): Disclosure {
  return { inputs: circuit.inputs.map(() => 'private'), outputs: circuit.outputs.map(() => 'public'), zk: false };
}

/** @throws TesseraError E_CIRCUIT, E_RANGE, E_SOUNDNESS where the key is not one that a proof could be trusted under, E_VISIBILITY */
export function planOf(key: KeyFile, disclosure: Disclosure = plainDisclosure(key.circuit)): Plan {
  const parameters = unpackParameters(key.parameters);
  checkParameters(parameters);
  checkCircuit(key.circuit);
  checkRanges(key.circuit, key.publicWeights);
  return planChecked(key.circuit, parameters, disclosure);
}

/** Columns that are committed together. */
export type Group = Omit<Commitment, 'packing'>;

/** The plan of a circuit that is known to be legal. `split`: for more commitments than a model has. */
export function planChecked(
  whole: Circuit,
  parameters: Parameters,
  disclosure: Disclosure,
  split: (groups: readonly Group[]) => readonly Group[] = (groups) => groups,
): Plan {
  checkDisclosure(whole, parameters, disclosure);
  const run = withoutPins(whole, disclosure);
  const { circuit, committedOutputs } = argued(run, disclosure);
  const classes = classesOf(parameters, disclosure);
  const commitments = split(groupsOf(circuit, disclosure, committedOutputs)).map(
    ({ columns, ...group }): Commitment => {
      const shapes = columns.map((id) => circuit.tensors[id]!.shape);
      return { ...group, columns, packing: packColumns(shapes, classes[group.class]!.parameters.rowBits) };
    },
  );
  const tree = layoutTree(circuit);
  const terms = soundness({
    classes: classes.map((c, i) => ({
      parameters: c.parameters,
      slabs: commitments.reduce((n, o) => n + (o.class === i ? o.packing.slabs.length : 0), 0),
    })),
    fractions: tree.blocks.reduce((n, b) => n + cellsOf(b.shape), 0),
    treeDepth: tree.depth,
    tupleWidth: tree.width,
    zk: disclosure.zk,
  });
  insist(terms);
  return {
    disclosure,
    run,
    circuit,
    classes,
    tree,
    commitments,
    soundness: terms,
    weightParameters: parameters,
    committedOutputs,
  };
}

/** @throws TesseraError E_VISIBILITY */
function checkDisclosure(circuit: Circuit, parameters: Parameters, { inputs, outputs, zk }: Disclosure): void {
  const refuse = (sentence: string, where: string | undefined, hint: string): never => {
    throw new TesseraError('E_VISIBILITY', sentence, where === undefined ? { hint } : { where, hint });
  };
  if (zk && parameters.tailRows === 0) {
    refuse('the key has no room for random coefficients', undefined, 'Compile the model anew.');
  }
  if (!zk) {
    const secret = circuit.tensors.find(({ def }) => def.kind === 'weight' && def.visibility === 'private');
    if (secret !== undefined)
      refuse('private weights need a proof in zero knowledge', secret.name, 'Leave out --no-zk.');
    const port = [
      ...circuit.inputs.filter((_, i) => inputs[i] === 'committed'),
      ...circuit.outputs.filter((_, i) => outputs[i] === 'committed'),
    ][0];
    if (port !== undefined)
      refuse('a committed tensor needs a proof in zero knowledge', port.name, 'Leave out --no-zk.');
  }
  for (const { def } of circuit.tensors) {
    if (def.kind !== 'output' || def.derive.kind !== 'onehot' || outputs[def.output] !== 'committed') continue;
    const hint = 'Make it public or private.';
    refuse('an output that is an index cannot be committed', circuit.outputs[def.output]!.name, hint);
  }
}

/** A public input is range-checked by the verifier: the lookups that only pin it fall away. */
function withoutPins(circuit: Circuit, { inputs }: Disclosure): Circuit {
  return { ...circuit, lookups: circuit.lookups.filter((l) => l.input === undefined || inputs[l.input] !== 'public') };
}

/**
 * The circuit as it is argued. A private output is bound to nothing: the zero that compares it falls away. Of a committed one, each public column
 * becomes a view of the tensor that is committed in the output's own shape and order.
 */
function argued(run: Circuit, { outputs }: Disclosure): { circuit: Circuit; committedOutputs: Map<number, TensorId> } {
  const committedOutputs = new Map<number, TensorId>();
  const hidden = new Set(outputBindings(run).flatMap((b) => (outputs[b.output] === 'private' ? [b.column] : [])));
  const zeros = run.zeros.filter((id) => {
    const { def } = run.tensors[id]!;
    return def.kind !== 'linear' || !def.terms.some((t) => hidden.has(t.tensor));
  });
  const added: Tensor[] = [];
  const tensors = run.tensors.map((tensor): Tensor => {
    const { def } = tensor;
    if (def.kind !== 'output' || outputs[def.output] !== 'committed' || def.derive.kind !== 'gather') return tensor;
    const port = run.outputs[def.output]!;
    if (!committedOutputs.has(def.output)) {
      committedOutputs.set(def.output, run.tensors.length + added.length);
      const own: Definition = { kind: 'output', output: def.output, derive: { kind: 'gather', map: null } };
      added.push({ name: `${port.name}.committed`, shape: port.shape, range: port.range, def: own });
    }
    const source = committedOutputs.get(def.output)!;
    return { ...tensor, def: viewOf(source, port.shape, tensor.shape, def.derive.map) };
  });
  return { circuit: { ...run, zeros, tensors: [...tensors, ...added] }, committedOutputs };
}

/** Cell j is cell map[j] of the source, in row-major order. */
function viewOf(source: TensorId, from: readonly number[], to: readonly number[], map: Int32Array | null): Definition {
  const axes = (shape: readonly number[]) => shape.map((_, a) => a);
  const maps =
    map === null && sameShape(from, to)
      ? axes(to).map((a) => ({ kind: 'keep' as const, from: a, to: a }))
      : [{ kind: 'index' as const, from: axes(from), to: axes(to), map }];
  return { kind: 'view', source, maps, fill: 0 };
}

function classesOf(parameters: Parameters, { inputs, outputs, zk }: Disclosure): OpeningClass[] {
  if (!zk) return [{ parameters: withoutTail(parameters), mask: 'none' }];
  const model: OpeningClass = { parameters, mask: 'in witness' };
  const isAlone = [...inputs, ...outputs].includes('committed');
  return isAlone ? [model, { parameters: STANDALONE, mask: 'alone' }] : [model];
}

/** @throws TesseraError E_CIRCUIT where no message of a plain proof would be committed: the first must never stand for the model's root */
function groupsOf(
  { tensors }: Circuit,
  { inputs, zk }: Disclosure,
  committedOutputs: ReadonlyMap<number, TensorId>,
): Group[] {
  const ids = (is: (def: Definition) => boolean) => tensors.flatMap(({ def }, id) => (is(def) ? [id] : []));
  const group = (content: Content, columns: readonly TensorId[], at: 0 | 1): Group => ({ content, columns, class: at });
  const weights = (visibility: string) => ids((def) => def.kind === 'weight' && def.visibility === visibility);
  const witness = ids((d) => d.kind === 'witness' || (d.kind === 'input' && inputs[d.input] === 'private'));
  if (witness.length === 0 && !zk) {
    throw new TesseraError('E_CIRCUIT', 'nothing is committed per proof: there is nothing to prove');
  }
  const alone = inputs.flatMap((v, i) => (v === 'committed' ? ids((d) => d.kind === 'input' && d.input === i) : []));
  const [open, hidden] = [weights('committed'), weights('private')];
  return [
    ...(open.length > 0 ? [group('weights', open, 0)] : []),
    ...(hidden.length > 0 ? [group('private weights', hidden, 0)] : []),
    ...alone.map((id) => group('input', [id], 1)),
    ...[...committedOutputs.values()].map((id) => group('output', [id], 1)),
    group('witness', witness, 0),
  ];
}

export function packParameters(p: Parameters): number[] {
  return [p.rowBits, p.rateBits, p.tailRows, ...p.folds];
}

export function unpackParameters(list: readonly number[]): Parameters {
  return { rowBits: list[0] ?? 0, rateBits: list[1] ?? 0, tailRows: list[2] ?? 0, folds: list.slice(3) };
}
