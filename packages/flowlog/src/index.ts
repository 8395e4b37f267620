export { ByteScanner } from './byte-scanner.ts'
export { AWS_FIELDS, LOG_FORMAT } from './fields.ts'
export { FlowLogReader, type LineCounts } from './flow-log-reader.ts'
export { FormatError, parseFormat, type Format } from './format.ts'
export {
  DESTINATION_IPV6,
  DESTINATION_UNREADABLE,
  INGRESS,
  MIDDLE_INTERFACE,
  RecordBatch,
  REJECTED,
  SOURCE_IPV6,
  SOURCE_UNREADABLE,
  TYPED_INTERFACE,
} from './record-batch.ts'
export { MAX_LINE_BYTES, type RecordTokens, type Scanner } from './scanner.ts'
export { NO_TOKEN, OTHER_TOKEN, TokenTable, type TokenColumns } from './token-table.ts'
export { parseColumns, type NamedColumn, type TableFormat } from './table-format.ts'
export { TableReader } from './table-reader.ts'
export type { IntegerSlice, TableSlice, Texts, TextSlice } from './table-slice.ts'
export { createScanner, SimdScanner } from './simd-scanner.ts'
