/** Commits to a circuit's weights: from here on the circuit is a model, with a key. */
import { CERTIFICATE_TAG, certificateKey } from './certificate.ts';
import type { Circuit, IntArray, TensorId } from './circuit/types.ts';
import { type Entropy, entropy } from './commit/secret.ts';
import { TesseraError } from './errors.ts';
import { ROOT_BYTES, weightIds } from './files/key.ts';
import type { ModelFile } from './files/model.ts';
import type { Machine } from './kernels/kernels.ts';
import { packParameters, plainDisclosure, planOf, unpackParameters } from './plan.ts';
import { modelRoots, Prover } from './prover.ts';
import type { Parameters } from './soundness/parameters.ts';

/** `secretOf` is the platform's generator but in tests. @throws TesseraError E_CIRCUIT, E_RANGE, E_SOUNDNESS, E_MEMORY */
export function registerModel(
  machine: Machine,
  circuit: Circuit,
  weights: ReadonlyMap<TensorId, IntArray>,
  parameters: Parameters,
  report: string,
  secretOf: Entropy = entropy,
): ModelFile {
  const isPrivate = weightIds(circuit, 'private').length > 0;
  const unsigned: ModelFile = {
    circuit,
    parameters: packParameters(parameters),
    root: new Uint8Array(ROOT_BYTES),
    privateRoot: new Uint8Array(ROOT_BYTES),
    publicWeights: new Map(weightIds(circuit, 'public').map((id) => [id, weights.get(id)!])),
    certificate: new Uint8Array(),
    weights,
    secret: isPrivate ? secretOf() : new Uint8Array(),
    report,
  };
  return withRoots(machine, unsigned, secretOf);
}

/** The model under a new root of its private weights. @throws TesseraError E_MEMORY */
export function withNewRoot(machine: Machine, model: ModelFile, secretOf: Entropy): ModelFile {
  return withRoots(machine, { ...model, secret: secretOf() }, secretOf);
}

/** The model with the roots that its weights and secret make, and the certificate of the private one. */
function withRoots(machine: Machine, unsigned: ModelFile, secretOf: Entropy): ModelFile {
  const { circuit, weights, secret } = unsigned;
  const plan = planOf(unsigned, {
    ...plainDisclosure(circuit),
    zk: unpackParameters(unsigned.parameters).tailRows > 0,
  });
  const model = { ...unsigned, ...modelRoots(machine, plan, weights, secret) };
  return secret.length > 0 ? { ...model, certificate: certify(machine, model, secretOf) } : model;
}

/** The range certificate of a model's private weights. It opens their commitment, like every proof. */
function certify(machine: Machine, model: ModelFile, secretOf: Entropy): Uint8Array {
  const mark = machine.mark();
  const ids = weightIds(model.circuit, 'private');
  const key = certificateKey(model);
  const own = weightIds(key.circuit, 'private');
  const weights = new Map(own.map((id, i) => [id, model.weights.get(ids[i]!)!]));
  const prover = new Prover(machine, { ...key, weights, secret: model.secret, report: '{}' });
  const options = { publicInputs: new Set<number>(), zk: true, tag: CERTIFICATE_TAG };
  const { proof, violated } = prover.prove([], options, { entropy: secretOf });
  machine.release(mark);
  if (violated !== undefined) {
    throw new TesseraError('E_PROVE', `the range certificate would be rejected by the check ${violated}`);
  }
  return proof;
}
