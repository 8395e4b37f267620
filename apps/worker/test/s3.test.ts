// The same run over a bucket: an S3 server in this process, asked by the worker over HTTP.

import { createHash } from 'node:crypto'
import { parseHour } from '@zonetoll/model'
import { openLocation, type Location } from '@zonetoll/objects'
import { afterEach, expect, test } from 'vitest'
import {
  assignmentFiles,
  HOUR,
  HOUR_TEXT,
  joined,
  LAYOUTS,
  logFiles,
  objectKey,
  PARTITION,
  record,
  SLOT,
  SMALL_LINES,
  smallHour,
  type Files,
} from '../../../test/support/data-set.ts'
import { startS3Server, type S3Request, type S3Server } from '../../../test/servers/s3-server.ts'
import { pointAt, QUICK } from '../../../packages/objects/test/stores.ts'
import { makeHour } from '../src/make-hour.ts'
import { readOptions } from '../src/options.ts'
import { NO_PROGRESS } from '../src/progress.ts'
import { Desk, ledgerOf, type Ended } from './worker.ts'

const BUCKET = 'flows'
const ROLLUP = `${PARTITION}rollup.parquet`
const LEDGER = `${PARTITION}_ledger.json`

const ON_S3 = ['--logs', `s3://${BUCKET}/logs`, '--assignments', `s3://${BUCKET}/assignments`]
const ARGS = ['--hour', HOUR_TEXT, ...ON_S3, '--rollups', `s3://${BUCKET}/rollups`]

/** What the options are where none is given. */
const DEFAULTS = readOptions({ hour: parseHour(HOUR_TEXT)! }, { logs: '', assignments: '' })

let server: S3Server
let desk: Desk

afterEach(async () => {
  await server.close()
  await desk.close()
})

async function serve(files: Files, options: { maxKeys?: number; accessKeyId?: string } = {}): Promise<void> {
  server = await startS3Server({ buckets: [BUCKET], ...options })
  for (const [key, content] of files) server.put(BUCKET, key, content)
  desk = await Desk.make()
}

function environment(): Record<string, string> {
  return server.environment
}

async function runOnS3(args: readonly string[] = ARGS, env: Record<string, string> = {}): Promise<Ended> {
  return await desk.run(args, { env: { ...environment(), ...env } })
}

function rollups(): Record<string, string> {
  const keys = server.keys(BUCKET).filter(key => key.startsWith('rollups/'))
  return Object.fromEntries(
    keys.map(key => [key.slice('rollups/'.length), Buffer.from(server.get(BUCKET, key)!).toString('latin1')]),
  )
}

function stand(): void {
  server.put(BUCKET, `rollups/${ROLLUP}`, 'the rollup that stood')
  server.put(BUCKET, `rollups/${LEDGER}`, 'the ledger that stood')
}

const STOOD = { [ROLLUP]: 'the rollup that stood', [LEDGER]: 'the ledger that stood' }

/** Three slots in each layout, an account a layout, with days and hours around them that aren't wanted. */
function wideHour(): Files {
  const slots = [-86_400, -7200, -SLOT, 0, 1800, 3600 + 1200, 3600 + 1200 + SLOT, 86_400]
  return joined(
    assignmentFiles(),
    logFiles(
      LAYOUTS.flatMap((layout, number) =>
        slots.map(after => {
          const name = { layout, slot: HOUR + after, account: `${number}`.repeat(12) }
          return [name, [...SMALL_LINES, record({ bytes: number, start: 1 })]] as const
        }),
      ),
    ),
  )
}

test('a run from bucket to bucket gives the bytes that a run from folder to folder gives, however the server pages', async () => {
  await serve(wideHour(), { maxKeys: 2 })
  await desk.put(wideHour())
  expect(await runOnS3()).toMatchObject({ status: 0, stderr: '' })
  expect(await desk.run(desk.options)).toMatchObject({ status: 0, stderr: '' })
  const folder = await desk.rollups()
  const bucket = rollups()
  expect(Object.keys(bucket).sort()).toEqual([LEDGER, ROLLUP])
  expect(bucket[ROLLUP]).toBe(folder[ROLLUP])
  const sha256 = createHash('sha256').update(Buffer.from(bucket[ROLLUP]!, 'latin1')).digest('hex')
  expect(ledgerOf(bucket, PARTITION).rollupSha256).toBe(sha256)
  // The ledgers differ in keys and etags only.
  const [inBucket, inFolder] = [ledgerOf(bucket, PARTITION), ledgerOf(folder, PARTITION)]
  expect(inBucket.objects).toHaveLength(16)
  const names = inFolder.objects.map(({ key }) => `logs/${key}`)
  expect(inBucket.objects.map(({ key }) => key)).toEqual(names)
  const { objects: _objects, assignments: _assignments, ...restInBucket } = inBucket
  const { objects: _same, assignments: _too, ...restInFolder } = inFolder
  expect(restInBucket).toEqual(restInFolder)
})

test('nothing is listed or read outside the slots that can hold the hour', async () => {
  await serve(wideHour())
  expect(await runOnS3()).toMatchObject({ status: 0, stderr: '' })
  const asked = server.requests.filter(({ key, query }) =>
    `${key}${query['prefix'] ?? ''}`.startsWith('logs/'),
  )
  const lists = asked
    .filter(({ operation }) => operation === 'ListObjectsV2')
    .map(({ query }) => query['prefix']!)
  const reads = asked.filter(({ operation }) => operation === 'GetObject').map(({ key }) => key)
  expect(lists.filter(prefix => /\/(?:day=)?(?:30|02)\//.test(prefix))).toEqual([])
  const hours = lists
    .filter(prefix => /01\/\d\d\/$|hour=\d\d\/$/.test(prefix))
    .map(prefix => /(\d\d)\/$/.exec(prefix)![1])
  expect(new Set(hours)).toEqual(new Set(['09', '10', '11']))
  const slots = [-SLOT, 0, 1800, 3600 + 1200]
  const wanted = LAYOUTS.flatMap((layout, number) =>
    slots.map(after => objectKey({ layout, slot: HOUR + after, account: `${number}`.repeat(12) })),
  )
  expect(reads).toHaveLength(wanted.length)
  expect(new Set(reads)).toEqual(new Set(wanted.map(key => `logs/${key}`)))
  expect(new Set(server.requests.map(({ operation }) => operation))).toEqual(
    new Set(['ListObjectsV2', 'GetObject', 'HeadObject', 'PutObject']),
  )
})

test('a body cut once in each object goes on where it was cut: same bytes', async () => {
  await serve(wideHour())
  expect(await runOnS3()).toMatchObject({ status: 0 })
  const plain = rollups()
  const cut = new Set<string>()
  server.faults = ({ operation, key }: S3Request) => {
    if (operation !== 'GetObject' || cut.has(key) || key.startsWith('rollups/')) return null
    cut.add(key)
    return { kind: 'cut', after: 100 }
  }
  server.clearRequests()
  expect(await runOnS3()).toMatchObject({ status: 0, stderr: '' })
  expect(cut.size).toBe(17)
  expect(server.requests.filter(({ headers }) => headers['range'] === 'bytes=100-')).toHaveLength(17)
  expect(rollups()).toEqual(plain)
})

// In this process: a run's own time to wait for a stalled body is longer than a test's.
test('a body that stalls once in each object goes on where it stalled: same bytes', async () => {
  await serve(wideHour())
  expect(await runOnS3()).toMatchObject({ status: 0 })
  const plain = rollups()
  const stalled = new Set<string>()
  server.faults = ({ operation, key }: S3Request) => {
    if (operation !== 'GetObject' || stalled.has(key) || key.startsWith('rollups/')) return null
    stalled.add(key)
    return { kind: 'stall', after: 100 }
  }
  pointAt(server.url, { ZONETOLL_S3_PATH_STYLE: '1' })
  const places = {
    logs: [quick('logs')],
    assignments: quick('assignments'),
    rollups: quick('rollups'),
    cluster: 'shop',
  }
  const run = {
    signal: new AbortController().signal,
    uninterrupted: async <T>(work: () => Promise<T>) => work(),
  }
  await makeHour(places, parseHour(HOUR_TEXT)!, { ...DEFAULTS, threads: 1 }, run, NO_PROGRESS)
  expect(stalled.size).toBe(17)
  expect(rollups()).toEqual(plain)
})

function quick(folder: string): Location {
  return openLocation(`s3://${BUCKET}/${folder}`, QUICK)
}

test('a bucket that does not exist is one message naming it', async () => {
  await serve(smallHour())
  stand()
  const args = [...ARGS.slice(0, 2), '--logs', 's3://nothing/logs', ...ARGS.slice(4)]
  expect(await runOnS3(args)).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'error: s3://nothing/logs/: the bucket nothing does not exist; check its name, ' +
      'and that AWS_ENDPOINT_URL_S3, where set, is the server that has it\n',
  })
  expect(rollups()).toEqual(STOOD)
  expect(await desk.leftovers()).toEqual([])
})

test('a server that is not there is one message naming what to check', async () => {
  await serve(smallHour())
  const env = { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1' }
  const ended = await runOnS3(ARGS, env)
  expect(ended).toMatchObject({ status: 1, stdout: '' })
  expect(ended.stderr).toMatch(
    /^error: s3:\S+: the S3 endpoint can't be reached \(.*ECONNREFUSED.*\); check the network, AWS_REGION and AWS_ENDPOINT_URL_S3\n$/,
  )
})

test('no objects for the hour is one message with the prefixes that were looked at', async () => {
  await serve(joined(assignmentFiles(), logFiles([[{ slot: HOUR + 7200, layout: 'hourly' }, SMALL_LINES]])))
  expect(await runOnS3()).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'error: no flow-log objects for 2024-05-01T10. Looked at:\n' +
      '  s3://flows/logs/AWSLogs/123456789012/vpcflowlogs/us-east-2/2024/05/01/\n' +
      'Check --logs, and that the flow log delivers to S3.\n',
  })
})

test.each(['1', '2'])(
  'an object that cannot be read stops the reading of all others, on %s threads',
  async threads => {
    await serve(wideHour())
    const bad = server.keys(BUCKET).find(key => key.includes('T1030Z'))!
    server.put(BUCKET, bad, 'not gzip')
    // Nothing wakes these before a run's own time for it, twenty seconds.
    server.faults = ({ operation, key }) =>
      operation === 'GetObject' && key.startsWith('logs/') && key !== bad
        ? { kind: 'stall', after: 50 }
        : null
    const ended = await runOnS3([...ARGS, '--threads', threads])
    expect(ended).toEqual({
      status: 1,
      stdout: '',
      stderr: `error: s3://${BUCKET}/${bad} is not gzip data though its name ends in .gz. Replace the object, or leave it out with --skip-bad-objects.\n`,
    })
    expect(rollups()).toEqual({})
  },
  10_000,
)

test('refused credentials are one message that says which', async () => {
  await serve(smallHour(), { accessKeyId: 'AKIAOTHER' })
  stand()
  expect(await runOnS3()).toEqual({
    status: 1,
    stdout: '',
    stderr:
      `error: s3://${BUCKET}/assignments/cluster=: refused (HTTP 403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.); ` +
      'the credentials are wrong: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n',
  })
  expect(rollups()).toEqual(STOOD)
})

test('no credentials at all are one message that says how to get some', async () => {
  await serve(smallHour())
  const ended = await runOnS3(ARGS, { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' })
  expect(ended).toMatchObject({ status: 1, stdout: '' })
  expect(ended.stderr).toMatch(
    /^error: s3:\/\/flows\/assignments\/cluster=: no AWS credentials to ask with \(.*\); set AWS_PROFILE, log in with aws sso login, or run with a role\n$/,
  )
})

test('a bucket that may not be written fails naming the permission, and leaves what stood', async () => {
  await serve(smallHour())
  stand()
  server.faults = ({ operation }) =>
    operation === 'PutObject'
      ? { kind: 'error', status: 403, code: 'AccessDenied', message: 'Access Denied' }
      : null
  const ended = await runOnS3()
  expect(ended).toMatchObject({ status: 1, stdout: '' })
  expect(ended.stderr).toMatch(
    /^error: s3:\/\/flows\/rollups\/.*rollup\.parquet: refused .*s3:PutObject on flows.*\n$/,
  )
  expect(rollups()).toEqual(STOOD)
  expect(await desk.leftovers()).toEqual([])
})

function refuseLedger({ operation, key }: S3Request) {
  const refused = operation === 'PutObject' && key.endsWith('_ledger.json')
  return refused ? ({ kind: 'error', status: 403, code: 'AccessDenied' } as const) : null
}

test('a ledger that cannot be written puts the rollup that stood back', async () => {
  await serve(smallHour())
  stand()
  server.faults = refuseLedger
  const ended = await runOnS3()
  expect(ended).toMatchObject({ status: 1, stdout: '' })
  expect(ended.stderr).toMatch(/^error: s3:\/\/flows\/rollups\/.*_ledger\.json: refused/)
  expect(
    server.requests.filter(({ operation, key }) => operation === 'PutObject' && key.endsWith('.parquet')),
  ).toHaveLength(2)
  expect(rollups()).toEqual(STOOD)
  expect(await desk.leftovers()).toEqual([])
})

test('a ledger that cannot be written leaves no rollup where none stood', async () => {
  await serve(smallHour())
  server.faults = refuseLedger
  expect(await runOnS3()).toMatchObject({ status: 1, stdout: '' })
  expect(server.requests.some(({ operation }) => operation === 'DeleteObject')).toBe(true)
  expect(rollups()).toEqual({})
})

test('a rollup that was written though the answer said no is put back, too', async () => {
  await serve(smallHour())
  expect(await runOnS3()).toMatchObject({ status: 0 })
  const [own] = server
    .keys(BUCKET)
    .filter(key => key.endsWith('.parquet'))
    .map(key => server.get(BUCKET, key)!)
  stand()
  let puts = 0
  server.faults = ({ operation, key }) => {
    if (operation !== 'PutObject' || !key.endsWith('.parquet') || ++puts > 1) return null
    // What a request that timed out may have done all the same.
    server.put(BUCKET, key, own!)
    return { kind: 'error', status: 403, code: 'AccessDenied' }
  }
  expect(await runOnS3()).toMatchObject({ status: 1, stdout: '' })
  expect(rollups()).toEqual(STOOD)
})

test('where what stood cannot be put back the message says so', async () => {
  await serve(smallHour())
  stand()
  let puts = 0
  server.faults = ({ operation, key }) =>
    operation === 'PutObject' && (key.endsWith('.json') || ++puts > 1)
      ? { kind: 'error', status: 403, code: 'AccessDenied', message: 'Access Denied' }
      : null
  const ended = await runOnS3()
  expect(ended.status).toBe(1)
  expect(ended.stderr).toMatch(
    /^error: s3:\S+_ledger\.json: refused .*\. What stood at s3:\S+rollup\.parquet could not be put back \(s3:.*\): rollup and ledger may not belong together until the hour is run again\.\n$/,
  )
})
