/**
 * A proof under a key and a statement, certificates aside: what `verify` asks of a model's proof, and of the proofs that keys are made with.
 */
import { HidingVerifier } from '../argue/hiding.ts';
import { argueNetwork } from '../argue/network.ts';
import { VerifierParty } from '../argue/party.ts';
import type { TensorId } from '../circuit/types.ts';
import { type ClaimedMatrix, checkOpening } from '../commit/check.ts';
import { isSalted } from '../commit/codewords.ts';
import { maskWeights } from '../commit/mask.ts';
import { type KeyFile, modelId } from '../files/key.ts';
import { decodeProof } from '../files/proof.ts';
import { Rejection, VerifierChannel } from '../transcript/channel.ts';
import type { Step } from '../transcript/transcript.ts';
import { type Plan, planOf } from './plan.ts';
import { disclosureOf, type PortStatement, publicColumns, type Statement, statementDigest } from './statement.ts';

export interface Accepted {
  /** Of the least soundness term. */
  readonly bits: number;
  /** Whether the proof hides what the statement does not say. */
  readonly zk: boolean;
  readonly steps: readonly Step[];
}

/** @throws Rejection; TesseraError where the key, the statement or the file are none */
export function acceptProof(key: KeyFile, statement: Statement, proof: Uint8Array): Accepted {
  const file = decodeProof(proof);
  const plan = planOf(key, disclosureOf(statement, file.zk));
  const columns = publicColumns(plan.circuit, statement);
  if (modelId(key).some((b, i) => b !== file.model[i])) {
    throw new Rejection('statement.model', 'the proof was made for another model');
  }
  const channel = new VerifierChannel(statementDigest(key, statement, file.zk), file.proof);
  const values = new Map([...columns, ...key.publicWeights]);
  checkProof(channel, plan, values, (witnessRoot) => rootsOf(key, plan, statement, witnessRoot));
  return { bits: plan.soundness.bits, zk: file.zk, steps: channel.transcript.steps };
}

/**
 * Every message of a proof, to its last byte; the same headings, in the same order, as send.ts. `values`: of the tensors that the verifier
 * holds; `rootsOf`: the root of every commitment of the plan, given the witness's. @throws Rejection
 */
export function checkProof(
  channel: VerifierChannel,
  plan: Plan,
  values: ReadonlyMap<TensorId, ArrayLike<number>>,
  rootsOf: (witnessRoot: Uint8Array) => readonly Uint8Array[],
): void {
  // the commitments
  const witnessRoot = channel.receiveBytes('witness root', 32);
  const masks = plan.classes.map(({ mask }) => (mask === 'alone' ? channel.receiveBytes('mask root', 32) : undefined));
  const hiding = plan.disclosure.zk ? new HidingVerifier(channel, channel.receiveBytes('pad root', 32)) : undefined;

  // the argument
  const claims =
    hiding === undefined
      ? argueNetwork(new VerifierParty(channel), plan, values, undefined)
      : argueNetwork(hiding, plan, values, undefined);

  // the opening
  const roots = rootsOf(witnessRoot);
  claims.forEach((claim, index) => {
    const { parameters, mask } = plan.classes[index]!;
    const matrices = plan.commitments.flatMap(({ content, packing }, i): ClaimedMatrix[] => {
      const kappas = claim.kappas[i];
      if (kappas === undefined) return [];
      const masked = content === 'witness' && mask === 'in witness';
      const hides = plan.disclosure.zk && content !== 'weights';
      const leaf = hides && isSalted(packing.rows) ? 'salted' : 'plain';
      const weights = masked ? [...kappas, ...maskWeights(claim.mask)] : kappas;
      return [{ root: roots[i]!, name: content, kappas: weights, cell: 'base', leaf }];
    });
    const root = masks[index];
    if (root !== undefined) {
      matrices.push({ root, name: 'mask', kappas: maskWeights(claim.mask), cell: 'base', leaf: 'salted' });
    }
    checkOpening(channel, parameters, matrices, claim.point, claim.value);
  });
  hiding?.close();
  channel.finish();
}

/** The root of every commitment: the key's, the caller's, and the one that the proof begins with. */
function rootsOf(key: KeyFile, plan: Plan, statement: Statement, witnessRoot: Uint8Array): Uint8Array[] {
  const rootOf = (said: PortStatement) => (said as PortStatement & { kind: 'committed' }).root;
  return plan.commitments.map(({ content, columns }) => {
    if (content === 'weights') return key.root;
    if (content === 'private weights') return key.privateRoot;
    if (content === 'witness') return witnessRoot;
    const { def } = plan.circuit.tensors[columns[0]!]!;
    if (def.kind === 'input') return rootOf(statement.inputs[def.input]!);
    if (def.kind === 'output') return rootOf(statement.outputs[def.output]!);
    throw new RangeError('a tensor that is committed on its own is an input or an output');
  });
}
