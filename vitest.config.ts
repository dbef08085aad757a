import { defineConfig } from 'vitest/config';

/** `npm test`: everything that is quick. Two workers: the smallest machine that CI offers has two cores. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/long/**'],
    pool: 'threads',
    maxWorkers: 2,
    // the longest test takes 3 s on a quiet machine
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
