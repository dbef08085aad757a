import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode as encodePng } from 'fast-png';
import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { type Port, readTensors } from '../../src/cli/input.ts';
import { readLabels, readSamples } from '../../src/cli/samples.ts';
import { npyFile } from '../support/npy.ts';
import { temporaryFolder } from './support.ts';

const folder = temporaryFolder();
const plain = { mean: [0], std: [1] };
const pair: Port = { name: 'pair', shape: [1, 2], scale: 2 };
const other = { name: 'other', shape: [] };

function file(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const read = (path: string, ports = [pair]) => readTensors([path], ports, plain);

describe('values', () => {
  it.each([
    ['nested lists by name', file('a.json', '{"pair": [[1, 2.5]]}')],
    ['a flat list by name', file('b.json', '{"pair": [1, 2.5]}')],
    ['a list for the only tensor', file('c.json', '[[1, 2.5]]')],
    ['.npy', file('d.npy', npyFile('<f4', '(1, 2)', floats(1, 2.5)))],
    ['raw float32', file('e.bin', floats(1, 2.5))],
    ['a name with a file', `pair=${file('f.bin', floats(1, 2.5))}`],
  ])('%s', async (_, source) => {
    expect(await read(source)).toEqual({ pair: Float32Array.of(1, 2.5) });
  });

  it('raw bytes, integers of .npy, exact integers of JSON, a single cell', async () => {
    expect(await read(file('g.bin', Uint8Array.of(0, 255)))).toEqual({ pair: Float32Array.of(0, 1) });
    const longs = npyFile('<i8', '(1, 2)', new Uint8Array(BigInt64Array.of(-5n, 7n).buffer));
    expect(await read(file('h.npy', longs))).toEqual({ pair: Float32Array.of(-5, 7) });
    expect(await read(file('i.json', '{"pair": {"integers": [3, -4]}}'))).toEqual({ pair: Int32Array.of(3, -4) });
    expect(await read(file('j.json', '{"other": 6}'), [other])).toEqual({ other: Float32Array.of(6) });
  });

  it('several sources', async () => {
    const sources = [file('k.json', '{"other": 6}'), `pair=${file('l.bin', floats(1, 2))}`];
    const ports = [pair, other];
    expect(await readTensors(sources, ports, plain)).toEqual({
      other: Float32Array.of(6),
      pair: Float32Array.of(1, 2),
    });
  });

  it.each([
    ['a missing tensor', '{}', 'E_INPUT'],
    ['an extra tensor', '{"pair": [1, 2], "pear": [3]}', 'E_INPUT'],
    ['an inherited name', '{"toString": [1, 2]}', 'E_INPUT'],
    ['a short list', '{"pair": [[1]]}', 'E_SHAPE'],
    ['a deep list', '{"pair": [[[1, 2]]]}', 'E_SHAPE'],
    ['a deeper list', '{"pair": [[[1], [2]]]}', 'E_DTYPE'],
    ['a number for a list', '{"pair": 7}', 'E_SHAPE'],
    ['null', '{"pair": [[1, null]]}', 'E_DTYPE'],
    ['text', '{"pair": [[1, "2"]]}', 'E_DTYPE'],
    ['booleans', '{"pair": [true, false]}', 'E_DTYPE'],
    ['a fraction among integers', '{"pair": {"integers": [1, 0.5]}}', 'E_DTYPE'],
    ['infinity', '{"pair": [1, 1e999]}', 'E_NAN'],
    ['an object without integers', '{"pair": {}}', 'E_DTYPE'],
    ['another shape beside the integers', '{"pair": {"shape": [2, 1], "integers": [1, 2]}}', 'E_SHAPE'],
    ['other values beside the integers', '{"pair": {"values": [0.5, 0.25], "integers": [2, 2]}}', 'E_INPUT'],
    ['outputs of another schema', '{"schema": 2, "outputs": {"pair": [1, 2]}}', 'E_VERSION'],
    ['no object', '7', 'E_INPUT'],
    ['no JSON', '{', 'E_INPUT'],
  ])('refuses %s', async (_, json, code) => {
    await expect(read(file('bad.json', json))).rejects.toMatchObject({ code });
  });

  it.each([
    ['NaN', 'n.npy', npyFile('<f4', '(1, 2)', floats(1, Number.NaN)), 'E_NAN'],
    ['another shape', 'o.npy', npyFile('<f4', '(2, 1)', floats(1, 2)), 'E_SHAPE'],
    [
      'an integer beyond float32',
      'p.npy',
      npyFile('<i4', '(1, 2)', new Uint8Array(Int32Array.of(1, 2 ** 24 + 1).buffer)),
      'E_DTYPE',
    ],
    ['a raw file of another length', 'q.bin', Uint8Array.of(1), 'E_SHAPE'],
    ['an unknown kind', 'r.txt', Uint8Array.of(1), 'E_INPUT'],
    ['a broken picture', 's.png', Uint8Array.of(1), 'E_INPUT'],
  ])('refuses %s', async (_, name, bytes, code) => {
    await expect(read(file(name, bytes))).rejects.toMatchObject({ code });
  });

  it('every refusal names its file', async () => {
    const inTensor = `${file('short.json', '{"pair": [1]}')}, tensor "pair"`;
    await expect(read(join(folder, 'short.json'))).rejects.toMatchObject({ where: inTensor });
    await expect(read(folder)).rejects.toMatchObject({ code: 'E_FILE', where: folder });
    await expect(read(`pear=${inTensor}`)).rejects.toMatchObject({ hint: expect.stringContaining('"pair" [1, 2]') });
  });

  it('refuses a file without a name where there are several tensors, and a tensor given twice', async () => {
    const path = file('t.bin', floats(1, 2));
    await expect(readTensors([path], [pair, other], plain)).rejects.toMatchObject({ code: 'E_INPUT' });
    await expect(readTensors([path, path], [pair], plain)).rejects.toMatchObject({ code: 'E_INPUT' });
  });
});

describe('pictures', () => {
  const rgb = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255);
  const png = file('u.png', encodePng({ width: 2, height: 2, data: rgb, channels: 3 }));
  const planar = Float32Array.of(1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1);

  it('planes or interleaved, as the tensor has them', async () => {
    expect(await read(png, [{ name: 'x', shape: [1, 3, 2, 2] }])).toEqual({ x: planar });
    expect(await read(png, [{ name: 'x', shape: [3, 2, 2] }])).toEqual({ x: planar });
    expect(await read(png, [{ name: 'x', shape: [2, 2, 3] }])).toEqual({ x: Float32Array.from(rgb, (v) => v / 255) });
  });

  it('colour to grey, grey to colour, alpha left out', async () => {
    const grey = (await read(png, [{ name: 'x', shape: [1, 2, 2] }])).x!;
    expect(Array.from(grey).map((v) => v.toFixed(3))).toEqual(['0.299', '0.587', '0.114', '1.000']);
    const greyPng = file('v.png', encodePng({ width: 1, height: 1, data: Uint8Array.of(51, 9), channels: 2 }));
    expect((await read(greyPng, [{ name: 'x', shape: [3, 1, 1] }])).x).toEqual(Float32Array.of(0.2, 0.2, 0.2));
    const deep = file('w.png', encodePng({ width: 1, height: 1, data: Uint16Array.of(65535), channels: 1, depth: 16 }));
    expect((await read(deep, [{ name: 'x', shape: [1, 1, 1] }])).x).toEqual(Float32Array.of(1));
  });

  it('mean and std a channel', async () => {
    const scale = { mean: [0.5, 0, 0], std: [0.5, 1, 2] };
    const values = await readTensors([png], [{ name: 'x', shape: [3, 2, 2] }], scale);
    expect(values.x).toEqual(Float32Array.of(1, -1, -1, 1, 0, 1, 0, 1, 0, 0, 0.5, 0.5));
  });

  it('raw pixels, with a mean a channel where the tensor is a picture', async () => {
    const scale = { mean: [0, 1], std: [1] };
    const raw = file('pixels.bin', Uint8Array.of(0, 255, 51));
    const planes = await readTensors([raw], [{ name: 'x', shape: [3, 1, 1] }], { mean: [0, 1, 0.2], std: [1] });
    expect(planes.x).toEqual(Float32Array.of(0, 0, 0));
    const pair = [{ name: 'x', shape: [1, 1, 3] }];
    await expect(readTensors([raw], pair, scale)).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(readTensors([raw], [{ name: 'x', shape: [3] }], scale)).rejects.toMatchObject({ code: 'E_SHAPE' });
  });

  it('JPEG', async () => {
    const data = new Uint8Array(8 * 8 * 4).fill(128);
    const path = file('x.jpg', jpeg.encode({ width: 8, height: 8, data }, 100).data);
    const values = (await read(path, [{ name: 'x', shape: [1, 3, 8, 8] }])).x!;
    expect(Math.abs(values[0]! - 128 / 255)).toBeLessThan(0.02);
  });

  it('refuses another size before it decodes', async () => {
    const header = Buffer.from('89504e470d0a1a0a0000000d49484452ffffffffffffffff0800000000', 'hex');
    const refusal = read(file('bomb.png', header), [{ name: 'x', shape: [1, 4, 4] }]);
    await expect(refusal).rejects.toMatchObject({ code: 'E_SHAPE', message: expect.stringContaining('4294967295') });
  });

  it('refuses another size, and tensors that are no pictures', async () => {
    await expect(read(png, [{ name: 'x', shape: [1, 3, 4, 4] }])).rejects.toMatchObject({ code: 'E_SHAPE' });
    await expect(read(png, [{ name: 'x', shape: [12] }])).rejects.toMatchObject({ code: 'E_SHAPE' });
  });
});

describe('samples and labels', () => {
  const expected = [{ pair: Float32Array.of(1, 2) }, { pair: Float32Array.of(3, 4) }];

  it('from a folder, a JSON list, a .npy file', async () => {
    mkdirSync(join(folder, 'samples'));
    file('samples/1.json', '{"pair": [3, 4]}');
    file('samples/0.bin', floats(1, 2));
    file('samples/notes.txt', 'not a sample');
    expect(await readSamples(join(folder, 'samples'), [pair], plain)).toEqual(expected);
    expect(await readSamples(file('y.json', '[{"pair": [1, 2]}, [3, 4]]'), [pair], plain)).toEqual(expected);
    const array = npyFile('<f4', '(2, 2)', floats(1, 2, 3, 4));
    expect(await readSamples(file('z.npy', array), [pair], plain)).toEqual(expected);
    const pixels = file('z.bin', Uint8Array.of(0, 255, 51, 0));
    const scaled = [{ pair: Float32Array.of(-1, 1) }, { pair: Float32Array.of((51 / 255 - 0.5) / 0.5, -1) }];
    expect(await readSamples(pixels, [pair], { mean: [0.5], std: [0.5] })).toEqual(scaled);
  });

  it('refuses an empty folder, an array that is no multiple, a sample without its tensor', async () => {
    mkdirSync(join(folder, 'empty'));
    await expect(readSamples(join(folder, 'empty'), [pair], plain)).rejects.toMatchObject({ code: 'E_INPUT' });
    const three = file('three.npy', npyFile('<f4', '(3,)', floats(1, 2, 3)));
    await expect(readSamples(three, [pair], plain)).rejects.toMatchObject({ code: 'E_INPUT' });
    await expect(
      readSamples(file('ints.json', '[{"pair": {"integers": [1, 2]}}]'), [pair], plain),
    ).rejects.toMatchObject({ code: 'E_DTYPE' });
    await expect(readSamples(three, [pair, other], plain)).rejects.toMatchObject({ code: 'E_INPUT' });
    await expect(readSamples(file('none.json', '[{}]'), [pair], plain)).rejects.toMatchObject({ code: 'E_INPUT' });
  });

  it('labels', async () => {
    expect(await readLabels(file('l.json', '[3, 0]'))).toEqual([3, 0]);
    expect(await readLabels(file('l.npy', npyFile('|u1', '(2,)', Uint8Array.of(3, 0))))).toEqual([3, 0]);
    expect(await readLabels(file('l.bin', Uint8Array.of(3, 0)))).toEqual([3, 0]);
    await expect(readLabels(file('bad-labels.json', '[1.5]'))).rejects.toMatchObject({ code: 'E_INPUT' });
  });
});
