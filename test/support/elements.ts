/** Field elements and points, for property tests. */
import fc from 'fast-check';
import { Ext } from '../../src/field/ext.ts';
import { P } from '../../src/field/m31.ts';

const coordinate = fc.oneof({ weight: 4, arbitrary: fc.nat(P - 1) }, fc.constantFrom(0, 1, P - 1));

export const element: fc.Arbitrary<Ext> = fc
  .tuple(coordinate, coordinate, coordinate, coordinate)
  .map(([a, b, c, d]) => new Ext(a, b, c, d));

export function pointOf(variables: number): fc.Arbitrary<Ext[]> {
  return fc.array(element, { minLength: variables, maxLength: variables });
}

/** A source of elements for tests that need many and no shrinking. */
export function elements(seed: number): () => Ext {
  let s = seed;
  const next = () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s >>> 1) % P;
  };
  return () => new Ext(next(), next(), next(), next());
}

export function points(seed: number): (variables: number) => Ext[] {
  const draw = elements(seed);
  return (variables) => Array.from({ length: variables }, draw);
}
