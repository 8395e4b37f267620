// Results as people read them: a few columns of text, bytes and dollars with their units.
//
// What a number is, its column's name says: bytes, cross_zone_bytes · usd · records, packets, rows · share. That holds
// for SQL too: `sum(bytes) AS bytes` is shown as 1.2 GiB, `sum(bytes)` as digits.

import { formatBytes, formatCount, formatShare, formatUsd } from '@zonetoll/model'
import type { Plain, ResultColumn, ResultRow } from './plain-value.ts'

export interface PeopleColumn {
  readonly heading: string
  /** A name is flush left and may be cut; a bar may be left out. */
  readonly kind: 'name' | 'number' | 'bar'
}

export interface PeopleTable {
  readonly columns: readonly PeopleColumn[]
  readonly rows: readonly (readonly string[])[]
}

/** A row whose values are asked for by their columns' names. */
export class NamedRow {
  readonly #values: ReadonlyMap<string, Plain>

  constructor(columns: readonly ResultColumn[], row: ResultRow) {
    this.#values = new Map(columns.map(({ name }, at) => [name, row[at]!]))
  }

  isNull(name: string): boolean {
    return (this.#values.get(name) ?? null) === null
  }

  text(name: string): string {
    const value = this.#values.get(name) ?? null
    return value !== null && typeof value === 'object' ? compactJson(value) : String(value)
  }

  /** 0 where there is no value. */
  number(name: string): number {
    return Number(this.#values.get(name) ?? 0)
  }

  /** The value as a person reads it. */
  cell(name: string): string {
    return cellOf(name, this.#values.get(name) ?? null)
  }
}

/** What a cell shows where there is no value. */
export const NOTHING = '-'

const UNITS: readonly (readonly [RegExp, (value: bigint | number) => string])[] = [
  [/(?:^|_)bytes$/, formatBytes],
  [/(?:^|_)usd$/, value => formatUsd(Number(value))],
  [/(?:^|_)(?:records|packets|rows)$/, formatCount],
  [/(?:^|_)share$/, value => formatShare(value, 1)],
]

/** A value as the cell of the column so called. */
export function cellOf(name: string, value: Plain): string {
  if (value === null) return NOTHING
  // Below 0 there are no units; differences are digits.
  if ((typeof value === 'bigint' || typeof value === 'number') && value >= 0) {
    const unit = UNITS.find(([pattern]) => pattern.test(name))
    if (unit !== undefined) return unit[1](value)
  }
  return typeof value === 'object' ? compactJson(value) : String(value)
}

/** Any result, all its columns. */
export function tableOf(columns: readonly ResultColumn[], rows: readonly ResultRow[]): PeopleTable {
  return {
    columns: columns.map(({ name, kind }) => ({
      heading: name,
      kind: kind === 'number' ? 'number' : 'name',
    })),
    rows: rows.map(row => row.map((value, at) => cellOf(columns[at]!.name, value))),
  }
}

/** JSON of a value: integers above 2^53 as strings of digits, numbers that JSON lacks as null. */
export function compactJson(value: Plain): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'bigint') return item
    return item > 2n ** 53n || item < -(2n ** 53n) ? item.toString() : Number(item)
  })
}
