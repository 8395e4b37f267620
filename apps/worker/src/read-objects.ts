// An hour's objects into its totals, several at a time: on this thread, or on threads of their own.
//
// gunzip runs on libuv's threads either way; one thread that scans keeps up with two or three that gunzip. Above that,
// each thread has its own scanner and totals, and the totals are merged at the end: the same sums in any order.

import pLimit from 'p-limit'
import { formatCount, type LedgerObject } from '@zonetoll/model'
import { HourTotals, type Attribution } from '@zonetoll/rollup'
import type { LogObject } from './find-logs.ts'
import { ObjectReader, type ReaderSettings, type ReadObject } from './object-reader.ts'
import type { MemoryBound } from './memory-bound.ts'
import type { Progress } from './progress.ts'
import { ReadingThreads } from './reading-threads.ts'

export interface ReadOptions {
  /** Objects at a time. */
  readonly concurrency: number
  /** Threads that scan; with 1 it is this one. */
  readonly threads: number
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly bound: MemoryBound
}

export interface ReadObjects {
  readonly totals: HourTotals
  /** In the order of the objects given. */
  readonly ledgerObjects: readonly LedgerObject[]
  /** True where a format without pkt-srcaddr and pkt-dstaddr had to serve. */
  readonly interfaceAddresses: boolean
}

/** Throws what ObjectReader throws for the first object that fails, when no other is being read any more. */
export async function readObjects(
  objects: readonly LogObject[],
  settings: ReaderSettings,
  attribution: Attribution,
  options: ReadOptions,
): Promise<ReadObjects> {
  const { concurrency, progress, bound } = options
  const threads = Math.min(options.threads, objects.length)
  const onRecords = (records: number) => progress.read(records)
  if (threads <= 1) {
    const reader = new ObjectReader(settings, attribution)
    bound.holding = () => `${formatCount(reader.totals.pairs.size)} distinct pairs`
    const read = await readAll(objects, concurrency, options.signal, (object, signal) =>
      reader.read(object, signal, onRecords).finally(() => progress.finish(object)),
    )
    return { totals: reader.totals, ...summed(read) }
  }

  bound.holding = () => `the totals of ${threads} threads`
  const pool = new ReadingThreads(threads, settings, attribution, onRecords)
  try {
    const read = await readAll(objects, Math.max(concurrency, threads), options.signal, (object, signal) =>
      pool.read(object, signal).finally(() => progress.finish(object)),
    )
    const totals = new HourTotals(settings.hour, attribution, { ...settings, room: bound.room })
    bound.holding = () => `${formatCount(totals.pairs.size)} distinct pairs, joined from ${threads} threads`
    for (const columns of await pool.totals()) totals.mergeColumns(columns)
    return { totals, ...summed(read) }
  } finally {
    await pool.end()
  }
}

// The first failure stops the reading of all others, and is told when they have stopped.
async function readAll(
  objects: readonly LogObject[],
  concurrency: number,
  outer: AbortSignal,
  read: (object: LogObject, signal: AbortSignal) => Promise<ReadObject>,
): Promise<ReadObject[]> {
  const stop = new AbortController()
  const signal = AbortSignal.any([outer, stop.signal])
  const limit = pLimit(concurrency)
  const readings = objects.map(async object =>
    limit(async () => {
      try {
        signal.throwIfAborted()
        return await read(object, signal)
      } catch (error) {
        stop.abort(error)
        throw error
      }
    }),
  )
  await Promise.allSettled(readings)
  stop.signal.throwIfAborted()
  return Promise.all(readings)
}

function summed(read: readonly ReadObject[]): Omit<ReadObjects, 'totals'> {
  return {
    ledgerObjects: read.map(({ ledgerObject }) => ledgerObject),
    interfaceAddresses: read.some(({ interfaceAddresses }) => interfaceAddresses),
  }
}
