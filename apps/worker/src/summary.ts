// What a person wants to know of an hour, as text for a terminal; and the same as one JSON line for a program.

import { sep } from 'node:path'
import { layOut, wrap } from '@zonetoll/command'
import {
  compareText,
  formatBytes,
  formatCount,
  formatHour,
  formatSeconds,
  formatShare,
  formatUsd,
  usdOf,
  type Account,
  type Json,
  type Totals,
  type ZonePair,
} from '@zonetoll/model'
import type { MadeHour } from './make-hour.ts'
import { DEFAULT_ROLLUPS } from './options.ts'

/** Why bytes of the hour have no row with two known ends, in the words of a person. */
const UNATTRIBUTED: readonly (readonly [Account, string])[] = [
  ['unknownSource', 'nothing known held the source address'],
  ['unknownDestination', 'nothing known held the private destination address'],
]

/** Before the lines of a section. */
const INDENT = '  '

/** Bytes that the clusters' own interfaces sent in the hour, each counted once. */
const SENT: readonly Account[] = ['unknownSource', 'outside', 'unknownDestination', 'sameZone', 'crossZone']

/** The summary of one hour; `width` is the terminal's in columns. */
export function formatSummary(
  made: MadeHour,
  options: { readonly sample: boolean; readonly rollups: string; readonly width: number },
): string {
  const { accounts } = made.accounts
  const inner = options.width - INDENT.length
  const sections = [
    headline(made, options),
    section('Zone by zone (rows send to columns)', zoneMatrix(made.accounts.zones, inner)),
  ]
  if (made.topPairs.length > 0) sections.push(section('Top pairs across zones', topPairs(made, inner)))
  sections.push(section('Not attributed', unattributed(accounts, inner)))
  sections.push(section('Read', readLines(made, inner)))
  sections.push(
    [
      `Rollup  ${fromHere(made.published.rollup)}`,
      `Ledger  ${fromHere(made.published.ledger)}`,
      made.page === null
        ? `Report  ${reportCommand(made, options.rollups)}`
        : `Report  ${fromHere(made.page)}`,
    ].join('\n'),
  )
  return `${sections.join('\n\n')}\n`
}

// What draws the hour; as a shell takes it.
function reportCommand({ hour, cluster }: MadeHour, rollups: string): string {
  const place = rollups === DEFAULT_ROLLUPS ? '' : ` --rollups ${quoted(rollups)}`
  return `pnpm report --hour ${formatHour(hour)}${place} --cluster ${quoted(cluster)}`
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

// A path below the working directory as one would type it; any other as it is.
function fromHere(place: string): string {
  const here = `${process.cwd()}${sep}`
  return place.startsWith(here) ? place.slice(here.length) : place
}

function headline(
  made: MadeHour,
  { sample, width }: { readonly sample: boolean; readonly width: number },
): string {
  const { crossZone, sameZone } = made.accounts.accounts
  const known = crossZone.bytes + sameZone.bytes
  const share =
    known === 0n ? '' : `, ${formatShare(crossZone.bytes, known)} of what known endpoints sent each other`
  const note = sample ? ' (the bundled sample, not your data)' : ''
  const cost = `${formatUsd(usdOf(crossZone.bytes))} at $0.02 a GiB`
  return [
    ...wrap(`Cluster ${made.cluster}, hour ${formatHour(made.hour)} UTC${note}`, width, INDENT),
    '',
    ...wrap(`Across zones: ${formatBytes(crossZone.bytes)}, ${cost}${share}`, width, INDENT),
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map(line => INDENT + line)].join('\n')
}

// A person reads no more; the ledger has all.
const MOST_ZONES = 16
const MOST_ZONE_PAIRS = 60

function zoneMatrix(zones: readonly ZonePair[], width: number): string[] {
  const names = [...new Set(zones.flatMap(({ source, destination }) => [source, destination]))].sort(
    compareText,
  )
  if (names.length === 0) return ['no traffic between known endpoints']
  const cell = (source: string, destination: string) => {
    const pair = zones.find(zone => zone.source === source && zone.destination === destination)
    return pair === undefined ? '-' : formatBytes(pair.bytes)
  }
  if (names.length <= MOST_ZONES) {
    const rows = names.map(source =>
      [source as string].concat(names.map(destination => cell(source, destination))),
    )
    const matrix = layOut([['', ...names], ...rows], { left: 1 })
    if (matrix.every(line => line.length <= width)) return matrix
  }
  const left = zones.length - MOST_ZONE_PAIRS
  if (left > 0) {
    const greatest = zones.toSorted((a, b) => Number(b.bytes - a.bytes)).slice(0, MOST_ZONE_PAIRS)
    return [...zoneList(greatest, width), `and ${formatCount(left)} more, see the ledger`]
  }
  return zoneList(zones, width)
}

function zoneList(zones: readonly ZonePair[], width: number): string[] {
  const pairs = zones.map(({ source, destination, bytes }) => [source, destination, formatBytes(bytes)])
  return layOut([['from', 'to', 'bytes'], ...pairs], { left: 2, width })
}

function topPairs(made: MadeHour, width: number): string[] {
  const rows = made.topPairs.map(({ source, destination, bytes }) => [
    source,
    destination,
    formatBytes(bytes),
    formatUsd(usdOf(bytes)),
  ])
  return layOut([['from', 'to', 'bytes', 'cost'], ...rows], { left: 2, width })
}

function unattributed(accounts: Readonly<Record<Account, Totals>>, width: number): string[] {
  const sent = sumBytes(accounts, SENT)
  const missing = sumBytes(
    accounts,
    UNATTRIBUTED.map(([account]) => account),
  )
  if (missing === 0n) return [`0 % of ${formatBytes(sent)} sent`]
  const reasons = UNATTRIBUTED.filter(([account]) => accounts[account].bytes > 0n).map(([account, why]) => [
    formatShare(accounts[account].bytes, sent),
    formatBytes(accounts[account].bytes),
    `${account}: ${why}`,
  ])
  return [
    `${formatShare(missing, sent)} of ${formatBytes(sent)} sent`,
    ...layOut(reasons, { left: 0, last: 'left' }).flatMap(line => wrap(line, width, INDENT)),
  ]
}

function readLines(made: MadeHour, width: number): string[] {
  const { read, accounts } = made.accounts
  const skipped = made.objects.filter(({ problem }) => problem !== null).length
  const lines = [
    `${counted(read.records, 'line')} of ${counted(made.objects.length - skipped, 'object')}, ` +
      `each in one account of the ledger; ${counted(made.rows, 'row')} written`,
  ]
  if (skipped > 0) lines.push(`${counted(skipped, 'object')} left out, see the ledger`)
  if (accounts.malformed.records > 0n) lines.push(counted(accounts.malformed.records, 'malformed line'))
  if (accounts.skipData.records > 0n) {
    lines.push(`${counted(accounts.skipData.records, 'line')} saying that AWS lost records (SKIPDATA)`)
  }
  if (made.emptySlots.length > 0) {
    lines.push(
      `no objects in ${made.emptySlots.length} of 12 slots: ${made.emptySlots.map(formatSlot).join(', ')}`,
    )
  }
  return lines.flatMap(line => wrap(line, width, INDENT))
}

/** `1 row`, `1,234 rows`. */
function counted(count: bigint | number, what: string): string {
  return `${formatCount(count)} ${what}${Number(count) === 1 ? '' : 's'}`
}

function formatSlot(slot: number): string {
  return formatSeconds(slot).slice(11, 16)
}

/** Of the bytes that the clusters' own interfaces sent, the part with an end that nobody is known to have held: 0 to 1. */
export function unattributedShare(accounts: Readonly<Record<Account, Totals>>): number {
  const missing = sumBytes(
    accounts,
    UNATTRIBUTED.map(([account]) => account),
  )
  return missing === 0n ? 0 : Number(missing) / Number(sumBytes(accounts, SENT))
}

function sumBytes(accounts: Readonly<Record<Account, Totals>>, names: readonly Account[]): bigint {
  return names.reduce((sum, name) => sum + accounts[name].bytes, 0n)
}

/** One hour as JSON: raw numbers (strings above 2^53), where its files are, and what to be wary of. */
export function summaryJson(made: MadeHour, sample: boolean): Json {
  const { accounts, zones } = made.accounts
  const { crossZone, sameZone } = accounts
  return {
    hour: formatHour(made.hour),
    cluster: made.cluster,
    sample,
    rollup: made.published.rollup,
    ledger: made.published.ledger,
    ...(made.page === null ? {} : { report: made.page }),
    rows: made.rows,
    crossZoneBytes: integer(crossZone.bytes),
    sameZoneBytes: integer(sameZone.bytes),
    unattributedBytes: integer(accounts.unknownSource.bytes + accounts.unknownDestination.bytes),
    usd: usdOf(crossZone.bytes),
    records: integer(made.accounts.read.records),
    zones: zones.map(({ source, destination, bytes }) => ({ source, destination, bytes: integer(bytes) })),
    objects: made.objects.length,
    objectsLeftOut: made.objects.filter(({ problem }) => problem !== null).length,
    emptySlots: made.emptySlots.map(formatSeconds),
    warnings: made.warnings,
  }
}

function integer(value: bigint): Json {
  return value > 2n ** 53n ? value.toString() : Number(value)
}
