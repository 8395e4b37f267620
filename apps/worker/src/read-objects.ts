// Objects into an hour's totals, several at a time; each object's text goes through one shared scanner.
//
//   object -> bytes -> gunzip -> chunks -> reader -> batches -> rollup
//
// One await a chunk. An object that can't be read fails the hour; with skipping on it is left out whole, which is
// why it then has totals of its own that join the hour's at its end.

import pLimit from 'p-limit'
import { RunError } from '@zonetoll/command'
import { createScanner, FlowLogReader, FormatError, type RecordBatch } from '@zonetoll/flowlog'
import type { Hour, LedgerObject } from '@zonetoll/model'
import { ContentError, readBytes } from '@zonetoll/objects'
import { HourTotals, type Attribution } from '@zonetoll/rollup'
import type { LogObject } from './find-logs.ts'
import type { Progress } from './progress.ts'

export interface ReadOptions {
  readonly allPairs: boolean
  readonly concurrency: number
  readonly skipBadObjects: boolean
  readonly signal: AbortSignal
  readonly progress: Progress
}

export interface ReadObjects {
  readonly totals: HourTotals
  /** In the order of the objects given. */
  readonly ledgerObjects: readonly LedgerObject[]
  /** True where a format without pkt-srcaddr and pkt-dstaddr had to serve. */
  readonly interfaceAddresses: boolean
}

const PARQUET_PROBLEM = 'is a flow log in Parquet, and this version reads those delivered as text'

/** Throws RunError naming the object that can't be read, unless such are skipped. */
export async function readObjects(
  objects: readonly LogObject[],
  hour: Hour,
  attribution: Attribution,
  options: ReadOptions,
): Promise<ReadObjects> {
  const scanner = createScanner(attribution.tokens)
  const totals = new HourTotals(hour, attribution, options)
  const flowLogs = [...new Set(objects.map(object => object.flowLogId))].sort()
  // The first failure stops the reading of all others.
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  let interfaceAddresses = false

  const readInto = async (target: HourTotals, logObject: LogObject): Promise<number> => {
    const { object, store, flowLogId, format } = logObject
    if (format === 'parquet') throw new FormatError(PARQUET_PROBLEM)
    const flowLog = flowLogs.indexOf(flowLogId)
    const reader = new FlowLogReader(scanner)
    const sink = (batch: RecordBatch) => {
      target.add(batch, flowLog)
      options.progress.read(batch.count)
    }
    for await (const chunk of readBytes(store, object, { signal })) reader.push(chunk, sink)
    const counts = reader.end(sink)
    target.addLines(counts)
    if (reader.interfaceAddresses) interfaceAddresses = true
    return counts.lines
  }

  const readOne = async (logObject: LogObject): Promise<LedgerObject> => {
    const { key, size, etag } = logObject.object
    const target = options.skipBadObjects ? new HourTotals(hour, attribution, options) : totals
    try {
      const records = await readInto(target, logObject)
      if (target !== totals) totals.merge(target)
      options.progress.finish(logObject)
      return { key, size, etag, records, problem: null }
    } catch (error) {
      const problem = problemOf(error)
      if (problem === null || signal.aborted) throw error
      if (!options.skipBadObjects) throw unreadable(logObject, problem, error)
      options.progress.finish(logObject)
      return { key, size, etag, records: 0, problem }
    }
  }

  const limit = pLimit(options.concurrency)
  const readings = objects.map(async object =>
    limit(async () => {
      try {
        signal.throwIfAborted()
        return await readOne(object)
      } catch (error) {
        stop.abort(error)
        throw error
      }
    }),
  )
  // All have stopped before the first failure is told: none still reads, or reports progress, behind it.
  await Promise.allSettled(readings)
  stop.signal.throwIfAborted()
  return { totals, ledgerObjects: await Promise.all(readings), interfaceAddresses }
}

// What is wrong with the object itself; null for errors of the way to it, which no skipping helps.
function problemOf(error: unknown): string | null {
  if (error instanceof ContentError) return error.problem
  return error instanceof FormatError ? error.message : null
}

// Problems that end as a sentence bring their own remedy.
function unreadable({ object, store }: LogObject, problem: string, cause: unknown): RunError {
  const remedy = problem.endsWith('.') ? '' : '. Replace the object, or leave it out with --skip-bad-objects.'
  return new RunError(`${store.describe(object.key)} ${problem}${remedy}`, { cause })
}
