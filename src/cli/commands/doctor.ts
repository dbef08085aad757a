/** tessera doctor: what this machine offers. */
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import { FORMAT_VERSION } from '../../files/container.ts';
import { action, command, type Host, type Program } from '../command.ts';
import { EXIT } from '../exit.ts';
import { bytesText, tree } from '../output.ts';

/** A module with one function that makes a 128-bit vector: valid only where SIMD is. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic, version
  ...[1, 5, 1, 0x60, 0, 1, 0x7b], // type: () -> v128
  ...[3, 2, 1, 0], // function 0 has type 0
  ...[10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x0f, 0x0b], // code: i32.const 0, i8x16.splat
);

export function doctorCommand(program: Program): Command {
  return command('doctor', 'Show versions, threads, SIMD and memory of this machine.', ['tessera doctor']).action(
    action(program, async (_, { host }) => {
      const found = facts(host);
      const exit = found.simd ? EXIT.ok : EXIT.failure;
      const memory = { total: bytesText(found.memory.total), free: bytesText(found.memory.free) };
      return { result: found, human: tree({ ...found, memory }), exit };
    }),
  );
}

function facts(host: Host) {
  return {
    tessera: host.version,
    fileFormat: FORMAT_VERSION,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model ?? 'unknown',
    threads: availableParallelism(),
    simd: WebAssembly.validate(SIMD_MODULE),
    sharedMemory: typeof SharedArrayBuffer === 'function',
    memory: { total: totalmem(), free: freemem() },
  };
}
