// pnpm merge: the partials of an hour's shards become its rollup.

import { printable, runCommand } from '@zonetoll/command'
import { formatHour } from '@zonetoll/model'
import { resolveCluster } from './load-timeline.ts'
import { MERGE, readMergeOptions } from './merge-options.ts'
import { mergeHour } from './merge-hour.ts'
import { locationOf, SAMPLE } from './places.ts'
import { RunReport } from './run-report.ts'

await runCommand(MERGE, async (command, run) => {
  const options = readMergeOptions(command.opts(), SAMPLE, { now: Date.now(), environment: process.env })
  const { hour } = options
  const assignments = locationOf('--assignments', options.assignments)
  const rollups = locationOf('--rollups', options.rollups)
  const cluster = await resolveCluster(assignments, options.cluster, run.signal)
  const sample = options.assignments === SAMPLE.assignments
  const report = new RunReport({ ...options, cluster, sample, shards: false })
  const begun = performance.now()
  try {
    const merged = await mergeHour({ assignments, rollups, cluster }, hour, options, run)
    if (merged.made === null) {
      report.note(`nothing to merge: no partials of ${formatHour(hour)}, and its rollup stands complete`)
      report.complete(hour)
    } else {
      report.made(merged.made, (performance.now() - begun) / 1000)
    }
    for (const left of merged.left) process.stderr.write(`warning: ${printable(left)}\n`)
  } catch (error) {
    if (run.signal.aborted) throw error
    report.failed([hour], error)
  }
  report.end(false)
})
