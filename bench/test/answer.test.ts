// Whether a wrong answer is found.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Endpoint, ZoneId } from '@zonetoll/model'
import type { TruthHour } from '@zonetoll/sample'
import { checkAnswer, compareRows, countRows, writeRows, type AnswerRow } from '../src/answer.ts'
import { Jury } from '../src/contest.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-answer-'))
})
afterAll(() => rm(folder, { recursive: true }))

function pod(name: string, zone: string): Endpoint {
  return {
    kind: 'pod',
    namespace: 'shop',
    name,
    workload: `Deployment/${name.replace(/-\d$/, '')}`,
    app: null,
    node: null,
    zone: zone as ZoneId,
  }
}

const database: Endpoint = {
  ...pod('orders-db', 'use2-az3'),
  kind: 'interface',
  namespace: null,
  workload: null,
}

const ROWS: readonly AnswerRow[] = [
  { source: pod('cart-1', 'a'), destination: pod('web-1', 'b'), bytes: 100, packets: 3, records: 2 },
  { source: pod('cart-2', 'a'), destination: pod('web-1', 'b'), bytes: 10, packets: 1, records: 1 },
  { source: pod('web-1', 'b'), destination: database, bytes: 7, packets: 1, records: 1 },
]

const TRUTH = {
  accounts: Object.fromEntries(
    ['unknownSource', 'relayed', 'outside', 'unknownDestination', 'sameZone', 'crossZone'].map(
      (account, at) => [account, { records: 1, bytes: at + 1, packets: 1 }],
    ),
  ),
  pairs: [
    {
      source: { kind: 'pod', namespace: 'shop', workload: 'Deployment/cart' },
      destination: { kind: 'pod', namespace: 'shop', workload: 'Deployment/web' },
      bytes: 110,
      packets: 4,
      records: 3,
    },
    {
      source: { kind: 'pod', namespace: 'shop', workload: 'Deployment/web' },
      destination: { kind: 'interface', namespace: null, workload: null },
      bytes: 7,
      packets: 1,
      records: 1,
    },
  ],
} as unknown as TruthHour

const RIGHT = { textBytes: 1000, truth: TRUTH }

let files = 0
async function answer(rows: readonly AnswerRow[]) {
  const file = join(folder, String(files++))
  await writeRows(file, rows)
  return { kind: 'rows', file } as const
}

/** The rows with one of them changed. */
function changed(at: number, change: Partial<AnswerRow>): AnswerRow[] {
  return ROWS.map((row, number) => (number === at ? { ...row, ...change } : row))
}

describe('against the truth', () => {
  test('the right rows are right', async () => {
    expect(await checkAnswer(await answer(ROWS), RIGHT)).toBeNull()
    expect(await countRows((await answer(ROWS)).file)).toBe(3)
  })

  test.each([
    ['bytes', { bytes: 101 }],
    ['packets', { packets: 4 }],
    ['records', { records: 3 }],
    ['workload', { source: pod('other-1', 'a') }],
    ['kind', { destination: { ...database, kind: 'node' } }],
  ] as const)('a row with other %s is wrong', async (_what, change) => {
    expect(await checkAnswer(await answer(changed(0, change)), RIGHT)).not.toBeNull()
  })

  test('a missing row is wrong, and one too many', async () => {
    expect(await checkAnswer(await answer(ROWS.slice(0, 2)), RIGHT)).toMatch(/expected 7,1,1, got undefined/)
    const more = { ...ROWS[0]!, destination: pod('more-1', 'b') }
    expect(await checkAnswer(await answer([...ROWS, more]), RIGHT)).toMatch(/expected no rows of .*more/)
  })

  test('objects read several times are counted as often', async () => {
    const tenfold = ROWS.map(row => ({
      ...row,
      bytes: row.bytes * 10,
      packets: row.packets * 10,
      records: row.records * 10,
    }))
    expect(await checkAnswer(await answer(tenfold), { ...RIGHT, times: 10 })).toBeNull()
    expect(await checkAnswer(await answer(tenfold), RIGHT)).not.toBeNull()
  })

  test('bytes of text, and bytes sent, are exact', async () => {
    expect(await checkAnswer({ kind: 'text', bytes: 1000 }, RIGHT)).toBeNull()
    expect(await checkAnswer({ kind: 'text', bytes: 999 }, RIGHT)).toMatch(/expected 1000, got 999/)
    expect(await checkAnswer({ kind: 'sent', bytes: 21 }, RIGHT)).toBeNull()
    expect(await checkAnswer({ kind: 'sent', bytes: Number.NaN }, RIGHT)).toMatch(/expected 21, got NaN/)
  })
})

describe('against the first', () => {
  test('the same rows are the same', async () => {
    expect(await compareRows((await answer(ROWS)).file, (await answer(ROWS)).file)).toBeNull()
  })

  test('what the truth can not tell apart is told: pods of one workload that changed places', async () => {
    const swapped = [
      { ...ROWS[0]!, bytes: 10, packets: 1, records: 1 },
      { ...ROWS[1]!, bytes: 100, packets: 3, records: 2 },
      ROWS[2]!,
    ]
    const jury = new Jury(RIGHT)
    await jury.check('one', await answer(ROWS))
    await expect(jury.check('another', await answer(swapped))).rejects.toThrow(
      /^another has another answer than one: row 1: expected \[.*100,3,2\], got \[.*10,1,1\]$/,
    )
  })

  test('rows in another order, one too few and one too many are told', async () => {
    const right = (await answer(ROWS)).file
    expect(await compareRows(right, (await answer(ROWS.toReversed())).file)).toMatch(/^row 1: expected/)
    expect(await compareRows(right, (await answer(ROWS.slice(0, 2))).file)).toMatch(
      /^row 3: .* got no more rows/,
    )
    expect(await compareRows((await answer(ROWS.slice(0, 2))).file, right)).toMatch(
      /^row 3: expected no more/,
    )
    expect(await compareRows(right, (await answer([])).file)).toMatch(/^row 1: .* got no more rows/)
  })

  test('a file that was cut is another', async () => {
    const right = await answer(ROWS)
    const cut = join(folder, 'cut')
    await writeFile(cut, '["pod"')
    expect(await compareRows(right.file, cut)).toMatch(/got \["pod"$/)
  })
})
