// SQL of a user reads the tables and reaches nothing else.

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '@zonetoll/command'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OpenHours } from '../src/open-hours.ts'
import { RollupDatabase } from '../src/rollup-database.ts'
import { askSql, openFolder, NO_SIGNAL } from './asked.ts'
import { writeMonth } from './stored-month.ts'

const PARTITION = 'cluster=shop/dt=2024-05-01/hour=00'

let folder: string
let rollup: string
let open: OpenHours
let web: Server
let requests = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zonetoll-explore-'quoted'-"))
  await writeMonth(folder, { hours: 2, rows: 200, workloads: 5 })
  await writeFile(join(folder, 'secret.csv'), 'a\n1\n')
  await mkdir(join(folder, 'attached'))
  rollup = join(folder, PARTITION, 'rollup.parquet')
  open = await openFolder(folder)
  web = createServer((_, response) => {
    requests++
    response.end('a\n1\n')
  })
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  open.database.close()
  await new Promise(resolve => web.close(resolve))
  await rm(folder, { recursive: true })
})

test('rollup has the columns of the file, ledger a row an hour, and details have their own tables', async () => {
  const columns = await askSql(open.database, 'DESCRIBE rollup')
  expect(columns.map(column => (column as { column_name: string }).column_name)).toEqual([
    'hour_start',
    ...['source', 'destination'].flatMap(side =>
      ['kind', 'namespace', 'name', 'workload', 'app', 'node', 'zone'].map(field => `${side}_${field}`),
    ),
    'bytes',
    'packets',
    'records',
  ])
  expect(await askSql(open.database, 'SELECT count(*) AS rows FROM rollup')).toEqual([{ rows: 400 }])
  expect(await askSql(open.database, 'SELECT hour_start, rows FROM ledger ORDER BY 1')).toEqual([
    { hour_start: '2024-05-01T00:00:00Z', rows: 200 },
    { hour_start: '2024-05-01T01:00:00Z', rows: 200 },
  ])
  expect(await askSql(open.database, 'SELECT name FROM (SHOW TABLES) ORDER BY 1')).toEqual(
    ['ledger', 'ledger_account', 'ledger_object', 'ledger_workload', 'ledger_zone', 'rollup'].map(name => ({
      name,
    })),
  )
})

test('the ledger tables hold each other: accounts, zones, objects', async () => {
  const sums = `SELECT
    (SELECT sum(read_bytes) FROM ledger) = (SELECT sum(bytes) FROM ledger_account) AS accounts,
    (SELECT sum(cross_zone_bytes + same_zone_bytes) FROM ledger) = (SELECT sum(bytes) FROM ledger_zone) AS zones,
    (SELECT sum(objects) FROM ledger) = (SELECT count(*) FROM ledger_object) AS objects,
    (SELECT sum(cross_zone_bytes) FROM ledger) = (SELECT sum(bytes) FROM rollup) AS rows,
    (SELECT count(DISTINCT workload) FROM ledger_workload) AS workloads`
  expect(await askSql(open.database, sums)).toEqual([
    { accounts: true, zones: true, objects: true, rows: true, workloads: 5 },
  ])
})

function csv(): string {
  return join(folder, 'secret.csv')
}

function page(): string {
  return `http://127.0.0.1:${(web.address() as AddressInfo).port}/x`
}

describe('from SQL there is', () => {
  test.each([
    ['no file by a function', () => `SELECT * FROM read_csv('${csv()}')`],
    ['no file by its name', () => `FROM '${csv()}'`],
    ['no text of a file', () => `SELECT * FROM read_text('${csv()}')`],
    ['no bytes of a file', () => `SELECT * FROM read_blob('/etc/passwd')`],
    ['no JSON', () => `SELECT * FROM read_json('${folder}/${PARTITION}/_ledger.json')`],
    ['no other Parquet file', () => `SELECT * FROM read_parquet('${folder}/**/*.parquet')`],
    ['no Parquet footer', () => `SELECT * FROM parquet_metadata('/etc/passwd')`],
    ['no look into folders', () => `SELECT * FROM glob('${folder}/*')`],
    ['no sniffing', () => `SELECT * FROM sniff_csv('${csv()}')`],
    ['no DuckDB file', () => `SELECT * FROM read_duckdb('${csv()}')`],
    ['no file inside query()', () => `SELECT * FROM query('FROM read_text(''/etc/passwd'')')`],
    ['no web page', () => `SELECT * FROM read_csv('${page()}')`],
    ['no web page by its name', () => `FROM '${page()}'`],
    ['no bucket', () => `SELECT * FROM read_parquet('s3://bucket/key')`],
    ['no environment', () => `SELECT getenv('HOME')`],
    ['no writing', () => `COPY (SELECT 1) TO '${folder}/written.csv'`],
    ['no writing over what may be read', () => `COPY (SELECT 1 AS a) TO '${rollup}' (FORMAT parquet)`],
    ['no writing into the spill folder', () => `COPY (SELECT 1) TO '${open.database.folder}/a.csv'`],
    ['no writing in EXPLAIN', () => `EXPLAIN ANALYZE COPY (SELECT 1 AS a) TO '${rollup}' (FORMAT parquet)`],
    ['no export', () => `EXPORT DATABASE '${folder}/export'`],
    ['no import', () => `IMPORT DATABASE '${folder}'`],
    ['no other database', () => `ATTACH '${folder}/attached/a.db'`],
    ['no extension to install', () => 'INSTALL httpfs'],
    ['no extension to load', () => 'LOAD httpfs'],
    ['no extension from a file', () => `LOAD '${folder}/a.duckdb_extension'`],
    ['no setting', () => 'SET enable_external_access = true'],
    ['no setting by PRAGMA', () => 'PRAGMA enable_external_access = true'],
    ['no unlocking', () => 'SET lock_configuration = false'],
    ['no reset', () => 'RESET memory_limit'],
    ['no table to make', () => 'CREATE TABLE a (b INT)'],
    ['no table to change', () => 'DELETE FROM ledger'],
    ['no view to change', () => 'DROP VIEW rollup'],
    ['no call', () => 'CALL pragma_version()'],
    ['no second statement', () => 'SELECT 1; DROP VIEW rollup'],
    ['no statement at all', () => '-- a comment'],
  ])('%s', async (_what, sql) => {
    const before = [...(await readdir(folder, { recursive: true })).sort(), (await stat(rollup)).size]
    const asked = askSql(open.database, sql())
    await expect(asked).rejects.toThrow(UsageError)
    await expect(asked).rejects.toThrow(/^SQL: [^\n]+$/)
    expect([...(await readdir(folder, { recursive: true })).sort(), (await stat(rollup)).size]).toEqual(
      before,
    )
    expect(await readdir(open.database.folder)).toEqual([])
    expect(requests).toBe(0)
  })

  test('no secret to read or to make', async () => {
    expect(await askSql(open.database, 'SELECT * FROM duckdb_secrets()')).toEqual([])
    await expect(askSql(open.database, 'CREATE SECRET (TYPE s3)')).rejects.toThrow('Secret type')
  })

  test('still everything that reads', async () => {
    for (const [sql, rows] of [
      ['SELECT 1 AS a', 1],
      ['  /* why */ WITH a AS (SELECT 1 AS b) FROM a -- so', 1],
      ['FROM rollup LIMIT 3', 3],
      ['(SELECT 1)', 1],
      ['VALUES (1), (2)', 2],
      ['TABLE ledger', 2],
      ['SUMMARIZE ledger', 26],
      [
        `PIVOT rollup ON source_zone IN ('use2-az1', 'use2-az2') USING sum(bytes) GROUP BY destination_zone`,
        3,
      ],
      ['SELECT usd(1073741824) AS usd', 1],
    ] as const) {
      expect(await askSql(open.database, sql), sql).toHaveLength(rows)
    }
    expect(await askSql(open.database, 'SELECT usd(53687091200) AS usd')).toEqual([{ usd: 1 }])
  })

  test('a rollup as bytes, which is what may be read', async () => {
    const { size } = await stat(rollup)
    expect(
      await askSql(open.database, `SELECT size FROM read_blob('${rollup.replaceAll("'", "''")}')`),
    ).toEqual([{ size }])
  })
})

test('what the memory is too small for goes to the disk, and the disk is cleared', async () => {
  const database = await RollupDatabase.open({ signal: NO_SIGNAL, memoryBytes: 80 * 1024 ** 2 })
  const spill = join(database.folder, 'spill')
  try {
    await database.lock([rollup])
    const sql = `SELECT i, repeat('x', 40) || i AS text FROM range(1500000) AS t(i) ORDER BY hash(i)`
    const selection = await database.select(sql)
    expect(await readdir(spill)).not.toEqual([])
    let rows = 0
    for await (const chunk of selection.chunks()) rows += chunk.rowCount
    expect(rows).toBe(1_500_000)
  } finally {
    database.close()
  }
  await expect(readdir(database.folder)).rejects.toThrow('ENOENT')
})

test('an abort interrupts what is running', async () => {
  const stop = new AbortController()
  const database = await RollupDatabase.open({ signal: stop.signal })
  try {
    await database.lock([rollup])
    const sql = 'SELECT count(*) FROM range(10000000000) AS a(i) WHERE hash(i) = 1'
    const reason = new Error('stopped')
    setTimeout(() => stop.abort(reason), 100)
    const begun = performance.now()
    await expect(database.select(sql)).rejects.toBe(reason)
    expect(performance.now() - begun).toBeLessThan(2000)
  } finally {
    database.close()
  }
})

test('a file that is no Parquet is an error of the run that names it, not of the text', async () => {
  const damaged = join(folder, 'damaged.parquet')
  await writeFile(damaged, (await readFile(rollup)).subarray(0, 1000))
  const database = await RollupDatabase.open({ signal: NO_SIGNAL })
  try {
    await expect(database.lock([damaged])).rejects.toThrow(/damaged\.parquet/)
  } finally {
    database.close()
    await rm(damaged)
  }
})
