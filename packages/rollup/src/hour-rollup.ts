// One hour's totals: every record into exactly one account, cross-zone pairs into rows.
//
//   batch -> in the hour? egress? accepted? -> selected rows -> attribution -> zone pairs, pairs
//
// Counting is contract, section 4; the first account that applies counts. Sums are exact integers at any size. The
// order of batches makes no difference, and rollups of parts of an hour merge to what one rollup would have.

import type { Timeline } from '@zonetoll/assignments'
import { INGRESS, REJECTED, type LineCounts, type RecordBatch } from '@zonetoll/flowlog'
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
import { ACCOUNT } from './account-codes.ts'
import type { Attribution, Attributed } from './attribution.ts'
import { FlowLogOverlap, type Overlap } from './flow-log-overlap.ts'
import { PairTable } from './pair-table.ts'
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

const { malformed, skipData, noData, otherHour, ingress, rejected, sameZone, crossZone } = ACCOUNT
// Rows of the totals behind those of the accounts.
const READ = ACCOUNTS.length
const HANDED_OVER = READ + 1
/** The high word of the first count that a double may not hold exactly: 2^53 / 2^32. */
const WIDE_HIGH = 0x200000
const WORD = 2 ** 32

export class HourRollup {
  readonly #hour: Hour
  readonly #attribution: Attribution
  readonly #timeline: Timeline
  readonly #allPairs: boolean
  readonly #totals = new TotalsTable(HANDED_OVER + 1)
  readonly #pairs = new PairTable()
  readonly #zonePairs = new PairTable()
  readonly #overlap = new FlowLogOverlap()
  // Of the batch at hand: the rows to attribute; of these, the rows whose pairs count, with their ends.
  #selected = new Int32Array(0)
  #known = knownColumns(0)

  constructor(hour: Hour, attribution: Attribution, options: { readonly allPairs: boolean }) {
    this.#hour = hour
    this.#attribution = attribution
    this.#timeline = attribution.timeline
    this.#allPairs = options.allPairs
  }

  /** Adds the records of a batch, which the flow log of that number delivered. */
  add(batch: RecordBatch, flowLog: number): void {
    if (this.#selected.length < batch.capacity) {
      this.#selected = new Int32Array(batch.capacity)
      this.#known = knownColumns(batch.capacity)
    }
    this.#addRead(batch)
    const selected = this.#select(batch, flowLog)
    const attributed = this.#attribution.attribute(batch, this.#selected, selected)
    this.#addAttributed(batch, selected, attributed)
    this.#addPairs(batch, selected, attributed, this.#attribution.zoneOf)
  }

  /** Adds the lines of an object that didn't become records. */
  addLines(counts: LineCounts): void {
    for (const [account, lines] of [
      [malformed, counts.malformed],
      [skipData, counts.skipData],
      [noData, counts.noData],
    ] as const) {
      this.#totals.add(account, lines, 0, 0)
      this.#totals.add(READ, lines, 0, 0)
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

  // What was read, summed apart from the accounts. Sums of 32-bit words are exact for any batch.
  #addRead({ count, byteWords, packetWords }: RecordBatch): void {
    let [bytesLow, bytesHigh, packetsLow, packetsHigh] = [0, 0, 0, 0]
    for (let at = 0; at < count * 2; at += 2) {
      bytesLow += byteWords[at]!
      bytesHigh += byteWords[at + 1]!
      packetsLow += packetWords[at]!
      packetsHigh += packetWords[at + 1]!
    }
    const bytes = (BigInt(bytesHigh) << 32n) + BigInt(bytesLow)
    const packets = (BigInt(packetsHigh) << 32n) + BigInt(packetsLow)
    this.#totals.addWide(READ, count, bytes, packets)
  }

  // Settles what start, direction and action decide; selects the other rows. Returns how many.
  #select(batch: RecordBatch, flowLog: number): number {
    const { start, flags, interface: logging } = batch
    const from = this.#hour * 1000
    const until = from + HOUR_SECONDS * 1000
    const selected = this.#selected
    let count = 0
    for (let row = 0; row < batch.count; row++) {
      if (!(start[row]! >= from && start[row]! < until)) {
        this.#addRecord(this.#totals, otherHour, batch, row)
        continue
      }
      if (logging[row]! >= 0) this.#overlap.add(logging[row]!, flowLog)
      if ((flags[row]! & (INGRESS | REJECTED)) === 0) selected[count++] = row
      else this.#addRecord(this.#totals, (flags[row]! & INGRESS) === 0 ? rejected : ingress, batch, row)
    }
    return count
  }

  #addAttributed(batch: RecordBatch, selected: number, { account, handedOver }: Attributed): void {
    for (let k = 0; k < selected; k++) {
      const row = this.#selected[k]!
      this.#addRecord(this.#totals, account[k]!, batch, row)
      if (handedOver[k] === 1) this.#addRecord(this.#totals, HANDED_OVER, batch, row)
    }
  }

  #addPairs(batch: RecordBatch, selected: number, attributed: Attributed, zoneOf: Int32Array): void {
    const { account } = attributed
    const least = this.#allPairs ? sameZone : crossZone
    const { rows, source, destination, pair } = this.#known
    let known = 0
    for (let k = 0; k < selected; k++) {
      if (account[k]! < sameZone) continue
      const from = attributed.source[k]!
      const to = attributed.destination[k]!
      const row = this.#selected[k]!
      const zonePair = this.#zonePairs.add(zoneOf[from]!, zoneOf[to]!)
      this.#addRecord(this.#zonePairs.totals, zonePair, batch, row)
      if (account[k]! < least) continue
      rows[known] = row
      source[known] = from
      destination[known++] = to
    }
    this.#pairs.addAll(source, destination, known, pair)
    for (let k = 0; k < known; k++) this.#addRecord(this.#pairs.totals, pair[k]!, batch, rows[k]!)
  }

  #addRecord(totals: TotalsTable, into: number, batch: RecordBatch, row: number): void {
    const { byteWords, packetWords } = batch
    const bytesHigh = byteWords[row * 2 + 1]!
    const packetsHigh = packetWords[row * 2 + 1]!
    if ((bytesHigh | packetsHigh) < WIDE_HIGH) {
      totals.add(into, 1, bytesHigh * WORD + byteWords[row * 2]!, packetsHigh * WORD + packetWords[row * 2]!)
    } else {
      totals.addWide(into, 1, batch.bytes[row]!, batch.packets[row]!)
    }
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

function knownColumns(rows: number) {
  const column = () => new Int32Array(rows)
  return { rows: column(), source: column(), destination: column(), pair: column() }
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
