// The bytes of rollup.parquet back to rows.

import type { Endpoint, Hour, RollupRow } from '@zonetoll/model'
import {
  endpointColumns,
  ENDPOINT_FIELDS,
  HOUR_COLUMN,
  isEndpointKind,
  TOTAL_NAMES,
  totalColumn,
  type Column,
  type Side,
} from './columns.ts'
import {
  openRollup,
  type OpenRollup,
  type RollupFile,
  type RowGroupRange,
  type ValueReader,
  type Values,
} from './rollup-file.ts'

const HOUR_MILLIS = 3_600_000n

/**
 * The rows in the file's order; memory is one row group. Rows next to each other share an endpoint's object where
 * it is the same. Throws where the file isn't a rollup, is damaged, or holds a value that a row can't.
 */
export async function* readRollup(file: RollupFile): AsyncIterable<RollupRow> {
  const rollup = await openRollup(file)
  for (const group of rollup.groups) yield* await readGroup(rollup, group)
}

async function readGroup(rollup: OpenRollup, group: RowGroupRange): Promise<Iterable<RollupRow>> {
  const integers = (column: Column) => readIntegers(rollup, column, group)
  const hours = await readHours(rollup, group)
  const sources = await readEndpoints(rollup, 'source', group)
  const destinations = await readEndpoints(rollup, 'destination', group)
  const [bytes, packets, records] = [
    await integers(totalColumn(TOTAL_NAMES[0])),
    await integers(totalColumn(TOTAL_NAMES[1])),
    await integers(totalColumn(TOTAL_NAMES[2])),
  ]
  return (function* rows() {
    for (let at = 0; at < hours.length; at++) {
      yield {
        hourStart: hours[at]!,
        source: sources[at]!,
        destination: destinations[at]!,
        bytes: bytes[at]!,
        packets: packets[at]!,
        records: records[at]!,
      }
    }
  })()
}

async function readHours(rollup: OpenRollup, group: RowGroupRange): Promise<Hour[]> {
  const pages = await rollup.readColumn(HOUR_COLUMN, group, valueReader())
  return flatten(pages, (value, at) => {
    if (typeof value !== 'bigint' || value < 0n || value % HOUR_MILLIS !== 0n) {
      throw damage(HOUR_COLUMN, group, at, 'the first millisecond of an hour', value)
    }
    return (Number(value) / 1000) as Hour
  })
}

async function readIntegers(rollup: OpenRollup, column: Column, group: RowGroupRange): Promise<number[]> {
  const pages = await rollup.readColumn(column, group, valueReader())
  return flatten(pages, (value, at) => {
    const number = typeof value === 'bigint' ? Number(value) : Number.NaN
    if (!Number.isSafeInteger(number) || number < 0) {
      throw damage(column, group, at, 'an integer from 0 to 2^53 - 1', value)
    }
    return number
  })
}

async function readEndpoints(rollup: OpenRollup, side: Side, group: RowGroupRange): Promise<Endpoint[]> {
  const columns: unknown[][] = []
  for (const column of endpointColumns(side)) {
    columns.push(
      flatten(await rollup.readColumn(column, group, valueReader()), (value, at) => {
        const fits = column.statistics ? isEndpointKind(value) : typeof value === 'string'
        if (!fits && (value !== null || !column.optional)) {
          throw damage(column, group, at, column.statistics ? 'a kind of endpoint' : 'a text', value)
        }
        return value
      }),
    )
  }
  const endpoints: Endpoint[] = []
  for (let at = 0; at < group.rowEnd - group.rowStart; at++) {
    const same = at > 0 && columns.every(values => values[at] === values[at - 1])
    endpoints.push(same ? endpoints[at - 1]! : endpointAt(columns, at))
  }
  return endpoints
}

// The values were checked as they came: a kind, texts, and null only where it is allowed.
function endpointAt(columns: readonly unknown[][], at: number): Endpoint {
  const fields = ENDPOINT_FIELDS.map(([field], index) => [field, columns[index]![at]])
  return Object.fromEntries(fields) as Endpoint
}

/** Decodes texts; a text that stands again in the next row is the same string, decoded once. */
function valueReader(): ValueReader {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let before: Uint8Array | null = null
  let text = ''
  return {
    text(utf8) {
      if (before === null || !sameBytes(before, utf8)) {
        text = decoder.decode(utf8)
        before = utf8
      }
      return text
    },
    hour: millis => millis,
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = a.length - 1; at >= 0; at--) if (a[at] !== b[at]) return false
  return true
}

function flatten<T>(pages: readonly Values[], read: (value: unknown, at: number) => T): T[] {
  const values: T[] = []
  for (const page of pages) {
    for (let at = 0; at < page.length; at++) values.push(read(page[at], values.length))
  }
  return values
}

function damage(column: Column, group: RowGroupRange, at: number, expected: string, got: unknown): Error {
  return new Error(
    `rollup row ${group.rowStart + at + 1}, column ${column.name}: expected ${expected}, got ${String(got)}; the file isn't a rollup that this version writes`,
  )
}
