// Mutation testing of the packages that count: each change of their code that no test notices is looked at.
//
//   pnpm mutation               in a clone of its own: it changes files in place while it runs, an hour or two
//   pnpm mutation --mutate 'packages/rollup/src/attribution.ts'

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  inPlace: true,
  mutate: [
    'packages/{flowlog,assignments,rollup}/src/**/*.ts',
    '!packages/*/src/index.ts',
    '!packages/flowlog/src/generated/**',
  ],
  // Words of messages are for people; that a message names its thing is tested, its every word isn't.
  mutator: { excludedMutations: ['StringLiteral'] },
  ignoreStatic: true,
  timeoutMS: 5000,
  concurrency: 2,
  clearTextReporter: { reportTests: false, allowColor: false },
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: 'node_modules/.cache/mutation/report.json' },
  tempDirName: 'node_modules/.cache/mutation/tmp',
  thresholds: { high: 95, low: 85, break: 85 },
}
