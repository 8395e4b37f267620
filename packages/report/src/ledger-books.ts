// The ledgers of a page's hours, added up.

import {
  ACCOUNTS,
  canonicalJson,
  compareText,
  formatHour,
  HOUR_SECONDS,
  type Account,
  type Hour,
  type LedgerOptions,
  type Totals,
  type UnixSeconds,
  type ZoneId,
  type ZonePair,
} from '@zonetoll/model'
import type {
  EarlierHours,
  Gap,
  HourFigures,
  ObjectProblem,
  ReportData,
  ReportLedger,
  ReportRange,
} from './report-data.ts'

const NOTHING: Totals = { records: 0n, bytes: 0n, packets: 0n }

/** Accounts whose bytes the cluster's own interfaces sent in the hour, each byte once. */
export const SENT: readonly Account[] = [
  'crossZone',
  'sameZone',
  'outside',
  'unknownSource',
  'unknownDestination',
]

/** Those of them whose two ends aren't both known, though both should be. */
export const UNATTRIBUTED: readonly Account[] = ['unknownSource', 'unknownDestination']

/** The part of the page's data that ledgers say. */
export type LedgerSums = Omit<ReportData, keyof ReportRange | 'pairs' | 'advice'>

export class LedgerBooks {
  readonly #range: ReportRange
  readonly #hours = new Map<Hour, HourFigures>()
  readonly #earlier = new Map<Hour, bigint>()
  readonly #accounts = new Map<Account, Totals>()
  readonly #zones = new Map<ZoneId, Map<ZoneId, ZonePair>>()
  readonly #problems: ObjectProblem[] = []
  readonly #emptySlots: UnixSeconds[] = []
  readonly #options = new Map<string, LedgerOptions>()
  #read = NOTHING
  #handedOver = NOTHING
  #cutAssignments = 0
  #objects = 0

  constructor(range: ReportRange) {
    this.#range = range
  }

  /** Throws for another cluster's ledger, an hour outside the range, and a second ledger of an hour. */
  add(ledger: ReportLedger): void {
    const { hour, accounts } = ledger
    const { from, to } = this.#range
    this.#checkCluster(ledger)
    if (hour < from || hour >= to) {
      throw new RangeError(
        `the ledger of ${formatHour(hour)} isn't of the page's hours: expected one from ${formatHour(from)} to before ${formatHour(to)}`,
      )
    }
    if (this.#hours.has(hour))
      throw new RangeError(`two ledgers of ${formatHour(hour)}: expected one an hour`)
    this.#hours.set(hour, {
      hour,
      crossZone: accounts.crossZone.bytes,
      sameZone: accounts.sameZone.bytes,
      unattributed: bytesIn(accounts, UNATTRIBUTED),
      sent: bytesIn(accounts, SENT),
    })
    for (const account of ACCOUNTS) {
      this.#accounts.set(account, plus(this.#accounts.get(account), accounts[account]))
    }
    for (const zones of ledger.zones) this.#addZones(zones)
    for (const { key, problem } of ledger.objects) {
      if (problem !== null) this.#problems.push({ hour, key, problem })
    }
    this.#emptySlots.push(...ledger.emptySlots)
    this.#options.set(canonicalJson({ ...ledger.options }), ledger.options)
    this.#read = plus(this.#read, ledger.read)
    this.#handedOver = plus(this.#handedOver, ledger.handedOver)
    this.#cutAssignments += ledger.cutAssignments
    this.#objects += ledger.objects.length
  }

  /** A ledger of the hours before the page's, to compare with. */
  addEarlier(ledger: ReportLedger): void {
    this.#checkCluster(ledger)
    this.#earlier.set(ledger.hour, ledger.accounts.crossZone.bytes)
  }

  close(): LedgerSums {
    const hours = [...this.#hours.values()].sort((a, b) => a.hour - b.hour)
    return {
      hours,
      gaps: this.#gaps(hours),
      earlier: this.#compared(hours),
      read: this.#read,
      accounts: Object.fromEntries(
        ACCOUNTS.map(account => [account, this.#accounts.get(account) ?? NOTHING]),
      ) as Record<Account, Totals>,
      handedOver: this.#handedOver,
      cutAssignments: this.#cutAssignments,
      zones: [...this.#zones.values()]
        .flatMap(pairs => Array.from(pairs.values()))
        .sort((a, b) => compareText(a.source, b.source) || compareText(a.destination, b.destination)),
      objects: this.#objects,
      problems: this.#problems.sort((a, b) => a.hour - b.hour || compareText(a.key, b.key)),
      emptySlots: this.#emptySlots.sort((a, b) => a - b),
      options: [...this.#options].sort(([a], [b]) => compareText(a, b)).map(([, options]) => options),
    }
  }

  #checkCluster({ cluster, hour }: ReportLedger): void {
    if (cluster === this.#range.cluster) return
    throw new RangeError(
      `the ledger of ${formatHour(hour)} is of cluster ${JSON.stringify(cluster)}: expected ${JSON.stringify(this.#range.cluster)}`,
    )
  }

  #addZones(zones: ZonePair): void {
    const { source, destination } = zones
    let pairs = this.#zones.get(source)
    if (pairs === undefined) {
      pairs = new Map()
      this.#zones.set(source, pairs)
    }
    pairs.set(destination, { source, destination, ...plus(pairs.get(destination), zones) })
  }

  #gaps(hours: readonly HourFigures[]): Gap[] {
    const gaps: Gap[] = []
    let reached = this.#range.from
    for (const next of [...hours.map(({ hour }) => hour), this.#range.to]) {
      if (next > reached) gaps.push({ from: reached, until: next })
      reached = (next + HOUR_SECONDS) as Hour
    }
    return gaps
  }

  #compared(hours: readonly HourFigures[]): EarlierHours {
    const length = this.#range.to - this.#range.from
    const found = hours.flatMap(({ hour }) => this.#earlier.get((hour - length) as Hour) ?? [])
    return { found: found.length, crossZone: found.reduce((sum, bytes) => sum + bytes, 0n) }
  }
}

export function bytesIn(accounts: Readonly<Record<Account, Totals>>, names: readonly Account[]): bigint {
  return names.reduce((sum, name) => sum + accounts[name].bytes, 0n)
}

function plus(sum: Totals = NOTHING, { records, bytes, packets }: Totals): Totals {
  return {
    records: sum.records + records,
    bytes: sum.bytes + bytes,
    packets: sum.packets + packets,
  }
}
