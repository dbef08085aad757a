/**
 * The counter of a hiding commitment that outlives a proof: every proof opens some of its columns, and only so many stay hidden behind the random
 * coefficients of its rows. A journal: it is only ever appended to, one record a proof, so that neither a crash nor two processes at once
 * can lose a record, and whoever reads it back knows which share is his own.
 *
 *   'tessera' 0x00 . version u16 . kind u8 (6) . zeros (5) . root (32)       48 bytes
 *   record:  positions u32 . random id (20) . first 8 bytes of BLAKE3(root . positions . id)
 */

import { hash } from '../bytes/blake3.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { TesseraError } from '../errors.ts';
import { FORMAT_VERSION } from './container.ts';

const MAGIC = new TextEncoder().encode('tessera\0');
const KIND = 6;
const HEADER_BYTES = 48;
export const RECORD_BYTES = 32;
const ID_BYTES = 20;

export interface SpendRecord {
  readonly positions: number;
  readonly id: Uint8Array;
}

/** A journal in which nothing is spent. */
export function newJournal(root: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Writer(HEADER_BYTES).raw(MAGIC).u16(FORMAT_VERSION).u8(KIND).raw(new Uint8Array(5)).raw(root).finish();
}

export function newRecord(positions: number): SpendRecord {
  return { positions, id: crypto.getRandomValues(new Uint8Array(ID_BYTES)) };
}

export function encodeRecord(root: Uint8Array, { positions, id }: SpendRecord): Uint8Array<ArrayBuffer> {
  const body = new Writer(RECORD_BYTES).u32(positions).raw(id).finish();
  const check = hash(new Writer().raw(root).raw(body).finish()).subarray(0, 8);
  return new Writer(RECORD_BYTES).raw(body).raw(check).finish();
}

/** @throws TesseraError E_BUDGET where it is damaged, or another commitment's: then nothing is known of what was spent */
export function decodeJournal(bytes: Uint8Array, root: Uint8Array): SpendRecord[] {
  const fail = (sentence: string): never => {
    throw new TesseraError('E_BUDGET', sentence, { hint: ANEW });
  };
  if (bytes.length < HEADER_BYTES || bytes.subarray(0, 8).some((b, i) => b !== MAGIC[i]))
    fail('this is no budget file');
  if (newJournal(root).some((b, i) => b !== bytes[i])) fail('the budget file belongs to another commitment or version');
  if ((bytes.length - HEADER_BYTES) % RECORD_BYTES !== 0) fail('the budget file is damaged: its last record is cut');
  const reader = new Reader(bytes.subarray(HEADER_BYTES), { name: 'budget file' });
  const records: SpendRecord[] = [];
  while (reader.remaining > 0) {
    const record = { positions: reader.u32(), id: reader.raw(ID_BYTES).slice() };
    const check = reader.raw(RECORD_BYTES - ID_BYTES - 4);
    const expected = encodeRecord(root, record).subarray(RECORD_BYTES - 8);
    if (check.some((b, i) => b !== expected[i])) fail('the budget file is damaged: a record does not check');
    records.push(record);
  }
  return records;
}

/**
 * Whether the record with this id is within the limit, given all records in the order in which they came to be.
 * @throws TesseraError E_BUDGET where it is not
 */
export function checkSpent(records: readonly SpendRecord[], id: Uint8Array, limit: number): void {
  let spent = 0;
  for (const record of records) {
    spent += record.positions;
    if (record.id.some((b, i) => b !== id[i])) continue;
    if (spent <= limit) return;
    throw spentUp(spent - record.positions, record.positions, limit);
  }
  throw new TesseraError('E_BUDGET', 'the budget file lost a record while it was written', { hint: ANEW });
}

/** @throws TesseraError E_BUDGET where another `positions` would be too many */
export function checkLeft(records: readonly SpendRecord[], positions: number, limit: number): void {
  const spent = records.reduce((n, r) => n + r.positions, 0);
  if (spent + positions > limit) throw spentUp(spent, positions, limit);
}

const ROTATE = 'Make a new commitment: `tessera rotate` for a model, `tessera commit` for a tensor.';
const ANEW = 'Restore it, or make a new commitment: `tessera compile` for a model, `tessera commit` for a tensor.';

function spentUp(spent: number, positions: number, limit: number): TesseraError {
  const sentence = `the budget is spent: ${spent} of ${limit} columns have been opened, this proof would open ${positions} more`;
  return new TesseraError('E_BUDGET', sentence, { hint: ROTATE });
}
