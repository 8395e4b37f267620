// The rows and ledgers of a page's hours, added up. Memory grows with distinct pairs of parties, not with rows.
//
//   ledger of an hour, then its rows        add: whether a byte could have stayed home is asked of that hour's pods
//   rows already added up by a database     addGroup: the database has asked
//
// A pair's sums are kept apart by where its two workloads had pods at the time (two bits), since advice differs by it.

import { formatHour, type RollupRow, type Totals } from '@zonetoll/model'
import { adviceOf } from './advice.ts'
import { LedgerBooks } from './ledger-books.ts'
import { compareBytes, compareParties, partyKey, partyOf, type Party } from './party.ts'
import { HourlyPresence } from './pod-presence.ts'
import type { PairTotals, ReportData, ReportLedger, ReportRange } from './report-data.ts'

/** What parties sent each other one way while their pods were placed like this: rows of any hours, added up. */
export interface RowGroup extends Totals {
  readonly source: Party
  readonly destination: Party
  /** Whether the destination's workload had pods in the source's zone. */
  readonly destinationAtSource: boolean
  readonly sourceAtDestination: boolean
}

// Two of a page's parties and two bits make a key that is a safe integer.
const MOST_PARTIES = 2 ** 25
const PLACEMENTS = 4

interface Sum {
  readonly source: Party
  readonly destination: Party
  records: bigint
  bytes: bigint
  packets: bigint
}

interface PlacedSum extends Sum {
  readonly destinationAtSource: boolean
  readonly sourceAtDestination: boolean
}

export class ReportTotals {
  readonly #range: ReportRange
  readonly #books: LedgerBooks
  readonly #presence = new HourlyPresence()
  readonly #parties: Party[] = []
  readonly #ids = new Map<string, number>()
  readonly #sums = new Map<number, PlacedSum>()
  // Rows come sorted by source, the same object while it is the same.
  #source: { readonly endpoint: RollupRow['source'] | null; readonly id: number } = { endpoint: null, id: 0 }

  constructor(range: ReportRange) {
    this.#range = range
    this.#books = new LedgerBooks(range)
  }

  /** Comes before the hour's rows. Throws for another cluster, an hour outside the range, or a second ledger of one. */
  addLedger(ledger: ReportLedger): void {
    this.#books.add(ledger)
    this.#presence.add(ledger.hour, ledger.workloads)
  }

  /** A ledger of the hours before the range, to compare with. Throws for another cluster. */
  addEarlierLedger(ledger: ReportLedger): void {
    this.#books.addEarlier(ledger)
  }

  /** Rows within one zone are let pass. Throws for a row whose hour has no ledger yet. */
  add(row: RollupRow): void {
    if (row.source.zone === row.destination.zone) return
    const presence = this.#presence.of(row.hourStart)
    if (presence === null) {
      throw new Error(`a row of ${formatHour(row.hourStart)} came before that hour's ledger`)
    }
    const from = this.#sourceId(row.source)
    const to = this.#partyId(partyOf(row.destination))
    const source = this.#parties[from]!
    const destination = this.#parties[to]!
    const sum = this.#sum(
      from,
      to,
      presence.has(destination, source.zone),
      presence.has(source, destination.zone),
    )
    sum.records += BigInt(row.records)
    sum.bytes += BigInt(row.bytes)
    sum.packets += BigInt(row.packets)
  }

  /** Groups within one zone are let pass. */
  addGroup(group: RowGroup): void {
    const { source, destination } = group
    if (source.zone === destination.zone) return
    const from = this.#partyId(source)
    const to = this.#partyId(destination)
    const sum = this.#sum(from, to, group.destinationAtSource, group.sourceAtDestination)
    sum.records += group.records
    sum.bytes += group.bytes
    sum.packets += group.packets
  }

  /** Throws where the rows don't add up to what the ledgers say crossed zones. */
  close(): ReportData {
    const sums = this.#books.close()
    const exchanges = [...this.#sums.values()]
    balance(exchanges, sums.accounts.crossZone)
    const advice = adviceOf(exchanges, this.#presence.latest())
    return { ...this.#range, ...sums, pairs: this.#pairs(), advice }
  }

  #pairs(): PairTotals[] {
    const pairs = new Map<number, Sum>()
    for (const [key, { source, destination, records, bytes, packets }] of this.#sums) {
      const place = Math.floor(key / PLACEMENTS)
      const pair = pairs.get(place)
      if (pair === undefined) {
        pairs.set(place, { source, destination, records, bytes, packets })
      } else {
        pair.records += records
        pair.bytes += bytes
        pair.packets += packets
      }
    }
    return [...pairs.values()].sort(
      (a, b) =>
        compareBytes(a, b) ||
        compareParties(a.source, b.source) ||
        compareParties(a.destination, b.destination),
    )
  }

  #sum(from: number, to: number, destinationAtSource: boolean, sourceAtDestination: boolean): PlacedSum {
    const placement = Number(sourceAtDestination) * 2 + Number(destinationAtSource)
    const key = (from * MOST_PARTIES + to) * PLACEMENTS + placement
    let sum = this.#sums.get(key)
    if (sum === undefined) {
      const [source, destination] = [this.#parties[from]!, this.#parties[to]!]
      const nothing = { records: 0n, bytes: 0n, packets: 0n }
      sum = { source, destination, destinationAtSource, sourceAtDestination, ...nothing }
      this.#sums.set(key, sum)
    }
    return sum
  }

  #sourceId(endpoint: RollupRow['source']): number {
    if (this.#source.endpoint !== endpoint) this.#source = { endpoint, id: this.#partyId(partyOf(endpoint)) }
    return this.#source.id
  }

  #partyId(party: Party): number {
    const key = partyKey(party)
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.#parties.length
      if (id === MOST_PARTIES) {
        throw new RangeError(
          `more than ${MOST_PARTIES} workloads and interfaces: report fewer hours at a time`,
        )
      }
      this.#parties.push(party)
      this.#ids.set(key, id)
    }
    return id
  }
}

function balance(rows: readonly Totals[], crossZone: Totals): void {
  for (const name of ['bytes', 'packets', 'records'] as const) {
    const sum = rows.reduce((total, row) => total + row[name], 0n)
    if (sum === crossZone[name]) continue
    throw new Error(
      `the books don't balance: the rows add up to ${sum} ${name} across zones, the ledgers to ${crossZone[name]}; ` +
        'make the hours again with pnpm start',
    )
  }
}
