/** A public base and a private adapter in one model: the key has the one and not the other, and a proof is about both. */
import { describe, expect, it } from 'vitest';
import { loraInput, loraModel } from '../../examples/lora.ts';
import { decodeKey } from '../../src/files/key.ts';
import { decodeModel } from '../../src/files/model.ts';
import { compile, prove, verify } from '../../src/index.ts';

const sizes = { widths: [24, 16, 8], rank: 2 };
const base = 24 * 16 + 16 * 8;
const adapters = 2 * (24 + 16) + 2 * (16 + 8);

describe('an adapter', () => {
  it.each(['public', 'committed'] as const)('that is private on a %s base', async (weights) => {
    const samples = Array.from({ length: 8 }, (_, i) => loraInput(sizes, i + 1));
    const visibility = [['lora_*', 'private']] as const;
    const { model, key } = await compile(loraModel(sizes), { samples, weights, visibility });
    const { circuit, publicWeights } = decodeKey(key);
    const cells = { public: 0, committed: 0, private: 0 };
    for (const [id, values] of decodeModel(model).weights) {
      const { def } = circuit.tensors[id]!;
      if (def.kind === 'weight') cells[def.visibility] += values.length;
    }
    expect(cells).toMatchObject({ [weights]: base, private: adapters });
    expect([...publicWeights.values()].reduce((n, w) => n + w.length, 0)).toBe(cells.public);

    const budget = { async spend() {} };
    const { proof, outputs } = await prove(model, loraInput(sizes, 99), { budget });
    expect(verify(proof, { key, outputs })).toMatchObject({ ok: true, zk: true });
    const integers = outputs.y!.integers.slice();
    integers[0]! += 1;
    expect(verify(proof, { key, outputs: { y: { ...outputs.y!, integers } } })).toMatchObject({ ok: false });
  });
});
