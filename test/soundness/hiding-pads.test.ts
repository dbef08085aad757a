/** Lies about pads: their products, what is sent again, what they are opened to. Each test names the check that stops its lie, and no other fails. */
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { Ext, powers } from '../../src/field/ext.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { padLayoutOf } from '../../src/send.ts';
import { padCode } from '../../src/soundness/parameters.ts';
import type { ProverChannel } from '../../src/transcript/channel.ts';
import {
  alteredChannel,
  type Change,
  hidingCourtOf,
  type Lies,
  LyingHider,
  withPads,
} from '../support/hiding-court.ts';
import { tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const court = hidingCourtOf(machine, tinyNetwork());

/** The gate of the root's denominator and its inverse is the fourth: before it are the three products of the root. */
const INVERSE_GATE = 3;

function plusOne(values: Ext[], at: number): void {
  values[at] = values[at]!.add(Ext.ONE);
}

/** A change of messages of one label, at one element of the first of them. */
function once(label: string, at: number): Change {
  let met = false;
  return (sent, values) => {
    if (sent !== label || met) return;
    met = true;
    plusOne(values, at);
  };
}

describe('pads that are no products', () => {
  const names = ['r', "c0'", "c1'", 'u', 'v'];

  /** A prover with one of a gate's own pads off by one. */
  function withWrongPad(gate: number, own: number, lies: Lies = {}) {
    const { hooks, violations } = withPads(
      court,
      (full, queries, layout) => plusOne(full, queries + layout.gates[gate]!.own + own),
      lies,
    );
    const verdict = court.verdictOn(hooks);
    return { check: verdict.ok ? 'accepted' : verdict.check, violations: violations() };
  }

  it('are stopped by their products where u or v is wrong', () => {
    for (const gate of [0, INVERSE_GATE, 20]) {
      for (const own of ['u', 'v']) {
        const { check, violations } = withWrongPad(gate, names.indexOf(own));
        expect({ check, violations }).toEqual({ check: 'pads.equations', violations: ['pads.products'] });
      }
    }
  });

  it('are stopped by their products only, where r is wrong and an inverse is chosen to suit it', () => {
    // q x + 1 = 1 for x = 0: an inverse of anything, of zero too
    const lies: Lies = {
      hidden: (label, values) => {
        if (label === 'inverse') values[1] = Ext.ZERO;
      },
    };
    const { check, violations } = withWrongPad(INVERSE_GATE, names.indexOf('r'), lies);
    expect({ check, violations }).toEqual({ check: 'pads.equations', violations: ['pads.products'] });
  });

  it('are stopped by the equation that uses them as well, where only r is wrong', () => {
    const { check, violations } = withWrongPad(0, names.indexOf('r'));
    expect({ check, violations }).toEqual({ check: 'pads.equations', violations: ['lookup.root', 'pads.products'] });
  });

  it.each([0, 1])('are stopped by their products where X or Y is another (%i)', (at) => {
    const told = court.tryLies({ shown: once('gate values', at) });
    expect(told).toEqual({ check: 'pads.equations', violations: ['pads.products'] });
  });

  it('are stopped by both ends where X and Y are moved against each other', () => {
    // X Y stays what it was
    const told = court.tryLies({
      shown: (label, values) => {
        if (label !== 'gate values') return;
        values[0] = values[0]!.scale(Ext.of(2));
        values[1] = values[1]!.mul(Ext.of(2).inv());
      },
    });
    expect(told).toEqual({ check: 'pads.equations', violations: ['pads.products'] });
  });
});

describe('the denominator at the root', () => {
  it('that is zero has no inverse', () => {
    const told = court.tryLies({
      hidden: (label, v) => {
        if (label === 'tree root') v.splice(0, 4, Ext.ZERO, v[1]!, Ext.ZERO, v[3]!);
      },
    });
    expect(told.check).toBe('pads.equations');
    expect(told.violations[0]).toBe('lookup.denominator');
  });

  it('that is sent again as another value, with the inverse of that, is seen', () => {
    const told = court.tryLies({
      hidden: (label, values) => {
        if (label === 'inverse') values.splice(0, 2, Ext.of(5), Ext.of(5).inv());
      },
    });
    expect(told).toEqual({ check: 'pads.equations', violations: ['lookup.denominator'] });
  });

  it('that is sent with an inverse of something else is seen', () => {
    const told = court.tryLies({ hidden: once('inverse', 1) });
    expect(told).toEqual({ check: 'pads.equations', violations: ['lookup.denominator'] });
  });
});

describe('a factor that is no message', () => {
  // s is read by a view, whose claim on s follows from the view's, and squared: the claim is sent again to be a factor. One cell: both
  // readers meet it at the same point, the empty one
  const b = new CircuitBuilder('square');
  const port = { shape: [1], range: { lo: 0, hi: 3 }, scale: 0 };
  const x = b.input({ ...port, name: 'x' });
  const s = b.linear('s', [{ tensor: x, coefficient: 3 }], { constant: 1 });
  const v = b.view('v', s, [1], [{ kind: 'keep', from: 0, to: 0 }]);
  const { y } = b.requantise('y', v, 0, b.functionTable('f', 0, { lo: 0, hi: 15, rows: 16 }));
  const square = b.product('square', s, s);
  const out = b.linear('out', [
    { tensor: square, coefficient: 1 },
    { tensor: y, coefficient: 1 },
  ]);
  b.output({ name: 'out', shape: [1], range: b.rangeOf(out), scale: 0 }, out);
  const { circuit, weights } = b.build();
  const small = hidingCourtOf(machine, { circuit, weights, input: Int32Array.of(2) });

  it('is sent as one', () => {
    const sent: string[] = [];
    expect(small.tryLies({ hidden: (label) => sent.push(label) })).toEqual({ check: 'accepted', violations: [] });
    expect(sent).toContain('factor');
  });

  it('is stopped where another value is sent', () => {
    const told = small.tryLies({ hidden: once('factor', 0) });
    expect(told.check).toBe('pads.equations');
    expect(told.violations[0]).toBe('pads.factor');
  });
});

describe('the opening of the pads', () => {
  const { queries } = padCode(1);

  it.each([
    ['a wrong sum d', 'pad product', 0, 'pads.equations'],
    ['a sum V* that is wrong at a pad', 'pad vector', queries + 2, 'pads.equations'],
    ['a sum V* that is wrong in its random part', 'pad vector', 5, 'pads.columns'],
  ] as const)('%s is stopped', (_, label, at, check) => {
    const told = court.tryLies({}, { channel: alteredChannel(once(label, at)) });
    expect(told).toEqual({ check, violations: [] });
  });

  it('a wrong V* that a wrong d makes good is stopped by the columns', () => {
    expect(court.tryLies({}, { hiding: (channel, m, pads) => new MovedSum(channel, m, pads, {}) }).check).toBe(
      'pads.columns',
    );
  });

  it('columns of the places next to those drawn do not lead to the root', () => {
    const verdict = court.verdictOn({
      channel: (digest, grinder) => {
        const channel: ProverChannel = alteredChannel()(digest, grinder);
        const draw = channel.transcript.positions.bind(channel.transcript);
        channel.transcript.positions = (label, count, bits) => {
          const drawn = draw(label, count, bits);
          return label === 'pad positions' ? drawn.map((p) => p ^ 1).sort((a, b) => a - b) : drawn;
        };
        return channel;
      },
    });
    expect(verdict).toMatchObject({ ok: false, check: 'opening.merkle', where: 'pads' });
  });

  it('a pad that is another than was committed is stopped by the columns', () => {
    // one that is in no product, so that nothing but the columns can tell
    const { count, gates } = padLayoutOf(court.prover.planFor(court.options));
    const bound = new Set(gates.flatMap((g) => [g.x, g.y, ...[0, 1, 2, 3, 4].map((k) => g.own + k)]));
    const free = Array.from({ length: count }, (_, i) => i).find((i) => !bound.has(i))!;
    const told = court.tryLies(
      {},
      {
        hiding: (channel, m, pads) => {
          plusOne(pads.full as Ext[], queries + free);
          return new LyingHider(channel, m, pads, {});
        },
      },
    );
    expect(told.check).toBe('pads.columns');
  });

  it('pads in a vector that goes on are stopped by the columns', () => {
    const { hooks, violations } = withPads(court, (full) => full.push(Ext.ONE), {});
    expect(court.verdictOn(hooks)).toMatchObject({ ok: false, check: 'pads.columns' });
    expect(violations()).toEqual([]);
  });

  it('a V* that goes on is read as something else', () => {
    const longer: Change = (label, values) => {
      if (label === 'pad vector') values.push(Ext.ONE);
    };
    const verdict = court.verdictOn({ channel: alteredChannel(longer) });
    // the columns that follow are others, and so is how many bytes they take
    expect(verdict.ok ? 'accepted' : verdict.check).toMatch(/^(opening\.merkle|proof\.length)$/);
  });
});

/** Moves one pad of V*, and d by as much as the equations' coefficient of that pad says, so that <a, V*> = d + e b holds. */
class MovedSum extends LyingHider {
  override close(): void {
    const { channel } = this;
    const send = channel.send.bind(channel);
    const draw = channel.transcript.challenge.bind(channel.transcript);
    let beta = Ext.ZERO;
    channel.transcript.challenge = (label) => {
      const drawn = draw(label);
      if (label === 'pad batch') beta = drawn;
      return drawn;
    };
    channel.send = (label, sent) => {
      const values = [...sent];
      if (label === 'pad product') plusOne(values, 0);
      if (label === 'pad vector') this.#move(values, beta);
      send(label, values);
    };
    super.close();
  }

  #move(vector: Ext[], beta: Ext): void {
    const expressions = this.equations.map((e) => e.expression);
    const a = this.tape.coefficients(expressions, powers(beta, expressions.length), this.layout.count);
    const at = a.findIndex((k) => !k.isZero());
    const place = padCode(a.length).queries + at;
    vector[place] = vector[place]!.add(a[at]!.inv());
  }
}
