// From rollups to the page: the hours are found, their ledgers and rows added up, the page is written.

import { sep } from 'node:path'
import { printable, RunError, type Run } from '@zonetoll/command'
import {
  canonicalJson,
  formatBytes,
  formatHour,
  formatUsd,
  HOUR_SECONDS,
  usdOf,
  type Hour,
  type Json,
} from '@zonetoll/model'
import { renderReport, ReportTotals, type ReportData } from '@zonetoll/report'
import { openHours, type OpenHours } from './open-hours.ts'
import { readGroups } from './report-groups.ts'
import type { ReportOptions } from './report-options.ts'
import { resolveCluster } from './rollup-cluster.ts'
import { findHours, readLedgers, type HourInterval } from './stored-hours.ts'

/** What DuckDB may take; what needs more goes to the disk. A month of 20,000 rows an hour takes 0.7 GB in all. */
const MEMORY_BYTES = 250 * 1024 ** 2

/** Writes the page and says where it is. Throws RunError where no complete hour is stored. */
export async function report(options: ReportOptions, run: Run): Promise<void> {
  const { signal } = run
  const cluster = await resolveCluster(options.rollups, options.cluster, signal)
  const { data, notes } = await addUp(options, cluster, signal)
  const title = options.title === null ? {} : { title: options.title }
  const page = new TextEncoder().encode(renderReport(data, { ...options.price, ...title }))
  const { location, key } = options.out
  await location.store.write(key, page, { signal })
  if (!options.quiet) for (const note of notes) process.stderr.write(`note: ${printable(note)}\n`)
  const place = location.store.describe(key)
  process.stdout.write(
    options.json
      ? `${canonicalJson(headlineJson(data, options, place))}\n`
      : `Report  ${printable(fromHere(place))} (${formatBytes(page.length)}): ${printable(headline(data, options))}\n`,
  )
}

interface AddedUp {
  readonly data: ReportData
  readonly notes: readonly string[]
}

async function addUp(options: ReportOptions, cluster: string, signal: AbortSignal): Promise<AddedUp> {
  const interval = options.interval ?? (await storedInterval(options, cluster, signal))
  // Without any stored hour openHours says so; the range is of no matter then.
  const { from, until } = interval ?? { from: 0 as Hour, until: HOUR_SECONDS as Hour }
  const totals = new ReportTotals({ cluster, from, to: until })
  const hours = await openHours(options.rollups, {
    cluster,
    interval,
    rollups: true,
    details: ['ledger_workload'],
    functions: '',
    progress: options.quiet ? null : process.stderr,
    memoryBytes: MEMORY_BYTES,
    onLedger: ledger => totals.addLedger(ledger),
    signal,
  })
  try {
    const notes = [...hours.notes, ...(await addEarlier(totals, options, cluster, { from, until }, signal))]
    await addRows(totals, hours, { from, until }, signal)
    return { data: totals.close(), notes }
  } finally {
    hours.database.close()
  }
}

/** From the first stored hour to the last. */
async function storedInterval(
  { rollups }: ReportOptions,
  cluster: string,
  signal: AbortSignal,
): Promise<HourInterval | null> {
  const { hours } = await findHours(rollups, cluster, null, { signal })
  const [first, last] = [hours[0], hours.at(-1)]
  if (first === undefined || last === undefined) return null
  return { from: first.hour, until: (last.hour + HOUR_SECONDS) as Hour }
}

async function addRows(
  totals: ReportTotals,
  { database }: OpenHours,
  interval: HourInterval,
  signal: AbortSignal,
): Promise<void> {
  for await (const group of readGroups(database, interval)) {
    signal.throwIfAborted()
    totals.addGroup(group)
  }
}

/** The hours before, as many. One that can't be read is as if it weren't there, and noted. */
async function addEarlier(
  totals: ReportTotals,
  { rollups, interval }: ReportOptions,
  cluster: string,
  { from, until }: HourInterval,
  signal: AbortSignal,
): Promise<string[]> {
  const start = from - (until - from)
  // All that is stored has nothing before it.
  if (interval === null || start < 0) return []
  const earlier = await findHours(rollups, cluster, { from: start as Hour, until: from }, { signal })
  try {
    for await (const { books } of readLedgers(rollups, cluster, earlier.hours, { signal })) {
      totals.addEarlierLedger(books)
    }
    return []
  } catch (error) {
    if (!(error instanceof RunError)) throw error
    return [`the hours before aren't compared with all they have: ${error.message}`]
  }
}

function headline(data: ReportData, { price }: ReportOptions): string {
  const { bytes } = data.accounts.crossZone
  const hours = data.hours.length === 1 ? 'one hour' : `${data.hours.length.toLocaleString('en-US')} hours`
  return `${formatBytes(bytes)} across zones in ${hours}, ${formatUsd(usdOf(bytes, price.usdPerGb, price.gb))}`
}

function headlineJson(data: ReportData, { price }: ReportOptions, place: string): Json {
  const usd = (bytes: bigint) => usdOf(bytes, price.usdPerGb, price.gb)
  const { crossZone, sameZone } = data.accounts
  const savings = new Map<string, bigint>()
  for (const { kind, bytes } of data.advice.actions) savings.set(kind, (savings.get(kind) ?? 0n) + bytes)
  return {
    report: place,
    cluster: data.cluster,
    from: formatHour(data.from),
    to: formatHour(data.to),
    hours: data.hours.length,
    crossZoneBytes: integer(crossZone.bytes),
    sameZoneBytes: integer(sameZone.bytes),
    usd: usd(crossZone.bytes),
    savings: Object.fromEntries(
      [...savings].map(([kind, bytes]) => [kind, { bytes: integer(bytes), usd: usd(bytes) }]),
    ),
  }
}

function integer(value: bigint): Json {
  return value > 2n ** 53n ? value.toString() : Number(value)
}

// A path below the working directory as one would type it; any other as it is.
function fromHere(place: string): string {
  const here = `${process.cwd()}${sep}`
  return place.startsWith(here) ? place.slice(here.length) : place
}
