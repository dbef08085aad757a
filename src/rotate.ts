/** A new root of a model's private weights, for when the old one's budget is spent, and the proof that they are the same. */
import { Hand } from './argue/hand.ts';
import { evaluate } from './circuit/evaluate.ts';
import { type Uploaded, uploadIntegers } from './commit/columns.ts';
import { findNonce } from './commit/grind.ts';
import { type Entropy, entropy } from './commit/secret.ts';
import { TesseraError } from './errors.ts';
import { encodeKey, modelId, weightIds } from './files/key.ts';
import { decodeModel, encodeModel, type ModelFile } from './files/model.ts';
import { encodeProof } from './files/proof.ts';
import type { Machine } from './kernels/kernels.ts';
import { createWasmMachine } from './kernels/wasm.ts';
import { unpackParameters } from './plan.ts';
import { commitWeights, Prover } from './prover.ts';
import { withNewRoot } from './register.ts';
import { acceptRotation, rotationDigest, rotationPlan } from './rotation.ts';
import { padLayoutOf, sendProof, Twiddles } from './send.ts';
import { type Budget, journalOf, rotationSpending, spendAll } from './spending.ts';
import { ProverChannel } from './transcript/channel.ts';

export interface RotateOptions {
  /** Counts what the rotation shows of the old root. */
  readonly budget: Budget;
  /** Default: one thread. */
  readonly machine?: Machine;
}

export interface Rotated {
  readonly model: Uint8Array;
  readonly key: Uint8Array;
  /** The new root's counter: its certificate and this rotation are entered. */
  readonly journal: Uint8Array;
  /** What shows to whoever trusts the old key that the new one holds the same weights. */
  readonly rotation: Uint8Array;
}

/** @throws TesseraError E_FILE, E_VERSION; E_VISIBILITY where the model has no private weights; E_BUDGET, E_MEMORY */
export async function rotate(modelBytes: Uint8Array, options: RotateOptions): Promise<Rotated> {
  const from = decodeModel(modelBytes);
  if (weightIds(from.circuit, 'private').length === 0) {
    throw new TesseraError('E_VISIBILITY', 'the model has no private weights: there is nothing to rotate');
  }
  const machine = options.machine ?? (await createWasmMachine());
  const spending = rotationSpending(from);
  checkRoots(machine, from);
  const to = withNewRoot(machine, from, entropy);
  await spendAll([spending], options.budget);
  const rotation = proveRotation(machine, from, to);
  checkRotation(from, to, rotation);
  const journal = journalOf(to.privateRoot, [spending.positions, spending.positions]);
  return { model: encodeModel(to), key: encodeKey(to), journal, rotation };
}

/** @throws TesseraError E_FILE where the weights do not have the root of the key */
function checkRoots(machine: Machine, model: ModelFile): void {
  const mark = machine.mark();
  new Prover(machine, model);
  machine.release(mark);
}

function checkRotation(from: ModelFile, to: ModelFile, rotation: Uint8Array): void {
  try {
    acceptRotation(from, to, rotation);
  } catch (cause) {
    throw new TesseraError('E_PROVE', 'the rotation would be rejected', { hint: 'This is a bug of Tessera.', cause });
  }
}

/** The proof that two models have the same private weights under their roots. */
export function proveRotation(m: Machine, from: ModelFile, to: ModelFile, secretOf: Entropy = entropy): Uint8Array {
  const mark = m.mark();
  const plan = rotationPlan(to);
  const ids = weightIds(from.circuit, 'private');
  const uploaded = ids.map((id): Uploaded => uploadIntegers(m, from.weights.get(id)!));
  const weights = new Map(uploaded.flatMap((values, i) => [0, 1].map((part) => [3 * i + part, values] as const)));
  const run = evaluate(m, plan.run, weights, []);
  const twiddles = new Twiddles(m, unpackParameters(to.parameters));
  const secrets = { 'private weights': from.secret, 'rotated weights': to.secret };
  const matrices = commitWeights(m, plan, weights, secrets, twiddles);
  const channel = new ProverChannel(rotationDigest(plan, from, to), (state, bits) => findNonce(m, state, bits));
  const violated = sendProof(channel, plan, {
    hand: new Hand(m, plan.circuit, run),
    values: new Map(),
    columns: (id) => run.tensors.get(id)!,
    matrices: [...matrices.values()],
    twiddles,
    padLayout: () => padLayoutOf(plan),
    secretOf,
    onStage: () => {},
  });
  m.release(mark);
  if (violated !== undefined)
    throw new TesseraError('E_PROVE', `the rotation would be rejected by the check ${violated}`);
  return encodeProof({ model: modelId(to), zk: true, proof: channel.finish() });
}
