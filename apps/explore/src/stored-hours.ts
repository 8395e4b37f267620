// The hours that are stored at a rollups location, complete ones only, each with its ledger.
//
//   cluster=shop/dt=2024-05-01/hour=10/rollup.parquet
//                                      _ledger.json      makes the hour complete
//
// Keys are in the order of time, so that any interval is one stretch of the listing: it begins behind the first hour's
// prefix and is left at the first key beyond the last, whatever else is stored. That costs a request for every
// 500 hours or so, and no look at anything outside the interval but the rest of a page.

import { RunError } from '@zonetoll/command'
import {
  formatHour,
  HOUR_SECONDS,
  LedgerError,
  parseHour,
  parseLedger,
  type Hour,
  type Ledger,
} from '@zonetoll/model'
import { hourPartition, readBytes, type Location, type StoredObject } from '@zonetoll/objects'

/** [from, until). */
export interface HourInterval {
  readonly from: Hour
  readonly until: Hour
}

/** An hour that has both files. */
export interface StoredHour {
  readonly hour: Hour
  readonly rollup: StoredObject
  readonly ledger: StoredObject
}

export interface FoundHours {
  /** In the order of time. */
  readonly hours: readonly StoredHour[]
  /** Hours with a rollup and no ledger, or the reverse: not whole yet, and not to be read. */
  readonly incomplete: readonly Hour[]
}

/** A stored hour and its ledger, which belongs to this cluster and hour. */
export interface ReadHour extends StoredHour {
  readonly books: Ledger
}

export interface StoredHoursOptions {
  readonly signal: AbortSignal
}

/** Ledgers at a time: a month's are read as fast as a bucket answers, in little memory. */
const READ_AHEAD = 24
/** A ledger takes 300 bytes an object and workload: this is a hundred times a large cluster's. */
const LEDGER_BYTES = 256 * 1024 * 1024

const HOUR_FILE = /^dt=(\d{4}-\d{2}-\d{2})\/hour=(\d{2})\/(rollup\.parquet|_ledger\.json)$/

/** The cluster's hours of the interval; without one, all that are stored. Nothing found is no error. */
export async function findHours(
  location: Location,
  cluster: string,
  interval: HourInterval | null,
  { signal }: StoredHoursOptions,
): Promise<FoundHours> {
  const files = new Map<Hour, { rollup?: StoredObject; ledger?: StoredObject }>()
  const folder = `${location.prefix}cluster=${cluster}/`
  const { prefix, startAfter, end } = stretchOf(location, cluster, interval)
  for await (const entry of location.store.list(prefix, { startAfter, signal })) {
    if (!('object' in entry)) continue
    const { object } = entry
    // Both are ASCII up to where they differ.
    if (end !== null && object.key >= end) break
    const parts = HOUR_FILE.exec(object.key.slice(folder.length))
    const hour = parts === null ? null : parseHour(`${parts[1]}T${parts[2]}`)
    if (parts === null || hour === null) continue
    const found = files.get(hour) ?? {}
    if (parts[3] === 'rollup.parquet') found.rollup = object
    else found.ledger = object
    files.set(hour, found)
  }
  const hours: StoredHour[] = []
  const incomplete: Hour[] = []
  for (const [hour, { rollup, ledger }] of files) {
    if (rollup !== undefined && ledger !== undefined) hours.push({ hour, rollup, ledger })
    else incomplete.push(hour)
  }
  return { hours, incomplete }
}

interface Stretch {
  readonly prefix: string
  readonly startAfter: string | undefined
  /** The first key that is beyond it, null for no end. */
  readonly end: string | null
}

function stretchOf(location: Location, cluster: string, interval: HourInterval | null): Stretch {
  const partition = (hour: Hour) => location.prefix + hourPartition(cluster, hour)
  if (interval === null) {
    return { prefix: `${location.prefix}cluster=${cluster}/dt=`, startAfter: undefined, end: null }
  }
  const { from, until } = interval
  if (until - from <= HOUR_SECONDS) return { prefix: partition(from), startAfter: undefined, end: null }
  return {
    prefix: `${location.prefix}cluster=${cluster}/dt=`,
    startAfter: partition(from),
    end: partition(until),
  }
}

/** The hours' ledgers in the order given, a few read ahead. Throws RunError naming the ledger that isn't one. */
export async function* readLedgers(
  location: Location,
  cluster: string,
  hours: readonly StoredHour[],
  { signal }: StoredHoursOptions,
): AsyncGenerator<ReadHour> {
  // What fails, or is left by the consumer, stops the others.
  const stop = new AbortController()
  const ending = AbortSignal.any([signal, stop.signal])
  const ahead: Promise<ReadHour>[] = []
  try {
    for (let at = 0; at < hours.length; at++) {
      while (ahead.length < READ_AHEAD && at + ahead.length < hours.length) {
        const hour = hours[at + ahead.length]!
        const reading = readLedger(location, cluster, hour, ending)
        // Awaited in its turn; until then a failure is no unhandled one.
        reading.catch(() => {})
        ahead.push(reading)
      }
      yield await ahead.shift()!
    }
  } finally {
    stop.abort()
    await Promise.allSettled(ahead)
  }
}

async function readLedger(
  { store }: Location,
  cluster: string,
  hour: StoredHour,
  signal: AbortSignal,
): Promise<ReadHour> {
  const uri = store.describe(hour.ledger.key)
  if (hour.ledger.size > LEDGER_BYTES) {
    throw notALedger(uri, hour.hour, `it has ${hour.ledger.size} bytes, more than any ledger`)
  }
  const parts: string[] = []
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    for await (const chunk of readBytes(store, hour.ledger, { signal })) {
      parts.push(decoder.decode(chunk, { stream: true }))
    }
    parts.push(decoder.decode())
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw cause
    throw notALedger(uri, hour.hour, 'it is not UTF-8 text', cause)
  }
  const books = parsed(uri, hour.hour, parts.join(''))
  if (books.cluster === cluster && books.hour === hour.hour) return { ...hour, books }
  throw notALedger(
    uri,
    hour.hour,
    `it is that of the cluster ${books.cluster}, hour ${formatHour(books.hour)}: it was copied to another's place`,
  )
}

function parsed(uri: string, hour: Hour, text: string): Ledger {
  try {
    return parseLedger(text)
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause
    throw notALedger(uri, hour, cause.message, cause)
  }
}

function notALedger(uri: string, hour: Hour, why: string, cause?: unknown): RunError {
  return new RunError(
    `${uri} can't be used: ${why}. Make the hour again (pnpm start --hour ${formatHour(hour)}), or leave it out of --from and --to.`,
    { cause },
  )
}
