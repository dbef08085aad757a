/**
 * What the caller says of inputs and outputs, and what follows for the circuit and for what is committed where
 * (docs/spec/10-statement.md, section 4).
 */
import {
  type AxisMap,
  type Circuit,
  cellsOf,
  type Definition,
  type Port,
  type Tensor,
  type TensorId,
} from '../../../src/circuit/types.ts';
import type { KeyFile } from '../../../src/files/key.ts';
import { decodeCommitment } from '../../../src/files/tensor.ts';
import { must } from './transcript.ts';

/** What is said of a port: its integers, row-major, a root, or nothing. */
export type Said =
  | { readonly kind: 'private' }
  | { readonly kind: 'public'; readonly cells: readonly number[] }
  | { readonly kind: 'committed'; readonly root: Uint8Array };

export interface Ports {
  readonly inputs: readonly Said[];
  readonly outputs: readonly Said[];
}

/** By port name. */
export type Given = Readonly<
  Record<string, ArrayLike<number> | { readonly commitment: Uint8Array<ArrayBufferLike> } | 'private'>
>;

/** Columns under one root. */
export interface Group {
  /** Undefined: the witness's, which is in the proof. */
  readonly root: Uint8Array | undefined;
  readonly columns: readonly TensorId[];
  /** 0: under the key's parameters; 1: committed alone. */
  readonly class: 0 | 1;
  /** Anybody may have the cells. */
  readonly isOpen: boolean;
}

/** S3: an input that is not given is private, an output is said to be. */
export function portsOf({ inputs, outputs }: Circuit, givenInputs: Given, givenOutputs: Given): Ports {
  must(
    outputs.every(({ name }) => Object.hasOwn(givenOutputs, name)),
    'E_INPUT',
  );
  return { inputs: saidOf(inputs, givenInputs), outputs: saidOf(outputs, givenOutputs) };
}

function saidOf(ports: readonly Port[], given: Given): Said[] {
  const isPort = (name: string) => ports.some((port) => port.name === name);
  must(Object.keys(given).every(isPort), 'E_INPUT');
  return ports.map((port): Said => {
    const said = given[port.name] ?? 'private';
    if (said === 'private') return { kind: 'private' };
    if (typeof said === 'object' && 'commitment' in said) {
      const { shape, scale, root } = decodeCommitment(said.commitment);
      must(shape.join() === port.shape.join() && scale === port.scale, 'E_COMMITMENT');
      return { kind: 'committed', root };
    }
    const cells = Array.from(said);
    must(cells.length === cellsOf(port.shape), 'E_INPUT');
    must(
      cells.every((v) => port.range.lo <= v && v <= port.range.hi),
      'E_RANGE',
    );
    return { kind: 'public', cells };
  });
}

/** S8: what a key and a plain proof do not allow. */
export function checkVisibilities({ circuit, parameters }: KeyFile, { inputs, outputs }: Ports, zk: boolean): void {
  const isHidden = ({ def }: Tensor) => def.kind === 'weight' && def.visibility === 'private';
  const needsZk = circuit.tensors.some(isHidden) || [...inputs, ...outputs].some((said) => said.kind === 'committed');
  must(zk ? parameters[2]! > 0 : !needsZk, 'E_VISIBILITY');
  const isIndex = ({ def }: Tensor) =>
    def.kind === 'output' && def.derive.kind === 'onehot' && outputs[def.output]!.kind === 'committed';
  must(!circuit.tensors.some(isIndex), 'E_VISIBILITY');
}

/** The circuit that is argued: without what falls away; columns of a committed output are views of what is committed. */
export function arguedCircuit(circuit: Circuit, { inputs, outputs }: Ports): Circuit {
  const lookups = circuit.lookups.filter(({ input }) => input === undefined || inputs[input]!.kind !== 'public');
  const isFree = (t: TensorId) => {
    const { def } = circuit.tensors[t]!;
    return def.kind === 'output' && outputs[def.output]!.kind === 'private';
  };
  const zeros = circuit.zeros.filter((zero) => {
    const { def } = circuit.tensors[zero]!;
    return def.kind !== 'linear' || !def.terms.some(({ tensor }) => isFree(tensor));
  });
  const alone = new Map<number, Tensor>(); // by output, in the order of their first columns
  const idOf = (output: number): TensorId => circuit.tensors.length + [...alone.keys()].indexOf(output);
  const tensors = circuit.tensors.map((tensor): Tensor => {
    const { def } = tensor;
    if (def.kind !== 'output' || def.derive.kind !== 'gather' || outputs[def.output]!.kind !== 'committed')
      return tensor;
    const { shape, range, name } = circuit.outputs[def.output]!;
    const own: Definition = { kind: 'output', output: def.output, derive: { kind: 'gather', map: null } };
    if (!alone.has(def.output)) alone.set(def.output, { name, shape, range, def: own });
    const maps = mapsBetween(shape, tensor.shape, def.derive.map);
    return { ...tensor, def: { kind: 'view', source: idOf(def.output), maps, fill: 0 } };
  });
  return { ...circuit, lookups, zeros, tensors: [...tensors, ...alone.values()] };
}

/** Axes kept where shapes are equal and no map is given, else one index map over all axes. */
function mapsBetween(from: readonly number[], to: readonly number[], map: Int32Array | null): AxisMap[] {
  if (map === null && from.join() === to.join()) return to.map((_, a) => ({ kind: 'keep', from: a, to: a }));
  return [{ kind: 'index', from: [...from.keys()], to: [...to.keys()], map }];
}

/** Weights; private weights; committed inputs; committed outputs; the witness with the private inputs. */
export function groupsOf({ tensors }: Circuit, key: KeyFile, { inputs, outputs }: Ports): Group[] {
  const columns = (is: (def: Definition) => boolean) => tensors.flatMap(({ def }, t) => (is(def) ? [t] : []));
  const weights = (v: string) => columns((def) => def.kind === 'weight' && def.visibility === v);
  const alone = (what: 'input' | 'output', list: readonly Said[]) => {
    const found = list.map((said, i): Group[] => {
      if (said.kind !== 'committed') return [];
      const own = columns((d) => (d.kind === 'input' && what === 'input' ? d.input === i : false));
      const [last] = columns((d) => (d.kind === 'output' && what === 'output' ? d.output === i : false));
      return (last === undefined ? own : [last]).map((t) => ({
        root: said.root,
        columns: [t],
        class: 1,
        isOpen: false,
      }));
    });
    return found.flat().sort((a, b) => (what === 'input' ? 0 : a.columns[0]! - b.columns[0]!));
  };
  const witness = columns((d) => d.kind === 'witness' || (d.kind === 'input' && inputs[d.input]!.kind === 'private'));
  const keyed: Group[] = [
    { root: key.root, columns: weights('committed'), class: 0, isOpen: true },
    { root: key.privateRoot, columns: weights('private'), class: 0, isOpen: false },
  ];
  return [
    ...keyed.filter((group) => group.columns.length > 0),
    ...alone('input', inputs),
    ...alone('output', outputs),
    { root: undefined, columns: witness, class: 0, isOpen: false },
  ];
}
