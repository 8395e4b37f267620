// Reads objects into an hour's totals; each object's text goes through one scanner.
//
//   text      object -> bytes -> gunzip -> chunks -> reader -> batches -> totals
//   Parquet   object -> parts -> needed columns -> slices -> table reader -> batches -> totals
//
// One await a chunk, or a slice. An object that can't be read fails the hour; with skipping on it is left out whole,
// which is why it then has totals of its own that join the hour's at its end.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { printableLine, RunError } from '@zonetoll/command'
import {
  createScanner,
  FlowLogReader,
  FormatError,
  parseColumns,
  TableReader,
  type LineCounts,
  type RecordBatch,
  type Scanner,
} from '@zonetoll/flowlog'
import { formatBytes, type Hour, type LedgerObject } from '@zonetoll/model'
import { ContentError, readBytes, readPart } from '@zonetoll/objects'
import { openTable, TableError } from '@zonetoll/parquet'
import { HourTotals, type Attribution, type Room } from '@zonetoll/rollup'
import type { LogObject } from './find-logs.ts'
import { MemoryBound, type MemoryLimit } from './memory-bound.ts'

export interface ReaderSettings {
  readonly hour: Hour
  /** Sorted; an object's flow log is its place here. */
  readonly flowLogs: readonly string[]
  readonly allPairs: boolean
  readonly skipBadObjects: boolean
  /** Of the whole process; endless if not given. */
  readonly memory?: MemoryLimit
}

export interface ReadObject {
  readonly ledgerObject: LedgerObject
  /** True where a format without pkt-srcaddr and pkt-dstaddr had to serve. */
  readonly interfaceAddresses: boolean
}

interface ReadLines {
  readonly counts: LineCounts
  readonly interfaceAddresses: boolean
}

/** Slices of a table between which other work, and an interruption, has its turn. */
const SLICES_A_TURN = 8

export class ObjectReader {
  readonly totals: HourTotals
  readonly #settings: ReaderSettings
  readonly #counting: { readonly allPairs: boolean; readonly room?: Room }
  readonly #attribution: Attribution
  readonly #scanner: Scanner
  readonly #bound: MemoryBound | null

  constructor(settings: ReaderSettings, attribution: Attribution) {
    this.#settings = settings
    const { allPairs, memory } = settings
    this.#bound = memory === undefined ? null : new MemoryBound(memory)
    this.#counting = this.#bound === null ? { allPairs } : { allPairs, room: this.#bound.room }
    this.#attribution = attribution
    this.#scanner = createScanner(attribution.tokens)
    this.totals = new HourTotals(settings.hour, attribution, this.#counting)
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
    const target = skipBadObjects ? new HourTotals(hour, this.#attribution, this.#counting) : this.totals
    try {
      const { records, interfaceAddresses } = await this.#readInto(target, logObject, signal, onRecords)
      if (target !== this.totals) this.totals.mergeColumns(target.columns)
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
    logObject: LogObject,
    signal: AbortSignal,
    onRecords: (records: number) => void,
  ): Promise<{ readonly records: number; readonly interfaceAddresses: boolean }> {
    const flowLog = this.#settings.flowLogs.indexOf(logObject.flowLogId)
    const sink = (batch: RecordBatch) => {
      target.add(batch, flowLog)
      onRecords(batch.count)
    }
    const { counts, interfaceAddresses } =
      logObject.format === 'parquet'
        ? await this.#readTable(logObject, signal, sink)
        : await this.#readText(logObject, signal, sink)
    target.addLines(counts)
    return { records: counts.lines, interfaceAddresses }
  }

  async #readText(
    { object, store }: LogObject,
    signal: AbortSignal,
    sink: (batch: RecordBatch) => void,
  ): Promise<ReadLines> {
    const reader = new FlowLogReader(this.#scanner)
    for await (const chunk of readBytes(store, object, { signal })) reader.push(chunk, sink)
    return { counts: reader.end(sink), interfaceAddresses: reader.interfaceAddresses }
  }

  async #readTable(
    { object, store }: LogObject,
    signal: AbortSignal,
    sink: (batch: RecordBatch) => void,
  ): Promise<ReadLines> {
    const table = await openTable({
      byteLength: object.size,
      read: async (from, to) => {
        this.#bound?.ask(
          to - from,
          () => `${formatBytes(object.size)} of Parquet at ${store.describe(object.key)}`,
        )
        return await readPart(store, object, { from, to }, { signal })
      },
    })
    const { columns, slots, interfaceAddresses } = parseColumns(table.columns)
    const reader = new TableReader(slots, this.#attribution.tokens)
    let slices = 0
    for await (const slice of table.slices(columns)) {
      signal.throwIfAborted()
      reader.push(slice, sink)
      if (++slices % SLICES_A_TURN === 0) await nextTurn()
    }
    return { counts: reader.counts, interfaceAddresses }
  }
}

// What is wrong with the object itself; null for errors of the way to it, which no skipping helps.
function problemOf(error: unknown): string | null {
  if (error instanceof ContentError) return error.problem
  return error instanceof FormatError || error instanceof TableError ? error.message : null
}

// Problems that end as a sentence bring their own remedy.
function unreadable({ object, store }: LogObject, problem: string, cause: unknown): RunError {
  const remedy = problem.endsWith('.') ? '' : '. Replace the object, or leave it out with --skip-bad-objects.'
  return new RunError(`${printableLine(store.describe(object.key))} ${problem}${remedy}`, { cause })
}
