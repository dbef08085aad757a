/**
 * Builds src/kernels/assembly to WebAssembly and writes its bytes to src/kernels/kernels.bytes.ts.
 * `--check` writes nothing and fails where the checked-in bytes are not those of the sources.
 */
import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import asc from 'assemblyscript/asc';

const ENTRY = 'src/kernels/assembly/index.ts';
const TARGET = 'src/kernels/kernels.bytes.ts';

/** Shared memory of up to 4 GiB: one variant serves one thread and many. */
const OPTIONS = [
  '-O3',
  '--noAssert',
  ...['--runtime', 'stub'],
  ...['--enable', 'simd', '--enable', 'threads', '--enable', 'bulk-memory'],
  '--importMemory',
  '--sharedMemory',
  ...['--initialMemory', '1', '--maximumMemory', '65536'],
];

async function compile(): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const result = await asc.main([ENTRY, '--outFile', 'kernels.wasm', ...OPTIONS], {
    writeFile(name: string, contents: Uint8Array | string) {
      if (name === 'kernels.wasm' && typeof contents !== 'string') wasm = contents;
    },
  });
  const messages = result.stderr.toString();
  if (result.error || wasm === undefined) throw new Error(`The kernels do not compile.\n${messages}`);
  if (messages !== '') process.stderr.write(messages);
  return wasm;
}

function toSource(wasm: Uint8Array): string {
  const base64 = Buffer.from(wasm).toString('base64');
  return [
    '/** The compiled kernels, base64. Written by scripts/build-kernels.ts from src/kernels/assembly. */',
    `export const KERNELS = '${base64}';`,
    '',
  ].join('\n');
}

const source = toSource(await compile());
if (process.argv.includes('--check')) {
  const current = await readFile(TARGET, 'utf8').catch(() => '');
  if (current !== source) {
    process.stderr.write(`${TARGET} is not what src/kernels/assembly compiles to. Run \`npm run build:kernels\`.\n`);
    process.exitCode = 1;
  }
} else {
  await writeFile(TARGET, source);
  process.stdout.write(`${TARGET}: ${source.length} characters\n`);
}
