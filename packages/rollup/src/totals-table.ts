// Exact totals: records, bytes and packets of account, zone pair or pair n.
//
//   sums[4n]  records    sums[4n + 1]  bytes    sums[4n + 2]  packets    keys[8n + 6], keys[8n + 7]  the row's key
//
// Side by side, so that finding a row by its key and adding to it touch one cache line. A Float64 is exact up to 2^53;
// what would pass that moves to a BigInt beside the table, so sums are exact at any size and the hot path adds doubles.

import type { Totals } from '@zonetoll/model'

const RECORDS = 0
const BYTES = 1
const PACKETS = 2
const STRIDE = 4

/** A table as what a thread can hand over. */
export interface TotalsColumns {
  readonly sums: Float64Array
  /** By place in `sums`: what has to be added to what stands there. */
  readonly wide: ReadonlyMap<number, bigint>
}

export class TotalsTable {
  #sums: Float64Array
  #keys: Int32Array
  readonly #wide = new Map<number, bigint>()

  constructor(rows: number) {
    this.#sums = new Float64Array(rows * STRIDE)
    this.#keys = keysOf(this.#sums)
  }

  /** A table over columns, for reading only. */
  static over({ sums, wide }: TotalsColumns): TotalsTable {
    const table = new TotalsTable(0)
    table.#sums = sums
    table.#keys = keysOf(sums)
    for (const [at, value] of wide) table.#wide.set(at, value)
    return table
  }

  /** The first rows; good until the next adding. */
  columns(rows: number): TotalsColumns {
    return { sums: this.#sums.subarray(0, rows * STRIDE), wide: this.#wide }
  }

  /** How many rows there is room for. */
  get rows(): number {
    return this.#sums.length / STRIDE
  }

  /** Makes room for that many rows; those there are keep their sums and keys. */
  grow(rows: number): void {
    const sums = new Float64Array(rows * STRIDE)
    sums.set(this.#sums)
    this.#sums = sums
    this.#keys = keysOf(sums)
  }

  setKey(row: number, first: number, second: number): void {
    this.#keys[row * 8 + 6] = first
    this.#keys[row * 8 + 7] = second
  }

  hasKey(row: number, first: number, second: number): boolean {
    return this.#keys[row * 8 + 6] === first && this.#keys[row * 8 + 7] === second
  }

  firstKey(row: number): number {
    return this.#keys[row * 8 + 6]!
  }

  secondKey(row: number): number {
    return this.#keys[row * 8 + 7]!
  }

  /** Adds to a row. Counts are safe integers; see addWide for others. */
  add(row: number, records: number, bytes: number, packets: number): void {
    const sums = this.#sums
    const at = row * STRIDE
    const byteSum = sums[at + BYTES]! + bytes
    const packetSum = sums[at + PACKETS]! + packets
    sums[at + RECORDS]! += records
    if (byteSum <= Number.MAX_SAFE_INTEGER && packetSum <= Number.MAX_SAFE_INTEGER) {
      sums[at + BYTES] = byteSum
      sums[at + PACKETS] = packetSum
    } else {
      this.#addWide(at + BYTES, BigInt(bytes))
      this.#addWide(at + PACKETS, BigInt(packets))
    }
  }

  /** The same for counts of any size. */
  addWide(row: number, records: number, bytes: bigint, packets: bigint): void {
    const at = row * STRIDE
    this.#sums[at + RECORDS]! += records
    this.#addWide(at + BYTES, bytes)
    this.#addWide(at + PACKETS, packets)
  }

  /** Adds row `from` of another table to a row. */
  addRow(row: number, other: TotalsTable, from: number): void {
    const totals = other.totals(from)
    this.addWide(row, Number(totals.records), totals.bytes, totals.packets)
  }

  totals(row: number): Totals {
    const at = row * STRIDE
    return {
      records: BigInt(this.#sums[at + RECORDS]!),
      bytes: this.#exact(at + BYTES),
      packets: this.#exact(at + PACKETS),
    }
  }

  /** A row's sum as a number: NaN where it passes 2^53 - 1. */
  safe(row: number, column: 'records' | 'bytes' | 'packets'): number {
    const at = row * STRIDE + (column === 'records' ? RECORDS : column === 'bytes' ? BYTES : PACKETS)
    return this.#wide.size > 0 && this.#wide.has(at) ? Number.NaN : this.#sums[at]!
  }

  /** The sum of the first rows; no object a row is made for it. */
  sum(rows: number): Totals {
    return {
      records: this.#sumOf(RECORDS, rows),
      bytes: this.#sumOf(BYTES, rows),
      packets: this.#sumOf(PACKETS, rows),
    }
  }

  #sumOf(column: number, rows: number): bigint {
    const sums = this.#sums
    let [spilled, low] = [0n, 0]
    for (let at = column; at < rows * STRIDE; at += STRIDE) {
      const sum = low + sums[at]!
      if (sum <= Number.MAX_SAFE_INTEGER) {
        low = sum
      } else {
        spilled += BigInt(low)
        low = sums[at]!
      }
    }
    for (const [at, value] of this.#wide) if (at % STRIDE === column && at < rows * STRIDE) spilled += value
    return spilled + BigInt(low)
  }

  #exact(at: number): bigint {
    return (this.#wide.get(at) ?? 0n) + BigInt(this.#sums[at]!)
  }

  #addWide(at: number, value: bigint): void {
    const sum = this.#exact(at) + value
    const safe = sum <= BigInt(Number.MAX_SAFE_INTEGER)
    this.#sums[at] = safe ? Number(sum) : 0
    if (!safe) this.#wide.set(at, sum)
  }
}

function keysOf(sums: Float64Array): Int32Array {
  return new Int32Array(sums.buffer, sums.byteOffset, sums.length * 2)
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
