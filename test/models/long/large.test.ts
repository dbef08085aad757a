/** Larger networks that nobody here wrote, end to end, as in faces.test.ts. Minutes; up to 4 GiB of the kernels' memory. */
import { existsSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { FOLDER } from '../../../examples/zoo/beside.ts';
import { boxAbove, distance, type LineMap, samePeaks } from '../detections.ts';
import { type Examined, examined, expectNear } from '../support.ts';

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

/** Every line that the floats score above 0.2 is there, a cell away at most, its ends within `end` cells (of two pixels). */
function sameLines(e: Examined, end: number): void {
  const [want, got] = [e.float[0], e.integer[0]] as unknown as [LineMap, LineMap];
  const peaks = samePeaks(want, got, 0.2);
  expect(peaks.length).toBeGreaterThan(5);
  for (const peak of peaks) {
    expect(peak?.score).toBeLessThan(0.05);
    expect(peak?.end).toBeLessThan(end);
  }
}

examined('mlsd-320-tiny', (e) => sameLines(e, 0.5));
examined('mlsd-320-large', (e) => sameLines(e, 0.5));
examined('mlsd-512-tiny', (e) => sameLines(e, 1.1));
examined('mlsd-512-large', (e) => sameLines(e, 1.1));
examined('fr_expression', (e) => expectNear(e, 0.995));
examined('ppocr-text-320x320', (e) => {
  const [name] = Object.keys(e.float[0]!);
  const [want, got] = [e.float[0]!, e.integer[0]!].map((v) => boxAbove(v[name!]!, 320, 0.3));
  expect(distance(want!, got!)).toBeLessThanOrEqual(1);
});

describe.skipIf(!existsSync(FOLDER))('models of ../shared/models (skipped where that folder is not there)', () => {
  for (const name of ['vgg16-cifar', 'resnet18', 'mobilenet_v2', 'resnet50'])
    examined(name, (e) => expectNear(e, 0.999));
});
