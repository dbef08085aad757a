/** Networks that nobody here wrote: of npm packages, and of the folder of models beside the repository. */
import { beside } from './beside.ts';
import { faces } from './faces.ts';
import type { ZooEntry } from './model.ts';
import { scenes } from './scenes.ts';

export type { Inputs, ZooEntry, ZooModel } from './model.ts';

export const zoo: readonly ZooEntry[] = [...faces, ...scenes, ...beside];
