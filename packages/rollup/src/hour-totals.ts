// The totals of an hour as they add up: columns of sums, no names, no rows.
//
//   batch -> in the hour? egress? accepted? -> selected rows -> attribution -> zone pairs, pairs
//
// Counting is contract, section 4; the first account that applies counts. Sums are exact integers at any size. The
// order of batches makes no difference, and totals of parts of an hour merge to what one would have: so threads and
// shards have their own and hand them over as columns.

import { INGRESS, REJECTED, type LineCounts, type RecordBatch, type TokenTable } from '@zonetoll/flowlog'
import { ACCOUNTS, HOUR_SECONDS, type Hour } from '@zonetoll/model'
import { ACCOUNT } from './account-codes.ts'
import type { Attributed, Attribution } from './attribution.ts'
import { FlowLogOverlap, type OverlapColumns } from './flow-log-overlap.ts'
import { ENDLESS_ROOM, PairTable, type PairColumns, type Room } from './pair-table.ts'
import { TotalsTable, type TotalsColumns } from './totals-table.ts'

const { malformed, skipData, noData, otherHour, ingress, rejected, sameZone, crossZone } = ACCOUNT
/** Rows of the totals behind those of the accounts. */
export const READ = ACCOUNTS.length
export const HANDED_OVER = READ + 1
/** The high word of the first count that a double may not hold exactly: 2^53 / 2^32. */
const WIDE_HIGH = 0x200000
const WORD = 2 ** 32

/** Totals as what a thread can hand over; ids and codes are those of the attribution they were made with. */
export interface HourColumns {
  readonly accounts: TotalsColumns
  readonly pairs: PairColumns
  readonly zonePairs: PairColumns
  readonly overlap: OverlapColumns
}

export class HourTotals {
  /** By account code, then READ and HANDED_OVER. */
  readonly accounts = new TotalsTable(HANDED_OVER + 1)
  /** By (source, destination) endpoint ids: those that cross zones, with allPairs those that don't too. */
  readonly pairs: PairTable
  /** By (source, destination) zone codes. */
  readonly zonePairs: PairTable
  readonly overlap = new FlowLogOverlap()
  readonly hour: Hour
  readonly attribution: Attribution
  readonly allPairs: boolean
  readonly room: Room
  readonly #interfaces: TokenTable
  // Of the batch at hand: the rows to attribute; of these, the rows whose pairs count, with their ends.
  #selected = new Int32Array(0)
  #known = knownColumns(0)

  /** `room` is asked before tables grow and rows are put in order: endless if not given. */
  constructor(
    hour: Hour,
    attribution: Attribution,
    options: { readonly allPairs: boolean; readonly room?: Room },
  ) {
    this.hour = hour
    this.attribution = attribution
    this.#interfaces = attribution.tokens.interfaces
    this.allPairs = options.allPairs
    this.room = options.room ?? ENDLESS_ROOM
    this.pairs = new PairTable(this.room)
    this.zonePairs = new PairTable(this.room)
  }

  /** Adds the records of a batch, which the flow log of that number delivered. */
  add(batch: RecordBatch, flowLog: number): void {
    if (this.#selected.length < batch.capacity) {
      this.#selected = new Int32Array(batch.capacity)
      this.#known = knownColumns(batch.capacity)
    }
    this.#addRead(batch)
    const selected = this.#select(batch, flowLog)
    const attributed = this.attribution.attribute(batch, this.#selected, selected)
    this.#addAttributed(batch, selected, attributed)
    this.#addPairs(batch, selected, attributed, this.attribution.zoneOf)
  }

  /** Adds the lines of an object that didn't become records. */
  addLines(counts: LineCounts): void {
    for (const [account, lines] of [
      [malformed, counts.malformed],
      [skipData, counts.skipData],
      [noData, counts.noData],
    ] as const) {
      this.accounts.add(account, lines, 0, 0)
      this.accounts.add(READ, lines, 0, 0)
    }
  }

  /** Adds what other totals of the same hour and attribution have, also ones that another thread handed over. */
  mergeColumns({ accounts, pairs, zonePairs, overlap }: HourColumns): void {
    const others = TotalsTable.over(accounts)
    for (let row = 0; row <= HANDED_OVER; row++) this.accounts.addRow(row, others, row)
    this.pairs.merge(pairs)
    this.zonePairs.merge(zonePairs)
    this.overlap.merge(overlap, this.#interfaces)
  }

  /** Good until the next adding; arrays aren't copied. */
  get columns(): HourColumns {
    return {
      accounts: this.accounts.columns(HANDED_OVER + 1),
      pairs: this.pairs.columns,
      zonePairs: this.zonePairs.columns,
      overlap: this.overlap.columns(this.#interfaces),
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
    this.accounts.addWide(READ, count, bytes, packets)
  }

  // Settles what start, direction and action decide; selects the other rows. Returns how many.
  #select(batch: RecordBatch, flowLog: number): number {
    const { start, flags, interface: logging } = batch
    const from = this.hour * 1000
    const until = from + HOUR_SECONDS * 1000
    const selected = this.#selected
    // One flow log overlaps with no other.
    const watched = this.#interfaces.grows
    let count = 0
    for (let row = 0; row < batch.count; row++) {
      if (!(start[row]! >= from && start[row]! < until)) {
        this.#addRecord(this.accounts, otherHour, batch, row)
        continue
      }
      if (watched && logging[row]! >= 0) this.overlap.add(logging[row]!, flowLog)
      if ((flags[row]! & (INGRESS | REJECTED)) === 0) selected[count++] = row
      else this.#addRecord(this.accounts, (flags[row]! & INGRESS) === 0 ? rejected : ingress, batch, row)
    }
    return count
  }

  #addAttributed(batch: RecordBatch, selected: number, { account, handedOver }: Attributed): void {
    for (let k = 0; k < selected; k++) {
      const row = this.#selected[k]!
      this.#addRecord(this.accounts, account[k]!, batch, row)
      if (handedOver[k] === 1) this.#addRecord(this.accounts, HANDED_OVER, batch, row)
    }
  }

  #addPairs(batch: RecordBatch, selected: number, attributed: Attributed, zoneOf: Int32Array): void {
    const { account } = attributed
    const least = this.allPairs ? sameZone : crossZone
    const { rows, source, destination, pair } = this.#known
    let known = 0
    for (let k = 0; k < selected; k++) {
      if (account[k]! < sameZone) continue
      const from = attributed.source[k]!
      const to = attributed.destination[k]!
      const row = this.#selected[k]!
      const zonePair = this.zonePairs.add(zoneOf[from]!, zoneOf[to]!)
      this.#addRecord(this.zonePairs.totals, zonePair, batch, row)
      if (account[k]! < least) continue
      rows[known] = row
      source[known] = from
      destination[known++] = to
    }
    this.pairs.addAll(source, destination, known, pair)
    for (let k = 0; k < known; k++) this.#addRecord(this.pairs.totals, pair[k]!, batch, rows[k]!)
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
}

function knownColumns(rows: number) {
  const column = () => new Int32Array(rows)
  return { rows: column(), source: column(), destination: column(), pair: column() }
}
