// The columns of a Parquet file as its schema has them, and what of each can be read: flat texts, integers and
// timestamps. Others are named, so that whoever needs one can say what it is instead.
//
//   texts       BYTE_ARRAY, plain or of type UTF8, STRING, ENUM
//   integers    INT32 and INT64, signed or not
//   timestamps  INT64 of type TIMESTAMP that is adjusted to UTC, in milli-, micro- or nanoseconds. A local time is none:
//               nobody says where it was
//
// Source: parquet-format, LogicalTypes.md; parquet.thrift, SchemaElement.

import type { FileMetaData, SchemaElement } from 'hyparquet'
import { quoted, TableError } from './table-error.ts'

export interface ColumnType {
  readonly kind: 'text' | 'integer' | 'timestamp'
  /** 64 bits rather than 32. */
  readonly wide: boolean
  readonly unsigned: boolean
  /** How many of a timestamp are a second; null for what is none. */
  readonly seconds: number | null
}

/** A column of the file. */
export interface TableColumn {
  readonly name: string
  /** Null for what can't be read. */
  readonly kind: ColumnType['kind'] | null
  /** What it is, for messages: `INT64`, `a nested column`. */
  readonly described: string
}

export interface SchemaColumn extends TableColumn {
  /** Null for what can't be read. */
  readonly type: ColumnType | null
  readonly optional: boolean
  /** The place of its chunk among a row group's, those inside nested columns counted. */
  readonly leaf: number
}

const UNITS = { MILLIS: 1_000, MICROS: 1_000_000, NANOS: 1_000_000_000 } as const

/** The top-level columns in the file's order. Throws TableError where the schema isn't one. */
export function schemaColumns({ schema }: FileMetaData): { columns: SchemaColumn[]; leaves: number } {
  const columns: SchemaColumn[] = []
  let leaves = 0
  let at = 1
  for (let child = childrenOf(schema[0]); child > 0; child--) {
    const element = elementAt(schema, at)
    const leaf = leaves
    // Its subtree lies behind it, depth first.
    for (let left = 1; left > 0; left--, at++) {
      const inner = elementAt(schema, at)
      left += childrenOf(inner)
      if (inner.type !== undefined) leaves++
    }
    columns.push({ ...readable(element), name: element.name, leaf })
  }
  if (at !== schema.length) {
    throw new TableError(
      `is a damaged Parquet file: ${schema.length - at} of its schema's elements belong nowhere`,
    )
  }
  return { columns, leaves }
}

function readable(element: SchemaElement): Omit<SchemaColumn, 'name' | 'leaf'> {
  const { repetition_type: repetition } = element
  if (repetition === undefined) {
    throw new TableError(
      `is a damaged Parquet file: column ${quoted(element.name)} doesn't say whether it has nulls`,
    )
  }
  const optional = repetition !== 'REQUIRED'
  if (element.type === undefined || repetition === 'REPEATED') {
    return { kind: null, type: null, optional, described: 'a nested column' }
  }
  const type = typeOf(element)
  return { kind: type?.kind ?? null, type, optional, described: describe(element) }
}

function typeOf(element: SchemaElement): ColumnType | null {
  const { type, converted_type: converted, logical_type: logical } = element
  const wide = type === 'INT64'
  if (type === 'BYTE_ARRAY') {
    const text = converted === undefined || converted === 'UTF8' || converted === 'ENUM'
    const named = logical === undefined || logical.type === 'STRING' || logical.type === 'ENUM'
    return text && named ? { kind: 'text', wide: false, unsigned: false, seconds: null } : null
  }
  if (!wide && type !== 'INT32') return null
  if (logical !== undefined) {
    if (logical.type === 'INTEGER') return integer(wide, !logical.isSigned)
    if (logical.type !== 'TIMESTAMP' || !wide || !logical.isAdjustedToUTC) return null
    return { kind: 'timestamp', wide, unsigned: false, seconds: UNITS[logical.unit] }
  }
  if (converted === undefined || /^INT_\d+$/.test(converted)) return integer(wide, false)
  if (/^UINT_\d+$/.test(converted)) return integer(wide, true)
  if (!wide || !converted.startsWith('TIMESTAMP_')) return null
  const unit = converted === 'TIMESTAMP_MILLIS' ? UNITS.MILLIS : UNITS.MICROS
  return { kind: 'timestamp', wide, unsigned: false, seconds: unit }
}

function integer(wide: boolean, unsigned: boolean): ColumnType {
  return { kind: 'integer', wide, unsigned, seconds: null }
}

function describe({ type, converted_type: converted, logical_type: logical }: SchemaElement): string {
  if (logical?.type === 'TIMESTAMP') {
    return `${type} (${logical.isAdjustedToUTC ? 'a timestamp' : "a local timestamp, whose time zone isn't told"})`
  }
  const annotation = logical?.type ?? converted
  return annotation === undefined ? String(type) : `${type} (${annotation})`
}

function elementAt(schema: readonly SchemaElement[], at: number): SchemaElement {
  const element = schema[at]
  if (element !== undefined && typeof element.name === 'string') return element
  throw new TableError('is a damaged Parquet file: its schema ends early')
}

function childrenOf(element: SchemaElement | undefined): number {
  const children = element?.num_children ?? 0
  if (element === undefined || !(children >= 0)) {
    const what = element === undefined ? 'nothing' : quoted(String(children))
    throw new TableError(`is a damaged Parquet file: its schema has ${what} for a number of columns`)
  }
  return element.type === undefined ? children : 0
}
