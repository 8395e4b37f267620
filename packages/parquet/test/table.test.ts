// Tables of any writer are read as hyparquet reads them, and in no more requests than they need.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Seeded } from '../../../test/support/seeded.ts'
import { openTable } from '../src/index.ts'
import { DuckDB } from './duckdb.ts'
import { parquetjsFile, type WriterField } from './parquetjs.ts'
import { fileOf, readByHyparquet, readTable } from './tables.ts'

let duckdb: DuckDB
let folder: string
beforeAll(async () => {
  duckdb = await DuckDB.open()
  folder = await mkdtemp(join(tmpdir(), 'zonetoll-table-'))
})
afterAll(async () => {
  await duckdb.close()
  await rm(folder, { recursive: true })
})

async function copied(select: string, options: string): Promise<Uint8Array> {
  const path = join(folder, 'table.parquet')
  await duckdb.rows(`COPY (${select}) TO '${path}' (FORMAT parquet${options === '' ? '' : `, ${options}`})`)
  return new Uint8Array(await readFile(path))
}

/** Expressions over the row's number `i` and a random number `r`, by the name of their column. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  few_texts: `['ACCEPT', 'REJECT', '-', ''][1 + (r % 4)::INT]`,
  many_texts: `'10.' || (r % 256) || '.' || (i % 256) || '.' || (r % 100)`,
  long_texts: `repeat(chr(33 + (r % 90)::INT), (r % 2000)::INT)`,
  one_text: `'use2-az1'`,
  odd_texts: `chr((1 + r % 55000)::INT) || 'é🛒'`,
  no_text: `NULL::VARCHAR`,
  number: `i`,
  few_numbers: `r % 5`,
  wide_numbers: `(r * 9223372036854775)::BIGINT`,
  extreme_numbers: `[9223372036854775807, -9223372036854775808, 0, -1, 4294967295, 4294967296][1 + (r % 6)::INT]`,
  small_numbers: `(r % 100000 - 50000)::INTEGER`,
  unsigned_numbers: `(4294967295 - r)::UINTEGER`,
  tiny_numbers: `(r % 200)::UTINYINT`,
  millis: `epoch_ms(1714557600000 + i * 999 + r)::TIMESTAMPTZ`,
}

describe('a table as DuckDB writes it', () => {
  test('is what hyparquet reads, with every codec, version, size of row groups and share of nulls', async () => {
    const names = Object.keys(EXPRESSIONS)
    const encodings = new Set<string>()
    for (let seed = 1; seed <= 25; seed++) {
      const random = new Seeded(5_000_000 + seed)
      const rows = random.pick([1, 7, 3000, 9000])
      const select = names.map(name => {
        const value = EXPRESSIONS[name]!
        const nulls = random.pick(['false', 'false', 'r % 7 = 0', 'i % 1000 > 20', 'true'])
        return `CASE WHEN ${nulls} THEN NULL ELSE ${value} END AS ${name}`
      })
      const source = `(SELECT i, (i * 7919 + ${seed} * 104729) % 1000 AS r FROM range(${rows}) t(i))`
      const codec = random.pick(['gzip', 'snappy', 'zstd', 'uncompressed', 'brotli'])
      const version = random.pick(['V1', 'V2'])
      const dictionary = random.pick(['', ', DICTIONARY_SIZE_LIMIT 1', ', DICTIONARY_SIZE_LIMIT 100000'])
      const options = `CODEC '${codec}', PARQUET_VERSION ${version}, ROW_GROUP_SIZE ${random.pick([2048, 100_000])}${dictionary}`
      const bytes = await copied(`SELECT ${select.join(', ')} FROM ${source}`, options)
      const got = await readTable(fileOf(bytes), names)
      const expected = await readByHyparquet(bytes, names)
      const path = join(folder, 'table.parquet')
      // hyparquet 1.31.5 loses the highest bit of unsigned integers written as differences.
      const unsigned = await duckdb.rows(`SELECT unsigned_numbers::BIGINT FROM '${path}'`)
      expected['unsigned_numbers'] = unsigned.map(([value]) => value as bigint | null)
      for (const name of names) {
        expect(got[name], `seed ${seed}, ${options}, column ${name}`).toEqual(expected[name])
      }
      expect(got[names[0]!]!.length, `seed ${seed}`).toBe(rows)
      for (const [used] of await duckdb.rows(`SELECT DISTINCT encodings FROM parquet_metadata('${path}')`)) {
        for (const encoding of String(used).split(', ')) encodings.add(encoding)
      }
    }
    expect([...encodings]).toEqual(
      expect.arrayContaining(['PLAIN', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'DELTA_LENGTH_BYTE_ARRAY']),
    )
  })

  test('names the columns that it does not read, and what they are', async () => {
    const bytes = await copied(
      `SELECT 1.5::DOUBLE AS a, [1, 2] AS b, {'x': 1, 'y': 'z'} AS c, 1.25::DECIMAL(9, 2) AS d, true AS e,
        TIMESTAMP '2024-05-01 10:00:00' AS f, DATE '2024-05-01' AS g, 'text' AS h, 7 AS i`,
      '',
    )
    const { columns, rows } = await openTable(fileOf(bytes))
    expect(rows).toBe(1)
    expect(columns.map(({ name, kind, described }) => `${name} ${kind} ${described}`)).toEqual([
      'a null DOUBLE',
      'b null a nested column',
      'c null a nested column',
      'd null INT32 (DECIMAL)',
      'e null BOOLEAN',
      "f null INT64 (a local timestamp, whose time zone isn't told)",
      'g null INT32 (DATE)',
      'h text BYTE_ARRAY (UTF8)',
      'i integer INT32 (INT_32)',
    ])
    expect(await readTable(fileOf(bytes), ['i', 'h'])).toEqual({ i: [7n], h: ['text'] })
  })

  test('without rows has its columns and no slice', async () => {
    const bytes = await copied(`SELECT 'a' AS a, 1 AS b WHERE false`, '')
    expect(await readTable(fileOf(bytes), ['a', 'b'])).toEqual({ a: [], b: [] })
  })
})

describe('a table as parquetjs-lite writes it', () => {
  test('is what hyparquet reads, with every codec, both versions of pages and any size of them', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Seeded(6_000_000 + seed)
      const compression = random.pick(['GZIP', 'SNAPPY', 'UNCOMPRESSED'] as const)
      const fields = (['UTF8', 'BYTE_ARRAY', 'INT32', 'INT64', 'TIMESTAMP_MILLIS'] as const).map(
        (type, at) => [`c${at}`, { type, compression, optional: random.chance(0.6) }] as const,
      )
      const rows = random.list(random.pick([1, 10, 300]), () =>
        fields.map(([, field]) => randomValue(random, field)),
      )
      const bytes = await parquetjsFile(fields, rows, {
        rowGroupSize: random.pick([1, 7, 1000]),
        pageSize: random.pick([1, 5, 8192]),
        useDataPageV2: random.chance(0.5),
      })
      const names = fields.map(([name]) => name)
      expect(await readTable(fileOf(bytes), names), `seed ${seed}`).toEqual(
        await readByHyparquet(bytes, names),
      )
    }
  })
})

function randomValue(random: Seeded, { type, optional }: WriterField): unknown {
  if (optional && random.chance(0.3)) return null
  switch (type) {
    case 'UTF8':
      return random.pick(['-', '', '10.0.0.1', 'é🛒', 'x'.repeat(random.int(300))])
    case 'BYTE_ARRAY':
      return Buffer.from(random.pick(['-', 'eni-1', 'eni-2']))
    case 'INT32':
      return random.int(2 ** 31) - random.int(2 ** 31)
    case 'TIMESTAMP_MILLIS':
      return random.int(2 ** 31) * 1000 + random.int(1000)
    default:
      return random.pick([0, 1, -1, 4_294_967_296, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
  }
}

async function requests(bytes: Uint8Array, names: readonly string[]): Promise<[number, number][]> {
  const asked: [number, number][] = []
  await readTable(
    fileOf(bytes, (from, to) => asked.push([from, to])),
    names,
  )
  return asked
}

describe('what is read of a file', () => {
  const wide = `SELECT i, i AS a, hash(i)::VARCHAR || hash(i + 1) AS big1, i + 1 AS b, hash(i + 2)::VARCHAR AS big2, i + 2 AS c FROM range(60000) t(i)`

  test('is its end, and one part for each run of needed columns', async () => {
    const bytes = await copied(wide, `ROW_GROUP_SIZE 100000, CODEC 'uncompressed', DICTIONARY_SIZE_LIMIT 1`)
    expect(bytes.length).toBeGreaterThan(3_000_000)
    const asked = await requests(bytes, ['a', 'b', 'c'])
    expect(asked.length).toBe(4)
    expect(asked[0]).toEqual([bytes.length - 65_536, bytes.length])
    expect(asked.reduce((sum, [from, to]) => sum + to - from, 0)).toBeLessThan(1_600_000 + 65_536)
    expect((await requests(bytes, ['a', 'big1', 'b'])).length).toBe(2)
  })

  test('is its end alone where it is small', async () => {
    const bytes = await copied(`SELECT i FROM range(100) t(i)`, '')
    expect(await requests(bytes, ['i'])).toEqual([[0, bytes.length]])
  })

  test('is small row groups together, and a footer of any length in two parts', async () => {
    const bytes = await copied(wide.replace('60000', '200000'), `ROW_GROUP_SIZE 2048, CODEC 'uncompressed'`)
    expect(bytes.length).toBeGreaterThan(12_000_000)
    const asked = await requests(bytes, ['a', 'b', 'c'])
    expect(asked.length).toBeLessThan(8)

    const names = Array.from({ length: 900 }, (_, at) => `i + ${at} AS column_with_a_long_name_${at}`)
    const many = await copied(`SELECT ${names.join(', ')} FROM range(10) t(i)`, '')
    const two = await requests(many, ['column_with_a_long_name_899'])
    expect(two[0]).toEqual([many.length - 65_536, many.length])
    expect(two[1]![1]).toBe(many.length - 65_536)
  })
})
