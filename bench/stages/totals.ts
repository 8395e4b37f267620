// Record batches to totals, look-up included; measured by all records.

import { HourTotals } from '@zonetoll/rollup'
import type { OpenHour } from '../src/open-hour.ts'
import type { Stage } from '../src/stages.ts'
import type { Part } from './part.ts'

export function totalsStage({ hour, attribution }: OpenHour, { batches, records }: Part): Stage {
  return {
    name: 'totals, look-up included',
    per: 'record',
    count: records,
    textBytes: null,
    run() {
      const totals = new HourTotals(hour, attribution, { allPairs: false })
      for (const { batch } of batches) totals.add(batch, 0)
    },
  }
}
