// Ours without start-up and Parquet: the worker's own stages from the first object opened to the last row made.

import { join } from 'node:path'
import { closeHour } from '@zonetoll/rollup'
import { gunzipThreads, scanningThreads } from '@zonetoll/worker/src/cores.ts'
import { writeRows } from '../src/answer.ts'
import { drive } from '../src/drive.ts'
import { openHour } from '../src/open-hour.ts'

process.env['UV_THREADPOOL_SIZE'] ??= String(gunzipThreads(scanningThreads()))

await drive(async (task, timed) => {
  const hour = await openHour(task)
  const rows = await timed(async () => {
    const closed = closeHour(await hour.readTotals(), hour.timeline)
    let made = 0
    for (const row of closed.rows) if (row.records > 0) made++
    if (made !== closed.rows.length) throw new Error(`${closed.rows.length - made} rows have no records`)
    return closed.rows
  })
  return writeRows(join(task.folder, 'rows'), rows)
})
