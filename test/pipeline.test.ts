// The main job from objects to rollup, as a process: the same bytes whatever the circumstances, the ledger as the
// contract has it (section 5), and a Parquet file whose sums are the ledger's.

import { createHash } from 'node:crypto'
import { cp, readdir, rename, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Desk, ledgerOf, type TotalsJson } from '../apps/worker/test/worker.ts'
import {
  assignmentFiles,
  ASSIGNMENTS,
  CLIENT,
  DATABASE,
  HOUR,
  joined,
  LAYOUTS,
  logFiles,
  NEAR,
  NODE,
  objectKey,
  objectOf,
  PARTITION,
  pod,
  record,
  SERVER,
  SLOT,
  smallHour,
  type Files,
} from './support/data-set.ts'
import { Seeded } from './support/seeded.ts'

const ROLLUP = `${PARTITION}rollup.parquet`
const LEDGER = `${PARTITION}_ledger.json`
const HOSTILE = 'a"b\\\u001b[31m\u202e\n,Ω𝄞'

/** Twenty-four objects in four layouts, with records of every account, a hostile label and a pod that moves in the hour. */
function busyHour(): Files {
  const seeded = new Seeded(20240501)
  const addresses = [CLIENT, NEAR, SERVER, DATABASE, NODE, '10.0.192.7', '10.9.9.9', '8.8.8.8', '10.0.64.50']
  const lines = [
    ...ASSIGNMENTS,
    pod('hostile-1', '10.0.64.50', 'use2-az2', {
      until: '2024-05-01T10:20:00Z',
      workload: HOSTILE,
      labels: { app: HOSTILE },
    }),
    pod('heir-1', '10.0.64.50', 'use2-az2', { from: '2024-05-01T10:20:10Z' }),
    pod('late-1', '10.0.64.50', 'use2-az3', { from: '2024-05-01T10:40:00Z', instance: 'i-late' }),
  ]
  const objects = Array.from({ length: 24 }, (_, at) => {
    const slot = HOUR + (at % 13) * SLOT - (at === 0 ? SLOT : 0)
    const name = { layout: LAYOUTS[at % 4]!, slot, hash: `h${at}`, account: `${at % 4}`.repeat(12) }
    const records = seeded.list(300, () => {
      if (seeded.chance(0.01)) return 'broken line'
      if (seeded.chance(0.01))
        return record({ status: seeded.pick(['NODATA', 'SKIPDATA']), bytes: '-', packets: '-' })
      return record({
        from: seeded.pick(addresses),
        to: seeded.pick(addresses),
        bytes: seeded.int(100_000),
        packets: seeded.int(100),
        start: seeded.int(3700) - 50,
        direction: seeded.chance(0.2) ? 'ingress' : 'egress',
        action: seeded.chance(0.05) ? 'REJECT' : 'ACCEPT',
        instance: seeded.pick(['-', '-', 'i-late', 'i-other']),
        zone: seeded.pick(['-', '-', '-', 'use2-az1', 'use2-az2']),
      })
    })
    return [name, records] as const
  })
  return joined(assignmentFiles(lines), logFiles(objects))
}

let desk: Desk
let database: DuckDBConnection

beforeAll(async () => {
  desk = await Desk.make(busyHour())
  const instance = await DuckDBInstance.create(':memory:')
  database = await instance.connect()
})

afterAll(async () => {
  database.closeSync()
  await desk.close()
})

/** Runs with the arguments; the two files below a rollups folder of that name. */
async function runInto(
  rollups: string,
  args: readonly string[],
): Promise<{ [ROLLUP]: string; [LEDGER]: string }> {
  const ended = await desk.run([...desk.options, ...args, '--rollups', `${rollups}/rollups`])
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  const files = await desk.rollups(rollups)
  expect(Object.keys(files).sort()).toEqual([LEDGER, ROLLUP])
  return files as { [ROLLUP]: string; [LEDGER]: string }
}

describe('same input, same bytes of both files', () => {
  let first: Record<string, string>

  beforeAll(async () => {
    first = await runInto('first', ['--concurrency', '1', '--threads', '1'])
  })

  test.each([
    '--concurrency 2 --threads 1',
    '--concurrency 16',
    '--concurrency 3 --threads 2',
    '--concurrency 16 --threads 3',
  ])('with %s', async args => {
    expect(await runInto('again', args.split(' '))).toEqual(first)
  })

  test('re-running replaces with the same bytes', async () => {
    await runInto('rerun', [])
    expect(await runInto('rerun', [])).toEqual(first)
  })

  test('for data copied to another folder, with other times, read as a file URI', async () => {
    await cp(desk.path('logs'), desk.path('copy', 'flow logs'), { recursive: true })
    await cp(desk.path('assignments'), desk.path('copy', 'assignments'), { recursive: true })
    const seeded = new Seeded(7)
    for (const entry of await readdir(desk.path('copy'), { recursive: true, withFileTypes: true })) {
      const time = 1_600_000_000 + seeded.int(100_000_000)
      if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), time, time)
    }
    const uri = `file://${desk.path('copy')}`
    const args = [
      '--hour',
      '2024-05-01T10Z',
      '--logs',
      `${uri}/flow%20logs`,
      '--assignments',
      `${uri}/assignments`,
    ]
    const ended = await desk.run([...args, '--rollups', 'copied/rollups'])
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(await desk.rollups('copied')).toEqual(first)
  })

  test('the rows are the same wherever below the location the objects lie; the ledger differs in their keys alone', async () => {
    await cp(desk.path('logs'), desk.path('nested', 'a', 'b'), { recursive: true })
    await rename(
      desk.path('nested', 'a', 'b', 'AWSLogs', '000000000000'),
      desk.path('nested', '000000000000'),
    )
    const args = [
      ...desk.options.slice(0, 2),
      '--logs',
      'nested/a',
      '--logs',
      'nested/000000000000',
      '--logs',
      'nested/a/b',
    ]
    const ended = await desk.run([...args, '--assignments', 'assignments', '--rollups', 'nested-out/rollups'])
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    const files = await desk.rollups('nested-out')
    expect(files[ROLLUP]).toBe(first[ROLLUP])
    const { objects, ...rest } = ledgerOf(files, PARTITION)
    const { objects: before, ...restBefore } = ledgerOf(first, PARTITION)
    expect(rest).toEqual(restBefore)
    const names = (keys: typeof objects) =>
      new Set(keys.map(({ key, records }) => `${records} ${key.split('/').at(-1)}`))
    expect(names(objects)).toEqual(names(before))
  })
})

describe.each([
  ['cross-zone pairs', [] as string[], ['crossZone']],
  ['all pairs', ['--all-pairs'], ['crossZone', 'sameZone']],
])('a rollup of %s', (name, args, accounts) => {
  let files: Record<string, string>

  beforeAll(async () => {
    files = await runInto(name.replaceAll(' ', '-'), args)
  })

  test('has the sums that DuckDB reads from it, and the ledger has them too', async () => {
    const ledger = ledgerOf(files, PARTITION)
    const table = tableOf(desk.path(name.replaceAll(' ', '-'), 'rollups', ROLLUP))
    const sums = await rowsOf(
      `select count(*), sum(records)::bigint, sum(bytes)::bigint, sum(packets)::bigint from ${table}`,
    )
    const expected = { records: 0n, bytes: 0n, packets: 0n }
    for (const account of accounts) {
      const { records, bytes, packets } = ledger.accounts[account]!
      expected.records += BigInt(records)
      expected.bytes += BigInt(bytes)
      expected.packets += BigInt(packets)
    }
    expect(sums).toEqual([[BigInt(ledger.rows), expected.records, expected.bytes, expected.packets]])
    expect(expected.bytes).toBeGreaterThan(0n)
  })

  test('is sorted by its columns, has one row a pair, and only pairs that belong', async () => {
    const table = tableOf(desk.path(name.replaceAll(' ', '-'), 'rollups', ROLLUP))
    const columns = await rowsOf(`select column_name, column_type from (describe select * from ${table})`)
    const sides = ['source', 'destination'].flatMap(side =>
      ['kind', 'namespace', 'name', 'workload', 'app', 'node', 'zone'].map(column => [
        `${side}_${column}`,
        'VARCHAR',
      ]),
    )
    expect(columns).toEqual([
      ['hour_start', expect.stringMatching(/^TIMESTAMP/) as unknown],
      ...sides,
      ...['bytes', 'packets', 'records'].map(column => [column, 'BIGINT']),
    ])
    const keys = sides.map(([column]) => column)
    const stored = await rowsOf(`select ${keys.join()} from ${table}`)
    const sorted = await rowsOf(
      `select distinct ${keys.join()} from ${table} order by ${keys.map(key => `${key} nulls last`).join()}`,
    )
    expect(stored).toEqual(sorted)
    const [counts] = await rowsOf(
      `select count(*) filter (source_zone = destination_zone), count(distinct hour_start), any_value(epoch(hour_start))::bigint from ${table}`,
    )
    expect(counts).toEqual([accounts.length === 1 ? 0n : expect.any(BigInt), 1n, BigInt(HOUR)])
    const hostile = await rowsOf(
      `select distinct source_workload, source_app from ${table} where source_name = 'hostile-1'`,
    )
    expect(hostile).toEqual([[HOSTILE, HOSTILE]])
  })

  test('is vouched for by the ledger', () => {
    const ledger = ledgerOf(files, PARTITION)
    expect(ledger.rollupSha256).toBe(
      createHash('sha256').update(Buffer.from(files[ROLLUP]!, 'latin1')).digest('hex'),
    )
    const total = (column: 'records' | 'bytes' | 'packets') =>
      Object.values(ledger.accounts).reduce((sum, account) => sum + BigInt(account[column]), 0n)
    for (const column of ['records', 'bytes', 'packets'] as const) {
      expect(total(column)).toBe(BigInt(ledger.read[column]))
    }
    expect(ledger.objects.reduce((sum, { records }) => sum + records, 0)).toBe(ledger.read.records)
    expect(Object.values(ledger.accounts).filter(({ records }) => records === 0)).toEqual([])
  })
})

// The path says cluster, day and hour as well: DuckDB would make columns of them.
function tableOf(path: string): string {
  return `read_parquet('${path}', hive_partitioning = false)`
}

async function rowsOf(sql: string): Promise<unknown[][]> {
  const reader = await database.runAndReadAll(sql)
  return reader.getRowsJS()
}

describe('the ledger is the contract’s', () => {
  const totals = {
    records: expect.any(Number) as unknown,
    bytes: expect.any(Number) as unknown,
    packets: expect.any(Number) as unknown,
  }

  test('every key, type and value of a small hour', async () => {
    const small = await Desk.make(smallHour())
    expect((await small.run(small.options)).status).toBe(0)
    const files = await small.rollups()
    expect(JSON.parse(files[LEDGER]!)).toEqual({
      version: 1,
      cluster: 'shop',
      hour: '2024-05-01T10:00:00Z',
      rows: 2,
      rollupSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      read: { records: 11, bytes: 6044, packets: 20 },
      accounts: {
        malformed: count(1, 0),
        skipData: count(0, 0),
        noData: count(0, 0),
        otherHour: count(1, 9),
        ingress: count(1, 7),
        rejected: count(1, 8),
        unknownSource: count(1, 60),
        relayed: count(0, 0),
        outside: count(1, 600),
        unknownDestination: count(1, 20),
        sameZone: count(1, 5000),
        crossZone: count(3, 340),
      },
      handedOver: count(0, 0),
      cutAssignments: 0,
      zones: [
        { source: 'use2-az1', destination: 'use2-az1', ...count(1, 5000) },
        { source: 'use2-az1', destination: 'use2-az2', ...count(2, 300) },
        { source: 'use2-az1', destination: 'use2-az3', ...count(1, 40) },
      ],
      objects: [
        {
          key: objectKey(),
          size: expect.any(Number) as unknown,
          etag: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
          records: 11,
          problem: null,
        },
      ],
      assignments: [
        {
          key: 'cluster=shop/dt=2024-05-01/hour=10/all.ndjson.gz',
          size: expect.any(Number) as unknown,
          etag: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
        },
      ],
      workloads: [
        { namespace: 'shop', workload: 'Deployment/client', zones: { 'use2-az1': 1 } },
        { namespace: 'shop', workload: 'Deployment/server', zones: { 'use2-az1': 1, 'use2-az2': 1 } },
      ],
      emptySlots: Array.from(
        { length: 11 },
        (_, at) => `2024-05-01T10:${String(5 * (at + 1)).padStart(2, '0')}:00Z`,
      ),
      options: {
        allPairs: false,
        appLabels: ['app.kubernetes.io/name', 'app'],
        flowLogIds: [],
        settle: 20,
        skipBadObjects: false,
      },
    })
    await small.close()
  })

  test('its keys are sorted in the text, at every level, on one line', async () => {
    const text = Buffer.from((await runInto('sorted', []))[LEDGER], 'latin1').toString('utf8')
    expect(text.endsWith('}\n')).toBe(true)
    expect(text.indexOf('\n')).toBe(text.length - 1)
    const ledger = JSON.parse(text) as unknown
    expect(text).toBe(`${sortedText(ledger)}\n`)
    expect(ledger).toMatchObject({ handedOver: totals, cutAssignments: 1 })
  })
})

// Every record of the small hour has two packets.
function count(records: number, bytes: number): TotalsJson {
  return { records, bytes, packets: bytes === 0 ? 0 : records * 2 }
}

// The contract's words: keys sorted. Written apart from the code that writes ledgers.
function sortedText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = value as Record<string, unknown>
  const keys = Object.keys(members).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${keys.map(key => `${JSON.stringify(key)}:${sortedText(members[key])}`).join(',')}}`
}

test('byte counts above 2^53 are strings in the ledger, and exact', async () => {
  const large = 2n ** 53n - 1n
  const lines = [
    record({ bytes: large.toString() }),
    record({ bytes: large.toString(), to: DATABASE }),
    record({ bytes: '9223372036854775807', to: '8.8.8.8' }),
    record({ bytes: '9223372036854775807', to: '8.8.4.4' }),
  ]
  const files = joined(assignmentFiles(), new Map([[`logs/${objectKey()}`, objectOf(lines)]]))
  const huge = await Desk.make(files)
  const ended = await huge.run([...huge.options, '--json'])
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(ended.stdout)).toMatchObject({ hours: [{ crossZoneBytes: (2n * large).toString() }] })
  const ledger = ledgerOf(await huge.rollups(), PARTITION)
  expect(ledger.accounts['crossZone']).toEqual({ records: 2, bytes: (2n * large).toString(), packets: 4 })
  expect(ledger.accounts['outside']!.bytes).toBe((2n ** 64n - 2n).toString())
  expect(ledger.read.bytes).toBe((2n * large + 2n ** 64n - 2n).toString())
  const [sum] = await rowsOf(
    `select sum(bytes)::hugeint, max(bytes) from ${tableOf(huge.path('rollups', ROLLUP))}`,
  )
  expect(sum).toEqual([2n * large, large])
  await huge.close()
})
