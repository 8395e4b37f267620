// The questions users asked, of the bundled sample's client and server: made by the worker, answered by the command,
// held against the rows of the Parquet file, and against what the sample's generator says must come out.

import { readFile } from 'node:fs/promises'
import type { RollupRow } from '@zonetoll/model'
import { readRollup } from '@zonetoll/parquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Desk } from './explore.ts'

const HOUR = ['--hour', '2024-05-01T10']
const TRUTH = new URL('../../sample/bundled/truth.json', import.meta.url)

interface TruthEnd {
  readonly kind: string
  readonly namespace: string | null
  readonly workload: string | null
}

interface Truth {
  readonly hours: readonly [
    {
      readonly pairs: readonly {
        readonly source: TruthEnd
        readonly destination: TruthEnd
        readonly bytes: number
      }[]
    },
  ]
}

function hasWorkloads({ source, destination }: { source: TruthEnd; destination: TruthEnd }): boolean {
  return [source, destination].every(({ kind, workload }) => kind === 'pod' && workload !== null)
}

let desk: Desk
let rows: RollupRow[]

beforeAll(async () => {
  desk = await Desk.make()
  await desk.makeSample()
  const file = await readFile(desk.path('rollups/cluster=demo/dt=2024-05-01/hour=10/rollup.parquet'))
  rows = []
  for await (const row of readRollup({
    byteLength: file.length,
    slice: (start, end) => new Uint8Array(file.subarray(start, end)).buffer,
  })) {
    rows.push(row)
  }
})

afterAll(async () => {
  await desk.close()
})

test('how many bytes did pod A send to pod B?', async () => {
  const sent = rows.filter(
    ({ source, destination }) => source.app === 'client' && destination.app === 'server',
  )
  expect(sent.length).toBeGreaterThan(0)
  for (const { source, destination, bytes, packets, records } of sent) {
    const [a, b] = [source.name, `${destination.namespace}/${destination.name}`]
    const answer = await desk.rows(['pods', ...HOUR, '--from-pod', a, '--to-pod', b])
    expect(answer).toEqual([
      {
        source_namespace: 'default',
        source_name: a,
        source_zone: source.zone,
        destination_namespace: 'default',
        destination_name: destination.name,
        destination_zone: destination.zone,
        bytes,
        usd: (bytes / 2 ** 30) * 0.02,
        packets,
        records,
      },
    ])
  }
  // Who knows the workload only is told the pods.
  const asked = await desk.query(['pods', ...HOUR, '--from-pod', 'client', '--to-pod', 'server'])
  expect(asked.status).toBe(2)
  const pods = [...new Set(rows.flatMap(({ source, destination }) => [source, destination]))]
    .filter(({ kind, name }) => kind === 'pod' && name.startsWith('client'))
    .map(({ name }) => name)
  expect(asked.stderr).toBe(
    `error: no pod called "client" in these hours: did you mean ${[...new Set(pods)].toSorted().join(', ')}?\nSee pnpm query --help.\n`,
  )
})

test('which cross-zone flows does my application perform?', async () => {
  const answer = await desk.rows(['apps', ...HOUR, '--app', 'client'])
  const of = (from: string, to: string) =>
    rows
      .filter(({ source, destination }) => source.app === from && destination.app === to)
      .reduce((sum, { bytes }) => sum + bytes, 0)
  expect(answer.length).toBeGreaterThan(1)
  const flows = answer.map(row => [row['source_app'], row['destination_app'], row['bytes']])
  expect(flows).toContainEqual(['client', 'server', of('client', 'server')])
  expect(flows).toContainEqual(['server', 'client', of('server', 'client')])
  // All of them, and none of another app's.
  const all = rows.filter(
    ({ source, destination }) => source.app === 'client' || destination.app === 'client',
  )
  expect(answer.reduce((sum, row) => sum + Number(row['bytes']), 0)).toBe(
    all.reduce((sum, { bytes }) => sum + bytes, 0),
  )
  for (const [from, to] of flows) expect([from, to]).toContain('client')
})

test('the workloads’ bytes are those that the sample’s generator meant', async () => {
  const truth = JSON.parse(await readFile(TRUTH, 'utf8')) as Truth
  const meant = truth.hours[0].pairs
    .filter(hasWorkloads)
    .map(({ source, destination, bytes }) =>
      [source.namespace, source.workload, destination.namespace, destination.workload, bytes].join(' '),
    )
  const answer = await desk.rows(['workloads', ...HOUR])
  const found = answer
    .map(row =>
      ['source_namespace', 'source_workload', 'destination_namespace', 'destination_workload', 'bytes']
        .map(name => String(row[name]))
        .join(' '),
    )
    .filter(line =>
      meant.some(each => each.split(' ').slice(0, 4).join(' ') === line.split(' ').slice(0, 4).join(' ')),
    )
  expect(meant.length).toBeGreaterThan(100)
  expect(found.toSorted()).toEqual(meant.toSorted())
})

test('seed is the older solution’s table: its columns, spelt as there, app to app, latest and least first', async () => {
  const { stdout } = await desk.query(['seed', ...HOUR, '--format', 'csv'])
  const [header, ...lines] = stdout.trimEnd().split('\n')
  expect(header).toBe('timestamp,cross_az_traffic,bytes_transfered')
  const sums = new Map<string, number>()
  for (const { source, destination, bytes } of rows) {
    if (source.app === null || destination.app === null) continue
    const traffic = `${source.app} -> ${destination.app}`
    sums.set(traffic, (sums.get(traffic) ?? 0) + bytes)
  }
  expect(sums.has('client -> server')).toBe(true)
  const expected = [...sums]
    .toSorted(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    .map(([traffic, bytes]) => `2024-05-01T10:00:00Z,${traffic},${bytes}`)
  expect(lines).toEqual(expected)
})

test('zones are the ledger’s, and the matrix is what people see', async () => {
  const ledger = JSON.parse(
    await readFile(desk.path('rollups/cluster=demo/dt=2024-05-01/hour=10/_ledger.json'), 'utf8'),
  ) as { zones: readonly { source: string; destination: string; bytes: number }[] }
  const answer = await desk.rows(['zones', ...HOUR])
  expect(answer.map(row => [row['source_zone'], row['destination_zone'], row['bytes']])).toEqual(
    ledger.zones.map(({ source, destination, bytes }) => [source, destination, bytes]),
  )
  const { stdout } = await desk.query(['zones', ...HOUR])
  expect(stdout).toMatch(/^from \\ to +use2-az1 +use2-az2 +use2-az3\nuse2-az1 +\S+ MiB +\S+ MiB +\S+ MiB\n/)
})
