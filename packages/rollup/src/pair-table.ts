// Pairs and their totals: memory grows with distinct pairs, not with records.
//
//   slots          Int32   open addressing, linear probing, at most half full: pair + 1, 0 for empty
//   sources        Int32   source endpoint id of pair n
//   destinations   Int32   destination endpoint id of pair n
//   totals                 row n

import { TotalsTable } from './totals-table.ts'

const FIRST_CAPACITY = 512

export class PairTable {
  #size = 0
  #slots = new Int32Array(FIRST_CAPACITY * 2)
  #sources = new Int32Array(FIRST_CAPACITY)
  #destinations = new Int32Array(FIRST_CAPACITY)
  readonly totals = new TotalsTable(FIRST_CAPACITY)

  get size(): number {
    return this.#size
  }

  source(pair: number): number {
    return this.#sources[pair]!
  }

  destination(pair: number): number {
    return this.#destinations[pair]!
  }

  /** The pair's number, a new one where it is met for the first time. */
  add(source: number, destination: number): number {
    const mask = this.#slots.length - 1
    let slot = hash(source, destination) & mask
    for (;;) {
      const pair = this.#slots[slot]! - 1
      if (pair < 0) break
      if (this.#sources[pair] === source && this.#destinations[pair] === destination) return pair
      slot = (slot + 1) & mask
    }
    if (this.#size === this.#sources.length) {
      this.#grow()
      return this.add(source, destination)
    }
    const pair = this.#size++
    this.#slots[slot] = pair + 1
    this.#sources[pair] = source
    this.#destinations[pair] = destination
    return pair
  }

  #grow(): void {
    const capacity = this.#sources.length * 2
    this.#sources = grown(this.#sources, capacity)
    this.#destinations = grown(this.#destinations, capacity)
    this.totals.grow(capacity)
    this.#slots = new Int32Array(capacity * 2)
    const mask = this.#slots.length - 1
    for (let pair = 0; pair < this.#size; pair++) {
      let slot = hash(this.#sources[pair]!, this.#destinations[pair]!) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = pair + 1
    }
  }
}

function grown(column: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity)
  larger.set(column)
  return larger
}

function hash(source: number, destination: number): number {
  const mixed = Math.imul(source, 0x9e3779b1) ^ Math.imul(destination, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
