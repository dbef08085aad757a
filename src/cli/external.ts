/** Weights in files beside the ONNX file. The locations are checked where they are read (onnx/external.ts). */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExternalData } from '../onnx/external.ts';

export function fileBeside(model: string): ExternalData {
  return (location) => readFileSync(join(dirname(model), location));
}
