// One hour's totals: every record into exactly one account, cross-zone pairs into rows.
//
//   batch row -> in the hour? -> egress? -> accepted? -> source -> relayed? -> destination -> zones -> pair
//
// Counting is contract, section 4; the first account that applies counts. Sums are exact integers at any size. The
// order of batches makes no difference, and rollups of parts of an hour merge to what one rollup would have.

import { NONE, type Timeline } from '@zonetoll/assignments'
import {
  DESTINATION_IPV6,
  DESTINATION_UNREADABLE,
  INGRESS,
  REJECTED,
  SOURCE_IPV6,
  SOURCE_UNREADABLE,
  type LineCounts,
  type RecordBatch,
} from '@zonetoll/flowlog'
import {
  ACCOUNTS,
  compareText,
  HOUR_SECONDS,
  type Account,
  type Hour,
  type HourAccounts,
  type Totals,
  type ZoneId,
  type ZonePair,
} from '@zonetoll/model'
import type { Attribution } from './attribution.ts'
import { FlowLogOverlap, type Overlap } from './flow-log-overlap.ts'
import { PairTable } from './pair-table.ts'
import { isPublic4, isPublic6 } from './public-address.ts'
import { sortedRows, type RollupRows } from './rollup-rows.ts'
import { sumTotals, TotalsTable } from './totals-table.ts'
import { countWorkloads } from './workloads.ts'

/** The books don't balance: a broken promise of ours. No rollup is better than a wrong one. */
export class BalanceError extends Error {
  override readonly name = 'BalanceError'
}

export interface ClosedRollup {
  readonly rows: RollupRows
  readonly accounts: HourAccounts
  /** Interfaces that two flow logs logged: their bytes are in the totals twice. */
  readonly overlaps: readonly Overlap[]
}

const ACCOUNT = Object.fromEntries(ACCOUNTS.map((account, at) => [account, at])) as Record<Account, number>
const { malformed, skipData, noData, otherHour, ingress, rejected, unknownSource } = ACCOUNT
const { relayed, outside, unknownDestination, sameZone, crossZone } = ACCOUNT
const READ = ACCOUNTS.length
const HANDED_OVER = READ + 1

export class HourRollup {
  readonly #hour: Hour
  readonly #attribution: Attribution
  readonly #timeline: Timeline
  readonly #allPairs: boolean
  readonly #totals = new TotalsTable(HANDED_OVER + 1)
  readonly #pairs = new PairTable()
  readonly #zonePairs = new PairTable()
  readonly #overlap = new FlowLogOverlap()
  // The entry of the address that was looked up last: what isRelayed and the memo ask about.
  #entry: number = NONE

  constructor(hour: Hour, attribution: Attribution, options: { readonly allPairs: boolean }) {
    this.#hour = hour
    this.#attribution = attribution
    this.#timeline = attribution.timeline
    this.#allPairs = options.allPairs
  }

  /** Adds the records of a batch, which the flow log of that number delivered. */
  add(batch: RecordBatch, flowLog: number): void {
    const totals = this.#totals
    const { byteWords, packetWords } = batch
    const from = this.#hour * 1000
    const until = from + HOUR_SECONDS * 1000
    for (let row = 0; row < batch.count; row++) {
      const start = batch.start[row]!
      const flags = batch.flags[row]!
      totals.addRecord(READ, byteWords, packetWords, row * 2)
      let account = otherHour
      if (start >= from && start < until) {
        const logging = batch.interface[row]!
        if (logging >= 0) this.#overlap.add(logging, flowLog)
        account =
          (flags & INGRESS) !== 0
            ? ingress
            : (flags & REJECTED) !== 0
              ? rejected
              : this.#attribute(batch, row)
      }
      totals.addRecord(account, byteWords, packetWords, row * 2)
    }
  }

  /** Adds the lines of an object that didn't become records. */
  addLines(counts: LineCounts): void {
    for (const [account, lines] of [
      [malformed, counts.malformed],
      [skipData, counts.skipData],
      [noData, counts.noData],
    ] as const) {
      this.#totals.addEmpty(account, lines)
      this.#totals.addEmpty(READ, lines)
    }
  }

  /** Adds what another rollup of the same hour and attribution has. */
  merge(other: HourRollup): void {
    for (let row = 0; row <= HANDED_OVER; row++) this.#totals.addRow(row, other.#totals, row)
    addPairs(this.#pairs, other.#pairs)
    addPairs(this.#zonePairs, other.#zonePairs)
    this.#overlap.merge(other.#overlap)
  }

  /** The rows, sorted, and the accounts. Throws BalanceError where they don't add up. */
  close(): ClosedRollup {
    const accounts = Object.fromEntries(
      ACCOUNTS.map((account, at) => [account, this.#totals.totals(at)]),
    ) as Record<Account, Totals>
    const read = this.#totals.totals(READ)
    const zones = this.#zones()
    const pairs = sumTotals(
      Array.from({ length: this.#pairs.size }, (_, pair) => this.#pairs.totals.totals(pair)),
    )
    const rowAccounts = this.#allPairs ? [accounts.crossZone, accounts.sameZone] : [accounts.crossZone]
    mustBalance('accounts', sumTotals(Object.values(accounts)), 'lines read', read)
    mustBalance(
      'zones',
      sumTotals(zones),
      'sameZone + crossZone',
      sumTotals([accounts.sameZone, accounts.crossZone]),
    )
    mustBalance('rows', pairs, 'crossZone (+ sameZone)', sumTotals(rowAccounts))
    return {
      rows: sortedRows(this.#hour, this.#pairs, this.#timeline.endpoints),
      accounts: {
        read,
        accounts,
        handedOver: this.#totals.totals(HANDED_OVER),
        cutAssignments: this.#timeline.cutAssignments,
        zones,
        workloads: countWorkloads(this.#timeline, this.#hour),
      },
      overlaps: [...this.#overlap.overlaps()],
    }
  }

  // The account of an accepted egress record of the hour; a pair's totals are added here.
  #attribute(batch: RecordBatch, row: number): number {
    const timeline = this.#timeline
    const flags = batch.flags[row]!
    const start = batch.start[row]!
    const until = batch.until[row]!
    const sourceFamily = (flags & SOURCE_UNREADABLE) !== 0 ? 0 : (flags & SOURCE_IPV6) !== 0 ? 6 : 4
    const source = this.#lookUp(batch.source, row, sourceFamily, start, until)
    const sourceEntry = this.#entry
    const destinationFamily =
      (flags & DESTINATION_UNREADABLE) !== 0 ? 0 : (flags & DESTINATION_IPV6) !== 0 ? 6 : 4
    const destination = this.#lookUp(batch.destination, row, destinationFamily, start, until)
    const destinationEntry = this.#entry
    if (
      (sourceEntry !== NONE && timeline.handedOver(sourceEntry, start, until)) ||
      (destinationEntry !== NONE && timeline.handedOver(destinationEntry, start, until))
    ) {
      this.#totals.addRecord(HANDED_OVER, batch.byteWords, batch.packetWords, row * 2)
    }

    if (source === NONE) return unknownSource
    if (this.#attribution.isRelayed(batch, row, source, sourceEntry, start, until)) return relayed
    if (destination === NONE) {
      return isPublic(batch.destination, row, destinationFamily) ? outside : unknownDestination
    }
    const sourceZone = this.#attribution.zoneOf[source]!
    const destinationZone = this.#attribution.zoneOf[destination]!
    const zonePair = this.#zonePairs.add(sourceZone, destinationZone)
    this.#zonePairs.totals.addRecord(zonePair, batch.byteWords, batch.packetWords, row * 2)
    const crosses = sourceZone !== destinationZone
    if (crosses || this.#allPairs) {
      const pair = this.#pairs.add(source, destination)
      this.#pairs.totals.addRecord(pair, batch.byteWords, batch.packetWords, row * 2)
    }
    return crosses ? crossZone : sameZone
  }

  // Who held an address in a window; leaves the address's entry in #entry.
  #lookUp(words: Uint32Array, row: number, family: 0 | 4 | 6, start: number, until: number): number {
    const timeline = this.#timeline
    this.#entry = NONE
    if (family === 0) return NONE
    const at = row * 4
    const entry = family === 4 ? timeline.find4(words[at]!) : timeline.find6(words, at)
    this.#entry = entry
    const holder = entry === NONE ? NONE : timeline.holder(entry, start, until)
    if (holder !== NONE) return holder
    return family === 4 ? timeline.subnet4(words[at]!) : timeline.subnet6(words, at)
  }

  #zones(): ZonePair[] {
    const { zones } = this.#attribution.tokens
    const pairs = Array.from({ length: this.#zonePairs.size }, (_, pair) => ({
      source: zones.token(this.#zonePairs.source(pair)) as ZoneId,
      destination: zones.token(this.#zonePairs.destination(pair)) as ZoneId,
      ...this.#zonePairs.totals.totals(pair),
    }))
    return pairs.sort((a, b) => compareText(a.source, b.source) || compareText(a.destination, b.destination))
  }
}

function isPublic(words: Uint32Array, row: number, family: 0 | 4 | 6): boolean {
  if (family === 0) return false
  return family === 4 ? isPublic4(words[row * 4]!) : isPublic6(words, row * 4)
}

function addPairs(into: PairTable, other: PairTable): void {
  for (let pair = 0; pair < other.size; pair++) {
    into.totals.addRow(into.add(other.source(pair), other.destination(pair)), other.totals, pair)
  }
}

function mustBalance(what: string, sum: Totals, against: string, expected: Totals): void {
  for (const column of ['records', 'bytes', 'packets'] as const) {
    if (sum[column] !== expected[column]) {
      throw new BalanceError(
        `the books don't balance: ${what} have ${sum[column]} ${column}, ${against} ${expected[column]}. ` +
          `This is an error of Zonetoll's; nothing was written.`,
      )
    }
  }
}
