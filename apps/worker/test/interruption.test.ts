// SIGTERM and SIGINT: the worker stops within a second with 130, and what stood stands; between the two files it
// finishes both.

import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import {
  startS3Server,
  type S3Fault,
  type S3Request,
  type S3Server,
} from '../../../test/servers/s3-server.ts'
import {
  assignmentFiles,
  ASSIGNMENTS,
  HEADER,
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
import { Desk, ON_TERMINAL, until, type Ended, type Running } from './worker.ts'

const BUCKET = 'flows'
/** The grace of 700 ms, and room for a busy machine. */
const PROMPT_MILLIS = 2000
const INTERRUPTED = 'interrupted; what was not finished stands as it stood before\n'
const ARGS = ['logs', 'assignments', 'rollups'].flatMap(name => [`--${name}`, `s3://${BUCKET}/${name}`])
const STOOD = { 'rollup.parquet': 'the rollup that stood', '_ledger.json': 'the ledger that stood' }

let server: S3Server
let desk: Desk

afterEach(async () => {
  await server.close()
  await desk.close()
})

/** Starts a run over a bucket where something stands; `misbehave` says what goes wrong with a request. */
async function startOnS3(
  misbehave: (request: S3Request, running: Running) => S3Fault | null,
  args: readonly string[] = ['--hour', HOUR_TEXT],
): Promise<Running> {
  server = await startS3Server({ buckets: [BUCKET] })
  const files = joined(
    assignmentFiles(),
    assignmentFiles(ASSIGNMENTS, { hour: HOUR - 3600 }),
    logFiles([-3600, 0, SLOT, 2 * SLOT].map(after => [{ slot: HOUR + after }, SMALL_LINES])),
  )
  for (const [key, content] of files) server.put(BUCKET, key, content)
  for (const [name, content] of Object.entries(STOOD))
    server.put(BUCKET, `rollups/${PARTITION}${name}`, content)
  desk = await Desk.make()
  const running = desk.start([...ARGS, ...args], {
    env: server.environment,
  })
  server.faults = request => misbehave(request, running)
  return running
}

function standing(): Record<string, string> {
  return Object.fromEntries(
    Object.keys(STOOD).map(name => [
      name,
      Buffer.from(server.get(BUCKET, `rollups/${PARTITION}${name}`) ?? []).toString('latin1'),
    ]),
  )
}

/** How the run ends after the signal, and how long that takes in milliseconds. */
async function interrupt(running: Running, signal: NodeJS.Signals): Promise<Ended & { millis: number }> {
  const begun = performance.now()
  running.process.kill(signal)
  const ended = await running.ended
  return { ...ended, millis: performance.now() - begun }
}

const isLog = ({ operation, key }: S3Request) => operation === 'GetObject' && key.startsWith('logs/')

test.each([
  ['SIGTERM', '1'],
  ['SIGINT', '1'],
  ['SIGTERM', '2'],
] as const)('%s while bodies stall, read on %s threads', async (signal, threads) => {
  const running = await startOnS3(
    request => (isLog(request) ? { kind: 'stall', after: 50 } : null),
    ['--hour', HOUR_TEXT, '--threads', threads],
  )
  await until(() => server.requests.filter(isLog).length === 3)
  const { millis, ...ended } = await interrupt(running, signal)
  expect(ended).toEqual({ status: 130, stdout: '', stderr: INTERRUPTED })
  expect(millis).toBeLessThan(PROMPT_MILLIS)
  expect(standing()).toEqual(STOOD)
  expect(await desk.leftovers()).toEqual([])
})

test.each([
  ['a list that is not answered', ({ operation }: S3Request) => operation === 'ListObjectsV2'],
  ['a body that is not answered', isLog],
  // Behind the Parquet file, before anything is replaced.
  ['a look at what stands that is not answered', ({ operation }: S3Request) => operation === 'HeadObject'],
])('SIGTERM while waiting for %s', async (_what, isSilent) => {
  const running = await startOnS3(request => (isSilent(request) ? { kind: 'silence' } : null))
  await until(() => server.requests.some(isSilent))
  const { millis, ...ended } = await interrupt(running, 'SIGTERM')
  expect(ended).toEqual({ status: 130, stdout: '', stderr: INTERRUPTED })
  expect(millis).toBeLessThan(PROMPT_MILLIS)
  expect(standing()).toEqual(STOOD)
  expect(await desk.leftovers()).toEqual([])
})

test('SIGTERM between the two files: both are finished, and the run is done', async () => {
  let ledgers = 0
  const running = await startOnS3(({ operation, key }, { process }) => {
    if (operation !== 'PutObject' || !key.endsWith('_ledger.json')) return null
    if (++ledgers === 1) process.kill('SIGTERM')
    // The retries' pauses give the interruption the time to strike.
    return ledgers <= 2 ? { kind: 'error', status: 503, code: 'SlowDown' } : null
  })
  expect(await running.ended).toMatchObject({ status: 0, stderr: '' })
  expect(ledgers).toBe(3)
  const { 'rollup.parquet': rollup, '_ledger.json': ledger } = standing()
  expect(rollup).toMatch(/^PAR1.*PAR1$/s)
  expect(JSON.parse(ledger!)).toMatchObject({ rows: 2 })
})

test('with several hours, those before the interruption stand whole and the others as they stood', async () => {
  const running = await startOnS3(
    request => (isLog(request) && request.key.includes('T1010Z') ? { kind: 'stall', after: 50 } : null),
    ['--from', '2024-05-01T09', '--to', '2024-05-01T11', '--settle', '0', '--json'],
  )
  await until(() => server.requests.some(({ key }) => key.includes('T1010Z')))
  expect(await interrupt(running, 'SIGINT')).toMatchObject({ status: 130, stdout: '', stderr: INTERRUPTED })
  expect(standing()).toEqual(STOOD)
  const nine = `rollups/${PARTITION.replace('hour=10', 'hour=09')}`
  expect(server.keys(BUCKET).filter(key => key.startsWith(nine))).toEqual([
    `${nine}_ledger.json`,
    `${nine}rollup.parquet`,
  ])
})

test('SIGTERM while a shard is read leaves no partial', async () => {
  const running = await startOnS3(
    request => (isLog(request) ? { kind: 'stall', after: 50 } : null),
    ['--hour', HOUR_TEXT, '--shard', '0/2'],
  )
  await until(() => server.requests.some(isLog))
  const { millis, ...ended } = await interrupt(running, 'SIGTERM')
  expect(ended).toEqual({ status: 130, stdout: '', stderr: INTERRUPTED })
  expect(millis).toBeLessThan(PROMPT_MILLIS)
  expect(standing()).toEqual(STOOD)
  expect(server.keys(BUCKET).filter(key => key.includes('_partial'))).toEqual([])
  expect(await desk.leftovers()).toEqual([])
})

const isLedger = ({ operation, key }: S3Request) => operation === 'GetObject' && key.endsWith('.json')

test('SIGTERM while --due looks at what stands', async () => {
  const running = await startOnS3(
    request => (isLedger(request) ? { kind: 'silence' } : null),
    ['--due', '--scheduled-time', '2024-05-01T11:20:00Z', '--emf', '--json'],
  )
  await until(() => server.requests.some(isLedger))
  const { millis, ...ended } = await interrupt(running, 'SIGTERM')
  expect(ended).toEqual({ status: 130, stdout: '', stderr: INTERRUPTED })
  expect(millis).toBeLessThan(PROMPT_MILLIS)
  expect(standing()).toEqual(STOOD)
})

/** A gigabyte and a half of records in an object of a few hundred gzip members, in a folder. */
async function startOnBigObject(wrap?: (commandLine: string) => readonly string[]): Promise<Running> {
  server = await startS3Server()
  const member = gzipSync(`${record()}\n`.repeat(60_000), { level: 1 })
  const members = Array.from({ length: 300 }, () => member)
  const body = Buffer.concat([gzipSync(`${HEADER}\n`), ...members])
  desk = await Desk.make(joined(assignmentFiles(), new Map([[`logs/${objectKey()}`, body]])))
  return desk.start(desk.options, wrap === undefined ? {} : { wrap })
}

test('SIGTERM while a big object of a folder is read', async () => {
  const running = await startOnBigObject()
  await new Promise(resolve => setTimeout(resolve, 1500))
  expect(running.process.exitCode).toBeNull()
  const { millis, ...ended } = await interrupt(running, 'SIGTERM')
  expect(ended).toEqual({ status: 130, stdout: '', stderr: INTERRUPTED })
  expect(millis).toBeLessThan(PROMPT_MILLIS)
  expect(await desk.rollups()).toEqual({})
  expect(await desk.leftovers()).toEqual([])
})

test('an interruption on a terminal erases the progress, which says how much is read and how fast', async () => {
  // The terminal's own Ctrl-C reaches the worker alone: script(1) has none to pass on.
  const running = await startOnBigObject(line => ON_TERMINAL(`timeout -s INT 1.5 ${line}`))
  const { stdout } = await running.ended
  const drawn = stdout.split('\r\u001b[K')
  expect(drawn.length).toBeGreaterThan(3)
  expect(drawn.at(-1)).toBe(INTERRUPTED.replace('\n', '\r\n'))
  expect(drawn.at(-2)).toMatch(
    /^2024-05-01T10 {2}0\/1 objects · 0 B of [\d.]+ [KM]iB · [\d.]+ [kM] records\/s$/,
  )
  expect(await desk.rollups()).toEqual({})
})
