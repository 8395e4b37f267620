// A row is a pair's totals in one hour: one line of rollup.parquet.

import type { Endpoint } from './endpoint.ts'
import type { Hour } from './time.ts'

export interface RollupRow {
  readonly hourStart: Hour
  readonly source: Endpoint
  readonly destination: Endpoint
  /** Each a safe integer: a total above 2^53 - 1 stops the run before rows are made. */
  readonly bytes: number
  readonly packets: number
  readonly records: number
}
