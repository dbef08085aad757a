/**
 * npm run bench:report [-- FILE] [--results FOLDER]: everything in bench/results/networks, or elsewhere, as one page, build/bench.html
 * unless told otherwise.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { headlines } from '../src/measure/select.ts';
import { openDrawing } from '../src/report/drawing.ts';
import { reportHtml } from '../src/report/report.ts';
import { families, sets } from './networks/index.ts';
import { readNetworks, resultsFolder } from './results.ts';

const {
  values: { results: folder },
  positionals: [path],
} = parseArgs({ allowPositionals: true, options: { results: { type: 'string' } } });
const file = path === undefined ? fileURLToPath(new URL('../build/bench.html', import.meta.url)) : resolve(path);
const results = new Map(readNetworks(resultsFolder(folder)).map((result) => [result.name, result.measurements]));
const growing = new Set(sets.growth!.map(({ name }) => name));
const shown = sets.all!.filter(({ name }) => !growing.has(name)).flatMap(({ name }) => results.get(name) ?? []);
const growth = families.map(({ title, unit, members }) => ({
  title,
  unit,
  members: members.flatMap(({ size, network }) =>
    headlines(results.get(network.name) ?? []).map((measurement) => ({ size, measurement })),
  ),
}));
const html = reportHtml(await openDrawing(), { title: 'Tessera: networks proved', measurements: shown, growth });
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, html);
process.stdout.write(`${file}\n`);
