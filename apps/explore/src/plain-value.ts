// DuckDB's values as JavaScript's own: what is shown, and what JSON and CSV hold.
//
//   BIGINT, HUGEINT …     bigint, exact
//   DECIMAL               number where its 15 digits are exact, else its text
//   TIMESTAMP …           2024-05-01T10:00:00Z, with the fraction where there is one: everything here is UTC
//   LIST, STRUCT, MAP     lists and objects of the same; a map is a list of { key, value }
//   anything else         DuckDB's text for it

import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'

export type Plain =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain }

/** A column of a result: what it is called, and how it is read. */
export interface ResultColumn {
  readonly name: string
  readonly kind: 'number' | 'text'
}

export type ResultRow = readonly Plain[]

const EXACT_DIGITS = 15

export function plainValue(value: DuckDBValue): Plain {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof DuckDBTimestampValue) return isoOf(value)
  if (value instanceof DuckDBTimestampTZValue) return isoOf(new DuckDBTimestampValue(value.micros))
  if (
    value instanceof DuckDBTimestampSecondsValue ||
    value instanceof DuckDBTimestampMillisecondsValue ||
    value instanceof DuckDBTimestampNanosecondsValue
  ) {
    return isoOf(value)
  }
  if (value instanceof DuckDBDecimalValue) {
    return value.width <= EXACT_DIGITS ? value.toDouble() : value.toString()
  }
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return value.items.map(plainValue)
  }
  if (value instanceof DuckDBMapValue) {
    return value.entries.map(entry => ({ key: plainValue(entry.key), value: plainValue(entry.value) }))
  }
  if (value instanceof DuckDBStructValue) {
    const entries = Object.entries(value.entries)
    return Object.fromEntries(entries.map(([name, item]) => [name, plainValue(item)]))
  }
  return String(value)
}

// Infinite ones have no T.
function isoOf(value: { toString(): string }): string {
  const text = value.toString()
  return text.includes(':') ? `${text.replace(' ', 'T')}Z` : text
}

const NUMBERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
])

export function resultColumn(name: string, type: DuckDBType): ResultColumn {
  return { name, kind: NUMBERS.has(type.typeId) ? 'number' : 'text' }
}
