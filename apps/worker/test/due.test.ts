// Hours that heal: `--due` makes what is missing or has changed, and nothing else.

import { rm, utimes, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startS3Server, type S3Server } from '../../../test/servers/s3-server.ts'
import {
  assignmentFiles,
  ASSIGNMENTS,
  HOUR,
  joined,
  logFiles,
  objectKey,
  objectOf,
  record,
  SLOT,
  type Files,
} from '../../../test/support/data-set.ts'
import { Desk, ledgerOf, type Ended, type RunOptions } from './worker.ts'

const HOUR_SECONDS = 3600
const NOW = '2024-05-01T13:20:00Z'
const AT_NOW = ['--scheduled-time', NOW]

/** An hour by its distance from 2024-05-01T10, as it is told and where its rollup lies. */
function textOf(after: number): string {
  return new Date((HOUR + after * HOUR_SECONDS) * 1000).toISOString().slice(0, 13)
}

function partitionOf(after: number): string {
  const text = textOf(after)
  return `cluster=shop/dt=${text.slice(0, 10)}/hour=${text.slice(11)}/`
}

function assignmentsOf(...hours: readonly number[]): Files {
  return joined(...hours.map(after => assignmentFiles(ASSIGNMENTS, { hour: HOUR + after * HOUR_SECONDS })))
}

/** An object in the middle of each hour, whose record has so many bytes. */
function logsOf(...hours: readonly number[]): Files {
  return logFiles(
    hours.map(after => [
      { slot: HOUR + after * HOUR_SECONDS + 1800 },
      [record({ start: after * HOUR_SECONDS + 1800, bytes: 1000 + after })],
    ]),
  )
}

let desk: Desk

beforeEach(async () => {
  desk = await Desk.make()
})

afterEach(async () => {
  await desk.close()
})

async function due(args: readonly string[] = [], options: RunOptions = {}): Promise<Ended> {
  return await desk.run(['--due', ...AT_NOW, ...desk.folders, ...args], options)
}

async function madeHours(args: readonly string[] = []): Promise<string[]> {
  const ended = await due([...args, '--json', '--quiet'])
  expect(ended).toMatchObject({ status: 0, stderr: expect.not.stringContaining('error') as unknown })
  return (JSON.parse(ended.stdout) as { hours: { hour: string }[] }).hours.map(({ hour }) => hour)
}

async function hoursThatStand(): Promise<string[]> {
  return Object.keys(await desk.rollups())
    .filter(name => name.endsWith('_ledger.json'))
    .sort()
}

test('makes every settled hour that has no rollup, oldest first, and then finds nothing to do', async () => {
  await desk.put(joined(assignmentsOf(0, 1, 2, 3), logsOf(0, 1, 2, 3)))
  const first = await due()
  expect(first.status).toBe(0)
  const told = [`${textOf(0)} has no rollup`, `${textOf(1)} has no rollup`, `${textOf(2)} has no rollup`]
  expect(first.stderr.split('\n').slice(0, 3)).toEqual(told)
  // 13 has not settled; 24 hours are looked at, and those before the recorder began are passed over in one line.
  expect(first.stderr.split('\n').slice(3)).toEqual([
    'passed over 2024-04-30T13 to 2024-05-01T09: no assignments yet; they are made once there are, while --due looks back that far',
    '',
  ])
  expect(await hoursThatStand()).toEqual([0, 1, 2].map(after => `${partitionOf(after)}_ledger.json`))
  const before = await desk.rollups()
  const second = await due(['--lookback', '3'])
  expect(second).toEqual({
    status: 0,
    stdout: `Nothing to make: ${textOf(0)} to ${textOf(2)} stands as its input is.\n`,
    stderr: '',
  })
  expect(await desk.rollups()).toEqual(before)
})

async function late(): Promise<void> {
  const name = { slot: HOUR + HOUR_SECONDS, hash: 'late' }
  await desk.put(logFiles([[name, [record({ start: HOUR_SECONDS, bytes: 7 })]]]))
}

describe('an hour is made anew', () => {
  beforeEach(async () => {
    await desk.put(joined(assignmentsOf(0, 1, 2), logsOf(0, 1, 2)))
    expect(await madeHours()).toEqual([0, 1, 2].map(textOf))
  })

  test('when an object comes late, by the next run; both hours whose slots hold it', async () => {
    await late()
    // The slot named 11:00 is one of hour 10's too, up to its settling.
    expect(await madeHours()).toEqual([textOf(0), textOf(1)])
    expect(ledgerOf(await desk.rollups(), partitionOf(1)).accounts['crossZone']).toMatchObject({
      bytes: 1008,
    })
    expect(await madeHours()).toEqual([])
  })

  test('to the bytes of a run that had all from the beginning', async () => {
    await late()
    await madeHours()
    const healed = await desk.rollups()
    await desk.run([
      '--from',
      textOf(0),
      '--to',
      textOf(3),
      ...desk.folders.slice(0, 4),
      '--rollups',
      'b/rollups',
    ])
    expect(await desk.rollups('b')).toEqual(healed)
  })

  test('when an object is another under its key', async () => {
    const key = `logs/${objectKey({ slot: HOUR + 1800 })}`
    await desk.put(new Map([[key, objectOf([record({ start: 1800, bytes: 5 })])]]))
    const ended = await due(['--json'])
    expect(ended.stderr).toContain(`${textOf(0)} is made anew: 1 object is another now\n`)
    expect(ledgerOf(await desk.rollups(), partitionOf(0)).accounts['crossZone']).toMatchObject({ bytes: 5 })
  })

  test('when an object is gone', async () => {
    await late()
    await madeHours()
    await rm(desk.path('logs', objectKey({ slot: HOUR + HOUR_SECONDS, hash: 'late' })))
    expect(await madeHours()).toEqual([textOf(0), textOf(1)])
  })

  test('when its assignments change or grow', async () => {
    const partition = `assignments/${partitionOf(1)}`
    await desk.put(new Map([[`${partition}more.ndjson`, `${ASSIGNMENTS[0]}\n`]]))
    expect(await madeHours()).toEqual([textOf(1)])
    await desk.put(new Map([[`${partition}more.ndjson`, `${ASSIGNMENTS[1]}\n`]]))
    expect(await madeHours()).toEqual([textOf(1)])
    await rm(desk.path(`${partition}more.ndjson`))
    expect(await madeHours()).toEqual([textOf(1)])
  })

  test('when the options say that other things count', async () => {
    expect(await madeHours(['--all-pairs'])).toEqual([0, 1, 2].map(textOf))
    expect(await madeHours(['--all-pairs'])).toEqual([])
    expect(await madeHours(['--all-pairs', '--app-label', 'team'])).toHaveLength(3)
    expect(await madeHours(['--all-pairs', '--app-label', 'team', '--flow-log-id', 'fl-0aaa'])).toHaveLength(
      3,
    )
  })

  test('when its ledger is damaged, of another hour, or missing', async () => {
    await writeFile(desk.path('rollups', partitionOf(0), '_ledger.json'), '{"version":1}')
    await writeFile(
      desk.path('rollups', partitionOf(1), '_ledger.json'),
      Buffer.from((await desk.rollups())[`${partitionOf(2)}_ledger.json`]!, 'latin1'),
    )
    await rm(desk.path('rollups', partitionOf(2), '_ledger.json'))
    const ended = await due(['--json'])
    expect(ended.stderr).toContain(`${textOf(0)} has a ledger that isn't one of this hour\n`)
    expect(ended.stderr).toContain(`${textOf(1)} has a ledger that isn't one of this hour\n`)
    expect(ended.stderr).toContain(`${textOf(2)} has no rollup\n`)
    expect(await madeHours()).toEqual([])
  })

  test('when its rollup is missing, or is not the one its ledger names', async () => {
    await rm(desk.path('rollups', partitionOf(0), 'rollup.parquet'))
    const rollup = desk.path('rollups', partitionOf(1), 'rollup.parquet')
    await writeFile(rollup, 'what a run that was killed left')
    const ended = await due(['--json'])
    expect(ended.stderr).toContain(`${textOf(0)} has a ledger but no rollup\n`)
    expect(ended.stderr).toContain(`${textOf(1)} has a rollup that is not the one its ledger names\n`)
    // A copy of the folder has the times of the copy: that alone makes no hour due.
    await utimes(rollup, new Date(), new Date(Date.now() + 60_000))
    expect(await madeHours()).toEqual([])
  })

  test('not because of --settle and --skip-bad-objects, with which it was made by hand', async () => {
    await desk.put(
      logFiles([[{ slot: HOUR + 2 * HOUR_SECONDS - SLOT, hash: 'x' }, [record({ start: 10, bytes: 70 })]]]),
    )
    const bad = `logs/${objectKey({ slot: HOUR + 900, hash: 'bad' })}`
    await desk.put(new Map([[bad, 'not gzip']]))
    const byHand = ['--hour', textOf(0), '--settle', '55', '--skip-bad-objects', ...desk.folders]
    expect((await desk.run(byHand)).status).toBe(0)
    const made = await desk.rollups()
    // The object of 11:55 is new for 11, 12 of which it is the slot before; 10 has it by its own --settle.
    expect(await madeHours()).toEqual([textOf(1), textOf(2)])
    expect((await desk.rollups())[`${partitionOf(0)}_ledger.json`]).toBe(
      made[`${partitionOf(0)}_ledger.json`],
    )
  })
})

test('an hour whose objects are all gone, or whose time was up, stays as it stands', async () => {
  await desk.put(joined(assignmentsOf(-2, -1, 0, 1), logsOf(-2, -1, 0, 1)))
  const range = ['--from', textOf(-2), '--to', textOf(2)]
  expect(await madeHours(range)).toHaveLength(4)
  const before = await desk.rollups()
  for (const after of [-2, -1])
    await rm(desk.path('logs', objectKey({ slot: HOUR + after * HOUR_SECONDS + 1800 })))
  const later = ['--due', ...range, '--scheduled-time', '2024-05-03T00:00:00Z', ...desk.folders]
  expect(await desk.run([...later, '--quiet'])).toMatchObject({ status: 0, stderr: '' })
  expect(await desk.rollups()).toEqual(before)
  await rm(desk.path('assignments'), { recursive: true })
  await desk.put(assignmentsOf(5))
  expect(await desk.run([...later, '--quiet'])).toMatchObject({ status: 0, stderr: '' })
  expect(await desk.rollups()).toEqual(before)
})

describe('on a new installation', () => {
  test('with neither log begun: one line, exit status 0', async () => {
    await desk.put(
      new Map([
        ['logs/readme', 'x'],
        ['assignments/readme', 'x'],
      ]),
    )
    expect(await due(['--cluster', 'shop'])).toEqual({
      status: 0,
      stdout: '',
      stderr:
        'passed over 2024-04-30T13 to 2024-05-01T12: no assignments yet; they are made once there are, while --due looks back that far\n',
    })
  })

  test('with the recorder running and no flow log yet: one line, exit status 0', async () => {
    await desk.put(joined(assignmentsOf(1, 2), new Map([['logs/readme', 'x']])))
    expect(await due(['--lookback', '2'])).toEqual({
      status: 0,
      stdout: '',
      stderr: `passed over ${textOf(1)} to ${textOf(2)}: no flow-log objects yet; they are made once there are, while --due looks back that far\n`,
    })
  })

  test('a gap behind the beginning is a failure that names the hour', async () => {
    await desk.put(joined(assignmentsOf(0, 2), logsOf(0, 1, 2)))
    const ended = await due(['--json'])
    expect(ended.status).toBe(1)
    expect(ended.stderr).toContain(`error: ${textOf(1)}: no assignments for ${textOf(1)} in `)
    expect(ended.stderr).toContain(`error: 1 of 3 hours failed: ${textOf(1)}\n`)
    expect(await hoursThatStand()).toEqual([0, 2].map(after => `${partitionOf(after)}_ledger.json`))
  })

  test('a gap in the flow logs is one too', async () => {
    await desk.put(joined(assignmentsOf(-1, 0, 1, 2), logsOf(0, 2)))
    const ended = await due(['--json', '--quiet', '--lookback', '4'])
    expect(ended.status).toBe(1)
    expect(ended.stderr).toContain(`error: ${textOf(1)}: no flow-log objects for ${textOf(1)}. Looked at:`)
    expect(ended.stderr).toContain(`passed over ${textOf(-1)}: no flow-log objects yet`)
  })
})

test('a failed hour does not stop the others, is told at the end, and is tried again by the next run', async () => {
  await desk.put(joined(assignmentsOf(0, 1, 2), logsOf(0, 2)))
  const bad = `logs/${objectKey({ slot: HOUR + HOUR_SECONDS + 1800 })}`
  await desk.put(new Map([[bad, 'not gzip']]))
  const ended = await due(['--json', '--quiet'])
  expect(ended.status).toBe(1)
  expect(JSON.parse(ended.stdout)).toMatchObject({
    hours: [
      { hour: textOf(0), rows: 1 },
      { hour: textOf(1), error: expect.stringContaining('is not gzip data') as unknown },
      { hour: textOf(2), rows: 1 },
    ],
    waiting: expect.arrayContaining([textOf(-1)]) as unknown,
  })
  expect(ended.stderr).toContain(`error: 1 of 3 hours failed: ${textOf(1)}\n`)
  await desk.put(logsOf(1))
  expect(await madeHours()).toEqual([textOf(1)])
})

test('with --from and --to a backfill goes on where it stopped', async () => {
  await desk.put(joined(assignmentsOf(0, 1, 2, 3), logsOf(0, 1, 2, 3)))
  expect((await desk.run(['--hour', textOf(1), ...desk.folders])).status).toBe(0)
  const range = ['--from', textOf(0), '--to', textOf(4)]
  const ended = await due(range)
  expect(ended.status).toBe(0)
  expect(ended.stderr).toBe(
    `not settled yet, and left: ${textOf(3)}\n${textOf(0)} has no rollup\n${textOf(2)} has no rollup\n`,
  )
  expect(await madeHours(range)).toEqual([])
})

describe('over a bucket', () => {
  const BUCKET = 'flows'
  const ARGS = ['logs', 'assignments', 'rollups'].flatMap(name => [`--${name}`, `s3://${BUCKET}/${name}`])
  let server: S3Server

  afterEach(async () => {
    await server.close()
  })

  async function onS3(args: readonly string[]): Promise<Ended> {
    return await desk.run([...ARGS, ...args], {
      env: server.environment,
    })
  }

  test('nothing to do reads no log object, and lists each folder once', async () => {
    server = await startS3Server({ buckets: [BUCKET] })
    const hours = Array.from({ length: 24 }, (_, at) => at - 21)
    const logs = hours.map(after => {
      const name = { layout: 'hourly', slot: HOUR + after * HOUR_SECONDS + 1800 } as const
      return [name, [record({ start: after * HOUR_SECONDS + 1800 })]] as const
    })
    for (const [key, content] of joined(assignmentsOf(...hours), logFiles(logs)))
      server.put(BUCKET, key, content)
    const first = await onS3(['--due', ...AT_NOW, '--json', '--quiet'])
    expect(first).toMatchObject({ status: 0, stderr: '' })
    expect((JSON.parse(first.stdout) as { hours: unknown[] }).hours).toHaveLength(24)

    server.clearRequests()
    expect(await onS3(['--due', ...AT_NOW])).toMatchObject({ status: 0, stderr: '' })
    const reads = server.requests.filter(({ operation }) => operation === 'GetObject').map(({ key }) => key)
    expect(reads).toHaveLength(24)
    expect(reads.filter(key => !key.endsWith('/_ledger.json'))).toEqual([])
    expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([])
    const lists = server.requests
      .filter(({ operation }) => operation === 'ListObjectsV2')
      .map(({ query }) => query['prefix']!)
    expect(new Set(lists).size).toBe(lists.length)
    // One each of the rollup's folder and of the assignments' an hour, and the walk over the logs: at most 26 hours' folders.
    expect(lists.length).toBeLessThan(24 + 24 + 26 + 12)
  })

  test('several hours in one run list their slots together', async () => {
    server = await startS3Server({ buckets: [BUCKET] })
    for (const [key, content] of joined(assignmentsOf(0, 1, 2), logsOf(0, 1, 2)))
      server.put(BUCKET, key, content)
    expect(await onS3(['--from', textOf(0), '--to', textOf(3)])).toMatchObject({ status: 0 })
    const days = server.requests.filter(
      ({ operation, query }) => operation === 'ListObjectsV2' && query['prefix']!.endsWith('/2024/05/01/'),
    )
    expect(days).toHaveLength(1)
  })
})

test('a partition of gzip that is another with the same size is seen by its etag', async () => {
  await desk.put(joined(assignmentsOf(2), logsOf(2)))
  expect(await madeHours(['--lookback', '1'])).toEqual([textOf(2)])
  const other = ASSIGNMENTS.map(line => line.replace('server-2', 'server-3'))
  await desk.put(new Map([[`assignments/${partitionOf(2)}all.ndjson.gz`, gzipSync(`${other.join('\n')}\n`)]]))
  expect(await madeHours(['--lookback', '1'])).toEqual([textOf(2)])
})
