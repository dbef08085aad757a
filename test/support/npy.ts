/** A .npy file, version 1.0, as NumPy writes it. */
export function npyFile(descr: string, shape: string, data: Uint8Array, fortran = 'False'): Uint8Array {
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const header = `${dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11)}\n`;
  return Uint8Array.of(
    ...[0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 0xff, header.length >> 8],
    ...Buffer.from(header),
    ...data,
  );
}
