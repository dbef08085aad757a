import { describe, expect, it } from 'vitest';
import type { Party } from '../../src/argue/party.ts';
import { ProverParty, VerifierParty } from '../../src/argue/party.ts';
import { type Member, sumcheck } from '../../src/argue/sumcheck.ts';
import { Ext, powers } from '../../src/field/ext.ts';
import { eqTable } from '../../src/field/mle.ts';
import { half, nextClaim } from '../../src/field/rounds.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { ProductInstance, TripleInstance } from '../../src/kernels/tables.ts';
import { uploadExts } from '../../src/kernels/vectors.ts';
import { ProverChannel, Rejection, VerifierChannel } from '../../src/transcript/channel.ts';
import { elements } from '../support/elements.ts';

const machine = createReferenceMachine();
const digest = new Uint8Array(32);
const draw = elements(3);
const none = () => 0;

/** A member's tables, two or three of 2^variables elements. */
type Tables = readonly (readonly Ext[])[];

const sumOf = (tables: Tables) =>
  tables[0]!.reduce((sum, _, i) => sum.add(tables.reduce((product, t) => product.mul(t[i]!), Ext.ONE)), Ext.ZERO);

const at = (table: readonly Ext[], point: readonly Ext[]) =>
  eqTable(point).reduce((sum, e, i) => sum.add(e.mul(table[i]!)), Ext.ZERO);

function randomTables(variables: number, count: number): Tables {
  return Array.from({ length: count }, () => Array.from({ length: 2 ** variables }, draw));
}

function memberOf(tables: Tables, weight: Ext, degree: number): Member {
  const variables = Math.log2(tables[0]!.length);
  const uploaded = tables.map((t) => uploadExts(machine, t));
  const instance =
    uploaded.length === 2
      ? new ProductInstance(machine, uploaded[0]!, uploaded[1]!, variables)
      : new TripleInstance(machine, uploaded as unknown as [number, number, number], variables);
  const padded = {
    variables,
    round: (claim: Ext) => {
      const sent = instance.round(claim);
      return [...sent, ...new Array<Ext>(degree - sent.length).fill(Ext.ZERO)];
    },
    bind: (r: Ext) => instance.bind(r),
  };
  return { weight, claim: sumOf(tables), instance: padded };
}

/** Both parties' lines: the batch of all members, checked at its end. */
function argue(p: Party<Ext>, batch: readonly Tables[], claims: readonly Ext[], degree: number): void {
  const weights = powers(p.challenge('stage batch'), batch.length);
  const variables = Math.max(...batch.map((t) => Math.log2(t[0]!.length)));
  const total = claims.map((c, j) => c.mul(weights[j]!)).reduce((a, b) => a.add(b));
  const { point, value } = sumcheck(p, 'stage round', variables, degree, total, () =>
    batch.map((t, j) => memberOf(t, weights[j]!, degree)),
  );
  const end = batch.reduce((sum, tables, j) => {
    const missing = variables - Math.log2(tables[0]!.length);
    const values = tables.map((t) => at(t, point.slice(missing)));
    const product = values.reduce((a, b) => a.mul(b));
    return sum.add(product.mul(weights[j]!).mul(half(missing)));
  }, Ext.ZERO);
  p.zero(value.sub(end), 'stage');
}

function verdict(batch: readonly Tables[], claims: readonly Ext[], degree: number): string {
  const channel = new ProverChannel(digest, none);
  argue(new ProverParty(channel), batch, claims, degree);
  const verifier = new VerifierChannel(digest, channel.finish());
  try {
    argue(new VerifierParty(verifier), batch, claims, degree);
    verifier.finish();
    return 'accepted';
  } catch (error) {
    if (error instanceof Rejection) return error.check;
    throw error;
  }
}

describe('a batched sumcheck', () => {
  it.each([
    ['one product', [4], 2],
    ['one triple', [3], 3],
    ['members of all sizes', [5, 2, 0, 3, 5, 1], 2],
    ['triples that join late', [1, 4, 2], 3],
  ])('of %s accepts true claims and no others', (_, sizes, degree) => {
    const batch = sizes.map((n) => randomTables(n, degree));
    const claims = batch.map(sumOf);
    expect(verdict(batch, claims, degree)).toBe('accepted');
    claims.forEach((c, j) => {
      expect(verdict(batch, claims.with(j, c.add(Ext.ONE)), degree)).toBe('stage');
    });
  });

  it('of products and triples together pads the lower degree', () => {
    const batch = [randomTables(3, 2), randomTables(4, 3), randomTables(2, 2)];
    expect(verdict(batch, batch.map(sumOf), 3)).toBe('accepted');
  });

  it('takes errors that cancel at equal weights apart', () => {
    const batch = [randomTables(3, 2), randomTables(3, 2)];
    const claims = batch.map((t, j) => sumOf(t).add(Ext.of(j === 0 ? 77 : -77)));
    expect(verdict(batch, claims, 2)).toBe('stage');
  });
});

describe('joining late', () => {
  /**
   * Members of 3 variables and of 1. The forger adds d to a total of 77 too much as d_A + d_B, chosen after the total is fixed, and sends
   * honest rounds with what is owed spread over them. Where the second member's sum enters unscaled when it joins, two rounds late, the
   * error left is (d_A / 4 + d_B) / 2, so d_A = -4 d_B wins. Where it enters from the start as C_j 2^-i, what is left is 77 / 8.
   */
  function forge(join: 'unscaled' | 'scaled'): boolean {
    const [a, b] = [randomTables(3, 2), randomTables(1, 2)];
    const dB = Ext.of(77).mul(Ext.of(-3).inv());
    const dA = Ext.of(77).sub(dB);
    expect(dA.add(dB.mul(Ext.of(4)))).toEqual(Ext.ZERO);
    const scale = join === 'scaled' ? half(2) : Ext.ONE;
    const [first, second] = [memberOf(a, Ext.ONE, 2).instance, memberOf(b, Ext.ONE, 2).instance];
    const owed = { a: dA, b: dB };
    let [claimA, claimB] = [sumOf(a), sumOf(b)];
    let claim = join === 'scaled' ? claimA.add(claimB).add(Ext.of(77)) : claimA.add(dA);
    const point: Ext[] = [];
    for (let i = 1; i <= 3; i++) {
      if (i === 3 && join === 'unscaled') claim = claim.add(claimB).add(dB);
      const late = i < 3 ? [half(i).mul(join === 'scaled' ? claimB : Ext.ZERO), Ext.ZERO] : null;
      const sentA = first.round(claimA);
      const sentB = i === 3 ? second.round(claimB).map((c) => c.mul(scale)) : late!;
      const error =
        join === 'scaled'
          ? half(i).mul(Ext.of(77))
          : half(i)
              .mul(owed.a)
              .add(i === 3 ? half(1).mul(owed.b) : Ext.ZERO);
      const sent = sentA.map((c, k) => c.add(sentB[k]!).add(k === 0 ? error : Ext.ZERO));
      const r = draw();
      claim = nextClaim(claim, sent, r);
      claimA = nextClaim(claimA, sentA, r);
      first.bind(r);
      if (i === 3) {
        claimB = nextClaim(
          claimB,
          sentB.map((c) => c.mul(scale.inv())),
          r,
        );
        second.bind(r);
      }
      point.push(r);
    }
    const end = claimA.add(claimB.mul(scale));
    expect(claimA).toEqual(at(a[0]!, point).mul(at(a[1]!, point)));
    expect(claimB).toEqual(at(b[0]!, point.slice(2)).mul(at(b[1]!, point.slice(2))));
    return claim.equals(end);
  }

  it('unscaled is forgeable, which is why members join at 2^-i of their claim', () => {
    expect(forge('unscaled')).toBe(true);
    expect(forge('scaled')).toBe(false);
  });
});
