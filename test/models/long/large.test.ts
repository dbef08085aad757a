/** Larger networks that nobody here wrote, end to end, as in faces.test.ts. Minutes; up to 4 GiB of the kernels' memory. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FOLDER } from '../../../examples/zoo/beside.ts';
import { createMachine } from '../../../src/node.ts';
import { examine, examined, expectNear, zooEntry } from '../support.ts';

examined('fr_pose', (e) => {
  expectNear(e, 0.9999);
  // yaw, pitch and roll: the mean of 66 classes of 3 degrees
  const angle = (logits: Float32Array): number => {
    const most = logits.reduce((a, b) => Math.max(a, b));
    const weights = logits.map((v) => Math.exp(v - most));
    const sum = weights.reduce((a, b) => a + b);
    return weights.reduce((total, w, i) => total + (3 * i * w) / sum, 0);
  };
  for (const [i, float] of e.float.entries()) {
    for (const [name, logits] of Object.entries(float)) {
      expect(Math.abs(angle(logits) - angle(e.integer[i]![name]!))).toBeLessThan(0.5);
    }
  }
});

/** Integers against floats alone: a proof needs more memory than a kernel machine has, by the cost that compile predicts. */
function runOnly(name: string, cosine: number): void {
  it(`${name} agrees with the floats`, async () => {
    await using machine = await createMachine({ threads: 1 });
    const e = await examine(zooEntry(name).load()!, machine);
    expectNear(e, cosine);
    expect(e.compiled.report.cost.peakBytes).toBeGreaterThan(4 * 2 ** 30);
  });
}

describe('beyond the memory of a machine', () => {
  runOnly('fr_expression', 0.995);
  runOnly('mlsd-320-tiny', 0.99);
  runOnly('mlsd-320-large', 0.99);
  runOnly('mlsd-512-tiny', 0.99);
});

describe.skipIf(!existsSync(FOLDER))('models of ../shared/models (skipped where that folder is not there)', () => {
  for (const name of ['vgg16-cifar', 'resnet18', 'mobilenet_v2', 'resnet50'])
    examined(name, (e) => expectNear(e, 0.999));
});
