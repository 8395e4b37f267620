// An hour of a data set as the worker has it before it opens the first object: the same calls, the same defaults.

import type { Hour } from '@zonetoll/model'
import { openLocation } from '@zonetoll/objects'
import { Attribution } from '@zonetoll/rollup'
import { findLogs } from '@zonetoll/worker/src/find-logs.ts'
import { loadTimeline } from '@zonetoll/worker/src/load-timeline.ts'
import { MemoryBound, memoryLimit } from '@zonetoll/worker/src/memory-bound.ts'
import { readOptions } from '@zonetoll/worker/src/options.ts'
import { NO_PROGRESS } from '@zonetoll/worker/src/progress.ts'
import { readObjects } from '@zonetoll/worker/src/read-objects.ts'

export interface HourOfData {
  readonly logs: string
  readonly assignments: string
  readonly cluster: string
  readonly hour: Hour
}

export async function openHour({ logs, assignments, cluster, hour }: HourOfData) {
  const { signal } = new AbortController()
  const options = { ...readOptions({ hour }, { logs, assignments }), signal }
  const { timeline } = await loadTimeline(openLocation(assignments), cluster, hour, options)
  const { objects } = await findLogs([openLocation(logs)], hour, options)
  const flowLogs = [...new Set(objects.map(({ flowLogId }) => flowLogId))].sort()
  const attribution = Attribution.of(timeline, hour, { growing: flowLogs.length > 1 })
  return {
    hour,
    timeline,
    attribution,
    /** Reads all objects, as the worker does, to their totals. */
    async readTotals() {
      const memory = memoryLimit(options)
      const settings = { ...options, hour, flowLogs, memory }
      const read = { ...options, progress: NO_PROGRESS, bound: new MemoryBound(memory) }
      return (await readObjects(objects, settings, attribution, read)).totals
    },
  }
}

export type OpenHour = Awaited<ReturnType<typeof openHour>>
