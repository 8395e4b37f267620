// Columns to records: what the table's names and types must be, and what a row comes to. That rows are the records of the same
// lines is tested at the top level, with Parquet between.

import { describe, expect, test } from 'vitest'
import {
  FormatError,
  LOG_FORMAT,
  MAX_LINE_BYTES,
  parseColumns,
  TableReader,
  TokenTable,
} from '../src/index.ts'
import type { IntegerSlice, NamedColumn, RecordBatch, TextSlice } from '../src/index.ts'

const NAMES = ['bytes', 'start', 'flow_direction', 'pkt_srcaddr', 'pkt_dstaddr']
const INTEGERS = new Set(['bytes', 'start', 'end', 'packets'])

function columnsOf(
  names: readonly string[],
  kinds: Readonly<Record<string, NamedColumn['kind']>> = {},
): NamedColumn[] {
  return names.map(name => {
    const usual = INTEGERS.has(name) ? 'integer' : 'text'
    const kind = kinds[name] === undefined ? usual : kinds[name]
    return { name, kind, described: `type of ${name}` }
  })
}

function problemOf(columns: readonly NamedColumn[]): string {
  try {
    parseColumns(columns)
  } catch (error) {
    if (error instanceof FormatError) return error.message
    throw error
  }
  throw new Error('taken as a flow log')
}

describe('a table', () => {
  test('is read where its columns are, spelt with underscores or hyphens, whatever else it has', () => {
    const format = parseColumns(
      columnsOf(['srcport', 'pkt_dstaddr', 'bytes', 'x', 'flow-direction', 'start', 'pkt-srcaddr', 'az_id']),
    )
    expect(format.columns).toEqual([1, 2, 4, 5, 6, 7])
    expect(format.slots).toEqual([1, 2, 4, 3, 0, 11])
    expect(format.interfaceAddresses).toBe(false)
    expect(parseColumns(columnsOf(['srcaddr', 'dstaddr', ...NAMES.slice(0, 3)])).interfaceAddresses).toBe(
      true,
    )
  })

  test('that lacks columns is refused as text is, naming the fields', () => {
    expect(problemOf(columnsOf(['bytes', 'pkt_srcaddr', 'az_id']))).toBe(
      `lacks the fields start, flow-direction, pkt-srcaddr, pkt-dstaddr. Create the flow log with --log-format '${LOG_FORMAT}' (its columns are "bytes pkt_srcaddr az_id").`,
    )
    expect(problemOf(columnsOf([...NAMES, 'tgw_id']))).toMatch(/^is a transit gateway's flow log/)
    expect(problemOf(columnsOf(['a\u001b[31m', 'b']))).toBe(
      String.raw`is a Parquet file, but no flow log: its columns are "a\u001b[31m b", none of which AWS names`,
    )
  })

  test.each([
    ['bytes', 'timestamp', 'an integer (INT64)'],
    ['bytes', null, 'an integer (INT64)'],
    ['pkt_srcaddr', 'integer', 'a string'],
    ['flow_direction', null, 'a string'],
  ] as const)('with %s as %s is refused: it expects %s', (name, kind, expected) => {
    expect(problemOf(columnsOf(NAMES, { [name]: kind }))).toBe(
      `has type of ${name} for its column ${name}: expected ${expected}, as AWS delivers it`,
    )
  })

  test('may have integers as text and times as timestamps', () => {
    const kinds = { bytes: 'text', start: 'timestamp', end: 'timestamp' } as const
    expect(parseColumns(columnsOf([...NAMES, 'end'], kinds)).slots).toEqual([2, 3, 4, 0, 1, 5])
  })
})

const encoder = new TextEncoder()

function texts(values: readonly (string | null)[]): TextSlice {
  const parts = values.map(value => encoder.encode(value ?? ''))
  const ends = Int32Array.from(parts, (_, at) =>
    parts.slice(0, at + 1).reduce((sum, { length }) => sum + length, 0),
  )
  const starts = ends.map((end, at) => end - parts[at]!.length)
  const bytes = encoder.encode(values.map(value => value ?? '').join(''))
  const entries = Int32Array.from(values, (value, at) => (value === null ? -1 : at))
  return { texts: { bytes, starts, ends, count: values.length }, entries }
}

function integers(values: readonly (bigint | null)[]): IntegerSlice {
  const words = new Uint32Array(new BigInt64Array(values.map(value => value ?? 77n)).buffer)
  return { words, present: Uint8Array.from(values, value => (value === null ? 0 : 1)) }
}

function tokens(grows = false) {
  return {
    instances: new TokenTable(['i-1']),
    interfaces: new TokenTable(['eni-1'], { grows }),
    zones: new TokenTable(['use2-az1']),
  }
}

const ADDRESSES = [texts(['10.0.0.1']), texts(['10.0.0.2'])]

describe('a row', () => {
  const slots = [2, 3, 4, 0, 1]

  test('with a text that no line could hold is malformed', () => {
    const long = 'e'.repeat(MAX_LINE_BYTES + 1)
    const table = tokens(true)
    const reader = new TableReader([...slots, 10], table)
    const [source, destination] = [texts(['10.0.0.1', '10.0.0.1']), texts(['10.0.0.2', '10.0.0.2'])]
    const columns = [
      integers([1n, 2n]),
      integers([3n, 4n]),
      texts(['egress', 'egress']),
      source,
      destination,
      texts([long, 'eni-2']),
    ]
    const read: bigint[] = []
    reader.push({ rows: 2, columns }, batch => read.push(...batch.bytes.subarray(0, batch.count)))
    expect(read).toEqual([2n])
    expect(reader.counts).toEqual({ lines: 2, malformed: 1, skipData: 0, noData: 0 })
    expect(table.interfaces.size).toBe(2)
  })

  test('teaches a growing table only the interfaces of records', () => {
    const table = tokens(true)
    const reader = new TableReader([...slots, 10], table)
    const columns = [integers([null]), integers([3n]), texts(['egress']), ...ADDRESSES, texts(['eni-9'])]
    reader.push({ rows: 1, columns }, () => {})
    expect(reader.counts.noData).toBe(1)
    expect(table.interfaces.size).toBe(1)
  })

  test('of many comes in batches of at most their capacity', () => {
    const rows = 10_000
    const all = <T>(value: T) => Array.from({ length: rows }, () => value)
    const one = (text: string) => ({ ...texts([text]), entries: new Int32Array(rows) })
    const columns = [
      integers(Array.from({ length: rows }, (_, row) => BigInt(row))),
      integers(all(5n)),
      one('egress'),
      one('10.0.0.1'),
      one('2600::1'),
    ]
    const reader = new TableReader(slots, tokens())
    const counts: number[] = []
    let sum = 0n
    const sink = (batch: RecordBatch) => {
      counts.push(batch.count)
      for (let row = 0; row < batch.count; row++) sum += batch.bytes[row]!
      expect([...batch.destination.subarray(0, 4)]).toEqual([0x26000000, 0, 0, 1])
    }
    reader.push({ rows, columns }, sink)
    expect(counts).toEqual([4096, 4096, 1808])
    expect(sum).toBe((BigInt(rows) * BigInt(rows - 1)) / 2n)
  })

  test('has the meanings of its own dictionary, when another takes its place', () => {
    const reader = new TableReader(slots, tokens())
    const seen: number[] = []
    for (const [direction, address] of [
      ['egress', '10.0.0.1'],
      ['ingress', '10.0.0.3'],
      ['egress', '10.0.0.4'],
    ] as const) {
      const columns = [integers([1n]), integers([2n]), texts([direction]), texts([address]), ADDRESSES[1]!]
      reader.push({ rows: 1, columns }, batch => seen.push(batch.flags[0]!, batch.source[0]! & 255))
    }
    expect(seen).toEqual([0, 1, 16, 3, 0, 4])
  })
})
