// Flow logs in Parquet hold the same records as in text: record by record, and so the same ledger and rows.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DuckDB } from '../packages/parquet/test/duckdb.ts'
import { closedParquetHour, fileOf, readParquetRecords } from './support/parquet-hour.ts'
import { duckdbLog, parquetjsLog, twoForms, type LogTable } from './support/parquet-log.ts'
import { PLAIN_ACCOUNTS, plainHour, type PlainInput } from './support/plain-hour.ts'
import { randomHour } from './support/random-hour.ts'
import { readRecords } from './support/read-records.ts'
import { closedHour, plainAccounts } from './support/real-hour.ts'
import { Seeded } from './support/seeded.ts'

const PATIENCE = { timeout: 120_000 }

let duckdb: DuckDB
let folder: string
beforeAll(async () => {
  duckdb = await DuckDB.open()
  folder = await mkdtemp(join(tmpdir(), 'zonetoll-parquet-logs-'))
})
afterAll(async () => {
  await duckdb.close()
  await rm(folder, { recursive: true })
})

interface Writer {
  readonly name: string
  /** Integers up to 2^53 - 1 only. */
  readonly safe: boolean
  readonly write: (random: Seeded, table: LogTable) => Promise<Uint8Array>
}

const WRITERS: readonly Writer[] = [
  {
    name: 'DuckDB',
    safe: false,
    write: async (random, table) => {
      const codec = random.pick(['gzip', 'snappy', 'zstd', 'uncompressed', 'brotli'])
      const version = random.pick(['V1', 'V2'])
      return await duckdbLog(duckdb, folder, table, `CODEC '${codec}', PARQUET_VERSION ${version}`)
    },
  },
  {
    name: 'parquetjs-lite',
    safe: true,
    write: async (random, table) =>
      await parquetjsLog(table, {
        rowGroupSize: random.pick([1, 5, 100]),
        pageSize: random.pick([1, 3, 8192]),
        useDataPageV2: random.chance(0.3),
        compression: random.pick(['GZIP', 'GZIP', 'SNAPPY', 'UNCOMPRESSED']),
      }),
  },
]

async function bothForms(
  writer: Writer,
  random: Seeded,
): Promise<{ readonly input: PlainInput; readonly files: Uint8Array[] }> {
  const hour = randomHour(random)
  // UTF-8 in Parquet, a byte a character in those texts: they have ASCII only.
  const forms = hour.objects.map(({ text }) => twoForms(random, text, writer))
  const objects = hour.objects.map(({ flowLog }, at) => ({ flowLog, text: forms[at]!.text }))
  const files: Uint8Array[] = []
  for (const { table } of forms) files.push(await writer.write(random, table))
  return { input: { ...hour, objects }, files }
}

describe.each(WRITERS)('as $name writes it', writer => {
  test(
    'a flow log is the records and counts of its text, on random objects of 1,200 records',
    PATIENCE,
    async () => {
      let records = 0
      let malformed = 0
      for (let seed = 1; records < 1200; seed++) {
        const random = new Seeded(3_000_000 + seed)
        const { input, files } = await bothForms(writer, random)
        for (const [at, { text }] of input.objects.entries()) {
          const expected = readRecords(text)
          expect(await readParquetRecords(fileOf(files[at]!)), `seed ${seed}`).toEqual(expected)
          records += expected.records.length
          malformed += expected.counts.malformed
        }
      }
      expect(malformed).toBeGreaterThan(20)
    },
  )

  test(
    'an hour has the ledger and the rows of its text, on 120 random hours that reach every account',
    PATIENCE,
    async () => {
      const reached = new Map<string, bigint>()
      for (let seed = 1; seed <= 120; seed++) {
        const random = new Seeded(4_000_000 + seed)
        const { input, files } = await bothForms(writer, random)
        const growing = random.chance(0.5)
        const expected = closedHour(input, { growing })
        const got = await closedParquetHour(input, files, { growing })
        expect(plainAccounts(got), `seed ${seed}`).toEqual(plainAccounts(expected))
        expect(rowsOf(got), `seed ${seed}`).toEqual(rowsOf(expected))
        const plain = plainHour(input)
        for (const account of PLAIN_ACCOUNTS) {
          reached.set(account, (reached.get(account) ?? 0n) + plain.accounts[account].records)
        }
      }
      expect([...reached].filter(([, records]) => records < 5n)).toEqual([])
    },
  )
})

/** Rows that a rollup can't hold are refused alike. */
function rowsOf({ rows }: { readonly rows: Iterable<unknown> }): unknown {
  try {
    return [...rows]
  } catch (error) {
    return (error as Error).message
  }
}
