// Exact totals in columns: records, bytes and packets of account, zone pair or pair n are row n.
//
// A sum lives in a Float64, which is exact up to 2^53. What would pass that is moved to a BigInt beside it, so
// sums are exact at any size and the hot path adds doubles.

import type { Totals } from '@zonetoll/model'

/** The high word of the first count that is too wide for an exact double: 2^53 / 2^32. */
const WIDE_HIGH = 0x200000
const WORD = 4294967296

export class TotalsTable {
  #records: Float64Array
  #bytes: Float64Array
  #packets: Float64Array
  readonly #overflow = { bytes: new Map<number, bigint>(), packets: new Map<number, bigint>() }

  constructor(rows: number) {
    this.#records = new Float64Array(rows)
    this.#bytes = new Float64Array(rows)
    this.#packets = new Float64Array(rows)
  }

  /** Makes room for that many rows; those there are keep their sums. */
  grow(rows: number): void {
    this.#records = grown(this.#records, rows)
    this.#bytes = grown(this.#bytes, rows)
    this.#packets = grown(this.#packets, rows)
  }

  /** Adds one record to a row. Counts come as [low, high] words: wordsOfBytes[at], wordsOfBytes[at + 1]. */
  addRecord(row: number, bytes: Uint32Array, packets: Uint32Array, at: number): void {
    this.#records[row]!++
    const bytesHigh = bytes[at + 1]!
    const byteSum = this.#bytes[row]! + (bytesHigh * WORD + bytes[at]!)
    if (bytesHigh < WIDE_HIGH && byteSum <= Number.MAX_SAFE_INTEGER) this.#bytes[row] = byteSum
    else this.#addWide('bytes', row, bigWords(bytes, at))
    const packetsHigh = packets[at + 1]!
    const packetSum = this.#packets[row]! + (packetsHigh * WORD + packets[at]!)
    if (packetsHigh < WIDE_HIGH && packetSum <= Number.MAX_SAFE_INTEGER) this.#packets[row] = packetSum
    else this.#addWide('packets', row, bigWords(packets, at))
  }

  /** Adds records that carry no bytes. */
  addEmpty(row: number, records: number): void {
    this.#records[row]! += records
  }

  /** Adds row `from` of another table to a row. */
  addRow(row: number, other: TotalsTable, from: number): void {
    const totals = other.totals(from)
    this.#records[row]! += Number(totals.records)
    this.#addWide('bytes', row, totals.bytes)
    this.#addWide('packets', row, totals.packets)
  }

  totals(row: number): Totals {
    return {
      records: BigInt(this.#records[row]!),
      bytes: BigInt(this.#bytes[row]!) + (this.#overflow.bytes.get(row) ?? 0n),
      packets: BigInt(this.#packets[row]!) + (this.#overflow.packets.get(row) ?? 0n),
    }
  }

  /** A row's sum as a number: NaN where it passes 2^53 - 1. */
  safe(row: number, column: 'records' | 'bytes' | 'packets'): number {
    if (column === 'records') return this.#records[row]!
    const sum = column === 'bytes' ? this.#bytes[row]! : this.#packets[row]!
    return this.#overflow[column].has(row) ? Number.NaN : sum
  }

  #addWide(column: 'bytes' | 'packets', row: number, value: bigint): void {
    const sums = column === 'bytes' ? this.#bytes : this.#packets
    const overflow = this.#overflow[column]
    const sum = BigInt(sums[row]!) + (overflow.get(row) ?? 0n) + value
    if (sum <= BigInt(Number.MAX_SAFE_INTEGER)) {
      sums[row] = Number(sum)
      return
    }
    sums[row] = 0
    overflow.set(row, sum)
  }
}

function grown(column: Float64Array, rows: number): Float64Array {
  const larger = new Float64Array(rows)
  larger.set(column)
  return larger
}

function bigWords(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]!)
}

/** The sum of several totals. */
export function sumTotals(totals: Iterable<Totals>): Totals {
  let [records, bytes, packets] = [0n, 0n, 0n]
  for (const each of totals) {
    records += each.records
    bytes += each.bytes
    packets += each.packets
  }
  return { records, bytes, packets }
}
