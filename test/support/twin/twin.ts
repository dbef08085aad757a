/**
 * A second verifier of plain proofs, slow and plain itself, written from docs/spec alone, to be read beside it. It shares with the library's verifier nothing
 * but the decoding of files, the circuit's digest and BLAKE3.
 *
 *   field.ts       F, E, eq and extensions, in bigints           00-notation
 *   transcript.ts  hash state and messages                       20-transcript
 *   statement.ts   what is known before a proof is read          10-statement, 90-soundness
 *   lookup.ts      the tree of fractions                         50-lookup
 *   relations.ts   zeros, linear, stages                         60-relations, sections 2 and 7
 *   jobs.ts        products, contracts                           60-relations, sections 2 and 3
 *   view.ts        views                                         60-relations, section 4
 *   packing.ts, code.ts, opening.ts                              30-commitment
 *   ledger.ts      claims and the sumcheck of a batch            40-sumcheck
 */
import { TesseraError } from '../../../src/errors.ts';
import { decodeKey, modelId } from '../../../src/files/key.ts';
import { decodeProof } from '../../../src/files/proof.ts';
import { Ledger } from './ledger.ts';
import { checkLookups } from './lookup.ts';
import { checkOpening } from './opening.ts';
import { reduceRelations } from './relations.ts';
import { type Integers, portsOf, statementOf } from './statement.ts';
import { must, Rejected, Transcript } from './transcript.ts';

export interface Claimed {
  readonly key: Uint8Array;
  /** The public ones. */
  readonly inputs?: Integers;
  readonly outputs: Readonly<Record<string, ArrayLike<number> | 'private'>>;
  readonly tag?: Uint8Array;
}

export type TwinVerdict = { readonly ok: true; readonly bits: number } | { readonly ok: false; readonly check: string };

/** accept, or reject with the name of the check that failed (docs/spec/10-statement.md, section 5). */
export function twin(proof: Uint8Array, claimed: Claimed): TwinVerdict {
  try {
    return { ok: true, bits: accept(proof, claimed) };
  } catch (error) {
    if (error instanceof Rejected) return { ok: false, check: error.check };
    if (error instanceof TesseraError) return { ok: false, check: error.code };
    throw error;
  }
}

function accept(proof: Uint8Array, { key: keyBytes, inputs = {}, outputs, tag = new Uint8Array() }: Claimed): number {
  const key = decodeKey(keyBytes); // S1
  const ports = portsOf(key.circuit, inputs, outputs); // S3
  const file = decodeProof(proof); // S4
  if (file.zk) throw new Error('the twin reads plain proofs');
  const statement = statementOf(key, ports, tag);
  const id = modelId(key);
  must(
    file.model.every((byte, i) => byte === id[i]),
    'statement.model',
  ); // S11

  const transcript = new Transcript(file.proof, statement.digest);
  const ledger = new Ledger(statement);
  const witnessRoot = transcript.bytes('witness root', 32);
  checkLookups(statement, ledger, transcript);
  reduceRelations(ledger, transcript);
  checkOpening(statement, witnessRoot, ledger, transcript);
  transcript.end();
  return statement.bits;
}
