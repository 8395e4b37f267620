// Flow logs delivered as Parquet: the rollups of the same records in text, from a folder and from a bucket.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { Timeline } from '@zonetoll/assignments'
import type { Hour } from '@zonetoll/model'
import { openLocation } from '@zonetoll/objects'
import { Attribution } from '@zonetoll/rollup'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { DuckDB } from '../../../packages/parquet/test/duckdb.ts'
import {
  assignmentFiles,
  ASSIGNMENTS,
  HOUR,
  HOUR_TEXT,
  joined,
  LAYOUTS,
  objectKey,
  objectOf,
  PARTITION,
  record,
  SLOT,
  smallHour,
  type Files,
} from '../../../test/support/data-set.ts'
import { duckdbLog, type LogTable } from '../../../test/support/parquet-log.ts'
import { startS3Server, type S3Server } from '../../../test/servers/s3-server.ts'
import type { LogObject } from '../src/find-logs.ts'
import { ObjectReader } from '../src/object-reader.ts'
import { Desk, ledgerOf, type LedgerJson } from './worker.ts'

const BUNDLED = fileURLToPath(new URL('../../sample/bundled/', import.meta.url))
const INTEGERS = new Set(['bytes', 'packets', 'start', 'end'])

let duckdb: DuckDB
let folder: string
beforeAll(async () => {
  duckdb = await DuckDB.open()
  folder = await mkdtemp(join(tmpdir(), 'zonetoll-worker-parquet-'))
})
afterAll(async () => {
  await duckdb.close()
  await rm(folder, { recursive: true })
})

const desks: Desk[] = []
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.close()
})

async function deskOf(files: Files): Promise<Desk> {
  const desk = await Desk.make(files)
  desks.push(desk)
  return desk
}

/** An object's gzipped text as AWS types it in Parquet. */
async function parquetOf(gzipped: Uint8Array, options = `CODEC 'gzip'`): Promise<Uint8Array> {
  const [header, ...lines] = gunzipSync(gzipped).toString('latin1').trimEnd().split('\n')
  const names = header!.split(' ')
  const table: LogTable = {
    columns: names.map(name => ({
      name: name.replaceAll('-', '_'),
      type: INTEGERS.has(name) ? 'INT64' : 'text',
      optional: true,
    })),
    rows: lines.map(line => line.split(' ').map(value => (value === '-' ? null : value))),
  }
  return await duckdbLog(duckdb, folder, table, options)
}

/** The same data set with its flow logs in Parquet. */
async function inParquet(files: Files): Promise<Files> {
  const converted = new Map(files)
  for (const [path, content] of files) {
    if (!path.endsWith('.log.gz')) continue
    converted.delete(path)
    converted.set(path.replace(/\.log\.gz$/, '.log.parquet'), await parquetOf(content as Uint8Array))
  }
  return converted
}

/** 1,200 records in the four layouts that a key may have. */
function wideHour(): Files {
  const files = new Map(assignmentFiles(ASSIGNMENTS))
  for (const [at, layout] of LAYOUTS.entries()) {
    const key = objectKey({
      layout,
      slot: HOUR + (at + 2) * SLOT,
      account: `11111111111${at}`,
      hash: `w${at}`,
    })
    const lines = Array.from({ length: 300 }, (_, row) =>
      record({
        from: `10.0.${(row % 3) * 64}.${row % 4}`,
        to: row % 11 === 0 ? '2600:1f16::1' : `10.0.${((row + at) % 3) * 64}.${row % 7}`,
        bytes: row % 50 === 0 ? '-' : 2 ** (row % 40),
        packets: row % 17 === 0 ? '-' : row,
        start: row * 13 - 100,
        direction: row % 5 === 0 ? 'ingress' : 'egress',
        action: row % 9 === 0 ? 'REJECT' : 'ACCEPT',
        status: ['OK', 'OK', 'OK', 'NODATA', 'SKIPDATA'][row % 5]!,
        zone: row % 3 === 0 ? '-' : 'use2-az1',
      }),
    )
    files.set(`logs/${key}`, objectOf(lines))
  }
  return files
}

/** What doesn't speak of the objects' bytes. */
function booksOf(ledger: LedgerJson): unknown {
  const { objects, ...books } = ledger
  return { ...books, objects: objects.map(({ records, problem }) => ({ records, problem })) }
}

test('flow logs in Parquet make the rollup and the books of the same in text, in any layout, with any threads', async () => {
  const text = await deskOf(wideHour())
  const parquet = await deskOf(await inParquet(wideHour()))
  expect(await text.run(text.options)).toMatchObject({ status: 0 })
  const expected = await text.rollups()
  for (const threads of ['1', '2']) {
    const args = [...parquet.options, '--threads', threads]
    expect(await parquet.run(args), threads).toMatchObject({ status: 0 })
    const got = await parquet.rollups()
    expect(got[`${PARTITION}rollup.parquet`]).toBe(expected[`${PARTITION}rollup.parquet`])
    const ledger = ledgerOf(got, PARTITION)
    expect(booksOf(ledger)).toEqual(booksOf(ledgerOf(expected, PARTITION)))
    expect(ledger.objects.every(({ key }) => key.endsWith('.log.parquet'))).toBe(true)
    expect(Number(ledger.read.records)).toBe(1200)
  }
})

test('the bundled sample and the six fields of the older solution come to the same as in text', async () => {
  const files = new Map<string, Uint8Array>()
  for (const path of await readdir(BUNDLED, { recursive: true })) {
    if (/\.(log|ndjson)\.gz$/.test(path)) files.set(path, await readFile(join(BUNDLED, path)))
  }
  expect(files.size).toBeGreaterThan(5)
  await expectAlike(files)

  const six = 'az-id flow-direction pkt-srcaddr pkt-dstaddr start bytes'
  const lines = Array.from(
    { length: 500 },
    (_, row) =>
      `use2-az${1 + (row % 3)} ${row % 3 === 0 ? 'ingress' : 'egress'} 10.0.${(row % 2) * 64}.1 10.0.64.${row % 5} ${HOUR + row * 8 - 100} ${row % 7 === 0 ? '-' : row * row}`,
  )
  const key = `logs/${objectKey({ slot: HOUR + SLOT })}`
  await expectAlike(joined(assignmentFiles(ASSIGNMENTS), new Map([[key, objectOf(lines, six)]])))
})

async function expectAlike(files: Files): Promise<void> {
  const [text, parquet] = [await deskOf(files), await deskOf(await inParquet(files))]
  expect(await text.run(text.options)).toMatchObject({ status: 0 })
  expect(await parquet.run(parquet.options)).toMatchObject({ status: 0 })
  const [expected, got] = [await text.rollups(), await parquet.rollups()]
  const rollup = Object.keys(expected).find(path => path.endsWith('rollup.parquet'))
  expect(got[rollup!]).toBe(expected[rollup!])
  const partition = rollup!.slice(0, -'rollup.parquet'.length)
  expect(booksOf(ledgerOf(got, partition))).toEqual(booksOf(ledgerOf(expected, partition)))
}

test('text and Parquet stand side by side', async () => {
  const files = wideHour()
  const first = [...files.keys()].find(path => path.endsWith('.log.gz'))
  const mixed = new Map(files)
  mixed.delete(first!)
  mixed.set(
    first!.replace('.log.gz', '.log.parquet'),
    await parquetOf(files.get(first!) as Uint8Array, `CODEC 'zstd'`),
  )
  const [text, both] = [await deskOf(files), await deskOf(mixed)]
  await text.run(text.options)
  expect(await both.run(both.options)).toMatchObject({ status: 0 })
  const rollup = `${PARTITION}rollup.parquet`
  expect((await both.rollups())[rollup]).toBe((await text.rollups())[rollup])
})

test('a bad Parquet object fails the hour naming it, and is left out whole where such are skipped', async () => {
  const key = objectKey({ slot: HOUR + 3 * SLOT, hash: 'bad', ending: '.log.parquet' })
  const lines = Array.from({ length: 9000 }, (_, row) => record({ bytes: row, packets: row * 7 }))
  const whole = await parquetOf(objectOf(lines), `CODEC 'gzip', ROW_GROUP_SIZE 2048, DICTIONARY_SIZE_LIMIT 1`)
  // The last row group's first column: three groups were read by then.
  const bytes = Buffer.from(whole)
  const [[offset]] = (await duckdb.rows(
    `SELECT data_page_offset FROM parquet_metadata(${await duckdb.table(whole)}) WHERE path_in_schema = 'packets' ORDER BY row_group_id DESC`,
  )) as [[bigint]]
  bytes.fill(0x55, Number(offset) + 60, Number(offset) + 80)
  const desk = await deskOf(joined(smallHour(), new Map([[`logs/${key}`, new Uint8Array(bytes)]])))
  const failed = await desk.run(desk.options)
  expect(failed.status).toBe(1)
  expect(failed.stderr).toMatch(
    new RegExp(
      `^error: ${desk.path('logs')}/${key} is a Parquet file that can't be read: column "packets", row group 5: a page is damaged: .*\\. Replace the object, or leave it out with --skip-bad-objects\\.\\n$`,
    ),
  )
  expect(await desk.rollups()).toEqual({})

  expect(await desk.run([...desk.options, '--skip-bad-objects'])).toMatchObject({ status: 0 })
  const without = await deskOf(smallHour())
  await without.run([...without.options, '--skip-bad-objects'])
  const [got, expected] = [await desk.rollups(), await without.rollups()]
  expect(got[`${PARTITION}rollup.parquet`]).toBe(expected[`${PARTITION}rollup.parquet`])
  expect(ledgerOf(got, PARTITION).accounts).toEqual(ledgerOf(expected, PARTITION).accounts)
  const bad = ledgerOf(got, PARTITION).objects.find(({ problem }) => problem !== null)
  expect(bad).toMatchObject({ key: expect.stringContaining(key) as string, records: 0 })
})

test('a Parquet object that lacks columns fails the hour naming the fields', async () => {
  const key = objectKey({ slot: HOUR + SLOT, hash: 'bad', ending: '.log.parquet' })
  const header = 'version bytes start pkt-srcaddr pkt-dstaddr'
  const bytes = await parquetOf(objectOf(['2 3 4 10.0.0.1 10.0.0.2'], header))
  const desk = await deskOf(joined(smallHour(), new Map([[`logs/${key}`, bytes]])))
  const { status, stderr } = await desk.run(desk.options)
  expect(status).toBe(1)
  expect(stderr).toContain(`${key} lacks the field flow-direction. Create the flow log with --log-format '`)
  expect(stderr).toContain(`(its columns are "version bytes start pkt_srcaddr pkt_dstaddr").`)
})

async function onS3(
  files: Files,
  use: (server: S3Server, run: () => ReturnType<Desk['run']>) => Promise<void>,
): Promise<void> {
  const server = await startS3Server({ buckets: ['flows'] })
  const desk = await deskOf(new Map())
  for (const [key, content] of files) server.put('flows', key, content)
  const env = server.environment
  const args = [
    '--hour',
    HOUR_TEXT,
    '--logs',
    's3://flows/logs',
    '--assignments',
    's3://flows/assignments',
    '--rollups',
    's3://flows/rollups',
  ]
  try {
    await use(server, () => desk.run(args, { env }))
  } finally {
    await server.close()
  }
}

const unused = (row: number, at: number) => `${row}-${at}-`.repeat(20)

test('from a bucket a small object is one request, a large one its end and the runs of needed columns', async () => {
  const key = objectKey({ slot: HOUR + 3 * SLOT, hash: 'wide', ending: '.log.parquet' })
  const header = `vpc-id bytes start flow-direction subnet-id pkt-srcaddr pkt-dstaddr sublocation-id`
  const lines = Array.from(
    { length: 9000 },
    (_, row) =>
      `${unused(row, 1)} ${row} ${HOUR + 5} egress ${unused(row, 2)} 10.0.0.1 10.0.64.1 ${unused(row, 3)}`,
  )
  const wide = await parquetOf(objectOf(lines, header), `CODEC 'uncompressed', DICTIONARY_SIZE_LIMIT 1`)
  const files = joined(await inParquet(smallHour()), new Map([[`logs/${key}`, wide]]))
  await onS3(files, async (server, run) => {
    expect(await run()).toMatchObject({ status: 0 })
    const reads = server.requests.filter(
      ({ operation, key: asked }) => operation === 'GetObject' && asked.endsWith('.log.parquet'),
    )
    for (const { headers } of reads) expect(headers['if-match']).toMatch(/^"[0-9a-f]{32}"$/)
    const ofWide = reads
      .filter(request => request.key === `logs/${key}`)
      .map(({ headers }) => headers['range'])
    expect(ofWide).toHaveLength(3)
    const objects = [...files.keys()].filter(path => path.endsWith('.log.parquet'))
    expect(reads).toHaveLength(objects.length - 1 + 3)
    const bytes = ofWide.map(range => /bytes=(\d+)-(\d*)/.exec(range!)!.slice(1).map(Number))
    expect(
      bytes.reduce((sum, [from, to]) => sum + (to === 0 ? wide.length : to! + 1) - from!, 0),
    ).toBeLessThan(wide.length / 3)
  })
})

test('an object that changes between two of its parts fails the hour', async () => {
  const key = objectKey({ slot: HOUR + 3 * SLOT, hash: 'big', ending: '.log.parquet' })
  const lines = Array.from({ length: 30_000 }, (_, row) => record({ bytes: row * 7919, packets: row }))
  const big = await parquetOf(objectOf(lines), `CODEC 'uncompressed', DICTIONARY_SIZE_LIMIT 1`)
  await onS3(joined(smallHour(), new Map([[`logs/${key}`, big]])), async (server, run) => {
    let reads = 0
    server.faults = request => {
      if (request.operation !== 'GetObject' || request.key !== `logs/${key}`) return null
      if (++reads === 2) server.put('flows', `logs/${key}`, big.toReversed())
      return null
    }
    const { status, stderr } = await run()
    expect(status).toBe(1)
    expect(stderr).toBe(
      `error: s3://flows/logs/${key} isn't the object that was listed: it changed meanwhile; run again when nothing writes to it\n`,
    )
  })
})

/** A reader with so much memory, and an object of 60,000 records to read. */
async function readerAndObject(memoryBytes: number): Promise<{ reader: ObjectReader; logObject: LogObject }> {
  const lines = Array.from({ length: 60_000 }, (_, row) => record({ bytes: row % 100 }))
  const key = objectKey({ ending: '.log.parquet' })
  const bytes = await parquetOf(objectOf(lines), `CODEC 'snappy', ROW_GROUP_SIZE 122880`)
  const desk = await deskOf(new Map([[`logs/${key}`, new Uint8Array(bytes)]]))
  const { store, uri } = openLocation(desk.path('logs'))
  const object = (await store.head(key))!
  const settings = {
    hour: HOUR as Hour,
    flowLogs: ['fl-0aaa'],
    allPairs: false,
    skipBadObjects: true,
    memory: { bytes: memoryBytes, remedy: '' },
  }
  const attribution = Attribution.of(new Timeline([], { appLabels: [] }), HOUR as Hour, { growing: false })
  const logObject = {
    object,
    store,
    location: uri,
    flowLogId: 'fl-0aaa',
    slot: HOUR,
    format: 'parquet',
  } as const
  return { reader: new ObjectReader(settings, attribution), logObject: logObject as LogObject }
}

test('reading ends between two slices of a row group when it is interrupted', async () => {
  const { reader, logObject } = await readerAndObject(2 ** 33)
  const stop = new AbortController()
  let records = 0
  const onRecords = (count: number) => {
    // As a signal would: at the event loop's next turn.
    if (records === 0) setImmediate(() => stop.abort(new Error('enough')))
    records += count
  }
  await expect(reader.read(logObject, stop.signal, onRecords)).rejects.toThrow('enough')
  expect(records).toBeGreaterThan(0)
  expect(records).toBeLessThan(60_000)
})

test('memory is asked for before a part of an object is read', async () => {
  const { reader, logObject } = await readerAndObject(1)
  await expect(reader.read(logObject, new AbortController().signal, () => {})).rejects.toThrow(
    /^the memory is used up: of 1 B \(--max-memory\) .* are held, with .* of Parquet at \/.*\.log\.parquet, and .* more are needed/,
  )
})
