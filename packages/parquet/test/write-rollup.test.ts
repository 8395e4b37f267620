import type { RollupRow } from '@zonetoll/model'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRollup, writeRollup, type ByteSink } from '../src/index.ts'
import { DuckDB } from './duckdb.ts'
import { plainFields, rowByRow } from './row-by-row.ts'
import {
  anyRow,
  cells,
  COLUMN_NAMES,
  HOUR,
  INTEGERS,
  isNullable,
  isText,
  isTotal,
  memoryFile,
  MemorySink,
  plainRow,
  podNamed,
  seededRows,
  TEXTS,
  written,
} from './rows.ts'

const SEED = 20240501

async function readBack(bytes: Uint8Array): Promise<RollupRow[]> {
  return Array.fromAsync(readRollup(memoryFile(bytes)))
}

let duckdb: DuckDB
beforeAll(async () => {
  duckdb = await DuckDB.open()
})
afterAll(() => duckdb.close())

// Texts come as hexadecimal: the client's own decoding drops a byte order mark.
async function duckdbCells(bytes: Uint8Array): Promise<unknown[][]> {
  const columns = COLUMN_NAMES.map(name => (isText(name) ? `hex(encode(${name}))` : name))
  const rows = await duckdb.rows(`SELECT ${columns.join(', ')} FROM ${await duckdb.table(bytes)}`)
  return rows.map(row =>
    row.map(value => {
      if (value instanceof Date) return value.getTime()
      return typeof value === 'string' ? Buffer.from(value, 'hex').toString() : plainInteger(value)
    }),
  )
}

function plainInteger(value: unknown): unknown {
  return typeof value === 'bigint' && BigInt(Number(value)) === value ? Number(value) : value
}

function duckdbType(name: string): string {
  if (name === 'hour_start') return 'TIMESTAMP'
  return isTotal(name) ? 'BIGINT' : 'VARCHAR'
}

/** A row of which one value isn't what the types promise. */
function bad(change: object, side: 'source' | 'destination' | null = null): RollupRow {
  const row = plainRow(3)
  return side === null ? { ...row, ...change } : { ...row, [side]: { ...row[side], ...change } }
}

describe('what is written', () => {
  test('the seeded rows reach nulls, every odd text, a very long one and every border of integers', () => {
    const all = seededRows(300, SEED).flatMap(cells)
    for (const value of [null, ...TEXTS, ...INTEGERS]) expect(all).toContain(value)
    expect(all.some(value => typeof value === 'string' && value.length >= 100_000)).toBe(true)
  })

  test('comes back from our reader and from DuckDB, every value, over several row groups and pages', async () => {
    const rows = seededRows(300, SEED)
    const { bytes, summary } = await written(rows, { groupRows: 100, pageRows: 30 })
    expect(await readBack(bytes)).toEqual(rows)
    expect(await duckdbCells(bytes)).toEqual(rows.map(cells))
    expect(summary).toMatchObject({ rows: 300, size: bytes.length })
  })

  test('comes back from both readers for any rows, row groups and pages', async () => {
    const property = fc.asyncProperty(
      fc.array(anyRow, { maxLength: 25 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      async (rows, groupRows, pageRows) => {
        const { bytes } = await written(rows, { groupRows, pageRows })
        expect(await readBack(bytes)).toEqual(rows)
        expect(await duckdbCells(bytes)).toEqual(rows.map(cells))
      },
    )
    await fc.assert(property, { seed: SEED, numRuns: 60 })
  })

  test('is byte for byte what parquetjs-lite writes row by row', async () => {
    const property = fc.asyncProperty(
      fc.array(anyRow, { maxLength: 40 }),
      fc.integer({ min: 1, max: 15 }),
      fc.integer({ min: 1, max: 15 }),
      async (rows, groupRows, pageRows) => {
        const { bytes } = await written(rows, { groupRows, pageRows })
        const twin = await rowByRow(plainFields(), rows.map(cells), groupRows, pageRows)
        expect(Buffer.from(bytes).equals(twin)).toBe(true)
      },
    )
    await fc.assert(property, { seed: SEED, numRuns: 60 })
  })

  test('has the contract’s columns, as DuckDB describes them', async () => {
    const { bytes } = await written(seededRows(3, SEED))
    const described = await duckdb.rows(
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${await duckdb.table(bytes)})`,
    )
    expect(described).toEqual(COLUMN_NAMES.map(name => [name, duckdbType(name)]))
  })

  test('has the contract’s types and null rules in its own schema', async () => {
    const { bytes } = await written([])
    const schema = await duckdb.rows(
      `SELECT name, type, converted_type, repetition_type FROM parquet_schema(${await duckdb.table(bytes)})`,
    )
    expect(schema.slice(1)).toEqual(
      COLUMN_NAMES.map(name => {
        if (name === 'hour_start') return [name, 'INT64', 'TIMESTAMP_MILLIS', 'REQUIRED']
        if (isTotal(name)) return [name, 'INT64', null, 'REQUIRED']
        const optional = isNullable(name)
        return [name, 'BYTE_ARRAY', 'UTF8', optional ? 'OPTIONAL' : 'REQUIRED']
      }),
    )
  })

  test('says the hour in UTC', async () => {
    const { bytes } = await written([plainRow(0)])
    const text = await duckdb.rows(`SELECT hour_start::VARCHAR FROM ${await duckdb.table(bytes)}`)
    expect(text).toEqual([['2024-05-01 10:00:00']])
    expect(HOUR * 1000).toBe(Date.parse('2024-05-01T10:00:00Z'))
  })

  test('is a whole file with all columns when there are no rows', async () => {
    const { bytes, summary } = await written([])
    expect(await readBack(bytes)).toEqual([])
    const table = await duckdb.table(bytes)
    expect(await duckdb.rows(`SELECT count(*), sum(bytes) FROM ${table}`)).toEqual([[0n, null]])
    expect(await duckdb.rows(`SELECT column_name FROM (DESCRIBE SELECT * FROM ${table})`)).toEqual(
      COLUMN_NAMES.map(name => [name]),
    )
    expect(summary).toMatchObject({ rows: 0, bytes: 0n, packets: 0n, records: 0n })
  })

  test.each([49_999, 50_000, 50_001])(
    'splits %i rows into groups of 50,000 where nothing else is asked',
    async count => {
      const { bytes } = await written(Array.from({ length: count }, (_, at) => plainRow(at)))
      const table = await duckdb.table(bytes)
      const groups = await duckdb.rows(
        `SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(${table}) ORDER BY 1`,
      )
      const expected = count > 50_000 ? [50_000n, BigInt(count - 50_000)] : [BigInt(count)]
      expect(groups.map(group => group[1])).toEqual(expected)
      expect(await duckdb.rows(`SELECT count(*), sum(bytes), count(DISTINCT bytes) FROM ${table}`)).toEqual([
        [BigInt(count), (BigInt(count) * BigInt(count - 1)) / 2n, BigInt(count)],
      ])
    },
  )

  test.each([1, 9, 10, 11, 19, 20, 21, 29, 30, 31])(
    'holds %i rows in groups of 10 and pages of 5',
    async count => {
      const rows = Array.from({ length: count }, (_, at) => plainRow(at))
      const { bytes } = await written(rows, { groupRows: 10, pageRows: 5 })
      expect(await readBack(bytes)).toEqual(rows)
      expect(await duckdbCells(bytes)).toEqual(rows.map(cells))
    },
  )

  test('ends a row group early once its texts are long', async () => {
    const rows = Array.from({ length: 6 }, (_, at) => ({
      ...plainRow(at),
      source: podNamed('x'.repeat(1000), 'use2-az1'),
    }))
    const { bytes } = await written(rows, { groupTextUnits: 2500 })
    const groups = await duckdb.rows(
      `SELECT count(DISTINCT row_group_id) FROM parquet_metadata(${await duckdb.table(bytes)})`,
    )
    expect(groups).toEqual([[2n]])
    expect(await readBack(bytes)).toEqual(rows)
  })

  test('keeps more distinct texts than are remembered', async () => {
    const rows = Array.from({ length: 70_000 }, (_, at) => ({
      ...plainRow(at),
      destination: podNamed(`pod-${at}-é`, 'use2-az2'),
    }))
    const { bytes } = await written(rows)
    const back = await duckdb.rows(`SELECT destination_name FROM ${await duckdb.table(bytes)}`)
    expect(back.map(row => row[0])).toEqual(rows.map(row => row.destination.name))
  })

  test('is the same bytes for the same rows', async () => {
    const rows = seededRows(50, SEED)
    const first = await written(rows, { groupRows: 20 })
    await new Promise(resolve => setTimeout(resolve, 20))
    const second = await written(structuredClone(rows), { groupRows: 20 })
    expect(Buffer.from(second.bytes).equals(first.bytes)).toBe(true)
    expect(second.summary).toEqual(first.summary)
  })

  test('takes each row’s values when it comes: a row may be used again for the next', async () => {
    const rows = seededRows(30, SEED)
    function* reused() {
      const row = { ...rows[0]! }
      for (const next of rows) yield Object.assign(row, next)
    }
    expect(await readBack((await written(reused(), { groupRows: 7, pageRows: 3 })).bytes)).toEqual(rows)
  })

  test('sums totals exactly beyond 2^53', async () => {
    const rows = Array.from({ length: 5 }, (_, at) => ({ ...plainRow(at), bytes: 2 ** 53 - 1, packets: 3 }))
    const { summary, bytes } = await written(rows)
    expect(summary).toMatchObject({ bytes: 5n * (2n ** 53n - 1n), packets: 15n, records: 5n })
    const sums = await duckdb.rows(`SELECT sum(bytes), sum(packets) FROM ${await duckdb.table(bytes)}`)
    expect(sums).toEqual([[5n * (2n ** 53n - 1n), 15n]])
  })
})

describe('what can’t be written exactly', () => {
  test.each([
    ['bytes', bad({ bytes: 2 ** 53 }), '9007199254740992'],
    ['bytes', bad({ bytes: -1 }), '-1'],
    ['packets', bad({ packets: 1.5 }), '1.5'],
    ['records', bad({ records: Number.NaN }), 'NaN'],
    ['records', bad({ records: Infinity }), 'Infinity'],
    ['bytes', bad({ bytes: '12' }), '"12"'],
    ['bytes', bad({ bytes: 12n }), '12'],
    ['hour_start', bad({ hourStart: 2 ** 53 - 1 }), '9007199254740991'],
    ['hour_start', bad({ hourStart: -3600 }), '-3600'],
    ['hour_start', bad({ hourStart: HOUR + 1 }), '1714557601'],
    ['source_name', bad({ name: 'half \ud83d' }, 'source'), '"half \\ud83d"'],
    ['destination_app', bad({ app: '\udc00' }, 'destination'), '"\\udc00"'],
    ['source_zone', bad({ zone: null }, 'source'), 'null'],
    ['destination_name', bad({ name: undefined }, 'destination'), 'undefined'],
    ['destination_node', bad({ node: 7 }, 'destination'), '7'],
    ['source_kind', bad({ kind: 'service' }, 'source'), '"service"'],
    ['source_kind', bad({ kind: null }, 'source'), 'null'],
  ])('is refused: column %s', async (column, row, shown) => {
    const sink = new MemorySink()
    const rows = [...Array.from({ length: 14 }, (_, at) => plainRow(at)), row]
    const refused = writeRollup(rows, sink, { groupRows: 10, pageRows: 2 })
    await expect(refused).rejects.toThrow(`rollup row 15, column ${column}: expected `)
    await expect(refused).rejects.toThrow(shown)
    // The magic number and the first group; nothing of the group that the row is in.
    expect(sink.chunks).toHaveLength(2)
  })

  test('options that make no sense are refused', async () => {
    await expect(writeRollup([], new MemorySink(), { groupRows: 0 })).rejects.toThrow('groupRows: expected')
    await expect(writeRollup([], new MemorySink(), { pageRows: 1.5 })).rejects.toThrow('pageRows: expected')
  })
})

describe('streaming', () => {
  test('asks for no row beyond the group that is being filled', async () => {
    let asked = 0
    const seen: number[] = []
    function* rows() {
      for (let at = 0; at < 35; at++) {
        asked++
        yield plainRow(at)
      }
    }
    const sink = new MemorySink()
    await writeRollup(
      rows(),
      {
        write(bytes) {
          seen.push(asked)
          return sink.write(bytes)
        },
      },
      { groupRows: 10, pageRows: 4 },
    )
    // Magic number and first group, two groups, the rest and the footer.
    expect(seen).toEqual([4, 10, 20, 30, 35, 35].with(0, seen[0]!))
    expect(seen[0]).toBeLessThanOrEqual(10)
  })

  test.each([0, 1, 2, 3, 4])(
    'a sink that fails at write %i ends it with the sink’s own error, once',
    async failing => {
      const unhandled: unknown[] = []
      const listener = (reason: unknown) => unhandled.push(reason)
      process.on('unhandledRejection', listener)
      const failure = new Error('no space left on device')
      let writes = 0
      let closed = false
      function* rows() {
        try {
          for (let at = 0; at < 25; at++) yield plainRow(at)
        } finally {
          closed = true
        }
      }
      const sink: ByteSink = {
        async write() {
          await new Promise(resolve => setImmediate(resolve))
          if (writes++ === failing) throw failure
        },
      }
      await expect(writeRollup(rows(), sink, { groupRows: 10 })).rejects.toBe(failure)
      await new Promise(resolve => setTimeout(resolve, 20))
      process.off('unhandledRejection', listener)
      expect(unhandled).toEqual([])
      expect(writes).toBe(failing + 1)
      expect(closed).toBe(true)
    },
  )

  test('rows that fail end it with their own error', async () => {
    const failure = new Error('the books do not balance')
    function* rows() {
      yield plainRow(0)
      throw failure
    }
    await expect(writeRollup(rows(), new MemorySink())).rejects.toBe(failure)
  })
})
