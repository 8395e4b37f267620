// The whole hour's totals to rows: books balanced, rows sorted, and each made once.

import { closeHour, type HourTotals } from '@zonetoll/rollup'
import type { OpenHour } from '../src/open-hour.ts'
import type { Stage } from '../src/stages.ts'

export function rowsStage({ timeline }: OpenHour, totals: HourTotals): Stage {
  const { length } = closeHour(totals, timeline).rows
  return {
    name: 'rows',
    per: 'row',
    count: length,
    textBytes: null,
    run() {
      let made = 0
      for (const row of closeHour(totals, timeline).rows) if (row.records > 0) made++
      if (made !== length) throw new Error(`rows: expected ${length}, got ${made}`)
    },
  }
}
