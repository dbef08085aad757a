/**
 * What the checks are made of: the refusal, and predicates on numbers and shapes.
 */
import { TesseraError } from '../errors.ts';
import { MAGNITUDE } from './interval.ts';

/** @throws TesseraError E_CIRCUIT at a tensor, table or port */
export function refuse(where: string, sentence: string): never {
  throw new TesseraError('E_CIRCUIT', sentence, { where });
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

export function isInteger(value: number, lo: number, hi: number): boolean {
  return Number.isInteger(value) && value >= lo && value <= hi;
}

/** An integer that a tensor may hold. */
export function isValue(value: number): boolean {
  return isInteger(value, 1 - MAGNITUDE, MAGNITUDE - 1);
}
