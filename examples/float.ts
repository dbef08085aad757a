/** The float yardstick: onnxruntime's outputs by name. */
import * as ort from 'onnxruntime-node';

export async function floatOutputs(
  onnx: Uint8Array,
  inputs: readonly Readonly<Record<string, Float32Array>>[],
): Promise<Record<string, Float32Array>[]> {
  const session = await ort.InferenceSession.create(onnx, { logSeverityLevel: 3 });
  const shapes = new Map(session.inputMetadata.map((m) => [m.name, m.isTensor ? m.shape.map(Number) : []]));
  const results: Record<string, Float32Array>[] = [];
  for (const input of inputs) {
    const feeds = Object.fromEntries(
      Object.entries(input).map(([name, v]) => [name, new ort.Tensor('float32', v, shapes.get(name) ?? [])]),
    );
    const outputs = await session.run(feeds);
    results.push(Object.fromEntries(Object.entries(outputs).map(([name, t]) => [name, t.data as Float32Array])));
  }
  return results;
}
