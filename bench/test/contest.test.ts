// The contest on small data: everyone's answer is the same and right, and a wrong one ends it.

import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeRows, type AnswerRow } from '../src/answer.ts'
import { contest } from '../src/contest.ts'
import { CONTESTANTS, duckDb, objectsToRows, wholeRun, type Contestant } from '../src/contestants.ts'
import { dataSet, type DataSet } from '../src/data-set.ts'
import { measureScaling, TIMES } from '../src/scaling.ts'
import { SCENARIOS, smaller, type Scenario } from '../src/scenarios.ts'
import { measureStages } from '../src/stages.ts'

let data = ''
let made: string[] = []
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'bench-data-'))
})
afterAll(() => rm(data, { recursive: true }))

const { signal } = new AbortController()

function dataOf(scenario: Scenario, records = 20_000): Promise<DataSet> {
  return dataSet(smaller(scenario), { data, records, seed: 1, signal, onMake: name => made.push(name) })
}

const standard = SCENARIOS.find(({ name }) => name === 'standard')!
const silent = { rounds: 1, signal, onTurn() {} }

test.each(SCENARIOS.map(scenario => [scenario.name, scenario] as const))(
  'the data of %s can be made',
  async (_name, scenario) => {
    const { records, objects, truth } = await dataOf(scenario, 2000)
    expect(records).toBe(2000)
    expect(truth.accounts.crossZone.records).toBeGreaterThan(0)
    expect(objects).toHaveLength(scenario.sample.objects!)
  },
)

// Those that differ most in what is asked of a contestant; `pnpm bench --once` has all.
const HARDEST = ['heavy-reuse', 'ipv6', 'six-fields', 'version-11']

describe.each(HARDEST)('%s', name => {
  const scenario = SCENARIOS.find(each => each.name === name)!
  test('all have the same right answer', async () => {
    const set = await dataOf(scenario)
    const { results, rows } = await contest(CONTESTANTS, set, set, silent)
    expect(rows).toBeGreaterThan(10)
    for (const { absent, rounds } of results) {
      expect(rounds).toHaveLength(absent === null ? 1 : 0)
      for (const { work, process, peak } of rounds) {
        expect(work.cpu).toBeGreaterThan(0)
        expect(process.cpu).toBeGreaterThanOrEqual(work.cpu)
        expect(process.wall).toBeGreaterThanOrEqual(work.wall)
        expect(peak ?? Infinity).toBeGreaterThan(10 * 2 ** 20)
      }
    }
  })
})

/** A contestant whose answer is ours, changed. */
function mistaken(change: (rows: AnswerRow[]) => AnswerRow[]): Contestant {
  return {
    name: 'mistaken',
    absent: null,
    async run(task, stop) {
      const outcome = await objectsToRows.run(task, stop)
      const file = join(task.folder, 'rows')
      const rows = (await readFile(file, 'utf8')).trim().split('\n').map(rowOf)
      return { ...outcome, answer: await writeRows(file, change(rows)) }
    },
  }
}

function rowOf(line: string): AnswerRow {
  const columns = JSON.parse(line) as unknown[]
  const endpoint = (at: number) =>
    Object.fromEntries(
      ['kind', 'namespace', 'name', 'workload', 'app', 'node', 'zone'].map((name, column) => [
        name,
        columns[at + column],
      ]),
    )
  const [bytes, packets, records] = columns.slice(14)
  return { source: endpoint(0), destination: endpoint(7), bytes, packets, records } as unknown as AnswerRow
}

test('a contestant that lost a row ends the contest', async () => {
  const set = await dataOf(standard)
  const liar = mistaken(rows => rows.slice(1))
  await expect(contest([wholeRun, liar], set, set, silent)).rejects.toThrow(
    /^mistaken has a wrong answer: bytes/,
  )
})

test('a contestant that named another pod of the same workload ends the contest', async () => {
  const set = await dataOf(standard)
  const liar = mistaken(([first, ...others]) => [
    { ...first!, source: { ...first!.source, name: `${first!.source.name}-other` } },
    ...others,
  ])
  await expect(contest([duckDb, liar], set, set, silent)).rejects.toThrow(
    /^mistaken has another answer than DuckDB: row 1: expected/,
  )
})

test('a contestant that fails is named, with what it said', async () => {
  const set = await dataOf(standard)
  const lost = { ...set, objects: [join(set.logs, 'lost.log.gz')] }
  await expect(contest([duckDb], lost, set, silent)).rejects.toThrow(/^DuckDB ended with status 1: .*lost/s)
})

test('a data set is made once, and anew where the last time was not finished', async () => {
  made = []
  const { logs } = await dataOf(standard, 3000)
  const before = await stat(logs)
  await dataOf(standard, 3000)
  expect(made).toHaveLength(1)
  expect((await stat(logs)).ctimeMs).toBe(before.ctimeMs)
  await rm(join(logs, '..', 'bench.json'))
  await dataOf(standard, 3000)
  expect(made).toHaveLength(2)
})

test('ten times the records is the same objects ten times over, and nothing of it stays', async () => {
  const small = await dataOf(standard, 5000)
  const large = await dataOf(standard, 5000 * TIMES)
  const result = await measureScaling(small, large, silent)
  expect(result.records).toEqual([5000, 50_000])
  expect(result.rows[1]).toBeGreaterThan(result.rows[0])
  expect(result.peak.median).toBeGreaterThan(0.5)
  expect(result.cpuPerRecord.median).toBeGreaterThan(0)
  expect(await readdir(join(small.logs, '..'))).not.toContain(`logs-${TIMES}-times`)
})

test('every stage is measured on what it says', async () => {
  const stages = await measureStages(await dataOf(standard), signal)
  expect(stages.map(({ name }) => name)).toEqual([
    'gunzip',
    'scan, SIMD',
    'scan, bytes',
    'look-up',
    'totals, look-up included',
    'rows',
    'Parquet, writing',
    'Parquet, reading back',
  ])
  for (const { count, nanoseconds } of stages) {
    expect(count).toBeGreaterThan(100)
    expect(nanoseconds.median).toBeGreaterThan(0)
  }
})
