/**
 * What must hold of any legal circuit: its run means what the definitions say, its proof is accepted and the same on every machine, and
 * a prover that claims another output is rejected.
 */
import { checkCircuit } from '../../src/circuit/check.ts';
import { outputBindings } from '../../src/circuit/outputs.ts';
import { checkRanges } from '../../src/circuit/ranges.ts';
import type { IntArray } from '../../src/circuit/types.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { Prover, type ProverHooks } from '../../src/prover.ts';
import { type Verdict, verify } from '../../src/verify.ts';
import { evaluateNaive, violations } from './naive.ts';
import { Dice, MOST_CELLS, type RandomCircuit, randomCircuit } from './random-circuit.ts';
import { register } from './tiny.ts';

export interface Trial {
  readonly circuit: RandomCircuit;
  /** Relations that the naive run violates. */
  readonly violated: readonly string[];
  /** Outputs that are not what the definitions say. */
  readonly differing: readonly string[];
  readonly honest: Verdict;
  readonly lying: Verdict;
  /** Machines whose key or proof has other bytes than the first one's. */
  readonly others: readonly string[];
}

/** Proves the circuit of a seed on every machine; the last one lies, too. Large circuits are not run naively. */
export function trial(seed: number, machines: readonly Machine[], mostCells: number = MOST_CELLS): Trial {
  const circuit = randomCircuit(seed, mostCells);
  const dice = new Dice(seed + 2 ** 20);
  const { inputs } = circuit;
  checkCircuit(circuit.circuit);
  checkRanges(circuit.circuit, circuit.weights);
  const publicInputs = new Set(inputs.flatMap((_, i) => (dice.chance(2) ? [i] : [])));
  const options = { publicInputs, zk: false, tag: Uint8Array.of(seed % 256) };
  const results = machines.map((machine) => {
    const mark = machine.mark();
    const { model, key } = register(machine, { ...circuit, input: new Int32Array() });
    const prover = new Prover(machine, model);
    const prove = (hooks: ProverHooks) => prover.prove(inputs, options, hooks);
    const honest = prove({});
    const lying =
      machine === machines.at(-1) ? prove({ outputs: (outputs) => lie(circuit, outputs, dice) }) : undefined;
    machine.release(mark);
    return { name: machine.name, key, honest, lying };
  });
  const { key, honest } = results[0]!;
  const verdictOn = ({ proof, outputs }: { proof: Uint8Array; outputs: readonly IntArray[] }): Verdict =>
    verify(proof, {
      key,
      inputs: Object.fromEntries([...publicInputs].map((i) => [circuit.circuit.inputs[i]!.name, inputs[i]!])),
      outputs: Object.fromEntries(circuit.circuit.outputs.map((port, i) => [port.name, Int32Array.from(outputs[i]!)])),
      tag: options.tag,
    });
  const naive = mostCells > MOST_CELLS ? undefined : evaluateNaive(circuit.circuit, circuit.weights, inputs);
  const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
  return {
    circuit,
    violated: naive === undefined ? [] : violations(circuit.circuit, naive),
    differing: naive === undefined ? [] : differing(circuit, naive, honest.outputs),
    honest: verdictOn(honest),
    lying: verdictOn(results.at(-1)!.lying!),
    others: results.filter((r) => !isSame(r.key, key) || !isSame(r.honest.proof, honest.proof)).map((r) => r.name),
  };
}

/** Another value in one cell of one output, inside its port's range. */
function lie({ circuit }: RandomCircuit, outputs: IntArray[], dice: Dice): void {
  const i = dice.pick([...outputs.keys()].filter((o) => circuit.outputs[o]!.range.lo < circuit.outputs[o]!.range.hi));
  const { lo, hi } = circuit.outputs[i]!.range;
  const cell = dice.below(outputs[i]!.length);
  const values = Array.from({ length: Math.min(hi - lo + 1, 9) }, (_, n) => lo + n);
  const wrong = dice.pick(values.filter((v) => v !== outputs[i]![cell]));
  outputs[i] = Int32Array.from(outputs[i]!, (v, at) => (at === cell ? wrong : v));
}

function differing({ circuit }: RandomCircuit, naive: readonly (readonly number[])[], outputs: readonly IntArray[]) {
  return outputBindings(circuit).flatMap(({ tensor, output, derive }) => {
    const { name } = circuit.outputs[output]!;
    const values = outputs[output]!;
    const isSame = naive[tensor]!.every((v, j) => {
      if (derive.kind === 'onehot') return v === (values[Math.floor(j / derive.size)] === j % derive.size ? 1 : 0);
      return v === values[derive.map === null ? j : derive.map[j]!];
    });
    return isSame ? [] : [name];
  });
}
