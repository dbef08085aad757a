/**
 * Circuits of every form, for the encoding: references are in range, nothing else makes sense.
 */
import fc from 'fast-check';
import type {
  AxisMap,
  Circuit,
  Definition,
  Derivation,
  Hint,
  Port,
  Range,
  Table,
  TableColumn,
  Tensor,
  Window,
} from '../../src/circuit/types.ts';

const count = fc.nat(300);
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const shape = fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 4 });
const range: fc.Arbitrary<Range> = fc.record({ lo: int, hi: int });
const values = fc.array(int, { maxLength: 20 }).map((list) => Int32Array.from(list));
const map = fc.option(values);
const kind = <K extends string>(name: K) => fc.constant(name);

const derivation: fc.Arbitrary<Derivation> = fc.oneof(
  fc.record({ kind: kind('gather'), map }),
  fc.record({ kind: kind('onehot'), size: count }),
);

const axisMap: fc.Arbitrary<AxisMap> = fc.oneof(
  fc.record({ kind: kind('keep'), from: fc.nat(4), to: fc.nat(4) }),
  fc.record({ kind: kind('broadcast'), to: fc.nat(4) }),
  fc.record({ kind: kind('affine'), from: fc.nat(4), to: fc.nat(4), stride: int, offset: int }),
  fc.record({ kind: kind('index'), from: fc.array(fc.nat(4)), to: fc.array(fc.nat(4)), map }),
);

const window: fc.Arbitrary<Window> = fc.record({ out: text, kernel: text, stride: count, dilation: count, pad: int });
const axes = fc.array(text, { maxLength: 4 });

const column: fc.Arbitrary<TableColumn> = fc.oneof(
  fc.record({ kind: kind('clamp'), start: int, lo: int, hi: int }),
  fc.record({ kind: kind('values'), values }),
);

const port: fc.Arbitrary<Port> = fc.record({ name: text, shape, range, scale: fc.integer({ min: -40, max: 40 }) });

function hint(id: fc.Arbitrary<number>, table: fc.Arbitrary<number>): fc.Arbitrary<Hint> {
  return fc.oneof(
    fc.record({ kind: kind('bits'), of: id, from: count, count }),
    fc.record({ kind: kind('table'), table, of: id }),
    fc.record({ kind: kind('quotient'), numerator: id, denominator: id }),
    fc.record({ kind: kind('root'), of: id }),
    fc.record({ kind: kind('max'), of: id }),
    fc.record({ kind: kind('argmax'), of: id }),
    fc.record({ kind: kind('multiplicity'), table }),
  );
}

function definition(id: fc.Arbitrary<number>, table: fc.Arbitrary<number>): fc.Arbitrary<Definition> {
  const terms = fc.array(fc.record({ tensor: id, coefficient: int }), { maxLength: 4 });
  const bAxes = fc.array(fc.oneof(text, window), { maxLength: 4 });
  return fc.oneof(
    fc.record({ kind: kind('input'), input: count }),
    fc.record({ kind: kind('witness'), hint: hint(id, table) }),
    fc.record({ kind: kind('weight'), visibility: fc.constantFrom('committed', 'public', 'private') }),
    fc.record({ kind: kind('output'), output: count, derive: derivation }),
    fc.record({ kind: kind('constant'), value: int }),
    fc.record({ kind: kind('linear'), terms, constant: int, shift: fc.nat(30) }),
    fc.record({ kind: kind('product'), a: id, b: id }),
    fc.record({ kind: kind('contract'), a: id, b: id, aAxes: axes, bAxes, out: axes }),
    fc.record({ kind: kind('view'), source: id, maps: fc.array(axisMap, { maxLength: 4 }), fill: int }),
  );
}

export const arbitraryCircuit: fc.Arbitrary<Circuit> = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3 }))
  .chain(([tensorCount, tableCount]) => {
    const id = fc.nat(tensorCount - 1);
    const table = fc.nat(tableCount - 1);
    const exactly = (length: number) => ({ minLength: length, maxLength: length });
    const tensor: fc.Arbitrary<Tensor> = fc.record({ name: text, shape, range, def: definition(id, table) });
    const tables: fc.Arbitrary<Table> = fc.record({
      name: text,
      rows: count,
      columns: fc.array(column, { maxLength: 3 }),
      multiplicity: id,
    });
    const lookup = fc.record(
      { table, tensors: fc.array(id, { maxLength: 3 }), input: count },
      { requiredKeys: ['table', 'tensors'] },
    );
    return fc.record({
      name: text,
      tensors: fc.array(tensor, exactly(tensorCount)),
      tables: fc.array(tables, exactly(tableCount)),
      lookups: fc.array(lookup, { maxLength: 4 }),
      zeros: fc.array(id, { maxLength: 4 }),
      inputs: fc.array(port, { maxLength: 3 }),
      outputs: fc.array(port, { maxLength: 3 }),
    });
  });
