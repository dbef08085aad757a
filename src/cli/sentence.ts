/** An accepted statement in English: what was shown, and what stayed hidden. */
import type { Circuit, WeightVisibility } from '../circuit/types.ts';
import { weightIds } from '../files/key.ts';
import type { Statement } from './verbs.ts';

export interface Said {
  /** What an accepted proof shows. */
  readonly sentence: string;
  /** What whoever reads the proof does not learn, beyond what follows from the sentence; empty where it is not in zero knowledge. */
  readonly hidden: readonly string[];
}

/** `weights`: visibilities that occur. */
export function saidOf(circuit: Circuit, statement: Statement, zk: boolean): Said {
  const weights = (['public', 'committed', 'private'] as const).filter((v) => weightIds(circuit, v).length > 0);
  const inputs = circuit.inputs.map(({ name }) => ({ name, kind: kindOf(statement.inputs?.[name]) }));
  const outputs = circuit.outputs.map(({ name }) => ({ name, kind: kindOf(statement.outputs[name]) }));
  const { tag } = statement;
  const purpose =
    tag === undefined || tag.length === 0 ? '' : `, for the purpose ${JSON.stringify(new TextDecoder().decode(tag))}`;
  const sentence =
    `The network "${circuit.name}" of this key computes ${list(outputs.map(({ name, kind }) => texts.output[kind](name)))} ` +
    `from ${list(inputs.map(({ name, kind }) => texts.input[kind](name)))}${weightsText(weights)}${purpose}.`;
  const ports = [...inputs, ...outputs].filter(({ kind }) => kind !== 'public');
  const hidden = [
    ...ports.map(({ name }) => `"${name}"`),
    ...(weights.includes('private') ? ['the private weights'] : []),
    'every value in between',
  ];
  return { sentence, hidden: zk ? hidden : [] };
}

type Kind = 'public' | 'private' | 'committed';

function kindOf(said: unknown): Kind {
  if (said === undefined || said === 'private') return 'private';
  return typeof said === 'object' && said !== null && 'commitment' in said ? 'committed' : 'public';
}

const texts: Readonly<Record<'input' | 'output', Record<Kind, (name: string) => string>>> = {
  input: {
    public: (name) => `the input "${name}" that you gave`,
    committed: (name) => `the input "${name}" behind the commitment that you gave`,
    private: (name) => `some input "${name}" that the prover knows`,
  },
  output: {
    public: (name) => `the output "${name}" that you gave`,
    committed: (name) => `the output "${name}" behind the commitment that you gave`,
    private: (name) => `some output "${name}" that the prover knows`,
  },
};

function weightsText(seen: readonly WeightVisibility[]): string {
  if (seen.length === 0) return '';
  const said = {
    public: 'public weights (they are in the key)',
    committed: 'committed weights (the key has their root)',
    private: 'private weights (the key has a hiding root of them)',
  };
  return `, with ${list(seen.map((visibility) => said[visibility]))}`;
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? 'nothing') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** What people read below the verdict. */
export function hidingText({ hidden }: Said, zk: boolean): string {
  return zk
    ? `In zero knowledge: ${list(hidden)} stay hidden.`
    : 'Not in zero knowledge: the proof may tell about everything that it was made from.';
}
