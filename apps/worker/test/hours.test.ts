// Hours that are odd and yet fine, what bounds an hour, and several hours in one run.

import { afterEach, expect, test } from 'vitest'
import {
  assignmentFiles,
  ASSIGNMENTS,
  HOUR,
  HOUR_TEXT,
  joined,
  logFiles,
  objectKey,
  objectOf,
  PARTITION,
  record,
  SLOT,
  SMALL_LINES,
  smallHour,
  type Files,
} from '../../../test/support/data-set.ts'
import { Desk, ledgerOf, type Ended } from './worker.ts'

const GOOD = `logs/${objectKey()}`
const BAD_KEY = objectKey({ slot: HOUR + SLOT, hash: 'bad' })
const BAD = `logs/${BAD_KEY}`

let desk: Desk

afterEach(async () => {
  await desk.close()
})

async function runOn(files: Files, args: readonly string[] = []): Promise<Ended> {
  desk = await Desk.make(files)
  return await desk.run([...desk.options, ...args])
}

function withFile(path: string, content: Uint8Array | string): Files {
  return smallHour().set(path, content)
}

test('two flow logs of one interface are fine once one is chosen', async () => {
  const files = joined(smallHour(), logFiles([[{ flowLog: 'fl-0bbb' }, [record({ bytes: 1 })]]]))
  const ended = await runOn(files, ['--flow-log-id', 'fl-0bbb'])
  expect(ended.status).toBe(0)
  const ledger = ledgerOf(await desk.rollups(), PARTITION)
  expect(ledger.accounts['crossZone']).toEqual({ records: 1, bytes: 1, packets: 2 })
  expect(ledger['options']).toMatchObject({ flowLogIds: ['fl-0bbb'] })
})

test('two flow logs of different interfaces count together', async () => {
  const files = joined(
    smallHour(),
    logFiles([[{ flowLog: 'fl-0bbb' }, [record({ bytes: 1, interface: 'eni-2' })]]]),
  )
  const ended = await runOn(files)
  expect(ended.status).toBe(0)
  expect(ledgerOf(await desk.rollups(), PARTITION).accounts['crossZone']).toMatchObject({ bytes: 341 })
})

test('an hour with objects but no cross-zone traffic is a rollup with no rows', async () => {
  const ended = await runOn(joined(assignmentFiles(), logFiles([[{}, [record({ to: '10.0.0.2' })]]])))
  expect(ended.status).toBe(0)
  expect(ended.stdout).toContain('Across zones: 0 B, $0.00 at $0.02 a GiB, 0 % of')
  const files = await desk.rollups()
  expect(files[`${PARTITION}rollup.parquet`]).toMatch(/^PAR1.*PAR1$/s)
  expect(ledgerOf(files, PARTITION)).toMatchObject({ rows: 0, read: { records: 1 } })
})

test('an hour whose objects hold a header line alone is a rollup with no rows', async () => {
  const ended = await runOn(joined(assignmentFiles(), logFiles([[{}, []]])))
  expect(ended.status).toBe(0)
  expect(ledgerOf(await desk.rollups(), PARTITION)).toMatchObject({ rows: 0, read: { records: 0 } })
})

test('with --skip-bad-objects a bad object is left out whole, and a warning and the ledger say so', async () => {
  // Its first half is good gzip with good lines, more than a chunk of them.
  const lines = Array.from({ length: 40_000 }, (_, at) => record({ bytes: 1_000_000 + at }))
  const cut = objectOf(lines).subarray(0, -20)
  const ended = await runOn(withFile(BAD, cut), ['--skip-bad-objects'])
  expect(ended.status).toBe(0)
  expect(ended.stderr).toBe(
    `warning: left out ${desk.path(BAD)}: it ends in the middle of a gzip member: its rest is missing\n`,
  )
  expect(ended.stdout).toContain('1 object left out, see the ledger')
  const ledger = ledgerOf(await desk.rollups(), PARTITION)
  expect(ledger.objects).toMatchObject([
    { records: SMALL_LINES.length, problem: null },
    { key: BAD_KEY, records: 0, problem: 'ends in the middle of a gzip member: its rest is missing' },
  ])
  expect(ledger.read).toEqual({ records: SMALL_LINES.length, bytes: 6044, packets: 20 })
  expect(ledger.accounts['crossZone']).toMatchObject({ bytes: 340 })
  expect(ledger['options']).toMatchObject({ skipBadObjects: true })
  expect(await desk.leftovers()).toEqual([])
})

test('--skip-bad-objects makes no difference to the rollup of good objects', async () => {
  await runOn(smallHour())
  const plain = (await desk.rollups())[`${PARTITION}rollup.parquet`]
  await desk.run([...desk.options, '--skip-bad-objects'])
  expect((await desk.rollups())[`${PARTITION}rollup.parquet`]).toBe(plain)
})

test('an hour whose objects are all left out is a rollup with no rows and warnings', async () => {
  const ended = await runOn(withFile(GOOD, 'not gzip'), ['--skip-bad-objects'])
  expect(ended.status).toBe(0)
  expect(ended.stderr).toMatch(/^warning: left out .*: it is not gzip data though its name ends in \.gz\n$/)
  expect(ledgerOf(await desk.rollups(), PARTITION)).toMatchObject({ rows: 0, read: { records: 0 } })
})

test('a format without the pkt pair serves with a warning that says what is lost', async () => {
  const header = 'srcaddr dstaddr flow-direction bytes start'
  const ended = await runOn(withFile(GOOD, objectOf([`10.0.0.1 10.0.64.1 egress 5 ${HOUR}`], header)))
  expect(ended.status).toBe(0)
  expect(ended.stderr).toBe(
    'warning: a flow log has no pkt-srcaddr and pkt-dstaddr: srcaddr and dstaddr served, so every pod looks like ' +
      "its network interface's first address. Add the two fields to the flow log's format.\n",
  )
  expect(ledgerOf(await desk.rollups(), PARTITION)).toMatchObject({ rows: 1 })
})

test('several hours: one that fails does not stop the others, and is named at the end', async () => {
  const hours = [-3600, 0, 3600]
  desk = await Desk.make(
    joined(
      ...hours.map(after => assignmentFiles(ASSIGNMENTS, { hour: HOUR + after })),
      logFiles([
        [{ slot: HOUR - 1800 }, [record({ start: -1800, bytes: 1 })]],
        [{ slot: HOUR + 4800 + 600 }, [record({ start: 4800 + 600, bytes: 2 })]],
      ]),
      new Map([[BAD, 'not gzip']]),
    ),
  )
  const span = ['--from', '2024-05-01T09', '--to', '2024-05-01T12']
  const ended = await desk.run([...span, ...desk.folders, '--json', '--settle', '0'])
  expect(ended.status).toBe(1)
  expect(ended.stderr).toBe(
    `error: ${HOUR_TEXT}: ${desk.path(BAD)} is not gzip data though its name ends in .gz. Replace the object, or leave it out with --skip-bad-objects.\n` +
      `error: 1 of 3 hours failed: ${HOUR_TEXT}\n`,
  )
  expect(JSON.parse(ended.stdout)).toMatchObject({
    hours: [
      { hour: '2024-05-01T09', crossZoneBytes: 1, rows: 1 },
      { hour: HOUR_TEXT, error: expect.stringContaining('is not gzip data') as unknown },
      { hour: '2024-05-01T11', crossZoneBytes: 2, rows: 1 },
    ],
  })
  expect(Object.keys(await desk.rollups()).sort()).toEqual([
    'cluster=shop/dt=2024-05-01/hour=09/_ledger.json',
    'cluster=shop/dt=2024-05-01/hour=09/rollup.parquet',
    'cluster=shop/dt=2024-05-01/hour=11/_ledger.json',
    'cluster=shop/dt=2024-05-01/hour=11/rollup.parquet',
  ])
})

test('--settle bounds what is read: up to the slot named at the end of the hour plus it, and from the slot before the hour', async () => {
  const slots = [-2 * SLOT, -SLOT, 0, 3600, 3600 + 600, 3600 + 600 + SLOT]
  desk = await Desk.make(
    joined(
      assignmentFiles(),
      logFiles(
        slots.map((after, at) => [{ slot: HOUR + after, hash: `n${at}` }, [record({ bytes: 10 ** at })]]),
      ),
    ),
  )
  expect((await desk.run([...desk.options, '--settle', '10'])).status).toBe(0)
  let ledger = ledgerOf(await desk.rollups(), PARTITION)
  expect(ledger.objects.map(({ key }) => /n\d/.exec(key)![0])).toEqual(['n1', 'n2', 'n3', 'n4'])
  expect(ledger.accounts['crossZone']).toMatchObject({ bytes: 11_110 })
  expect(ledger.emptySlots).toHaveLength(11)
  expect(ledger.emptySlots[0]).toBe('2024-05-01T10:05:00Z')
  expect((await desk.run([...desk.options, '--settle', '0'])).status).toBe(0)
  ledger = ledgerOf(await desk.rollups(), PARTITION)
  expect(ledger.objects.map(({ key }) => /n\d/.exec(key)![0])).toEqual(['n1', 'n2', 'n3'])
})
