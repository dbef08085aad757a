import { describe, expect, it } from 'vitest';
import { check } from '../src/check.ts';
import { floats, model, node } from './support/onnx-builder.ts';

describe('check', () => {
  it('lists the operators that the importer leaves, with their meaning', () => {
    const report = check(
      model({
        opset: 13,
        inputs: { x: [1, 3] },
        outputs: { y: [1, 3] },
        nodes: [node('Add', ['x', 'c'], ['s']), node('Relu', ['s'], ['r']), node('Relu', ['r'], ['y'])],
        initializers: { c: floats([3], [1, 2, 3]) },
      }),
    );
    expect(report).toMatchObject({ supported: true, parameters: 3, inputs: [{ name: 'x', shape: [1, 3] }] });
    expect(report.operators.map(({ op, count }) => [op, count])).toContainEqual(['Relu', 2]);
    expect(report.operators.every(({ note }) => note.length > 10)).toBe(true);
  });

  it('an operator that the importer knows and no proof covers is not supported', () => {
    const nodes = [node('LogSoftmax', ['x'], ['y'], { axis: 1 })];
    const report = check(model({ opset: 13, inputs: { x: [1, 3] }, outputs: { y: [1, 3] }, nodes }));
    expect(report.supported).toBe(false);
  });

  it('names the first node of an operator that cannot be proved', () => {
    const report = check(
      model({
        opset: 13,
        inputs: { x: [1, 4] },
        outputs: { y: [1, 4] },
        nodes: [node('Mod', ['x', 'x'], ['y'], { fmod: 1 })],
      }),
    );
    expect(report.supported).toBe(false);
    expect(report.operators).toEqual([
      { op: 'Mod', count: 1, supported: false, note: expect.stringContaining('first at "') },
    ]);
  });
});
