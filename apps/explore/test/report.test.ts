// `pnpm report` as its users have it, and what DuckDB adds up for it against the rows one by one.

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { formatHour, parseLedger, type Hour } from '@zonetoll/model'
import { hourPartition, openLocation } from '@zonetoll/objects'
import { readRollup } from '@zonetoll/parquet'
import { renderReport, ReportTotals, type ReportData } from '@zonetoll/report'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomHours } from '../../../packages/report/test/random-hours.ts'
import { startS3Server } from '../../../test/servers/s3-server.ts'
import { openHours } from '../src/open-hours.ts'
import { readGroups } from '../src/report-groups.ts'
import { Desk, ended, type Ended, type RunOptions } from './explore.ts'
import { FIRST_HOUR, writeHour, writeMonth } from './stored-month.ts'

const REPORT = fileURLToPath(new URL('../src/report.ts', import.meta.url))
const { signal } = new AbortController()

let desk: Desk

beforeAll(async () => {
  desk = await Desk.make()
  await desk.makeSample()
  await writeMonth(desk.path('days'), { hours: 6, rows: 300, workloads: 20 })
})

afterAll(async () => {
  await desk.close()
})

async function report(args: readonly string[], options?: RunOptions): Promise<Ended> {
  return await ended(desk.start(REPORT, args, options))
}

/** The hours' data by the longest way: every row by itself. */
async function dataOf(root: string, cluster: string, from: Hour, hours: number): Promise<ReportData> {
  const totals = new ReportTotals({ cluster, from, to: (from + hours * 3600) as Hour })
  for (let at = 0; at < hours; at++) {
    const folder = `${root}/${hourPartition(cluster, from + at * 3600)}`
    totals.addLedger(parseLedger(await readFile(`${folder}_ledger.json`, 'utf8')))
    const bytes = new Uint8Array(await readFile(`${folder}rollup.parquet`))
    const file = {
      byteLength: bytes.length,
      slice: (start: number, end?: number) => Promise.resolve(bytes.slice(start, end).buffer),
    }
    for await (const row of readRollup(file)) totals.add(row)
  }
  return totals.close()
}

const hourAfter = (hours: number) => (FIRST_HOUR + hours * 3600) as Hour
const range = (from: number, to: number) => [
  '--from',
  formatHour(hourAfter(from)),
  '--to',
  formatHour(hourAfter(to)),
]

/** The figure that compares, of the page part.html. */
async function changeFigure(): Promise<string> {
  return /<dt>Change<\/dt>.*?<\/dd>/s.exec(await readFile(desk.path('part.html'), 'utf8'))?.[0] ?? ''
}

describe('what DuckDB adds up', () => {
  test.each([1, 2, 3])(
    'is what the rows add up to one by one, whatever their names (seed %i)',
    async seed => {
      const root = desk.path(`random-${seed}`)
      const hours = randomHours(seed, 4, 400)
      for (const { ledger, rows } of hours) {
        await writeHour(root, 'demo', ledger.hour, rows, ledger.workloads)
      }
      const from = hours[0]!.ledger.hour
      const totals = new ReportTotals({ cluster: 'demo', from, to: (from + 4 * 3600) as Hour })
      const { database } = await openHours(openLocation(root), {
        cluster: 'demo',
        interval: null,
        rollups: true,
        details: ['ledger_workload'],
        functions: '',
        progress: null,
        onLedger: ledger => totals.addLedger(ledger),
        signal,
      })
      try {
        const interval = { from, until: (from + 4 * 3600) as Hour }
        for await (const group of readGroups(database, interval)) totals.addGroup(group)
      } finally {
        database.close()
      }
      const data = totals.close()
      expect(data.pairs.length).toBeGreaterThan(100)
      expect(data).toEqual(await dataOf(root, 'demo', from, 4))
    },
  )
})

describe('the command', () => {
  test('writes ./report.html, says where it is and what it says, and writes the same again', async () => {
    const { status, stdout, stderr } = await report([])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(
      /^Report {2}report\.html \(\d+ KiB\): 360 MiB across zones in one hour, \$0\.0070\n$/,
    )
    const page = await readFile(desk.path('report.html'), 'utf8')
    const rows = await dataOf(desk.path('rollups'), 'demo', 1_714_557_600 as Hour, 1)
    expect(page).toBe(renderReport(rows))
    await report(['--quiet'])
    expect(await readFile(desk.path('report.html'), 'utf8')).toBe(page)
    expect(await desk.leftovers()).toEqual([])
  })

  test('--json tells the place and the headline', async () => {
    const { stdout } = await report(['--json', '--out', 'sub/day.html', '--title', 'A <day>', '--gb', '10^9'])
    const said = JSON.parse(stdout) as Record<string, unknown>
    expect(said).toMatchObject({
      report: desk.path('sub/day.html'),
      cluster: 'demo',
      from: '2024-05-01T10',
      to: '2024-05-01T11',
      hours: 1,
      crossZoneBytes: 377_329_557,
      usd: 377_329_557 * 2e-11,
    })
    const savings = Object.values(said['savings'] as Record<string, { bytes: number; usd: number }>)
    expect(savings.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(377_329_557)
    const page = await readFile(desk.path('sub/day.html'), 'utf8')
    expect(page).toContain('<h1>A &lt;day&gt;</h1>')
    expect(page).toContain('at $0.02 a GB')
  })

  test('compares with as many hours before where all of them are stored, and says so where not', async () => {
    const options = ['--rollups', 'days', '--out', 'part.html']
    await report([...options, ...range(3, 6)])
    const change = (await changeFigure()).replaceAll(/<[^>]*>/g, ' ')
    const [before, now] = await Promise.all(
      [0, 3].map(at => dataOf(desk.path('days'), 'shop', hourAfter(at), 3)),
    )
    const percent =
      (Number(now!.accounts.crossZone.bytes) / Number(before!.accounts.crossZone.bytes) - 1) * 100
    expect(change).toContain(`${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`)
    expect(change).toMatch(/against [\d.]+ [KMGT]iB in the 3 hours before/)
    await report([...options, ...range(2, 6)])
    expect(await changeFigure()).toContain('only 2 rollups of the 4 hours before')
    await report(options)
    expect(await changeFigure()).toContain('no rollups of the 6 hours before')
  })

  test('names hours that are not stored, on the page and beside it', async () => {
    const args = ['--rollups', 'days', '--out', 'gap.html', ...range(4, 8)]
    const { status, stderr } = await report(args)
    expect(status).toBe(0)
    expect(stderr).toContain('note: 2 of the 4 hours are not stored: 2024-05-01T06, 2024-05-01T07')
    expect((await report([...args, '--quiet'])).stderr).toBe('')
    const page = await readFile(desk.path('gap.html'), 'utf8')
    expect(page).toContain('2 of 4 hours')
    expect(page).toContain('2 hours without a rollup')
  })

  test('a ledger of the hours before that can not be read costs the comparison, not the page', async () => {
    const root = desk.path('torn')
    await writeMonth(root, { hours: 2, rows: 20, workloads: 5 })
    await writeFile(`${root}/${hourPartition('shop', hourAfter(0))}_ledger.json`, '{')
    const { status, stderr } = await report(['--rollups', 'torn', '--out', 'torn.html', ...range(1, 2)])
    expect(status).toBe(0)
    expect(stderr).toMatch(/^note: the hours before aren't compared.*_ledger\.json can't be used/)
  })

  test.each([
    ['no rollups', ['--rollups', 'nowhere'], 1, 'no rollups: '],
    ['an hour that is not stored', ['--hour', '2024-05-02T10'], 1, 'no complete hour of the cluster demo'],
    ['a cluster that is not there', ['--cluster', 'dem'], 2, 'did you mean demo?'],
    ['a bad hour', ['--hour', 'noon'], 2, 'Expected a UTC hour like 2024-05-01T10.'],
    ['an empty range', [...range(3, 3)], 2, '--from must be before --to'],
    ['half a range', ['--from', '2024-05-01T10'], 2, '--to is missing'],
    ['a folder to write to', ['--out', 'some/'], 2, '--out: "some/" names no file'],
    ['a bucket to write to', ['--out', 's3://bucket'], 2, '--out: "s3://bucket" names no file'],
    ['a bad price', ['--usd-per-gb', 'much'], 2, 'Expected dollars like 0.02'],
    ['something more', ['today'], 2, 'too many arguments'],
  ])('%s is refused in one message, and no page is written', async (_what, args, status, message) => {
    const folder = await readdir(desk.root)
    const answer = await report(['--out', 'refused.html', ...args])
    expect(answer.status).toBe(status)
    expect(answer.stderr).toContain(message)
    expect(answer.stdout).toBe('')
    expect(await readdir(desk.root)).toEqual(folder)
  })

  test("a rollup that isn't its ledger's stops the page, and the one that stood stands", async () => {
    const root = desk.path('changed')
    await writeMonth(root, { hours: 1, rows: 20, workloads: 5 })
    await writeFile(desk.path('stands.html'), 'stands')
    const rollup = `${root}/${hourPartition('shop', FIRST_HOUR)}rollup.parquet`
    const bytes = await readFile(rollup)
    bytes[20]! ^= 1
    await writeFile(rollup, bytes)
    const { status, stderr } = await report(['--rollups', 'changed', '--out', 'stands.html'])
    expect(status).toBe(1)
    expect(stderr).toContain('is not the rollup that the ledger beside it names')
    expect(await readFile(desk.path('stands.html'), 'utf8')).toBe('stands')
    expect(await desk.leftovers()).toEqual([])
  })

  test.each(['report.html/page.html', 'rollups'])(
    'a page that can not be put at %s fails the run',
    async out => {
      await report([])
      const { status, stdout, stderr } = await report(['--out', out])
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toContain(out.split('/')[0]!)
      expect((await readdir(desk.root)).filter(name => name.includes('.tmp'))).toEqual([])
    },
  )

  test('reads from a bucket and writes into one', async () => {
    const server = await startS3Server({ buckets: ['b'] })
    try {
      const partition = hourPartition('demo', 1_714_557_600)
      for (const name of ['rollup.parquet', '_ledger.json']) {
        server.put('b', `rollups/${partition}${name}`, await readFile(desk.path('rollups', partition, name)))
      }
      const env = { ...server.environment, AWS_REGION: 'us-east-1' }
      const args = ['--rollups', 's3://b/rollups', '--out', 's3://b/pages/day.html']
      const { status, stdout, stderr } = await report(args, { env })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).toContain('Report  s3://b/pages/day.html')
      await report(['--out', 'local.html'])
      expect(server.get('b', 'pages/day.html')).toEqual(await readFile(desk.path('local.html')))
    } finally {
      await server.close()
    }
  })
})

test('a day of many rows is drawn in bounded size', async () => {
  const root = desk.path('many')
  await writeMonth(root, { hours: 12, rows: 4000 })
  const { status, stderr } = await report(['--rollups', 'many', '--out', 'many.html', '--quiet'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect((await readFile(desk.path('many.html'))).length).toBeLessThan(1_000_000)
})
