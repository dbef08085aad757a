/**
 * npm run demo: two real trained networks on real pictures. Compile, compare with float, prove, verify; and a forged claim, rejected.
 */
import { compile, prove, run, verify } from '../src/index.ts';
import { createMachine } from '../src/node.ts';
import { bestFace } from './blazeface/decode.ts';
import { floatOutputs } from './float.ts';
import { blazeFace, type ExampleModel, FASHION_CLASSES, fashionCnn, fashionTestSet } from './models.ts';

await using machine = await createMachine();
const say = (line = '') => process.stdout.write(`${line}\n`);
const kb = (bytes: Uint8Array) => `${(bytes.length / 1024).toFixed(0)} KB`;
const ms = (t: number) => `${t.toFixed(0)} ms`;
const argmax = (v: ArrayLike<number>) => Array.from(v).indexOf(Math.max(...Array.from(v)));

await fashion();
say();
await face();

async function fashion(): Promise<void> {
  const example = fashionCnn();
  const { images, labels } = fashionTestSet();
  say(`${example.name}: is this picture of a garment what the network says it is?`);
  const { model, key } = await compileExample(example);
  const float = await floatOutputs(example.onnx, images);
  let [right, rightFloat] = [0, 0];
  for (const [i, image] of images.entries()) {
    const { outputs } = await run(model, image, { machine });
    if (argmax(outputs.logits!.integers) === labels[i]) right += 1;
    if (argmax(float[i]!.logits!) === labels[i]) rightFloat += 1;
  }
  const percent = (n: number) => `${((100 * n) / images.length).toFixed(1)} %`;
  say(`  accuracy over ${images.length} test images   float ${percent(rightFloat)}, integers ${percent(right)}`);
  const { outputs } = await proveAndVerify(model, key, example);
  say(
    `  proved: picture 0 is a "${FASHION_CLASSES[argmax(outputs.logits!.integers)]}" (label: "${FASHION_CLASSES[labels[0]!]}")`,
  );
}

async function face(): Promise<void> {
  const example = blazeFace();
  say(`${example.name}: is there a face in this picture, and where?`);
  const { model, key } = await compileExample(example);
  const [float] = await floatOutputs(example.onnx, [example.input]);
  const { outputs } = await proveAndVerify(model, key, example);
  const values = Object.fromEntries(Object.entries(outputs).map(([name, o]) => [name, o.values]));
  const show = (v: Readonly<Record<string, ArrayLike<number>>>) => {
    const { score, x, y, width, height } = bestFace(v);
    const at = [x, y, width, height].map((t) => (128 * t).toFixed(2)).join(' ');
    return `score ${score.toFixed(4)}, centre and size ${at} px of 128`;
  };
  say(`  float     ${show(float!)}`);
  say(`  proved    ${show(values)}`);
}

async function compileExample({ onnx, samples }: ExampleModel): Promise<{ model: Uint8Array; key: Uint8Array }> {
  const start = performance.now();
  const { model, key } = await compile(onnx, { samples, machine });
  say(`  compile   ${ms(performance.now() - start)}, model ${kb(model)}, key ${kb(key)}`);
  return { model, key };
}

async function proveAndVerify(model: Uint8Array, key: Uint8Array, { input }: ExampleModel) {
  const { proof, outputs, stages } = await prove(model, input, { zk: false, input: 'public', machine });
  const proving = Object.values(stages).reduce((a, b) => a + b, 0);
  const start = performance.now();
  const verdict = verify(proof, { key, inputs: input, outputs });
  say(`  prove     ${ms(proving)} on ${machine.threads} threads, proof ${kb(proof)}`);
  say(
    `  verify    ${ms(performance.now() - start)}: ${verdict.ok ? `accepted, ${verdict.bits.toFixed(1)} bits` : 'REJECTED'}`,
  );
  const [name, first] = Object.entries(outputs)[0]!;
  const lie = first.integers.slice();
  lie[0]! += lie[0]! < 0 ? 1 : -1;
  const forged = verify(proof, { key, inputs: input, outputs: { ...outputs, [name]: { ...first, integers: lie } } });
  say(`  a claim of another output: ${forged.ok ? 'ACCEPTED' : `rejected by check "${forged.check}"`}`);
  if (!verdict.ok || forged.ok) process.exitCode = 1;
  return { outputs };
}
