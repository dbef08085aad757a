import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { checkCircuit, MAX_DEPTH } from '../../src/circuit/check.ts';
import { checkRanges } from '../../src/circuit/ranges.ts';
import type { Circuit, Definition, Lookup, Table, Tensor, TensorId } from '../../src/circuit/types.ts';
import { TesseraError } from '../../src/errors.ts';
import { arbitraryCircuit } from '../support/arbitrary-circuit.ts';

const byte = { lo: -128, hi: 127 };
const one = (tensor: TensorId, coefficient = 1) => ({ tensor, coefficient });

/** A convolution, a requantisation, a view, a product, an argmax and a wide column: every relation once. */
function legal(): { circuit: Circuit; named: (name: string) => TensorId } {
  const b = new CircuitBuilder('legal');
  const x = b.input({ name: 'x', shape: [2, 6], range: byte, scale: 4 });
  const w = b.weight(
    'w',
    [3, 2, 3],
    Int16Array.from({ length: 18 }, (_, i) => 7 * i - 60),
  );
  const window = { out: 'o', kernel: 'k', stride: 2, dilation: 1, pad: 1 };
  const acc = b.contract('conv', w, x, ['c', 'i', 'k'], ['i', window], ['c', 'o']);
  const { y } = b.requantise('relu', acc, 4, b.functionTable('relu', -4096, { lo: 0, hi: 255, rows: 8192 }));
  const square = b.product('square', y, y);
  b.rangeCheck(square, 17);
  const turned = b.view(
    'turned',
    square,
    [3, 3],
    [
      { kind: 'keep', from: 0, to: 1 },
      { kind: 'affine', from: 1, to: 0, stride: 1, offset: 0 },
    ],
  );
  const bias = b.constant('bias', [3, 3], -5);
  const sum = b.linear('sum', [one(turned), one(bias, 3)], { constant: 15 });
  const best = b.witness('best', [3, 3], { lo: 0, hi: 1 }, { kind: 'argmax', of: sum });
  b.pin(best);
  const wide = b.input({ name: 'wide', shape: [3, 3], range: { lo: -100_000, hi: 90_000 }, scale: 0 });
  b.output({ name: 'class', shape: [3], range: { lo: 0, hi: 2 }, scale: 0 }, best, { kind: 'onehot', size: 3 });
  const map = Int32Array.of(8, 7, 6, 5, 4, 3, 2, 1, 0);
  b.output({ name: 'y', shape: [9], range: { lo: -200_000, hi: 200_000 }, scale: 0 }, wide, { kind: 'gather', map });
  const { circuit } = b.build();
  return { circuit, named: (name) => circuit.tensors.findIndex((t) => t.name === name) };
}

describe('checkCircuit', () => {
  const { circuit, named } = legal();

  const withTensor = (name: string, change: (t: Tensor) => Partial<Tensor>): Circuit => ({
    ...circuit,
    tensors: circuit.tensors.map((t) => (t.name === name ? { ...t, ...change(t) } : t)),
  });
  const withDef = (name: string, change: object): Circuit =>
    withTensor(name, (t) => ({ def: { ...t.def, ...change } as Definition }));
  const withTable = (id: number, change: Partial<Table>): Circuit => ({
    ...circuit,
    tables: circuit.tables.map((t, i) => (i === id ? { ...t, ...change } : t)),
  });
  const withoutLookups = (drop: (l: Lookup) => boolean): Circuit => ({
    ...circuit,
    lookups: circuit.lookups.filter((l) => !drop(l)),
  });
  const refused = (bad: Circuit, where: string, sentence: string): void => {
    expect(() => checkCircuit(bad)).toThrow(
      expect.objectContaining({ code: 'E_CIRCUIT', where, message: expect.stringContaining(sentence) }),
    );
  };

  it('accepts what the builder builds', () => {
    checkCircuit(circuit);
    checkRanges(circuit);
  });

  it('refuses tensors that are no boxes or too large', () => {
    refused(
      withTensor('sum', () => ({ shape: [3, 0] })),
      'sum',
      'positive integer',
    );
    refused(
      withTensor('sum', () => ({ shape: [3, 1.5] })),
      'sum',
      'positive integer',
    );
    refused(
      withTensor('sum', () => ({ shape: new Array(13).fill(1) })),
      'sum',
      '13 axes',
    );
    refused(
      withTensor('sum', () => ({ shape: [2 ** 20, 2 ** 10 + 1] })),
      'sum',
      'index bits',
    );
  });

  it('refuses definitions by later tensors', () => {
    const id = named('sum');
    refused(withDef('sum', { terms: [one(id)] }), 'sum', `tensor ${id} is not defined before`);
    refused(withDef('square', { b: id }), 'square', 'not defined before');
    refused(withDef('turned', { source: -1 }), 'turned', 'not defined before');
    refused(withDef('best', { hint: { kind: 'argmax', of: named('best') } }), 'best', 'not defined before');
  });

  it('holds linear, product and lookups to one box', () => {
    refused(withDef('sum', { terms: [one(named('turned')), one(named('x'))] }), 'sum', 'shape [2, 6] of x');
    refused(withDef('square', { b: named('x') }), 'square', 'shape [2, 6] of x');
    const tuple = circuit.lookups.findIndex((l) => l.tensors.length === 2);
    const lookups = circuit.lookups.map((l, i) => (i === tuple ? { ...l, tensors: [named('x'), l.tensors[1]!] } : l));
    refused({ ...circuit, lookups }, 'x', 'differ in shape');
    refused(withDef('sum', { terms: [] }), 'sum', 'no terms');
    refused(withDef('sum', { shift: 31 }), 'sum', 'shift');
    refused(withDef('sum', { constant: 2 ** 31 }), 'sum', 'coefficient');
  });

  it('refuses contractions with labels in no class or in two', () => {
    const window = { out: 'o', kernel: 'k', stride: 2, dilation: 1, pad: 1 };
    refused(withDef('conv', { aAxes: ['c', 'i'] }), 'conv', '2 axes of a tensor with 3');
    refused(withDef('conv', { aAxes: ['c', 'c', 'k'] }), 'conv', 'axis c has two sizes');
    refused(withDef('conv', { aAxes: ['c', 'j', 'k'] }), 'conv', 'axis j is in A only');
    refused(withDef('conv', { bAxes: ['j', window], aAxes: ['c', 'i', 'k'] }), 'conv', 'axis i is in A only');
    refused(withDef('conv', { out: ['c', 'z'] }), 'conv', 'window axis o is not an axis of the result alone');
    refused(withDef('conv', { bAxes: ['i', { ...window, kernel: 'c' }] }), 'conv', 'kernel axis c');
    refused(withDef('conv', { bAxes: ['i', { ...window, out: 'i' }] }), 'conv', 'window axis i');
    refused(withDef('conv', { bAxes: ['i', { ...window, stride: 0 }] }), 'conv', 'stride');
    refused(withDef('conv', { bAxes: ['i', { ...window, pad: -1 }] }), 'conv', 'pad');
    refused(withDef('conv', { bAxes: [window, window] }), 'conv', 'share a label');
  });

  it('refuses views whose maps do not partition the axes, or leave them', () => {
    const keep = { kind: 'keep', from: 0, to: 1 } as const;
    const maps = (...list: object[]) => withDef('turned', { maps: list });
    refused(maps(keep), 'turned', 'axis of the source');
    refused(maps(keep, { kind: 'keep', from: 1, to: 1 }), 'turned', 'axis of the view');
    refused(maps(keep, keep), 'turned', 'axis of the source');
    refused(maps(keep, { kind: 'affine', from: 1, to: 0, stride: 0, offset: 0 }), 'turned', 'map affine');
    const index = (map: Int32Array) => ({ kind: 'index', from: [1], to: [0], map });
    checkCircuit(maps(keep, index(Int32Array.of(-1, 0, 2))));
    refused(maps(keep, index(Int32Array.of(0, 1, 3))), 'turned', 'map index');
    refused(maps(keep, index(Int32Array.of(0, 1, -2))), 'turned', 'map index');
    refused(maps(keep, index(Int32Array.of(0, 1))), 'turned', 'map index');
  });

  it('refuses unpinned columns', () => {
    const isIn = (name: string) => (l: Lookup) => l.tensors.includes(named(name));
    refused(
      withoutLookups((l) => l.input === 0),
      'x',
      'no lookup bounds',
    );
    refused(withoutLookups(isIn('best')), 'best', 'no lookup bounds');
    refused(withoutLookups(isIn('relu.bits0')), 'relu.bits0', 'no lookup bounds');
    refused(withoutLookups(isIn('wide.bits0')), 'wide.bits0', 'no lookup bounds');
    const zeros = circuit.zeros.filter((z) => circuit.tensors[z]!.name !== 'wide.limbs');
    refused({ ...circuit, zeros }, 'wide', 'no lookup bounds');
  });

  it('drops no lookup with a public input that pins something else', () => {
    const lookups = circuit.lookups.map((l) => (l.tensors.includes(named('best')) ? { ...l, input: 0 } : l));
    refused({ ...circuit, lookups }, 'best', 'does not pin that input');
  });

  it('refuses outputs that nothing binds, or that bind each other', () => {
    const { zeros, outputs } = circuit;
    refused({ ...circuit, zeros: zeros.slice(0, -1) }, 'y.public', 'bound to no tensor');
    refused({ ...circuit, outputs: [...outputs, { ...outputs[0]!, name: 'more' }] }, 'more', 'bound by nothing');
    refused(withDef('y.binding', { constant: 1 }), 'y.public', 'bound to no tensor');
    refused(
      withDef('y.binding', { terms: [one(named('wide')), one(named('y.public'), -2)] }),
      'y.public',
      'bound to no',
    );
    const both = withDef('y.binding', { terms: [one(named('class.public')), one(named('y.public'), -1)] });
    refused(both, 'y.public', 'bound to no tensor');
    const gather = (...map: number[]) => ({ derive: { kind: 'gather', map: Int32Array.from(map) } });
    refused(withDef('y.public', gather(8, 7, 6, 5, 4, 3, 2, 1, 1)), 'y', 'in part');
    refused(withDef('y.public', gather(8, 7, 6, 5, 4, 3, 2, 1, 9)), 'y.public', 'leaves the output');
    refused(withDef('class.public', { derive: { kind: 'onehot', size: 9 } }), 'class.public', 'axis of its index');
    const wide = outputs.map((o) => (o.name === 'class' ? { ...o, range: { lo: 0, hi: 3 } } : o));
    refused({ ...circuit, outputs: wide }, 'class.public', 'may leave its axis');
  });

  it('refuses what nothing reads, and relations on multiplicities', () => {
    const dead: Tensor = { name: 'dead', shape: [1], range: { lo: 4, hi: 4 }, def: { kind: 'constant', value: 4 } };
    refused({ ...circuit, tensors: [...circuit.tensors, dead] }, 'dead', 'nothing reads');
    const { multiplicity, name } = circuit.tables[0]!;
    refused({ ...circuit, zeros: [...circuit.zeros, multiplicity] }, `${name}.multiplicity`, 'not computed');
    const range = circuit.tensors[multiplicity]!.range;
    const { shape } = circuit.tensors[multiplicity]!;
    const def = { kind: 'linear', terms: [one(multiplicity)], constant: 0, shift: 0 } as const;
    const tensors = [...circuit.tensors, { name: 'reader', shape, range, def }];
    const zeros = [...circuit.zeros, circuit.tensors.length];
    refused({ ...circuit, tensors, zeros }, `${name}.multiplicity`, 'read by a relation');
    refused({ ...circuit, zeros: [...circuit.zeros, circuit.zeros[0]!] }, 'square.limbs', 'twice');
  });

  it('refuses tables that are not what lookups need', () => {
    const relu = circuit.tables.findIndex((t) => t.name === 'relu');
    const [argument, value] = circuit.tables[relu]!.columns as [never, never];
    refused(withTable(relu, { rows: 0 }), 'relu', 'number of rows');
    refused(withTable(relu, { rows: 4096 }), 'relu', 'multiplicity');
    refused(withTable(relu, { columns: [value, value] }), 'relu', 'not consecutive');
    refused(withTable(relu, { columns: [argument] }), 'relu', 'one tensor a column');
    const values = new Int32Array(8192).fill(2 ** 30);
    refused(withTable(relu, { columns: [argument, { kind: 'values', values }] }), 'relu', 'below 2^30');
    refused(withTable(relu, { multiplicity: circuit.tables[0]!.multiplicity }), 'relu', 'multiplicity');
    const lookups = [...circuit.lookups, { table: 99, tensors: [0] }];
    refused({ ...circuit, lookups }, 'legal', 'does not exist');
  });

  it('allows 16 products in a row, and no more', () => {
    const deep = (products: number): Circuit => {
      const b = new CircuitBuilder('deep');
      const x = b.input({ name: 'x', shape: [2], range: { lo: -1, hi: 1 }, scale: 0 });
      let y = x;
      for (let i = 1; i <= products; i++) y = b.linear(`sum${i}`, [one(b.product(`product${i}`, y, x))]);
      b.output({ name: 'y', shape: [2], range: { lo: -1, hi: 1 }, scale: 0 }, y);
      return b.build().circuit;
    };
    checkCircuit(deep(MAX_DEPTH));
    refused(deep(MAX_DEPTH + 1), `product${MAX_DEPTH + 1}`, 'no committed column between');
  });

  it('is total and fast on anything that decodes', () => {
    const property = fc.property(arbitraryCircuit, (any) => {
      try {
        checkCircuit(any);
        checkRanges(any);
      } catch (error) {
        expect(error).toBeInstanceOf(TesseraError);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('is linear where sums share terms again and again', () => {
    const b = new CircuitBuilder('shared');
    let x = b.input({ name: 'x', shape: [1], range: { lo: 0, hi: 0 }, scale: 0 });
    for (let i = 0; i < 3000; i++) x = b.linear(`sum${i}`, [one(x), one(x)]);
    b.output({ name: 'y', shape: [1], range: { lo: 0, hi: 0 }, scale: 0 }, x);
    const { circuit } = b.build();
    expect(() => checkCircuit(circuit)).not.toThrow();
    expect(() => checkRanges(circuit)).not.toThrow();
  });
});
