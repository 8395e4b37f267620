// Where the sample lies that comes with Zonetoll: one hour, made by the script `bundled` of this package.

import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../bundled/', import.meta.url))

/** Absolute paths, and the hour as `--hour` takes it. */
export const bundledSample = {
  logs: `${folder}logs`,
  assignments: `${folder}assignments`,
  truth: `${folder}truth.json`,
  hour: '2024-05-01T10',
  cluster: 'demo',
} as const
