/** Where provers are tried: a registered network, its honest prover, and the verifier's word on what a lying one makes. */
import type { TensorId } from '../../src/circuit/types.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { Prover, type ProverHooks } from '../../src/prover.ts';
import { type Verdict, verify } from '../../src/verify.ts';
import { type Attempt, type Edit, Enough, LyingParty } from './lies.ts';
import { register, type Tiny } from './tiny.ts';

/** The input is private, the tag empty. */
const options = { publicInputs: new Set<number>(), zk: false, tag: new Uint8Array() };

/** A registered network, its honest prover, and the verifier's word on what a prover with hooks makes. */
export function courtOf(machine: Machine, network: Tiny) {
  const { model, key } = register(machine, network);
  const prover = new Prover(machine, model);
  const proveWith = (hooks: ProverHooks, by = prover) => by.prove([network.input], options, hooks);
  const verdictOn = (hooks: ProverHooks, by = prover): Verdict => {
    const { proof, outputs } = proveWith(hooks, by);
    const names = network.circuit.outputs.map((o) => o.name);
    return verify(proof, { key, outputs: Object.fromEntries(names.map((n, i) => [n, outputs[i]! as Int32Array])) });
  };
  const attemptOn =
    (hooks: ProverHooks): Attempt =>
    (edits, checks) => {
      const parties: LyingParty[] = [];
      try {
        proveWith({ ...hooks, party: (channel) => (parties[0] = new LyingParty(channel, edits, checks)) });
      } catch (error) {
        if (!(error instanceof Enough)) throw error;
      }
      return parties[0]!;
    };
  const idOf = (name: string): TensorId => network.circuit.tensors.findIndex((t) => t.name === name);
  return { network, model, key, prover, proveWith, verdictOn, attemptOn, idOf };
}

export function withEdits(hooks: ProverHooks, edits: readonly Edit[]): ProverHooks {
  return { ...hooks, party: (channel) => new LyingParty(channel, edits) };
}
