// Every named question against the same answered by a loop over the rows, with and without filters.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Endpoint, Hour, Ledger, RollupRow, ZoneId } from '@zonetoll/model'
import { hourPartition } from '@zonetoll/objects'
import { readRollup } from '@zonetoll/parquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Seeded } from '../../../test/support/seeded.ts'
import { NAMED_QUERIES } from '../src/named-queries.ts'
import type { OpenHours } from '../src/open-hours.ts'
import type { Filters } from '../src/query-filters.ts'
import { askNamed, openFolder } from './asked.ts'
import * as plain from './plain-answers.ts'
import { FIRST_HOUR, writeHour, writeMonth } from './stored-month.ts'

/** Names as logs and labels may have them. */
const HOSTILE = [
  `'; DROP TABLE rollup; --`,
  '"quoted"',
  'comma, line\nfeed\ttab',
  '\u001b[2Jescape',
  '\u202ertl',
  'ünïcode \u{1f600}',
  '$namespace',
  '%_\\',
  '',
]

interface DataSet {
  readonly stored: plain.Stored
  readonly open: OpenHours
  readonly folder: string
}

async function make(sameZone: number): Promise<DataSet> {
  const folder = await mkdtemp(join(tmpdir(), 'zonetoll-explore-'))
  const ledgers: Ledger[] = []
  const month = { hours: 4, rows: 400, workloads: 12, sameZone, seed: 7 }
  await writeMonth(folder, month, (_, ledger) => ledgers.push(ledger))
  // An hour is missing, then come two of strange names, together above 2^53.
  for (const at of [5, 6]) {
    const hour = (FIRST_HOUR + at * 3600) as Hour
    ledgers.push(await writeHour(folder, 'shop', hour, hostileRows(hour, sameZone > 0)))
  }
  const rows: RollupRow[] = []
  for (const { hour } of ledgers) {
    const bytes = await readFile(join(folder, hourPartition('shop', hour), 'rollup.parquet'))
    for await (const row of readRollup({
      byteLength: bytes.length,
      slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
    })) {
      rows.push(row)
    }
  }
  return { stored: { rows, ledgers }, open: await openFolder(folder), folder }
}

function hostileRows(hourStart: Hour, sameZone: boolean): RollupRow[] {
  const endpoints: Endpoint[] = HOSTILE.map((name, at) => ({
    kind: 'pod',
    namespace: HOSTILE.at(at - 1) ?? null,
    name,
    workload: at % 3 === 0 ? null : `Deployment/${name}`,
    app: at % 4 === 0 ? null : name,
    node: null,
    zone: `use2-az${(at % 3) + 1}` as ZoneId,
  }))
  return endpoints.flatMap(source =>
    endpoints
      .filter(({ zone }) => sameZone || zone !== source.zone)
      .map((destination, at) => ({
        hourStart,
        source,
        destination,
        bytes: at === 0 ? Number.MAX_SAFE_INTEGER : at,
        packets: at,
        records: 1,
      })),
  )
}

function answerOf(name: string, stored: plain.Stored, filters: Filters): plain.Answer {
  if (name === 'zones') return plain.zones(stored, filters)
  if (name === 'hours') return plain.hours(stored, filters)
  if (name === 'unattributed') return plain.unattributed(stored)
  if (name === 'seed') return plain.seed(stored, filters)
  return plain.pairs(name, stored, filters)
}

async function asked(open: OpenHours, name: string, filters: Filters = {}): Promise<unknown[]> {
  const rows = (await askNamed(open, name, filters)) as Record<string, unknown>[]
  return name === 'unattributed' ? rows.map(({ means: _means, ...row }) => row) : rows
}

describe.each([
  ['across zones only', 0],
  ['with same-zone rows', 0.3],
])('rollups made %s', (_what, sameZone) => {
  let data: DataSet

  beforeAll(async () => {
    data = await make(sameZone)
  })

  afterAll(async () => {
    data.open.database.close()
    await rm(data.folder, { recursive: true })
  })

  test('have same-zone rows where they are meant to, and sums that a double is too small for', () => {
    const same = data.stored.rows.filter(({ source, destination }) => source.zone === destination.zone)
    expect(same.length > 0).toBe(sameZone > 0)
    expect(data.open.crossZoneOnly).toBe(sameZone === 0)
    const sums = answerOf('namespaces', data.stored, {}).map(({ bytes }) => typeof bytes)
    expect(new Set(sums)).toEqual(new Set(['string', 'number']))
  })

  test.each(NAMED_QUERIES.map(({ name }) => [name]))('%s of all hours', async name => {
    const answer = await asked(data.open, name)
    expect(answer.length).toBeGreaterThan(2)
    expect(answer).toEqual(answerOf(name, data.stored, {}))
  })

  test.each(
    NAMED_QUERIES.filter(({ takes }) => takes.length > 0).map(({ name, takes }) => [name, takes] as const),
  )('%s with filters, at random', async (name, takes) => {
    const random = new Seeded(11)
    const counts = { none: 0, one: 0, some: 0, several: 0 }
    for (let round = 0; round < 40; round++) {
      const filters = filtersAtRandom(random, data.stored.rows, takes.includes('fromPod'))
      const expected = answerOf(name, data.stored, filters)
      expect(await asked(data.open, name, filters), JSON.stringify(filters)).toEqual(expected)
      const found = name === 'hours' ? expected.filter(({ bytes }) => Number(bytes) > 0) : expected
      counts[found.length === 0 ? 'none' : found.length === 1 ? 'one' : 'some']++
      if (Object.keys(filters).length > 1) counts.several++
    }
    expect(Math.min(counts.none, counts.some, counts.several), JSON.stringify(counts)).toBeGreaterThan(0)
  })

  test.each(['workloads', 'namespaces', 'top'])('%s add up to the ledgers', async name => {
    const rows = (await asked(data.open, name)) as { bytes: number | string }[]
    const bytes = rows.reduce((sum, row) => sum + BigInt(row.bytes), 0n)
    const known = data.stored.ledgers.reduce((sum, { accounts }) => sum + accounts.crossZone.bytes, 0n)
    expect(bytes).toBe(known)
  })
})

// Of the ends of a row: most questions find something, some combine what no row has.
function filtersAtRandom(random: Seeded, rows: readonly RollupRow[], pods: boolean): Filters {
  const filters: Record<string, string> = {}
  const [row, other] = [random.pick(rows), random.pick(rows)]
  const end = random.chance(0.5) ? row.source : row.destination
  const put = (name: string, value: string | null, chance: number) => {
    if (value !== null && random.chance(chance)) filters[name] = value
  }
  put('namespace', end.namespace, 0.3)
  put('app', random.chance(0.8) ? end.app : other.source.app, 0.3)
  const workload = end.workload ?? (end.kind === 'node' ? null : end.name)
  put('workload', random.chance(0.5) ? workload : (workload?.replace(/^Deployment\//, '') ?? null), 0.3)
  put('zone', random.chance(0.8) ? end.zone : 'nowhere', 0.3)
  const podOf = (of: Endpoint) => (random.chance(0.5) ? of.name : `${of.namespace}/${of.name}`)
  if (pods && row.source.kind === 'pod' && !row.source.name.includes('/'))
    put('fromPod', podOf(row.source), 0.3)
  if (pods && row.destination.kind === 'pod')
    put('toPod', podOf(random.chance(0.7) ? row.destination : other.destination), 0.3)
  if (Object.keys(filters).length === 0) filters['zone'] = end.zone
  return filters
}
