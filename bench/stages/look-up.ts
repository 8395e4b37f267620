// Addresses and windows to endpoints and accounts: of accepted egress records of the hour, which are those that are
// looked up; measured by these.

import type { OpenHour } from '../src/open-hour.ts'
import type { Stage } from '../src/stages.ts'
import type { Part } from './part.ts'

export function lookUpStage({ attribution }: OpenHour, { batches }: Part): Stage {
  return {
    name: 'look-up',
    per: 'record',
    count: batches.reduce((sum, { rows }) => sum + rows.length, 0),
    textBytes: null,
    run() {
      for (const { batch, rows } of batches) attribution.attribute(batch, rows, rows.length)
    },
  }
}
