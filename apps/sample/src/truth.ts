// The truth about a data set: what each of its hours must come to, counted while its lines are made.
//
// A line is made for an account: this only adds it up. So it shares nothing with what reads the lines, and whoever
// tests a reader compares with it. Counting is contract, section 4.
//
//   accounts     Float64   [hour][account][records, bytes, packets]   an hour is its number + 1: one before, one after
//   handedOver   Float64   [hour][records, bytes, packets]
//   zones        Float64   [hour][source * 3 + destination][records, bytes, packets]
//   pairs        Float64   by hour: [number in IdentityPairs][records, bytes, packets], as long as it must be

import { ACCOUNTS, canonicalJson, formatSeconds, type Account, type EndpointKind } from '@zonetoll/model'
import type { IdentityPairs } from './identity-pairs.ts'
import { ZONES } from './network.ts'
import { SLOT_SECONDS, type ObjectPlan } from './objects.ts'

const HOUR = 3600
/** Minutes after an hour's end whose slots are read with it, as `pnpm start` does unless told otherwise. */
export const SETTLE_MINUTES = 20

const ACCOUNT_COUNT = ACCOUNTS.length
const ZONE_PAIRS = ZONES.length ** 2

export interface TruthTotals {
  readonly records: number
  readonly bytes: number
  readonly packets: number
}

export interface TruthIdentity {
  readonly kind: EndpointKind
  readonly namespace: string | null
  readonly workload: string | null
}

export interface TruthHour {
  readonly hour: string
  readonly read: TruthTotals
  readonly accounts: Readonly<Record<Account, TruthTotals>>
  readonly handedOver: TruthTotals
  readonly cutAssignments: number
  /** Same-zone pairs too. */
  readonly zones: readonly (TruthTotals & { readonly source: string; readonly destination: string })[]
  /** Cross-zone only; endpoints that aren't pods are told apart by kind alone. */
  readonly pairs: readonly (TruthTotals & {
    readonly source: TruthIdentity
    readonly destination: TruthIdentity
  })[]
}

export interface TruthObject {
  readonly key: string
  readonly slot: string
  readonly lines: number
}

/** What `truth.json` says. */
export interface TruthFile {
  readonly version: 1
  readonly cluster: string
  /** An hour's objects: those of its slots, of the one before, and of so many minutes after. */
  readonly settle: number
  readonly hours: readonly TruthHour[]
  readonly objects: readonly TruthObject[]
}

/** One object's lines: those with a record by the hour of their start, the others by kind. */
export interface ObjectTally {
  readonly plan: ObjectPlan
  /** The hour before the object's own, that hour, the one after: [records, bytes, packets] of each. */
  readonly records: Float64Array
  readonly firstHour: number
  malformed: number
  skipData: number
  noData: number
}

export class Truth {
  readonly #start: number
  readonly #hours: number
  readonly #accounts: Float64Array
  readonly #handedOver: Float64Array
  readonly #zones: Float64Array
  readonly #pairs: Float64Array[]
  readonly #tallies: ObjectTally[] = []
  readonly #cutAssignments: number[] = []

  constructor(start: number, hours: number) {
    this.#start = start
    this.#hours = hours
    this.#accounts = new Float64Array((hours + 2) * ACCOUNT_COUNT * 3)
    this.#handedOver = new Float64Array((hours + 2) * 3)
    this.#zones = new Float64Array((hours + 2) * ZONE_PAIRS * 3)
    this.#pairs = Array.from({ length: hours + 2 }, () => new Float64Array(0))
  }

  /** Begins the count of one object. */
  tally(plan: ObjectPlan): ObjectTally {
    const firstHour = this.#hourOf(plan.from) - 1
    const tally = { plan, records: new Float64Array(9), firstHour, malformed: 0, skipData: 0, noData: 0 }
    this.#tallies.push(tally)
    return tally
  }

  /** Adds a record to the account that it was made for, in the hour of its start. */
  addRecord(tally: ObjectTally, start: number, account: number, bytes: number, packets: number): void {
    const hour = this.#hourOf(start)
    add(this.#accounts, (hour * ACCOUNT_COUNT + account) * 3, bytes, packets)
    add(tally.records, (hour - tally.firstHour) * 3, bytes, packets)
  }

  addHandedOver(start: number, bytes: number, packets: number): void {
    add(this.#handedOver, this.#hourOf(start) * 3, bytes, packets)
  }

  /** Adds a record whose two ends are known to its zones and, with `identities` of 0 or more, to its identities. */
  addPair(start: number, zones: number, identities: number, bytes: number, packets: number): void {
    const hour = this.#hourOf(start)
    add(this.#zones, (hour * ZONE_PAIRS + zones) * 3, bytes, packets)
    if (identities < 0) return
    let totals = this.#pairs[hour]!
    if (identities * 3 >= totals.length) {
      const larger = new Float64Array(Math.max(384, identities * 6))
      larger.set(totals)
      totals = larger
      this.#pairs[hour] = larger
    }
    add(totals, identities * 3, bytes, packets)
  }

  /** Says how many assignments of an hour must end where a later one begins; hours count from 0. */
  setCutAssignments(hour: number, count: number): void {
    this.#cutAssignments[hour] = count
  }

  /** Throws RangeError where a sum is too large to be exact. */
  toFile(cluster: string, identityPairs: IdentityPairs): TruthFile {
    const tallies = this.#tallies.toSorted((a, b) => a.plan.index - b.plan.index)
    const identities = [...identityPairs.pairs()]
    return {
      version: 1,
      cluster,
      settle: SETTLE_MINUTES,
      hours: Array.from({ length: this.#hours }, (_, hour) => this.#hour(hour, tallies, identities)),
      objects: tallies.map(tally => ({
        key: tally.plan.key,
        slot: formatSeconds(tally.plan.slot),
        lines: tally.plan.records,
      })),
    }
  }

  #hour(
    hour: number,
    tallies: readonly ObjectTally[],
    identities: readonly (readonly [TruthIdentity, TruthIdentity])[],
  ): TruthHour {
    const begin = this.#start + hour * HOUR
    const firstSlot = begin - SLOT_SECONDS
    const lastSlot = begin + HOUR + SETTLE_MINUTES * 60
    const read = tallies.filter(({ plan }) => plan.slot >= firstSlot && plan.slot <= lastSlot)
    const row = hour + 1
    const lines = (count: (tally: ObjectTally) => number) => ({
      records: read.reduce((lineCount, tally) => lineCount + count(tally), 0),
      bytes: 0,
      packets: 0,
    })
    const accounts = Object.fromEntries(
      ACCOUNTS.map((account, at) => [account, totalsAt(this.#accounts, (row * ACCOUNT_COUNT + at) * 3)]),
    ) as Record<Account, TruthTotals>
    accounts.malformed = lines(tally => tally.malformed)
    accounts.skipData = lines(tally => tally.skipData)
    accounts.noData = lines(tally => tally.noData)
    accounts.otherHour = sumOf(
      read.flatMap(({ records, firstHour }) =>
        [0, 1, 2].flatMap(at => (firstHour + at === row ? [] : [totalsAt(records, at * 3)])),
      ),
    )
    return {
      hour: formatSeconds(begin),
      read: sumOf(Object.values(accounts)),
      accounts,
      handedOver: totalsAt(this.#handedOver, row * 3),
      cutAssignments: this.#cutAssignments[hour] ?? 0,
      zones: this.#zonesOf(row),
      pairs: identities.flatMap(([source, destination], number) => {
        const totals = this.#pairs[row]!
        if (number * 3 >= totals.length || totals[number * 3] === 0) return []
        return [{ source, destination, ...totalsAt(totals, number * 3) }]
      }),
    }
  }

  #zonesOf(row: number): TruthHour['zones'] {
    const zones: TruthHour['zones'][number][] = []
    for (const [from, source] of ZONES.entries()) {
      for (const [to, destination] of ZONES.entries()) {
        const totals = totalsAt(this.#zones, (row * ZONE_PAIRS + from * ZONES.length + to) * 3)
        if (totals.records > 0) zones.push({ source: source.id, destination: destination.id, ...totals })
      }
    }
    return zones
  }

  // 0 for the hour before the data set.
  #hourOf(seconds: number): number {
    return Math.floor((seconds - this.#start) / HOUR) + 1
  }
}

/** The text of `truth.json`. */
export function formatTruth(truth: TruthFile): string {
  return `${canonicalJson(truth as unknown as Parameters<typeof canonicalJson>[0])}\n`
}

function add(totals: Float64Array, at: number, bytes: number, packets: number): void {
  totals[at]! += 1
  totals[at + 1]! += bytes
  totals[at + 2]! += packets
}

function totalsAt(totals: Float64Array, at: number): TruthTotals {
  const [records, bytes, packets] = [totals[at]!, totals[at + 1]!, totals[at + 2]!]
  // Below 2^53 every sum on the way was exact.
  if (bytes > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(
      `the bytes of one hour add up to ${bytes}, too many to count exactly: ask for fewer records`,
    )
  }
  return { records, bytes, packets }
}

function sumOf(totals: readonly TruthTotals[]): TruthTotals {
  return totals.reduce(
    (all, one) => ({
      records: all.records + one.records,
      bytes: all.bytes + one.bytes,
      packets: all.packets + one.packets,
    }),
    { records: 0, bytes: 0, packets: 0 },
  )
}
