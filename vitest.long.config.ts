import { defineConfig } from 'vitest/config';

/** `npm run test:long`: whole models and long searches, minutes each, one at a time. */
export default defineConfig({
  test: {
    include: ['test/**/long/**/*.test.ts'],
    pool: 'threads',
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    passWithNoTests: true,
  },
});
