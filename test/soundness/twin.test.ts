/**
 * The verifier against its twin (test/support/twin), a second one written from docs/spec alone. They agree on every proof here, right or
 * wrong, down to the name of the check that stops it: what the specification says is what the code does.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fashionCnn } from '../../examples/models.ts';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { encodeInput } from '../../src/circuit/ports.ts';
import type { Circuit, IntArray, Tensor, TensorId } from '../../src/circuit/types.ts';
import { compile } from '../../src/compile.ts';
import { Ext } from '../../src/field/ext.ts';
import { decodeKey, encodeKey } from '../../src/files/key.ts';
import { decodeModel, type ModelFile } from '../../src/files/model.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { unpackParameters } from '../../src/plan.ts';
import { Prover, type ProverHooks } from '../../src/prover.ts';
import { registerModel } from '../../src/register.ts';
import { verify } from '../../src/verify.ts';
import { edited, tell, twisted } from '../support/lies.ts';
import { flip, messagesOf, reseal, splice } from '../support/mutations.ts';
import { randomCircuit } from '../support/random-circuit.ts';
import { register, type Tiny, tinyNetwork } from '../support/tiny.ts';
import { twin } from '../support/twin/twin.ts';

const machine = await createWasmMachine();

interface Claimed {
  readonly key: Uint8Array;
  readonly inputs: Record<string, Int32Array>;
  readonly outputs: Record<string, Int32Array | 'private'>;
  readonly tag: Uint8Array;
}

interface Case {
  readonly proof: Uint8Array;
  readonly claimed: Claimed;
}

/** Every word that both have said here. */
const said = new Set<string>();

/** What both say: `accepted`, or the name of the check. */
function verdictOn({ proof, claimed }: Case): string {
  const theirs = verify(proof, claimed);
  const ours = twin(proof, claimed);
  expect(ours).toEqual(theirs.ok ? { ok: true, bits: theirs.bits } : { ok: false, check: theirs.check });
  const word = theirs.ok ? 'accepted' : theirs.check;
  said.add(word);
  return word;
}

/** A proof by a prover with hooks, and the statement that it is for. */
function prove(
  model: ModelFile,
  inputs: readonly IntArray[],
  isPublic: boolean,
  hooks: ProverHooks = {},
  on = machine,
): Case {
  const { circuit } = model;
  const publicInputs = new Set(isPublic ? inputs.keys() : []);
  const tag = new TextEncoder().encode('twins');
  const { proof, outputs } = new Prover(on, model).prove(inputs, { publicInputs, zk: false, tag }, hooks);
  const named = (ports: readonly { readonly name: string }[], values: readonly IntArray[]) =>
    Object.fromEntries(ports.map(({ name }, i) => [name, Int32Array.from(values[i]!)]));
  const given = isPublic ? named(circuit.inputs, inputs) : {};
  return { proof, claimed: { key: encodeKey(model), inputs: given, outputs: named(circuit.outputs, outputs), tag } };
}

const tiny = tinyNetwork();
const { model } = register(machine, tiny);

/** The tiny network with these weights public. */
function withPublicWeights(names: readonly string[]): Circuit {
  const tensors = tiny.circuit.tensors.map((tensor): Tensor => {
    return names.includes(tensor.name) ? { ...tensor, def: { kind: 'weight', visibility: 'public' } } : tensor;
  });
  return { ...tiny.circuit, tensors };
}

const honest = prove(model, [tiny.input], false);
const open = prove(model, [tiny.input], true);

describe('an honest proof', () => {
  it('of the tiny network', () => {
    expect([honest, open].map(verdictOn)).toEqual(['accepted', 'accepted']);
  });

  it('of fashion-cnn', async () => {
    const { onnx, samples, input } = fashionCnn();
    const fashion = decodeModel((await compile(onnx, { samples, machine })).model);
    const inputs = fashion.circuit.inputs.map((port) => encodeInput(port, input[port.name]!));
    const proofs = [true, false].map((isPublic) => prove(fashion, inputs, isPublic));
    expect(proofs.map(verdictOn)).toEqual(['accepted', 'accepted']);
  });

  it('that keeps the output to itself, whatever it is', () => {
    const options = { publicInputs: new Set([0]), outputs: ['private'], zk: false, tag: open.claimed.tag } as const;
    const { proof } = new Prover(machine, model).prove([tiny.input], options);
    const silent = { ...open.claimed, outputs: { y: 'private' as const } };
    expect(verdictOn({ proof, claimed: silent })).toBe('accepted');
    expect(verdictOn({ proof: open.proof, claimed: silent })).not.toBe('accepted');
    expect(verdictOn({ proof, claimed: open.claimed })).not.toBe('accepted');
  });

  it('of a network whose weights the verifier holds, and of one where it holds some', () => {
    for (const open of [
      ['w1', 'bias', 'w2', 'w3'],
      ['bias', 'w2'],
    ]) {
      const circuit = withPublicWeights(open);
      const parameters = unpackParameters(model.parameters);
      const shown = registerModel(machine, circuit, model.weights, parameters, '{}');
      expect(verdictOn(prove(shown, [tiny.input], false))).toBe('accepted');
      const [id, values] = [...shown.publicWeights][0]!;
      const other = values.map((v, i) => (i === 1 ? v - 1 : v));
      const { proof, claimed } = prove(shown, [tiny.input], false);
      const key = encodeKey({ ...shown, publicWeights: new Map([...shown.publicWeights, [id, other]]) });
      expect(verdictOn({ proof, claimed: { ...claimed, key } })).toBe('statement.model');
    }
  });

  it.each([[[12, 1, 1, 2]], [[12, 2, 8, 3, 3]], [[12, 3, 1, 4]], [[13, 2, 0, 2, 2, 2]], [[15, 1, 3, 2, 3, 4]]])(
    'under the parameters %j',
    (parameters) => {
      const other = registerModel(machine, model.circuit, model.weights, unpackParameters(parameters), '{}');
      expect(verdictOn(prove(other, [tiny.input], true))).toBe('accepted');
    },
  );

  it.each([0, 3, 5, 8, 104, 107, 111, 112, 1000, 1004])('of random circuit %i, and of a false output', (seed) => {
    const { inputs, ...network } = randomCircuit(seed, seed < 1000 ? undefined : 4000);
    const random = register(machine, { ...network, input: new Int32Array() }).model;
    expect(verdictOn(prove(random, inputs, seed % 2 === 0))).toBe('accepted');
    const outputs = (values: IntArray[]) => {
      const i = network.circuit.outputs.findIndex(({ range }) => range.lo < range.hi);
      const { lo, hi } = network.circuit.outputs[i]!.range;
      values[i] = Int32Array.from(values[i]!, (v, at) => (at > 0 ? v : v < hi ? v + 1 : lo));
    };
    expect(verdictOn(prove(random, inputs, seed % 2 === 0, { outputs }))).not.toBe('accepted');
  });
});

describe('another statement', () => {
  const { proof, claimed } = open;
  const { x, y } = { ...claimed.inputs, ...claimed.outputs } as { readonly x: Int32Array; readonly y: Int32Array };
  const key = decodeKey(claimed.key);
  const withParameters = (...parameters: number[]) => ({ key: encodeKey({ ...key, parameters }) });
  const others: Record<string, Partial<Claimed>> = {
    'no tag': { tag: new Uint8Array() },
    'a private input': { inputs: {} },
    'another input': { inputs: { x: x.map((v, i) => (i === 0 ? 7 - v : v)) } },
    'an input outside its range': { inputs: { x: x.map((v) => v + 100) } },
    'an input of another name': { inputs: { z: x } },
    'an input that is cut': { inputs: { x: x.slice(1) } },
    'another output': { outputs: { y: y.map((v, i) => (i === 3 ? v - 1 : v)) } },
    'no output': { outputs: {} },
    'one more output': { outputs: { y, z: y } },
    'another root': { key: encodeKey({ ...key, root: key.root.map((byte) => byte ^ 1) }) },
    'no key': { key: proof },
    'another root of private weights': { key: encodeKey({ ...key, privateRoot: key.root }) },
    'a row too short': withParameters(11, 1, 1, 2, 3),
    'a row too long': withParameters(23, 1, 1, 4, 4, 4),
    'no fold': withParameters(12, 1, 1),
    'a fold by one': withParameters(12, 1, 1, 1, 2),
    'a last vector too short': withParameters(12, 1, 1, 4, 3),
    'a last vector too long': withParameters(14, 1, 1, 2),
    'no rate': withParameters(14, 0, 0, 4, 4),
    'too low a rate': withParameters(14, 4, 1, 4, 4),
    'another rate': withParameters(14, 3, 1, 4, 4),
    'other folds': withParameters(12, 1, 1, 3, 3),
    'rows without a random part': withParameters(12, 2, 0, 3),
    'rows with too long a random part': withParameters(12, 2, 9, 3),
    'rows that the random part fills': withParameters(12, 1, 8, 3),
  };

  it.each(Object.entries(others))('%s', (_, other) => {
    expect(verdictOn({ proof, claimed: { ...claimed, ...other } })).not.toBe('accepted');
  });
});

describe('changed bytes', () => {
  const messages = messagesOf(verify(honest.proof, honest.claimed));
  const verdictOnBytes = (change: (bytes: Uint8Array) => Uint8Array) =>
    verdictOn({ ...honest, proof: reseal(honest.proof, change) });

  it('one in every message', () => {
    for (const [i, { start, length }] of messages.entries()) {
      expect(verdictOnBytes((b) => flip(b, start + ((31 * i) % length)))).not.toBe('accepted');
    }
  });

  it.each([...new Set(messages.map((m) => m.label))])('the first message %s', (label) => {
    const { start, length } = messages.find((m) => m.label === label)!;
    const end = start + length;
    const changes: ((bytes: Uint8Array) => Uint8Array)[] = [
      (b) => b.fill(255, start, start + 4), // no element of F, no nonce of 53 bits
      (b) => b.fill(0, start, end),
      (b) => splice(b, start, length),
      (b) => splice(b, end, 0, b.slice(start, end)),
      (b) => b.slice(0, end - 1),
    ];
    for (const change of changes) expect(verdictOnBytes(change)).not.toBe('accepted');
  });

  it('one too many', () => {
    expect(verdictOnBytes((b) => splice(b, b.length, 0, new Uint8Array(1)))).toBe('proof.length');
  });
});

/** A network of one input of four cells and what `build` makes of it. */
function small(build: (b: CircuitBuilder, x: TensorId) => TensorId): Tiny {
  const b = new CircuitBuilder('small');
  const port = { shape: [4], range: { lo: -8, hi: 7 }, scale: 0 };
  b.output({ ...port, name: 'y' }, build(b, b.input({ ...port, name: 'x' })));
  return { ...b.build(), input: Int32Array.of(1, -2, 3, 4) };
}

function shifted(b: CircuitBuilder, name: string, source: TensorId, size: number, offset: number): TensorId {
  return b.view(name, source, [size], [{ kind: 'affine', from: 0, to: 0, stride: 1, offset }]);
}

describe('a lie', () => {
  const first: ProverHooks = {
    outputs: (outputs) => {
      outputs[0] = outputs[0]!.map((v, i) => (i === 0 ? v + 1 : v));
    },
  };

  it.each([
    [
      'linear',
      (b: CircuitBuilder, x: TensorId) =>
        b.linear(
          'zero',
          [1, -1].map((coefficient) => ({ tensor: x, coefficient })),
        ),
    ],
    ['view', (b: CircuitBuilder, x: TensorId) => shifted(b, 'cut', shifted(b, 'padded', x, 8, 0), 4, 4)],
  ])('about cells that nothing else can show: %s', (check, build) => {
    const network = small(build);
    const lied = register(machine, network).model;
    expect(verdictOn(prove(lied, [network.input], false))).toBe('accepted');
    expect(verdictOn(prove(lied, [network.input], false, first))).toBe(check);
  });

  it('about the first cell of every tensor, told to its end', () => {
    for (const [id, { def }] of tiny.circuit.tensors.entries()) {
      if (def.kind === 'constant' || def.kind === 'output') continue;
      const cells = (t: TensorId, values: number[][]) => {
        if (t === id) values[t]![0] = values[t]![0] === 1 ? 2 : 1;
      };
      verdictOn(prove(model, [tiny.input], false, tell(model, [tiny.input], { cells })));
    }
  });

  it('about one element of any message', () => {
    const labels = [
      'tree root',
      'tree round',
      'tree values',
      'leaf value',
      'linear value',
      'stage round',
      'stage values',
    ] as const;
    for (const label of [...labels, 'opening round', 'slab values', 'level round', 'last vector'] as const) {
      const hooks = edited(label, (values) => {
        values[0] = values[0]!.add(Ext.ONE);
      });
      expect(verdictOn(prove(model, [tiny.input], false, hooks))).not.toBe('accepted');
    }
  });

  it('with a denominator that is zero', () => {
    const hooks = edited('tree root', (v) => v.splice(0, 4, Ext.ZERO, v[1]!, Ext.ZERO, v[3]!));
    expect(verdictOn(prove(model, [tiny.input], false, hooks))).toBe('lookup.denominator');
  });

  it('about the vector of the first fold', () => {
    const liar = twisted(machine, 'splitExt', ([, , planes]) => {
      machine.u32(planes!, 1)[0]! ^= 1;
    });
    expect(verdictOn(prove(model, [tiny.input], false, {}, liar))).toBe('opening.last');
  });
});

it('every check of a plain proof has been named by both', () => {
  const text = readFileSync(new URL('../../docs/spec/10-statement.md', import.meta.url), 'utf8');
  const checks = [...text.matchAll(/^\| (?:S11|[TLRBO]\d) \|.*\| `([a-z.]+)` \|$/gm)].map((match) => match[1]!);
  expect(checks.length).toBeGreaterThan(15);
  const others = ['accepted', 'E_FILE', 'E_INPUT', 'E_RANGE', 'E_SOUNDNESS'];
  expect([...said].sort()).toEqual([...new Set([...checks, ...others])].sort());
});
