/**
 * proof + statement -> verdict. The statement is the caller's: which model (the key), which inputs are public, what came out, for what
 * purpose (the tag). Same headings, same order as prove.ts.
 */
import { argueNetwork } from './argue/network.ts';
import { VerifierParty } from './argue/party.ts';
import { checkOpening } from './commit/check.ts';
import { asSentence, TesseraError } from './errors.ts';
import { decodeKey, modelId } from './files/key.ts';
import { decodeProof } from './files/proof.ts';
import { planOf, publicColumns, statementDigest } from './statement.ts';
import { Rejection, VerifierChannel } from './transcript/channel.ts';
import type { Step } from './transcript/transcript.ts';
import { allIntegers, namedIntegers, type Outputs, type TensorValues } from './values.ts';

export interface VerifyOptions {
  /** The model's key file (.tsk): accepted beforehand, by whoever decides what model counts. */
  readonly key: Uint8Array;
  /** Public inputs by name; an input that is left out stays the prover's. */
  readonly inputs?: TensorValues;
  /** Every output by name, as `prove` gave them. */
  readonly outputs: TensorValues | Outputs;
  /** The purpose that the proof must have been made for. Default: empty. */
  readonly tag?: Uint8Array;
}

export type Verdict =
  | { readonly ok: true; readonly bits: number; readonly steps: readonly Step[] }
  | { readonly ok: false; readonly check: string; readonly where?: string; readonly sentence: string };

/** Never throws on bad bytes: every way to be wrong is a verdict that names the check. */
export function verify(proof: Uint8Array, options: VerifyOptions): Verdict {
  try {
    return accept(proof, options);
  } catch (error) {
    if (error instanceof Rejection) return verdictOf(error.check, error.message, error.where);
    if (error instanceof TesseraError) return verdictOf(error.code, error.message, error.where);
    return verdictOf('internal', `an error of the verifier: ${String(error)}`, undefined);
  }
}

function accept(
  proof: Uint8Array,
  { key: keyBytes, inputs = {}, outputs, tag = new Uint8Array() }: VerifyOptions,
): Verdict {
  // the statement
  const key = decodeKey(keyBytes);
  const statement = {
    inputs: namedIntegers('input', key.circuit.inputs, inputs),
    outputs: allIntegers('output', key.circuit.outputs, outputs),
    tag,
  };
  const plan = planOf(key, new Set(statement.inputs.keys()));
  const columns = publicColumns(plan.circuit, statement);
  const file = decodeProof(proof);
  if (modelId(key).some((b, i) => b !== file.model[i])) {
    throw new Rejection('statement.model', 'the proof was made for another model');
  }

  // the commitments
  const channel = new VerifierChannel(statementDigest(key, statement), file.proof);
  const witnessRoot = channel.receiveBytes('witness root', 32);

  // the argument
  const claim = argueNetwork(new VerifierParty(channel), plan, columns, undefined);

  // the opening
  const roots = { weights: key.root, witness: witnessRoot };
  const matrices = claim.kappas.map((kappas, i) => {
    const { content } = plan.commitments[i]!;
    return { root: roots[content], name: content, kappas, cell: 'base' as const };
  });
  checkOpening(channel, plan.parameters, matrices, claim.point, claim.value);
  channel.finish();
  return { ok: true, bits: plan.soundness.bits, steps: channel.transcript.steps };
}

function verdictOf(check: string, text: string, where: string | undefined): Verdict {
  const sentence = asSentence(text);
  return where === undefined ? { ok: false, check, sentence } : { ok: false, check, sentence, where };
}
