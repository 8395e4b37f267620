// The hours that a question is about, as a locked database: found, their ledgers read, their rollups at hand.

import { RunError } from '@zonetoll/command'
import { formatHour, HOUR_SECONDS, type Hour, type Ledger } from '@zonetoll/model'
import type { Location } from '@zonetoll/objects'
import { FetchProgress } from './fetch-progress.ts'
import { LedgerTables, type LedgerDetail } from './ledger-tables.ts'
import { localRollups, type LocalRollup, type WantedRollup } from './local-rollups.ts'
import { resolveCluster } from './rollup-cluster.ts'
import { RollupDatabase } from './rollup-database.ts'
import { findHours, readLedgers, type FoundHours, type HourInterval } from './stored-hours.ts'

export interface HoursOptions {
  readonly cluster: string | null
  readonly interval: HourInterval | null
  /** Whether the rollups are needed, or the ledgers say it all. */
  readonly rollups: boolean
  /** The tables of the ledgers that are filled besides the small ones. */
  readonly details: readonly LedgerDetail[]
  /** Statements that make functions, may be none. */
  readonly functions: string
  /** Told of each ledger, in the order of time. */
  readonly onLedger?: (ledger: Ledger) => void
  /** Of the database; by the machine's if not given. */
  readonly memoryBytes?: number
  readonly progress: NodeJS.WriteStream | null
  readonly signal: AbortSignal
}

export interface OpenHours {
  readonly database: RollupDatabase
  /** No rollup has rows inside a zone. */
  readonly crossZoneOnly: boolean
  /** What a reader of the answer should know of the hours. */
  readonly notes: readonly string[]
}

/** Throws RunError where no complete hour is stored. Who gets the database closes it. */
export async function openHours(location: Location, options: HoursOptions): Promise<OpenHours> {
  const { signal, interval } = options
  const cluster = await resolveCluster(location, options.cluster, signal)
  const found = await findHours(location, cluster, interval, { signal })
  if (found.hours.length === 0) throw await nothingStored(location, cluster, found, interval, signal)
  const { memoryBytes } = options
  const database = await RollupDatabase.open({
    signal,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  })
  try {
    const { wanted, crossZoneOnly } = await fillLedgers(location, cluster, found, database, options)
    if (options.functions !== '') await database.connection.run(options.functions)
    const local = options.rollups ? await bringRollups(location, wanted, options) : []
    await database.lock(local.map(({ path }) => path))
    return { database, crossZoneOnly, notes: notesOf(found, interval) }
  } catch (error) {
    database.close()
    throw error
  }
}

async function fillLedgers(
  location: Location,
  cluster: string,
  { hours }: FoundHours,
  database: RollupDatabase,
  { details, onLedger, signal }: HoursOptions,
): Promise<{ wanted: WantedRollup[]; crossZoneOnly: boolean }> {
  const wanted: WantedRollup[] = []
  let crossZoneOnly = true
  const tables = await LedgerTables.make(database.connection, details)
  for await (const { hour, rollup, books } of readLedgers(location, cluster, hours, { signal })) {
    tables.add(books)
    onLedger?.(books)
    wanted.push({ hour, rollup, sha256: books.rollupSha256 })
    crossZoneOnly &&= !books.options.allPairs
  }
  tables.close()
  return { wanted, crossZoneOnly }
}

async function bringRollups(
  location: Location,
  wanted: readonly WantedRollup[],
  { signal, progress: stream }: HoursOptions,
): Promise<LocalRollup[]> {
  const progress = new FetchProgress(stream, wanted.length)
  try {
    return await localRollups(location, wanted, {
      signal,
      progress: (count, bytes) => progress.done(count, bytes),
    })
  } finally {
    progress.end()
  }
}

async function nothingStored(
  location: Location,
  cluster: string,
  found: FoundHours,
  interval: HourInterval | null,
  signal: AbortSignal,
): Promise<RunError> {
  const where = `${location.uri} has no complete hour of the cluster ${cluster}`
  const make = 'pnpm start --hour makes one'
  if (found.incomplete.length > 0) {
    const hours = listed(found.incomplete)
    return new RunError(
      `${where}: ${hours} has no ledger or no rollup, its run isn't over or failed; ${make}`,
    )
  }
  if (interval === null) return new RunError(`${where}; ${make}`)
  const { hours } = await findHours(location, cluster, null, { signal })
  const asked = `${where} in [${formatHour(interval.from)}, ${formatHour(interval.until)})`
  if (hours.length === 0) return new RunError(`${asked}, nor any other; ${make}`)
  const [first, last] = [hours[0]!.hour, hours.at(-1)!.hour]
  const span = first === last ? formatHour(first) : `${formatHour(first)} to ${formatHour(last)}`
  return new RunError(`${asked}: it has ${hours.length} (${span}); ${make}`)
}

function notesOf({ hours, incomplete }: FoundHours, interval: HourInterval | null): string[] {
  const notes: string[] = []
  if (incomplete.length > 0) {
    notes.push(`not complete (no ledger or no rollup), so not in this: ${listed(incomplete)}`)
  }
  const stored = new Set<Hour>([...hours.map(({ hour }) => hour), ...incomplete])
  const from = interval?.from ?? hours[0]!.hour
  const until = interval?.until ?? hours.at(-1)!.hour + HOUR_SECONDS
  const count = (until - from) / HOUR_SECONDS
  const missing = count - [...stored].filter(hour => hour >= from && hour < until).length
  if (missing > 0)
    notes.push(`${missing} of the ${count} hours are not stored: ${firstMissing(from, until, stored)}`)
  return notes
}

const LISTED = 5

function firstMissing(from: Hour, until: number, stored: ReadonlySet<Hour>): string {
  const missing: Hour[] = []
  for (let hour = from; hour < until && missing.length <= LISTED; hour = (hour + HOUR_SECONDS) as Hour) {
    if (!stored.has(hour)) missing.push(hour)
  }
  return listed(missing)
}

function listed(hours: readonly Hour[]): string {
  const shown = hours.slice(0, LISTED).map(formatHour).join(', ')
  return hours.length > LISTED ? `${shown}, …` : shown
}
