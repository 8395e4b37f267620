// The tests that mutants meet: those of the three packages, and the properties that hold them together.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('../../', import.meta.url).pathname,
    include: ['packages/{flowlog,assignments,rollup}/test/**/*.test.ts', 'test/properties.test.ts'],
    testTimeout: 60_000,
  },
})
