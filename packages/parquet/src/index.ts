export { readRollup } from './read-rollup.ts'
export type { RollupFile } from './rollup-file.ts'
export { openTable, type Table, type TableFile } from './table.ts'
export type { TableColumn } from './table-columns.ts'
export { TableError } from './table-error.ts'
export { NULL_ENTRY, type IntegerSlice, type TableSlice, type Texts, type TextSlice } from './table-slice.ts'
export { verifyRollup } from './verify-rollup.ts'
export {
  writeRollup,
  type ByteSink,
  type RollupFileSummary,
  type WriteRollupOptions,
} from './write-rollup.ts'
