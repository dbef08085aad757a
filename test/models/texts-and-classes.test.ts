/**
 * Networks that nobody here wrote, end to end, as in faces.test.ts: of text, and of ../shared/models where that folder is beside the
 * repository.
 */
import { existsSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { FOLDER } from '../../examples/zoo/beside.ts';
import { boxAbove, distance } from './detections.ts';
import { examined, expectAccurate, expectNear } from './support.ts';

examined('ppocr-direction', (e) => {
  expect(e.top1).toEqual({ float: 4, integer: 4, of: 4 });
  expectNear(e, 0.999);
});

examined('ppocr-text-96x192', (e) => {
  for (const [i, float] of e.float.entries()) {
    const [name] = Object.keys(float);
    const [want, got] = [float, e.integer[i]!].map((v) => boxAbove(v[name!]!, 192, 0.3));
    expect(want!.right).toBeGreaterThan(want!.left);
    expect(distance(want!, got!)).toBeLessThanOrEqual(1);
  }
});

describe.skipIf(!existsSync(FOLDER))('models of ../shared/models (skipped where that folder is not there)', () => {
  for (const name of ['fashion-cnn', 'fashion-mlp', 'fashion-resnet', 'wdbc-mlp', 'credit-mlp']) {
    examined(name, expectAccurate);
  }
  examined('lenet5', (e) => expectNear(e, 0.9995));
  examined('cnn-264k', (e) => expectNear(e, 0.9995));
  examined('mlp-4m', (e) => expectNear(e, 0.999));
});
