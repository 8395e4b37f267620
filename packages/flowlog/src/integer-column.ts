// An integer column of a table: its rows as [low, high] words, whether they were integers or text.
//
// Text is read as a line's fields are: digits of an integer in 0 .. 2^63 - 1. A negative integer can't be read, as its
// minus sign couldn't. Null is `-`.

import { isDash, readInteger, readWide, UNREADABLE, WIDE } from './field-values.ts'
import type { IntegerSlice, TextSlice } from './table-slice.ts'

const WORD = 4294967296

export const READ = 0
export const NOT_READ = 1
/** `-`, or null: not applicable, or not computed. */
export const DASHED = 2

export class IntegerColumn {
  #integers: IntegerSlice | null = null
  #texts: TextSlice | null = null
  /** Of the row that was read last; 0 where it can't be read. */
  low = 0
  high = 0

  /** The slice whose rows are asked for next. */
  use(slice: IntegerSlice | TextSlice): void {
    this.#integers = 'words' in slice ? slice : null
    this.#texts = 'words' in slice ? null : slice
  }

  /** READ, with the value in `low` and `high`; else NOT_READ or DASHED. */
  read(row: number): number {
    this.low = 0
    this.high = 0
    if (this.#integers === null) return this.#readText(row)
    const { words, present } = this.#integers
    if (present[row] === 0) return DASHED
    const high = words[row * 2 + 1]!
    if (high > 0x7fffffff) return NOT_READ
    this.high = high
    this.low = words[row * 2]!
    return READ
  }

  #readText(row: number): number {
    const { texts, entries } = this.#texts!
    const place = entries[row]!
    if (place < 0) return DASHED
    const { bytes } = texts
    const from = texts.starts[place]!
    const to = texts.ends[place]!
    const value = readInteger(bytes, from, to)
    if (value === UNREADABLE) return isDash(bytes, from, to) ? DASHED : NOT_READ
    if (value === WIDE) {
      const wide = readWide(bytes, from, to)!
      this.high = Number(wide >> 32n)
      this.low = Number(wide & 0xffffffffn)
    } else {
      this.high = Math.floor(value / WORD)
      this.low = value - this.high * WORD
    }
    return READ
  }
}
