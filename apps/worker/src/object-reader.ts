// Reads objects into an hour's totals; each object's text goes through one scanner.
//
//   object -> bytes -> gunzip -> chunks -> reader -> batches -> totals
//
// One await a chunk. An object that can't be read fails the hour; with skipping on it is left out whole, which is
// why it then has totals of its own that join the hour's at its end.

import { RunError } from '@zonetoll/command'
import { createScanner, FlowLogReader, FormatError, type RecordBatch, type Scanner } from '@zonetoll/flowlog'
import type { Hour, LedgerObject } from '@zonetoll/model'
import { ContentError, readBytes } from '@zonetoll/objects'
import { HourTotals, type Attribution } from '@zonetoll/rollup'
import type { LogObject } from './find-logs.ts'

export interface ReaderSettings {
  readonly hour: Hour
  /** Sorted; an object's flow log is its place here. */
  readonly flowLogs: readonly string[]
  readonly allPairs: boolean
  readonly skipBadObjects: boolean
}

export interface ReadObject {
  readonly ledgerObject: LedgerObject
  /** True where a format without pkt-srcaddr and pkt-dstaddr had to serve. */
  readonly interfaceAddresses: boolean
}

const PARQUET_PROBLEM = 'is a flow log in Parquet, and this version reads those delivered as text'

export class ObjectReader {
  readonly totals: HourTotals
  readonly #settings: ReaderSettings
  readonly #attribution: Attribution
  readonly #scanner: Scanner

  constructor(settings: ReaderSettings, attribution: Attribution) {
    this.#settings = settings
    this.#attribution = attribution
    this.#scanner = createScanner(attribution.tokens)
    this.totals = new HourTotals(settings.hour, attribution, settings)
  }

  /**
   * Adds an object's records to the totals; `onRecords` hears how many, as they come. Throws RunError naming the
   * object where it can't be read and such aren't skipped, and what its store throws.
   */
  async read(
    logObject: LogObject,
    signal: AbortSignal,
    onRecords: (records: number) => void,
  ): Promise<ReadObject> {
    const { key, size, etag } = logObject.object
    const { hour, skipBadObjects } = this.#settings
    const target = skipBadObjects ? new HourTotals(hour, this.#attribution, this.#settings) : this.totals
    try {
      const { records, interfaceAddresses } = await this.#readInto(target, logObject, signal, onRecords)
      if (target !== this.totals) this.totals.merge(target)
      return { ledgerObject: { key, size, etag, records, problem: null }, interfaceAddresses }
    } catch (error) {
      const problem = problemOf(error)
      if (problem === null || signal.aborted) throw error
      if (!skipBadObjects) throw unreadable(logObject, problem, error)
      return { ledgerObject: { key, size, etag, records: 0, problem }, interfaceAddresses: false }
    }
  }

  async #readInto(
    target: HourTotals,
    { object, store, flowLogId, format }: LogObject,
    signal: AbortSignal,
    onRecords: (records: number) => void,
  ): Promise<{ readonly records: number; readonly interfaceAddresses: boolean }> {
    if (format === 'parquet') throw new FormatError(PARQUET_PROBLEM)
    const flowLog = this.#settings.flowLogs.indexOf(flowLogId)
    const reader = new FlowLogReader(this.#scanner)
    const sink = (batch: RecordBatch) => {
      target.add(batch, flowLog)
      onRecords(batch.count)
    }
    for await (const chunk of readBytes(store, object, { signal })) reader.push(chunk, sink)
    const counts = reader.end(sink)
    target.addLines(counts)
    return { records: counts.lines, interfaceAddresses: reader.interfaceAddresses }
  }
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
