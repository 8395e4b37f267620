export { readRollup } from './read-rollup.ts'
export type { RollupFile } from './rollup-file.ts'
export { verifyRollup } from './verify-rollup.ts'
export {
  writeRollup,
  type ByteSink,
  type RollupFileSummary,
  type WriteRollupOptions,
} from './write-rollup.ts'
