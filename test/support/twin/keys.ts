/**
 * What keys with private weights are shown with (docs/spec/45-zero-knowledge.md, sections 6 and 7): the circuit of the range certificate, and the statement
 * of a rotation.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { circuitDigest } from '../../../src/circuit/encode.ts';
import type { Circuit, Hint, Lookup, Range, Table, Tensor, TensorId, Term } from '../../../src/circuit/types.ts';
import { type KeyFile, modelId } from '../../../src/files/key.ts';
import { bits } from './field.ts';
import type { Group } from './ports.ts';
import { arrange, type Statement } from './statement.ts';
import { ascii, little, must } from './transcript.ts';

export const privateWeights = ({ tensors }: Circuit): Tensor[] =>
  tensors.filter(({ def }) => def.kind === 'weight' && def.visibility === 'private');

/** The twin runs nothing: how an advice column would be found is not its concern, and in no digest. */
const UNUSED: Hint = { kind: 'multiplicity', table: 0 };
const MULTIPLICITIES = { lo: 0, hi: 2 ** 30 - 1 };

/** Tensors, tables and relations, in the order in which they are named. */
class Draft {
  readonly tensors: Tensor[] = [];
  readonly lookups: Lookup[] = [];
  readonly zeros: TensorId[] = [];
  readonly #tables: Table[] = [];

  add(shape: readonly number[], range: Range, def: Tensor['def']): TensorId {
    return this.tensors.push({ name: '', shape, range, def }) - 1;
  }

  linear(terms: readonly Term[], constant: number): TensorId {
    const ends = terms.map(({ tensor, coefficient }) => {
      const { lo, hi } = this.tensors[tensor]!.range;
      return coefficient > 0 ? [coefficient * lo, coefficient * hi] : [coefficient * hi, coefficient * lo];
    });
    const at = (end: 0 | 1) => ends.reduce((sum, e) => sum + e[end]!, constant);
    const { shape } = this.tensors[terms[0]!.tensor]!;
    return this.add(shape, { lo: at(0), hi: at(1) }, { kind: 'linear', terms, constant, shift: 0 });
  }

  /** Every cell is in [lo, hi]: a table of that interval, shared. */
  look(tensor: TensorId, { lo, hi }: Range): void {
    let table = this.#tables.findIndex(({ columns: [c] }) => c!.kind === 'clamp' && c.lo === lo && c.hi === hi);
    if (table < 0) {
      const rows = hi - lo + 1;
      const multiplicity = this.add([rows], MULTIPLICITIES, { kind: 'witness', hint: UNUSED });
      table = this.#tables.push({ name: '', rows, columns: [{ kind: 'clamp', start: lo, lo, hi }], multiplicity }) - 1;
    }
    this.lookups.push({ table, tensors: [tensor] });
  }

  build(): Circuit {
    const { tensors, lookups, zeros } = this;
    return { name: '', tensors, tables: this.#tables, lookups, zeros, inputs: [], outputs: [] };
  }
}

/** Every private weight with the relations that pin it to its range. */
function certificateCircuit(circuit: Circuit): Circuit {
  const draft = new Draft();
  for (const { shape, range, def } of privateWeights(circuit)) {
    const { lo, hi } = range;
    const t = draft.add(shape, range, def);
    const b = bits(hi - lo + 1);
    if (b <= 16) draft.look(t, range);
    else {
      checkLimbs(draft, t, b, lo);
      if (hi - lo + 1 < 2 ** b) checkLimbs(draft, t, b, hi - 2 ** b + 1);
    }
  }
  return draft.build();
}

/** lo <= t < lo + 2^b:   t - lo - sum 2^from limb = 0 */
function checkLimbs(draft: Draft, t: TensorId, b: number, lo: number): void {
  const one = { tensor: t, coefficient: 1 };
  if (lo !== 0) draft.linear([one], -lo);
  const size = Math.ceil(b / Math.ceil(b / 16));
  const terms: Term[] = [one];
  for (let from = 0; from < b; from += size) {
    const range = { lo: 0, hi: 2 ** Math.min(size, b - from) - 1 };
    const limb = draft.add(draft.tensors[t]!.shape, range, { kind: 'witness', hint: UNUSED });
    draft.look(limb, range);
    terms.push({ tensor: limb, coefficient: -(2 ** from) });
  }
  draft.zeros.push(draft.linear(terms, 0 - lo));
}

export const CERTIFICATE_TAG = ascii('tessera 2 range certificate');

export function certificateKey({ circuit, parameters, privateRoot }: KeyFile): KeyFile {
  const nothing = { publicWeights: new Map(), certificate: new Uint8Array() };
  return { circuit: certificateCircuit(circuit), parameters, root: new Uint8Array(32), privateRoot, ...nothing };
}

// ---- rotation ----------------------------------------------------------------------------------------------------------

/** old - new = 0 for every private weight, old under the old root, new under the new one. */
export function rotationStatement(from: KeyFile, to: KeyFile): Statement {
  const same = modelId({ ...to, privateRoot: from.privateRoot });
  const weights = privateWeights(from.circuit);
  must(weights.length > 0 && modelId(from).every((byte, i) => byte === same[i]), 'E_CERTIFICATE');
  const draft = new Draft();
  for (const { shape, range, def } of weights) {
    const [old, fresh] = [draft.add(shape, range, def), draft.add(shape, range, def)];
    const terms = [
      { tensor: old, coefficient: 1 },
      { tensor: fresh, coefficient: -1 },
    ];
    draft.zeros.push(draft.linear(terms, 0));
  }
  const circuit = draft.build();
  const group = (root: Uint8Array | undefined, columns: TensorId[]): Group => ({
    root,
    columns,
    class: 0,
    isOpen: false,
  });
  const groups = [
    group(
      from.privateRoot,
      weights.map((_, i) => 3 * i),
    ),
    group(
      to.privateRoot,
      weights.map((_, i) => 3 * i + 1),
    ),
    group(undefined, []),
  ];
  const bytes = [...little(3, 2), ...circuitDigest(circuit), ...modelId(from), ...modelId(to)];
  const digest = blake3(Uint8Array.from(bytes), { context: ascii('tessera 2 rotation') });
  return { ...arrange(circuit, groups, [to.parameters], true), digest, held: () => undefined };
}
