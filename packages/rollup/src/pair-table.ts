// Pairs and their totals: memory grows with distinct pairs, not with records.
//
//   slots    Int32   open addressing, linear probing, at most a quarter full: pair + 1, 0 for empty
//   totals           row n: pair n's totals, and its key: the ids of its source and destination
//
// A pair has 32 bytes of totals and 16 of slots, and both double when they are full: 48 to 96 bytes a pair, and for a
// moment half as much again. So the doubling is asked for beforehand.

import { TotalsTable, type TotalsColumns } from './totals-table.ts'

const FIRST_CAPACITY = 512
const SLOTS_A_ROW = 4
const GROWTH_BYTES = 4 * 8 + SLOTS_A_ROW * 4

/** Asked before so many bytes are taken, at so many pairs; throws where there is no room for them. */
export type Room = (bytes: number, pairs: number) => void

export const ENDLESS_ROOM: Room = () => {}

/** A table as what a thread can hand over. */
export interface PairColumns {
  readonly size: number
  readonly totals: TotalsColumns
}

export class PairTable {
  #size = 0
  #slots = new Int32Array(FIRST_CAPACITY * SLOTS_A_ROW)
  readonly totals = new TotalsTable(FIRST_CAPACITY)
  readonly #room: Room

  constructor(room: Room = ENDLESS_ROOM) {
    this.#room = room
  }

  get size(): number {
    return this.#size
  }

  /** Good until the next adding. */
  get columns(): PairColumns {
    return { size: this.#size, totals: this.totals.columns(this.#size) }
  }

  /** Adds another table's pairs and their totals. */
  merge({ size, totals }: PairColumns): void {
    const others = TotalsTable.over(totals)
    for (let pair = 0; pair < size; pair++) {
      this.totals.addRow(this.add(others.firstKey(pair), others.secondKey(pair)), others, pair)
    }
  }

  source(pair: number): number {
    return this.totals.firstKey(pair)
  }

  destination(pair: number): number {
    return this.totals.secondKey(pair)
  }

  /** The pair's number, a new one where it is met for the first time. Throws what the room throws. */
  add(source: number, destination: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash(source, destination) & mask; ; slot = (slot + 1) & mask) {
      const pair = slots[slot]! - 1
      if (pair < 0) return this.#append(source, destination)
      if (this.totals.hasKey(pair, source, destination)) return pair
    }
  }

  /**
   * The same for many: pairs[k] becomes the number of the pair (sources[k], destinations[k]). The first loop only asks
   * for memory, so that many slots are on their way at once.
   */
  addAll(sources: Int32Array, destinations: Int32Array, count: number, pairs: Int32Array): void {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let k = 0; k < count; k++) pairs[k] = slots[hash(sources[k]!, destinations[k]!) & mask]! - 1
    for (let k = 0; k < count; k++) {
      const likely = pairs[k]!
      if (likely < 0 || !this.totals.hasKey(likely, sources[k]!, destinations[k]!)) {
        pairs[k] = this.add(sources[k]!, destinations[k]!)
      }
    }
  }

  #append(source: number, destination: number): number {
    if (this.#size === this.totals.rows) this.#grow()
    const pair = this.#size++
    this.totals.setKey(pair, source, destination)
    this.#place(pair)
    return pair
  }

  #grow(): void {
    const capacity = this.totals.rows * 2
    this.#room(capacity * GROWTH_BYTES, this.#size)
    this.totals.grow(capacity)
    this.#slots = new Int32Array(capacity * SLOTS_A_ROW)
    for (let pair = 0; pair < this.#size; pair++) this.#place(pair)
  }

  #place(pair: number): void {
    const mask = this.#slots.length - 1
    let slot = hash(this.source(pair), this.destination(pair)) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = pair + 1
  }
}

function hash(source: number, destination: number): number {
  const mixed = Math.imul(Math.imul(source, 0x9e3779b1) ^ destination, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
