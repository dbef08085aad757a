/**
 * Face networks that nobody here wrote, end to end: import, calibration, integers against floats on inputs that calibration did not see, a
 * proof, a forged output.
 */
import { expect } from 'vitest';
import { bestFace } from '../../examples/blazeface/decode.ts';
import { distance, facesOf } from './detections.ts';
import { type Examined, examined, expectNear } from './support.ts';

/** BlazeFace's best face within a pixel of the floats'. */
function sameFace(e: Examined, size: number): void {
  for (const [i, float] of e.float.entries()) {
    const [a, b] = [bestFace(float), bestFace(e.integer[i]!)];
    expect(a.score).toBeGreaterThan(0.6);
    expect(Math.abs(a.score - b.score)).toBeLessThan(0.02);
    for (const side of ['x', 'y', 'width', 'height'] as const)
      expect(size * Math.abs(a[side] - b[side])).toBeLessThan(1);
  }
}

examined('blazeface-front', (e) => sameFace(e, 128));
examined('blazeface-back', (e) => sameFace(e, 256));

examined('fr_detect', (e) => {
  for (const [i, float] of e.float.entries()) {
    const want = facesOf(float, float.scores!, 320, 240);
    const got = facesOf(e.integer[i]!, float.scores!, 320, 240);
    expect(want.size).toBeGreaterThan(0);
    for (const [anchor, box] of want) expect(distance(box, got.get(anchor)!)).toBeLessThan(1);
  }
  expect(e.agreements.find((a) => a.output === 'scores')!.largest).toBeLessThan(0.02);
});

// 136 coordinates of 64 pixels
examined('fr_landmark', (e) => expect(64 * e.agreements[0]!.largest).toBeLessThan(0.2));
examined('fr_feature', (e) => expectNear(e, 0.9995));
examined('fr_liveness', (e) => expectNear(e, 0.9999));
examined('fr_eye', (e) => expectNear(e, 0.995));

/** The age that SSR-Net's stages add up to: each stage's classes weighted, each finer than the one before. */
function stages(values: Readonly<Record<string, Float32Array>>, range: number): number {
  let [sum, width] = [0, 1];
  for (const stage of [1, 2, 3]) {
    const [p, offset] = [values[`prob_stage_${stage}`]!, values[`index_offset_stage${stage}`]!];
    width /= p.length * (1 + values[`stage${stage}_delta_k`]![0]!);
    p.forEach((v, k) => {
      sum += v * (k + offset[k]!) * width;
    });
  }
  return range * sum;
}

examined('fr_age', (e) => {
  for (const [i, float] of e.float.entries()) {
    expect(Math.abs(stages(float, 101) - stages(e.integer[i]!, 101))).toBeLessThan(0.5);
  }
});
examined('fr_gender', (e) => {
  for (const [i, float] of e.float.entries()) {
    expect(Math.abs(stages(float, 1) - stages(e.integer[i]!, 1))).toBeLessThan(0.005);
  }
});
