import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { evaluate } from '../../src/circuit/evaluate.ts';
import { cellsAt } from '../../src/circuit/storage.ts';
import type { AxisMap, IntArray, Range, TensorId, Window } from '../../src/circuit/types.ts';
import { cellsOf } from '../../src/circuit/types.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { evaluateNaive, violations } from '../support/naive.ts';

/** Integers of a range, from a seed. */
function integers(seed: number, count: number, { lo, hi }: Range): Int32Array {
  let state = seed | 1;
  return Int32Array.from({ length: count }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return lo + Math.floor(((state >>> 0) / 2 ** 32) * (hi - lo + 1));
  });
}

/** A circuit under test: inputs are made up, outputs of its tensors asked for. */
class Bench {
  readonly builder = new CircuitBuilder('bench');
  readonly #inputs: IntArray[] = [];

  input(shape: readonly number[], range: Range, seed: number): TensorId {
    this.#inputs.push(integers(seed, cellsOf(shape), range));
    return this.builder.input({ name: `x${this.#inputs.length}`, shape, range, scale: 0 });
  }

  weight(shape: readonly number[], range: Range, seed: number): TensorId {
    return this.builder.weight('w', shape, integers(seed, cellsOf(shape), range));
  }

  /** Runs fast and naive, and compares every tensor that is there, every output, every relation. */
  check(...results: readonly TensorId[]): void {
    for (const id of results) {
      const port = { name: `y${id}`, shape: this.builder.shapeOf(id), range: this.builder.rangeOf(id), scale: 0 };
      this.builder.output(port, id);
    }
    const { circuit, weights } = this.builder.build();
    const machine = createReferenceMachine();
    const witness = evaluate(machine, circuit, weights, this.#inputs);
    const values = evaluateNaive(circuit, weights, this.#inputs);
    expect(violations(circuit, values)).toEqual([]);
    for (const [id, at] of witness.tensors) {
      expect([...cellsAt(machine, at)], circuit.tensors[id]!.name).toEqual(values[id]);
    }
    results.forEach((id, i) => {
      expect([...witness.outputs[i]!]).toEqual(values[id]);
    });
    for (const { tensors } of circuit.lookups) for (const id of tensors) expect(witness.tensors.has(id)).toBe(true);
  }
}

const small: Range = { lo: -9, hi: 9 };
const wide: Range = { lo: -100_000, hi: 90_000 };
const anyWindow = fc.record({
  size: fc.integer({ min: 1, max: 7 }),
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  pad: fc.integer({ min: 0, max: 3 }),
  places: fc.integer({ min: 1, max: 6 }),
});

describe('contract', () => {
  /** Labels a..: size of each, and which of the three tensors has it in which place. */
  const order = <T>(items: readonly T[]) => fc.shuffledSubarray([...items], { minLength: items.length });

  it('equals its definition for any labels in any order, narrow or wide', () => {
    const property = fc.property(
      fc.record({ m: fc.nat(2), n: fc.nat(2), k: fc.nat(2), batch: fc.nat(2) }).chain((counts) => {
        const labels = Object.entries(counts).flatMap(([kind, c]) =>
          Array.from({ length: c }, (_, i) => `${kind}${i}`),
        );
        const having = (...kinds: string[]) => order(labels.filter((l) => kinds.some((k) => l.startsWith(k))));
        return fc.record({
          a: having('m', 'k', 'batch'),
          b: having('n', 'k', 'batch'),
          out: having('m', 'n', 'batch'),
          sizes: fc.constant(labels).chain((l) => fc.tuple(...l.map(() => fc.integer({ min: 1, max: 4 })))),
          labels: fc.constant(labels),
        });
      }),
      fc.constantFrom(
        [small, small],
        [wide, small],
        [small, wide],
        [
          { lo: -3000, hi: 40000 },
          { lo: -9, hi: 33000 },
        ],
      ),
      fc.nat(1000),
      ({ a, b, out, sizes, labels }, [left, right], seed) => {
        const shape = (axes: readonly string[]): number[] => axes.map((l) => sizes[labels.indexOf(l)]!);
        fc.pre(cellsOf(shape(labels.filter((l) => l.startsWith('k')))) * left!.hi * right!.hi < 2 ** 30);
        const bench = new Bench();
        const x = bench.weight(shape(a), left!, seed);
        const y = bench.weight(shape(b), right!, seed + 1);
        bench.check(bench.builder.contract('c', x, y, a, b, out));
      },
    );
    fc.assert(property, { numRuns: 150 });
  });

  it('equals its definition for convolutions of one, two and three axes, grouped, batched, in any layout', () => {
    const property = fc.property(
      fc.array(anyWindow, { minLength: 1, maxLength: 3 }),
      fc.record({ groups: fc.integer({ min: 0, max: 3 }), batch: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ ci: fc.integer({ min: 0, max: 3 }), co: fc.integer({ min: 0, max: 3 }) }),
      fc.boolean(),
      fc.nat(1000),
      (windows, { groups, batch }, { ci, co }, isChannelLast, seed) => {
        fc.pre(cellsOf(windows.map((w) => w.size * w.kernel * w.places)) < 4000);
        const present = (entries: readonly (readonly [string, number])[]) => entries.filter(([, size]) => size > 0);
        const spatial = windows.map(
          (w, i): Window => ({ out: `o${i}`, kernel: `k${i}`, stride: w.stride, dilation: w.dilation, pad: w.pad }),
        );
        const a = [
          ...present([
            ['g', groups],
            ['co', co],
            ['ci', ci],
          ]),
          ...windows.map((w, i) => [`k${i}`, w.kernel] as const),
        ];
        const b = present([
          ['n', batch],
          ['g', groups],
          ['ci', ci],
        ]);
        const places = windows.map((w, i) => [`o${i}`, w.places] as const);
        const channels = present([
          ['g', groups],
          ['co', co],
        ]);
        const out = [
          ...present([['n', batch]]),
          ...(isChannelLast ? [...places, ...channels] : [...channels, ...places]),
        ];
        const bench = new Bench();
        const x = bench.input([...b.map(([, size]) => size), ...windows.map((w) => w.size)], small, seed);
        const w = bench.weight(
          a.map(([, size]) => size),
          small,
          seed + 1,
        );
        const names = (list: readonly (readonly [string, number])[]): string[] => list.map(([label]) => label);
        const sizes = Object.fromEntries(places);
        bench.check(bench.builder.contract('conv', w, x, names(a), [...names(b), ...spatial], names(out), sizes));
      },
    );
    fc.assert(property, { numRuns: 150 });
  });

  it('gathers the rows of a large product chunk by chunk', () => {
    const [channels, size] = [40, 30];
    const range = { lo: -3, hi: 3 };
    const b = new CircuitBuilder('chunks');
    const x = b.input({ name: 'x', shape: [channels, size, size], range, scale: 0 });
    const w = b.weight('w', [2, channels, 3, 3], integers(6, 18 * channels, range));
    const window = (axis: string): Window => ({ out: axis, kernel: `k${axis}`, stride: 1, dilation: 1, pad: 1 });
    const axes = ['co', 'ci', 'ky', 'kx'];
    const y = b.contract('conv', w, x, axes, ['ci', window('y'), window('x')], ['co', 'y', 'x']);
    b.output({ name: 'y', shape: b.shapeOf(y), range: b.rangeOf(y), scale: 0 }, y);
    const { circuit, weights } = b.build();
    const image = integers(5, channels * size * size, range);
    const { outputs } = evaluate(createReferenceMachine(), circuit, weights, [image]);
    const pixel = (c: number, v: number, u: number): number =>
      v < 0 || v >= size || u < 0 || u >= size ? 0 : image[(c * size + v) * size + u]!;
    const expected = Int32Array.from({ length: 2 * size * size }, (_, o) => {
      const [co, oy, ox] = [Math.floor(o / size ** 2), Math.floor(o / size) % size, o % size];
      const kernel = [...weights.get(w)!].slice(co * 9 * channels, (co + 1) * 9 * channels);
      return kernel.reduce((sum, k, i) => {
        return sum + k * pixel(Math.floor(i / 9), oy + (Math.floor(i / 3) % 3) - 1, ox + (i % 3) - 1);
      }, 0);
    });
    expect(outputs[0]).toEqual(expected);
  });
});

describe('view', () => {
  it('equals its definition for every kind of map, mixed in any order', () => {
    const axis = fc.record({
      kind: fc.constantFrom('keep', 'affine', 'broadcast', 'index', 'reshape', 'select'),
      size: fc.integer({ min: 1, max: 4 }),
      to: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 3 }),
      offset: fc.integer({ min: -3, max: 3 }),
      seed: fc.nat(1000),
    });
    const property = fc.property(
      fc.array(axis, { maxLength: 4 }),
      fc.nat(1000),
      fc.integer({ min: -5, max: 5 }),
      (axes, seed, fill) => {
        const shape: number[] = [];
        const source: number[] = [];
        const maps = axes.map(({ kind, size, to, stride, offset, seed: s }): AxisMap => {
          if (kind === 'broadcast') return { kind, to: shape.push(to) - 1 };
          if (kind === 'reshape') {
            const from = [source.push(2 * size) - 1, source.push(to) - 1];
            return {
              kind: 'index',
              from,
              to: [shape.push(to) - 1, shape.push(2) - 1, shape.push(size) - 1],
              map: null,
            };
          }
          const from = source.push(size) - 1;
          if (kind === 'keep') return { kind, from, to: shape.push(size) - 1 };
          if (kind === 'affine') return { kind, from, to: shape.push(to) - 1, stride, offset };
          if (kind === 'select') return { kind: 'index', from: [from], to: [], map: Int32Array.of(s % size) };
          const map = integers(s, to * stride, { lo: -1, hi: size - 1 });
          return { kind: 'index', from: [from], to: [shape.push(to) - 1, shape.push(stride) - 1], map };
        });
        // Axes of the view in another order than those of the source.
        const rank = shape.length;
        const place = (a: number): number => (a + seed) % rank;
        const turned = maps.map((m): AxisMap => {
          if (m.kind === 'index') return { ...m, to: m.to.map(place) };
          return { ...m, to: place(m.to) };
        });
        const target: number[] = [];
        shape.forEach((size, a) => {
          target[place(a)] = size;
        });
        const bench = new Bench();
        const x = bench.input(source, seed % 2 ? small : wide, seed);
        bench.check(bench.builder.view('v', x, target, turned, fill));
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});

describe('linear, product, requantisation and hints', () => {
  const ramp = Int32Array.from({ length: 64 }, (_, i) => Math.min(20, Math.max(0, i - 32)) ** 2);

  it('requantises in one step with its function, whatever the shift', () => {
    for (const shift of [0, 1, 5, 15, 16, 18]) {
      const bench = new Bench();
      const span = 31 * 2 ** shift;
      const x = bench.input([3, 50], { lo: -span, hi: span }, 7);
      const table = bench.builder.functionTable('relu squared', -32, ramp);
      const { y } = bench.builder.requantise('y', x, shift, table);
      expect(bench.builder.rangeOf(y)).toEqual({ lo: 0, hi: 400 });
      bench.check(y);
    }
  });

  it('rounds half up', () => {
    const b = new CircuitBuilder('rounding');
    const x = b.input({ name: 'x', shape: [6], range: { lo: -8, hi: 8 }, scale: 0 });
    const { y } = b.requantise('y', x, 2, b.functionTable('clip', -4, { lo: -1, hi: 2, rows: 8 }));
    b.output({ name: 'out', shape: [6], range: { lo: -1, hi: 2 }, scale: 0 }, y);
    const { circuit, weights } = b.build();
    const { outputs } = evaluate(createReferenceMachine(), circuit, weights, [Int32Array.of(-3, -2, 1, 2, 6, 8)]);
    expect([...outputs[0]!]).toEqual([-1, 0, 0, 1, 2, 2]);
  });

  it('finds maxima, divides with floor, takes limbs of negative numbers', () => {
    const bench = new Bench();
    const { builder: b } = bench;
    const one = (tensor: TensorId, coefficient = 1) => ({ tensor, coefficient });
    const x = bench.input([4, 6], wide, 11);
    const max = b.witness('max', [4], wide, { kind: 'max', of: x });
    b.pin(max);
    const spread = b.view(
      'spread',
      max,
      [4, 6],
      [
        { kind: 'keep', from: 0, to: 0 },
        { kind: 'broadcast', to: 1 },
      ],
    );
    const gap = b.linear('gap', [one(spread), one(x, -1)]);
    b.rangeCheck(gap, 18);
    const hot = b.witness('hot', [4, 6], { lo: 0, hi: 1 }, { kind: 'argmax', of: x });
    b.pin(hot);
    b.zero(b.product('at the maximum', hot, gap));
    const d = bench.input([4, 6], { lo: 1, hi: 90 }, 12);
    const q = b.witness('q', [4, 6], { lo: -100_000, hi: 100_000 }, { kind: 'quotient', numerator: x, denominator: d });
    b.pin(q);
    const rest = b.linear('rest', [one(x), one(b.product('q d', q, d), -1)]);
    b.rangeCheck(rest, 7);
    const square = bench.input([4, 6], { lo: 0, hi: 2 ** 30 - 1 }, 13);
    const s = b.witness('s', [4, 6], { lo: 0, hi: 2 ** 15 - 1 }, { kind: 'root', of: square });
    b.pin(s);
    bench.check(max, gap, hot, q, rest, s);
  });

  it('names the tensor, the value and the interval when a table has no row', () => {
    const b = new CircuitBuilder('overflow');
    const x = b.input({ name: 'x', shape: [3], range: { lo: -300, hi: 300 }, scale: 0 });
    const table = b.functionTable('relu', -8, { lo: 0, hi: 7, rows: 16 });
    b.requantise('conv1', x, 4, table);
    b.requantise('conv2', x, 0, table);
    const { circuit, weights } = b.build();
    const run = (...x: number[]) => evaluate(createReferenceMachine(), circuit, weights, [Int32Array.from(x)]);
    expect(() => run(0, 5, 7)).not.toThrow();
    expect(() => run(0, 5, 8)).toThrow(expect.objectContaining({ code: 'E_RANGE', where: 'x' }));
    expect(() => run(0, 5, 128)).toThrow('the value 8 of cell 2 is outside [-8, 7]');
    expect(() => run(0, 5, 128)).toThrow(expect.objectContaining({ code: 'E_RANGE', where: 'conv1.q' }));
    expect(() => run(0, 301, 0)).toThrow('the value 301 of cell 1 is outside [-300, 300]');
    expect(() => run(0)).toThrow(expect.objectContaining({ code: 'E_INPUT' }));
    expect(() => evaluate(createReferenceMachine(), circuit, weights, [])).toThrow('1 inputs, 0 are given');
  });

  it('inverts derived outputs, and counts no lookups of public inputs', () => {
    const b = new CircuitBuilder('outputs');
    const x = b.input({ name: 'x', shape: [2, 3], range: { lo: -4, hi: 3 }, scale: 0 });
    const hot = b.witness('hot', [2, 3], { lo: 0, hi: 1 }, { kind: 'argmax', of: x });
    b.pin(hot);
    b.output({ name: 'class', shape: [2], range: { lo: 0, hi: 2 }, scale: 0 }, hot, { kind: 'onehot', size: 3 });
    const map = Int32Array.of(0, 2, 4, 1, 3, 5);
    b.output({ name: 'turned', shape: [3, 2], range: { lo: -4, hi: 3 }, scale: 0 }, x, { kind: 'gather', map });
    const { circuit, weights } = b.build();
    const inputs = [Int32Array.of(1, 3, 3, 2, -4, 0)];
    const machine = createReferenceMachine();
    const { outputs, tensors } = evaluate(machine, circuit, weights, inputs);
    expect(outputs.map((o) => [...o])).toEqual([
      [1, 0],
      [1, 2, 3, -4, 3, 0],
    ]);
    const counts = (at: typeof tensors) => [...cellsAt(machine, at.get(circuit.tables[0]!.multiplicity)!)];
    expect(counts(tensors)).toEqual([1, 0, 0, 0, 1, 1, 1, 2]);
    const lookups = circuit.lookups.filter((l) => l.input === undefined);
    const open = evaluate(machine, { ...circuit, lookups }, weights, inputs);
    expect(counts(open.tensors)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('memory', () => {
  it('is reused by accumulators, and weights that are there already are read in place', () => {
    const machine = createReferenceMachine();
    const cells = 4096;
    const run = (layers: number): number => {
      const b = new CircuitBuilder('deep');
      let x = b.input({ name: 'x', shape: [cells], range: { lo: 0, hi: 1 }, scale: 0 });
      for (let i = 0; i < layers; i++) x = b.linear(`l${i}`, [{ tensor: x, coefficient: 1 }], { constant: 100_000 });
      b.output({ name: 'y', shape: [cells], range: b.rangeOf(x), scale: 0 }, x);
      const { circuit, weights } = b.build();
      const mark = machine.mark();
      const { outputs } = evaluate(machine, circuit, weights, [new Int32Array(cells).fill(1)]);
      expect(outputs[0]![cells - 1]).toBe(1 + 100_000 * layers);
      const used = machine.mark() - mark;
      machine.release(mark);
      return used;
    };
    expect(run(40)).toBe(run(4));

    const b = new CircuitBuilder('weights');
    const w = b.weight('w', [3], Int32Array.of(1, 2, 3));
    const x = b.input({ name: 'x', shape: [3], range: { lo: 0, hi: 9 }, scale: 0 });
    b.output({ name: 'y', shape: [3], range: { lo: 0, hi: 27 }, scale: 0 }, b.product('wx', w, x));
    const at = { kind: 2 as const, ptr: machine.alloc(6), length: 3 };
    machine.i16(at.ptr, 3).set([1, 2, 3]);
    const { outputs, tensors } = evaluate(machine, b.build().circuit, new Map([[w, at]]), [Int32Array.of(7, 8, 9)]);
    expect([...outputs[0]!]).toEqual([7, 16, 27]);
    expect(tensors.get(w)).toEqual(at);
  });
});

describe('threads', () => {
  it('share out every kernel and change nothing', () => {
    const b = new CircuitBuilder('threads');
    const range = { lo: -128, hi: 127 };
    const x = b.input({ name: 'x', shape: [9, 50, 50], range, scale: 0 });
    const window = (axis: string): Window => ({ out: axis, kernel: `k${axis}`, stride: 1, dilation: 1, pad: 1 });
    const w = b.weight('w', [9, 3, 3], integers(1, 81, range));
    const depthwise = b.contract(
      'depthwise',
      w,
      x,
      ['c', 'ky', 'kx'],
      ['c', window('y'), window('x')],
      ['c', 'y', 'x'],
    );
    const table = b.functionTable('clip', -2048, { lo: -128, hi: 127, rows: 4096 });
    const { y } = b.requantise('q', depthwise, 8, table);
    const v = b.weight('v', [17, 9], integers(2, 153, range));
    const mixed = b.contract('mixed', v, y, ['o', 'c'], ['c', 'y', 'x'], ['o', 'y', 'x']);
    b.output({ name: 'out', shape: [17, 50, 50], range: b.rangeOf(mixed), scale: 0 }, mixed);
    const { circuit, weights } = b.build();
    const inputs = [integers(3, 9 * 2500, range)];
    const run = (threads: number) => {
      const machine = { ...createReferenceMachine(), threads };
      const { tensors, outputs } = evaluate(machine, circuit, weights, inputs);
      return { outputs, values: [...tensors].map(([id, at]) => [id, cellsAt(machine, at)] as const) };
    };
    expect(run(3)).toEqual(run(1));
  });
});
