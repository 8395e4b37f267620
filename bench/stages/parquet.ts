// Rows to the bytes of rollup.parquet, and their check. Writing counts the making of rows, as in a run.

import { closeHour, type HourTotals } from '@zonetoll/rollup'
import { verifyRollup, writeRollup } from '@zonetoll/parquet'
import type { OpenHour } from '../src/open-hour.ts'
import { WRITE_STAGE, type Stage } from '../src/stages.ts'

export async function parquetStages({ timeline }: OpenHour, totals: HourTotals): Promise<Stage[]> {
  const { rows } = closeHour(totals, timeline)
  const chunks: Uint8Array[] = []
  const summary = await writeRollup(rows, { write: async bytes => void chunks.push(bytes) })
  const bytes = Buffer.concat(chunks)
  const file = {
    byteLength: bytes.length,
    slice: (start: number, end: number) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  }
  return [
    {
      name: WRITE_STAGE,
      per: 'row',
      count: rows.length,
      textBytes: null,
      async run() {
        const { sha256 } = await writeRollup(rows, { write: async () => {} })
        if (sha256 !== summary.sha256) throw new Error('Parquet: the same rows gave other bytes')
      },
    },
    {
      name: 'Parquet, reading back',
      per: 'row',
      count: rows.length,
      textBytes: null,
      run: () => verifyRollup(file, summary),
    },
  ]
}
