// An hour in an array of processes, as AWS Batch and Kubernetes run them: each knows its shard from its environment, one
// fails and is tried again, and a merge behind them writes the bytes of one run.

import { fileURLToPath } from 'node:url'
import { writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  assignmentFiles,
  HOUR,
  HOUR_TEXT,
  joined,
  logFiles,
  objectKey,
  PARTITION,
  record,
  SLOT,
  SMALL_LINES,
} from '../../../test/support/data-set.ts'
import { startS3Server } from '../../../test/servers/s3-server.ts'
import { Desk, type Ended } from './worker.ts'

const MERGE = fileURLToPath(new URL('../src/merge.ts', import.meta.url))
const AT = ['--scheduled-time', '2024-05-01T11:20:00Z']

let desk: Desk

beforeEach(async () => {
  const names = Array.from({ length: 9 }, (_, at) => ({ slot: HOUR + at * SLOT, hash: `h${at}` }))
  desk = await Desk.make(
    joined(
      assignmentFiles(),
      logFiles(names.map((name, at) => [name, [...SMALL_LINES, record({ bytes: at, start: at })]])),
    ),
  )
})

afterEach(async () => {
  await desk.close()
})

async function merge(args: readonly string[] = [], env: Record<string, string> = {}): Promise<Ended> {
  return await desk.run([...AT, '--assignments', 'assignments', '--rollups', 'rollups', ...args], {
    env,
    program: MERGE,
  })
}

async function singleRun(): Promise<Record<string, string>> {
  const folders = ['--logs', 'logs', '--assignments', 'assignments', '--rollups', 'single/rollups']
  expect(await desk.run(['--hour', HOUR_TEXT, ...folders])).toMatchObject({ status: 0 })
  return await desk.rollups('single')
}

test.each([
  [
    'AWS Batch',
    (index: number, size: number) => ({
      AWS_BATCH_JOB_ARRAY_INDEX: String(index),
      AWS_BATCH_JOB_ARRAY_SIZE: String(size),
    }),
    {},
  ],
  [
    'a Kubernetes Indexed Job',
    (index: number, size: number) => ({ JOB_COMPLETION_INDEX: String(index), ZONETOLL_SHARDS: String(size) }),
    { ZONETOLL_SHARDS: '4' },
  ],
])('in %s, with one that is killed and tried again', async (_engine, environment, mergeEnvironment) => {
  const shards = [0, 1, 2, 3]
  const start = (index: number) =>
    desk.start([...AT, ...desk.folders, '--json'], { env: environment(index, 4) })
  const running = shards.map(start)
  running[2]!.process.kill('SIGKILL')
  const ended = await Promise.all(running.map(each => each.ended))
  expect(ended.map(({ status }) => status)).toEqual([0, 0, null, 0])
  expect(JSON.parse(ended[3]!.stdout)).toMatchObject({
    hours: [{ hour: HOUR_TEXT, shard: '3/4', objects: expect.any(Number) as number, objectsOfHour: 9 }],
  })
  const early = await merge([], mergeEnvironment)
  expect(early).toMatchObject({ status: 1, stdout: '' })
  expect(early.stderr).toMatch(
    /^error: 1 of 4 partials of 2024-05-01T10 is missing in .*: _partial-2-of-4\.bin\. Run what is missing, as pnpm start --hour 2024-05-01T10 --shard 2\/4, then merge again\n$/,
  )
  expect((await start(2).ended).status).toBe(0)
  const merged = await merge([], mergeEnvironment)
  expect(merged).toMatchObject({ status: 0, stderr: '' })
  expect(merged.stdout).toContain('Across zones: ')
  expect(await desk.rollups()).toEqual(await singleRun())
  expect(await merge([], mergeEnvironment)).toEqual({
    status: 0,
    stdout: 'Nothing to make: 2024-05-01T10 stands as its input is.\n',
    stderr: 'nothing to merge: no partials of 2024-05-01T10, and its rollup stands complete\n',
  })
})

test('a shard reads no object of another, and together they read each once', async () => {
  const server = await startS3Server({ buckets: ['flows'] })
  const names = Array.from({ length: 9 }, (_, at) => ({ slot: HOUR + at * SLOT, hash: `h${at}` }))
  const files = joined(assignmentFiles(), logFiles(names.map(name => [name, SMALL_LINES])))
  for (const [key, content] of files) server.put('flows', key, content)
  const env = server.environment
  const args = ['logs', 'assignments', 'rollups'].flatMap(name => [`--${name}`, `s3://flows/${name}`])
  const read: string[] = []
  for (let index = 0; index < 4; index++) {
    server.clearRequests()
    expect(await desk.run(['--hour', HOUR_TEXT, ...args, '--shard', `${index}/4`], { env })).toMatchObject({
      status: 0,
    })
    const own = server.requests
      .filter(({ operation, key }) => operation === 'GetObject' && key.startsWith('logs/'))
      .map(({ key }) => key)
    expect(own.length).toBeLessThanOrEqual(3)
    read.push(...own)
  }
  expect(read.sort()).toEqual(names.map(name => `logs/${objectKey(name)}`).sort())
  server.clearRequests()
  const merging = ['--hour', HOUR_TEXT, ...args.slice(2)]
  expect(await desk.run(merging, { env, program: MERGE })).toMatchObject({ status: 0 })
  expect(server.requests.filter(({ key }) => key.startsWith('logs/'))).toEqual([])
  expect(server.keys('flows').filter(key => key.includes('_partial'))).toEqual([])
  await server.close()
})

test('a shard that fails says so in the metrics, and says nothing of hours otherwise', async () => {
  const good = await desk.run([...desk.options, '--shard', '0/2', '--emf'])
  expect(good).toMatchObject({ status: 0, stdout: '' })
  await writeFile(desk.path('logs', objectKey({ slot: HOUR, hash: 'h0' })), 'not gzip')
  const ended = await Promise.all(
    ['0/2', '1/2'].map(shard => desk.run([...desk.options, '--shard', shard, '--emf'])),
  )
  const failed = ended.filter(({ status }) => status === 1)
  expect(failed).toHaveLength(1)
  expect(JSON.parse(failed[0]!.stdout)).toMatchObject({ HoursMade: 0, HoursFailed: 1 })
})

test('the merge has --json, --emf and --help of its own', async () => {
  for (const shard of ['0/2', '1/2'])
    expect(await desk.run([...desk.options, '--shard', shard, '--quiet'])).toMatchObject({
      status: 0,
      stderr: '',
    })
  const ended = await merge(['--json', '--emf', '--shards', '2'])
  const lines = ended.stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(5)
  expect(JSON.parse(lines[4]!)).toMatchObject({ hours: [{ hour: HOUR_TEXT, objects: 9, rows: 2 }] })
  const help = await desk.run(['--help'], { program: MERGE })
  expect(help.stdout).toContain('Usage: pnpm merge')
  expect(help.stdout).toContain('--shards <n>')
  expect(await desk.run(['--assignments', 'assignments'], { program: MERGE })).toEqual({
    status: 2,
    stdout: '',
    stderr: 'error: no hour given: say --hour 2024-05-01T10\nSee pnpm merge --help.\n',
  })
  expect(Object.keys(await desk.rollups()).sort()).toEqual([
    `${PARTITION}_ledger.json`,
    `${PARTITION}rollup.parquet`,
  ])
})
