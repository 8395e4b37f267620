// The tests that mutants meet: those of the three packages, and the properties that hold them together. With
// ZONETOLL_MUTATION_QUICK set without the latter: a score that is too low, if anything, in a third of the time.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('../../', import.meta.url).pathname,
    include: [
      'packages/{flowlog,assignments,rollup}/test/**/*.test.ts',
      ...(process.env['ZONETOLL_MUTATION_QUICK'] ? [] : ['test/properties.test.ts']),
    ],
    testTimeout: 60_000,
  },
})
