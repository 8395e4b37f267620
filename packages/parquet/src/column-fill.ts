// One column of the page that is being filled: values checked as they come, in the arrays that parquetjs-lite keeps
// of a column. A definition level is 1 for a value and 0 for null; nulls have no value.
//
// Values are checked here because the library checks late or not at all: a fraction fails when the page is
// encoded, an integer above 2^53 is rounded, a lone surrogate becomes U+FFFD.

import type { ColumnData } from 'parquetjs-lite'
import { isEndpointKind, type Column } from './columns.ts'
import { ExactSum } from './exact-sum.ts'
import { EMPTY_FINGERPRINT, fold, foldInteger, NULL_HASH } from './fingerprint.ts'
import type { TextBytesCache } from './text-bytes.ts'

/** One column of the open page. Fingerprints and sums go on from page to page. */
export interface ColumnFill {
  readonly column: Column
  readonly fingerprint: number
  /** Takes the last value out again, as appendRow wants it. */
  takeLast(): string | number | null
  /** The values but the last, in the library's shape; the column is empty then. */
  takeData(): ColumnData
}

// Of no row's values: even a value of the wrong type differs from it, and is looked at.
const UNSET = Symbol('unset')

export class TextFill implements ColumnFill {
  readonly column: Column
  readonly #cache: TextBytesCache
  fingerprint = EMPTY_FINGERPRINT
  #values: (ArrayBuffer | string)[] = []
  #levels: number[] = []
  #distinct = new Set<unknown>()
  // The value before: rows are sorted, so that most values stand where they stood.
  #text: string | null | typeof UNSET = UNSET
  #bytes: ArrayBuffer | string = ''
  #hash = 0

  constructor(column: Column, cache: TextBytesCache) {
    this.column = column
    this.#cache = cache
  }

  /** What comes back is the text's length in UTF-16 units. */
  add(text: string | null, row: number): number {
    if (text !== this.#text) this.#turnTo(text, row)
    this.fingerprint = fold(this.fingerprint, this.#hash)
    if (text === null) {
      this.#levels.push(0)
      return 0
    }
    this.#values.push(this.#bytes)
    this.#levels.push(1)
    return text.length
  }

  #turnTo(text: string | null, row: number): void {
    const { column } = this
    if (text === null) {
      if (!column.optional) throw refusal(column, row, text, 'a text')
      this.#hash = NULL_HASH
    } else {
      if (typeof text !== 'string') throw refusal(column, row, text, 'a text or null')
      const known = this.#cache.get(text)
      if (known === null) throw refusal(column, row, text, 'well-formed Unicode, no lone surrogates')
      this.#hash = known.hash
      if (column.statistics) {
        // The library orders and encodes these itself, and there are four of them.
        if (!isEndpointKind(text)) throw refusal(column, row, text, 'a kind of endpoint')
        this.#bytes = text
        this.#distinct.add(text)
      } else {
        this.#bytes = known.bytes
      }
    }
    this.#text = text
  }

  takeLast(): string | null {
    if (this.#levels.pop() === 0) return null
    this.#values.pop()
    return this.#text === UNSET ? null : this.#text
  }

  takeData(): ColumnData {
    const data = columnData(this.#values, this.#levels, this.#distinct)
    this.#values = []
    this.#levels = []
    this.#distinct = new Set()
    this.#text = UNSET
    return data
  }
}

export class IntegerFill implements ColumnFill {
  readonly column: Column
  readonly sum = new ExactSum()
  fingerprint = EMPTY_FINGERPRINT
  #values: number[] = []

  constructor(column: Column) {
    this.column = column
  }

  add(value: number, row: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw refusal(this.column, row, value, 'an integer from 0 to 9007199254740991 (2^53 - 1)')
    }
    this.#values.push(value)
    this.sum.add(value)
    this.fingerprint = foldInteger(this.fingerprint, value)
  }

  takeLast(): number {
    return this.#values.pop()!
  }

  takeData(): ColumnData {
    const values = this.#values
    this.#values = []
    const distinct = new Set(this.column.statistics ? values : [])
    return columnData(
      values,
      Array.from(values, () => 0),
      distinct,
    )
  }
}

function columnData(values: unknown[], dlevels: number[], distinct: Set<unknown>): ColumnData {
  return { values, dlevels, rlevels: [], distinct_values: distinct, count: dlevels.length }
}

const SHOWN = 80

/** The error for a value that can't be written exactly. Rows count from 1. */
export function refusal(column: Column, row: number, value: unknown, expected: string): Error {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, SHOWN)) : String(value)
  return new Error(
    `rollup row ${row}, column ${column.name}: expected ${expected}, got ${text}; the rollup is not written, since what can't be written exactly isn't written at all`,
  )
}
