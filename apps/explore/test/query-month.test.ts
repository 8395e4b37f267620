/**
 * A day of 20,000 rows an hour, asked as a process. The whole month is asked by hand:
 *
 *     node apps/explore/test/stored-month.ts /tmp/month 720 20000
 *     time node apps/explore/src/query.ts workloads --rollups /tmp/month
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RollupRow } from '@zonetoll/model'
import { Desk } from './explore.ts'
import * as plain from './plain-answers.ts'
import { writeMonth } from './stored-month.ts'

const HOURS = 24
const ROWS = 20_000
/** A thirtieth of ten seconds is not enough for a process to start in; most of this is slack for a busy machine. */
const MOST_MILLIS = 10_000

let desk: Desk
const rows: RollupRow[] = []

beforeAll(async () => {
  desk = await Desk.make()
  await writeMonth(desk.path('rollups'), { hours: HOURS, rows: ROWS }, hourRows => {
    for (const row of hourRows) rows.push(row)
  })
}, 120_000)

afterAll(async () => {
  await desk.close()
})

test('workloads over a day are answered soon, and rightly', async () => {
  const begun = performance.now()
  const answer = await desk.rows(['workloads', '--limit', '50'])
  expect(performance.now() - begun).toBeLessThan(MOST_MILLIS)
  expect(rows).toHaveLength(HOURS * ROWS)
  expect(answer).toEqual(plain.pairs('workloads', { rows, ledgers: [] }).slice(0, 50))
})
