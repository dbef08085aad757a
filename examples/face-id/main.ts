/**
 * node examples/face-id/main.ts: is the face in this picture the one that was enrolled? The verifier learns yes or no, and nothing else.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/index.ts';
import { createMachine, fileBudget } from '../../src/node.ts';
import type { Picture } from '../picture.ts';
import { alignedFace, cosine, detect, embed } from './face.ts';
import { COSINE, checkSame, enrol, makeNetwork, proveSame } from './identity.ts';
import { CALIBRATION, eileenCollins, frame, graceHopper } from './pictures.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);
const kb = (bytes: Uint8Array) => `${(bytes.length / 1024).toFixed(0)} KB`;
const since = (start: number) => `${(performance.now() - start).toFixed(0)} ms`;
const nonce = () => crypto.getRandomValues(new Uint8Array(16));

async function find(name: string, picture: Picture): Promise<Float32Array> {
  const box = await detect(picture);
  const { left, top, width, height } = box;
  const [x, y, w, h] = [left, top, width, height].map(Math.round);
  say(`  ${name}: face ${w} x ${h} at (${x}, ${y}), score ${box.score.toFixed(4)}`);
  return alignedFace(picture, box);
}

await using machine = await createMachine();
const folder = await mkdtemp(join(tmpdir(), 'tessera-face-id-'));
try {
  say('found and aligned, in float, outside the proof');
  const owner = await find('the owner, enrolled', frame(1829));
  const probes = [
    { who: 'the owner, another picture', face: await find('the owner, another picture', frame(3909)) },
    { who: 'Grace Hopper', face: await find('Grace Hopper', graceHopper()) },
  ];
  const faces: Float32Array[] = [];
  for (const picture of [...CALIBRATION.map(frame), eileenCollins()]) {
    faces.push(await alignedFace(picture, await detect(picture)));
  }

  let start = performance.now();
  const { model, key } = await makeNetwork(faces, machine);
  say(`network with comparison, cosine above ${COSINE}: compiled in ${since(start)}, key ${kb(key)}`);
  const look = await makeNetwork(faces, machine, ['et', 'ee', 'tt']); // never proved: its outputs are what stays hidden

  const { commitment, opening, journal } = await enrol(key, owner, machine);
  const stranger = await enrol(key, probes[1]!.face, machine);
  await writeFile(join(folder, 'journal'), journal);
  const budget = fileBudget(() => join(folder, 'journal'));
  say(`enrolled: commitment ${commitment.length} bytes for the verifier, opening ${kb(opening)} for the owner`);

  const enrolled = await embed(owner);
  for (const { who, face } of probes) {
    const { et, ee, tt } = (await run(look.model, { face, enrolled }, { machine })).outputs;
    const integer = et!.values[0]! / Math.sqrt(ee!.values[0]! * tt!.values[0]!);
    say(`${who}: cosine ${cosine(await embed(face), enrolled).toFixed(4)} in float, ${integer.toFixed(4)} in integers`);

    const expected = { key, commitment, nonce: nonce() };
    start = performance.now();
    const { proof, outputs } = await proveSame(model, face, opening, { tag: expected.nonce, budget, machine });
    const isSame = outputs.same!.integers[0] === 1;
    say(`  same person: ${isSame ? 'yes' : 'no'}; proof ${kb(proof)} in ${since(start)} on ${machine.threads} threads`);

    start = performance.now();
    const verdict = checkSame(proof, isSame, expected);
    const hiding = verdict.ok && verdict.zk ? 'in zero knowledge' : 'hiding nothing';
    say(
      `  verified in ${since(start)}: ${verdict.ok ? `accepted, ${verdict.bits.toFixed(1)} bits, ${hiding}` : verdict.check}`,
    );
    const lies = {
      'the opposite verdict': checkSame(proof, !isSame, expected),
      'another nonce': checkSame(proof, isSame, { ...expected, nonce: nonce() }),
      "a stranger's commitment": checkSame(proof, isSame, { ...expected, commitment: stranger.commitment }),
    };
    for (const [what, lie] of Object.entries(lies))
      say(`  ${what}: ${lie.ok ? 'ACCEPTED' : `rejected by "${lie.check}"`}`);
    if (!verdict.ok || !verdict.zk || Object.values(lies).some((lie) => lie.ok)) process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true });
}
