/**
 * proof + statement -> verdict. The statement is the caller's: which model (the key), which inputs are public or committed, what came out, for
 * what purpose (the tag).
 */
import { type Accepted, acceptProof } from './accept.ts';
import { checkCertificate } from './certificate.ts';
import { asSentence, TesseraError } from './errors.ts';
import { decodeKey, type KeyFile } from './files/key.ts';
import { decodeCommitment } from './files/tensor.ts';
import { acceptRotation } from './rotation.ts';
import { checkFits, type PortStatement } from './statement.ts';
import { Rejection } from './transcript/channel.ts';
import { namedIntegers, type OutputValues, type TensorValues } from './values.ts';

/** A key whose certificate has been checked. */
export class AcceptedKey {
  readonly file: KeyFile;

  private constructor(file: KeyFile) {
    this.file = file;
  }

  /** @throws TesseraError E_FILE, E_VERSION; E_CERTIFICATE where private weights come without a valid one */
  static from(bytes: Uint8Array): AcceptedKey {
    const file = decodeKey(bytes);
    checkCertificate(file);
    return new AcceptedKey(file);
  }
}

/** Checks the certificate of a key, so that `verify` need not. @throws TesseraError E_FILE, E_VERSION, E_CERTIFICATE */
export function acceptKey(bytes: Uint8Array): AcceptedKey {
  return AcceptedKey.from(bytes);
}

/** A commitment file (.tsc) in the place of values. */
export interface CommittedValues {
  readonly commitment: Uint8Array;
}

export interface VerifyOptions {
  /**
   * The model's key file (.tsk): trusted beforehand, by whoever decides what model counts. A key of private weights has a certificate, which
   * is checked each time, or once by `acceptKey`.
   */
  readonly key: Uint8Array | AcceptedKey;
  /** Public and committed inputs by name; an input that is left out stays the prover's. */
  readonly inputs?: Readonly<Record<string, TensorValues[string] | CommittedValues>>;
  /** Every output by name, as `prove` gave them; 'private' for one that is not to be known. */
  readonly outputs: Readonly<Record<string, TensorValues[string] | OutputValues | CommittedValues | 'private'>>;
  /** The purpose that the proof must have been made for. Default: empty. */
  readonly tag?: Uint8Array;
}

export type Verdict =
  | ({ readonly ok: true } & Accepted)
  | { readonly ok: false; readonly check: string; readonly where?: string; readonly sentence: string };

/** Never throws on bad bytes: every way to be wrong is a verdict that names the check. */
export function verify(proof: Uint8Array, options: VerifyOptions): Verdict {
  return verdictOn(() => accept(proof, options));
}

/** What `check` says, or the verdict that names why it could not say it. */
function verdictOn<T>(check: () => T): T | (Verdict & { readonly ok: false }) {
  try {
    return check();
  } catch (error) {
    if (error instanceof Rejection) return verdictOf(error.check, error.message, error.where);
    if (error instanceof TesseraError) return verdictOf(error.code, error.message, error.where);
    return verdictOf('internal', `an error of the verifier: ${String(error)}`, undefined);
  }
}

/**
 * Does this rotation show that the key `to` holds the same private weights as the key `from`, which is trusted? Both certificates are checked. Never
 * throws on bad bytes.
 */
export function verifyRotation(
  rotation: Uint8Array,
  keys: { readonly from: Uint8Array; readonly to: Uint8Array },
): { readonly ok: true } | (Verdict & { readonly ok: false }) {
  return verdictOn(() => {
    const { from, to } = keys;
    acceptRotation(acceptKey(from).file, acceptKey(to).file, rotation);
    return { ok: true };
  });
}

function accept(
  proof: Uint8Array,
  { key: keyBytes, inputs = {}, outputs, tag = new Uint8Array() }: VerifyOptions,
): Verdict {
  const { file: key } = keyBytes instanceof AcceptedKey ? keyBytes : acceptKey(keyBytes);
  const statement = {
    inputs: portStatements('input', key, inputs),
    outputs: portStatements('output', key, outputs),
    tag,
  };
  return { ok: true, ...acceptProof(key, statement, proof) };
}

/** What the caller says of every port. @throws TesseraError E_INPUT, E_COMMITMENT, E_FILE, E_DTYPE, E_NAN, E_RANGE */
function portStatements(
  what: 'input' | 'output',
  { circuit }: KeyFile,
  given: NonNullable<VerifyOptions['inputs']> | VerifyOptions['outputs'],
): PortStatement[] {
  const ports = what === 'input' ? circuit.inputs : circuit.outputs;
  if (given === null || typeof given !== 'object') {
    throw new TesseraError('E_INPUT', `the ${what}s are not an object of values by name`);
  }
  const entries = Object.entries(given);
  const isCommitted = (v: unknown): v is CommittedValues => v !== null && typeof v === 'object' && 'commitment' in v;
  const plain = entries.filter(([, v]) => v !== 'private' && !isCommitted(v));
  const values = namedIntegers(what, ports, Object.fromEntries(plain) as TensorValues);
  for (const [name] of entries) if (!ports.some((p) => p.name === name)) unknownPort(what, name);
  return ports.map((port, i): PortStatement => {
    const said = Object.hasOwn(given, port.name) ? given[port.name] : undefined;
    if (isCommitted(said)) {
      const file = decodeCommitment(said.commitment);
      checkFits(port, file);
      return { kind: 'committed', root: file.root };
    }
    const integers = values.get(i);
    if (integers !== undefined) return { kind: 'public', values: integers };
    if (what === 'input' || said === 'private') return { kind: 'private' };
    throw new TesseraError('E_INPUT', `this ${what} is not given`, { where: port.name });
  });
}

function unknownPort(what: string, name: string): never {
  throw new TesseraError('E_INPUT', `the model has no ${what} of this name`, { where: name });
}

function verdictOf(check: string, text: string, where: string | undefined): Verdict & { readonly ok: false } {
  const sentence = asSentence(text);
  return where === undefined ? { ok: false, check, sentence } : { ok: false, check, sentence, where };
}
