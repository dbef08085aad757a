/**
 * A second verifier, slow and plain itself, written from docs/spec alone, to be read beside it. It shares with the library's verifier nothing
 * but the decoding of files, the circuit's digest and BLAKE3.
 *
 *   field.ts       F, E, eq and extensions, in bigints           00-notation
 *   transcript.ts  hash state and messages                       20-transcript
 *   ports.ts, statement.ts   what is known before a proof        10-statement
 *   soundness.ts   parameters and terms                          90-soundness
 *   hidden.ts, argument.ts   scalars, equations, pads            45-zero-knowledge, sections 1 and 2
 *   keys.ts        certificates and rotations                    45-zero-knowledge, sections 6 and 7
 *   lookup.ts      the tree of fractions                         50-lookup
 *   relations.ts   zeros, linear, stages                         60-relations, sections 2 and 7
 *   jobs.ts        products, contracts                           60-relations, sections 2 and 3
 *   view.ts        views                                         60-relations, section 4
 *   packing.ts, code.ts, opening.ts                              30-commitment; 45-zero-knowledge, section 3
 *   ledger.ts      claims and the sumcheck of a batch            40-sumcheck
 */
import { TesseraError } from '../../../src/errors.ts';
import { decodeKey, type KeyFile, modelId } from '../../../src/files/key.ts';
import { decodeProof, type ProofFile } from '../../../src/files/proof.ts';
import { Argument } from './argument.ts';
import { CERTIFICATE_TAG, certificateKey, privateWeights, rotationStatement } from './keys.ts';
import { Ledger } from './ledger.ts';
import { checkLookups } from './lookup.ts';
import { checkOpenings } from './opening.ts';
import { type Given, type Ports, portsOf } from './ports.ts';
import { reduceRelations } from './relations.ts';
import { type Statement, statementOf } from './statement.ts';
import { must, Rejected, Transcript } from './transcript.ts';

export interface Claimed {
  /** Its bytes, or a key that `acceptKey` has seen. */
  readonly key: Uint8Array | KeyFile;
  /** The public and the committed ones. */
  readonly inputs?: Given;
  readonly outputs: Given;
  readonly tag?: Uint8Array;
}

export type TwinVerdict = { readonly ok: true; readonly bits: number } | { readonly ok: false; readonly check: string };

/** accept, or reject with the name of the check that failed (docs/spec/10-statement.md, section 5). */
export function twin(
  proof: Uint8Array,
  { key: keyBytes, inputs = {}, outputs, tag = new Uint8Array() }: Claimed,
): TwinVerdict {
  return verdictOn(() => {
    const key = keyBytes instanceof Uint8Array ? acceptKey(keyBytes) : keyBytes;
    return accept(key, portsOf(key.circuit, inputs, outputs), tag, proof); // S3
  });
}

/** Whether the key `to` holds the private weights of the key `from`. */
export function twinRotation(
  rotation: Uint8Array,
  keys: { readonly from: Uint8Array; readonly to: Uint8Array },
): TwinVerdict {
  return verdictOn(() => {
    const [from, to] = [acceptKey(keys.from), acceptKey(keys.to)];
    const statement = rotationStatement(from, to);
    const file = decodeProof(rotation);
    must(file.zk && isOf(file, to), 'statement.model');
    return argue(statement, file.proof);
  });
}

function verdictOn(check: () => number): TwinVerdict {
  try {
    return { ok: true, bits: check() };
  } catch (error) {
    if (error instanceof Rejected) return { ok: false, check: error.check };
    if (error instanceof TesseraError) return { ok: false, check: error.code };
    throw error;
  }
}

/** S1, S2 */
export function acceptKey(bytes: Uint8Array): KeyFile {
  const key = decodeKey(bytes);
  const isCertified = key.certificate.length > 0;
  must(isCertified === privateWeights(key.circuit).length > 0, 'E_CERTIFICATE');
  if (!isCertified) return key;
  const ports = { inputs: [], outputs: [] };
  const verdict = verdictOn(() => accept(certificateKey(key), ports, CERTIFICATE_TAG, key.certificate));
  must(verdict.ok, 'E_CERTIFICATE');
  return key;
}

function accept(key: KeyFile, ports: Ports, tag: Uint8Array, proof: Uint8Array): number {
  const file = decodeProof(proof); // S4
  const statement = statementOf(key, ports, tag, file.zk); // S5, S8 to S10
  must(isOf(file, key), 'statement.model'); // S11
  return argue(statement, file.proof);
}

function isOf(file: ProofFile, key: KeyFile): boolean {
  const id = modelId(key);
  return file.model.every((byte, i) => byte === id[i]);
}

/** Every message of a proof. */
function argue(statement: Statement, proof: Uint8Array): number {
  const transcript = new Transcript(proof, statement.digest);
  const argument = new Argument(transcript, statement.zk);
  const ledger = new Ledger(statement);
  const witness = transcript.bytes('witness root', 32);
  const mask = statement.classes.length > 1 ? transcript.bytes('mask root', 32) : undefined;
  const pads = statement.zk ? transcript.bytes('pad root', 32) : undefined;
  checkLookups(statement, ledger, argument);
  reduceRelations(ledger, argument);
  checkOpenings(statement, { witness, mask }, ledger, argument);
  argument.close(pads);
  transcript.end();
  return statement.bits;
}
