// A bad network and a busy S3 between the main job and its bucket: seeded runs that each end with exactly the right
// bytes, or with a failure that names the object and with what stood as it stood. Never a hang, never a half hour.
//
//   ZONETOLL_TEST_FAULT_RUNS=1000   so many runs in this process (150 if not set) and a twentieth of it as processes
//   ZONETOLL_TEST_FAULT_SEED=377    the first seed of those in this process (1 if not set)

import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHour } from '@zonetoll/model'
import { openLocation } from '@zonetoll/objects'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { RUN } from '../../apps/worker/test/in-folder.ts'
import { makeHour } from '../../apps/worker/src/make-hour.ts'
import { readOptions } from '../../apps/worker/src/options.ts'
import { NO_PROGRESS } from '../../apps/worker/src/progress.ts'
import { noise, pointAt } from '../../packages/objects/test/stores.ts'
import { DuckDB } from '../../packages/parquet/test/duckdb.ts'
import { startFaultProxy, type FaultProxy } from '../servers/fault-proxy.ts'
import { startS3Server, type S3Server } from '../servers/s3-server.ts'
import { HOUR_TEXT, PARTITION, type Files } from '../support/data-set.ts'
import { messageOf, Place } from './commands.ts'
import { faultPlan, KINDS, type FaultKind, type FaultPlan } from './fault-plan.ts'
import { mixedHour } from './noisy-hour.ts'
import { s3Target, s3Wanted, type S3Target } from './s3-target.ts'

const RUNS = Number(process.env['ZONETOLL_TEST_FAULT_RUNS'] || 150)
const FIRST_SEED = Number(process.env['ZONETOLL_TEST_FAULT_SEED'] || 1)
/** An answer to the rollup's write that gets lost, and then no more: of the ledger, or of what stands. */
const ONCE_WRONG = [377, 483]
const ON_REAL_SERVER = Math.ceil(RUNS / 10)
const AS_PROCESSES = Math.ceil(RUNS / 20)
const LARGE_WRITES = Math.ceil(RUNS / 10)
const LANES = 12
/** A run without faults takes a tenth of a second; one that has to wait at each turn for ever a minute or two. */
const BOUND_MILLIS = 240_000
/** Long enough that a machine which does other things besides is no stall. */
const STALL_MILLIS = 2500
const TEST_MILLIS = 120_000 + RUNS * 2000

const ROLLUP = `rollups/${PARTITION}rollup.parquet`
const LEDGER = `rollups/${PARTITION}_ledger.json`

/** What stands under the hour's two keys; null for nothing. */
type Pair = readonly [Buffer | null, Buffer | null]

/** A bucket with the hour's input, from behind the proxy's back. */
interface Bucket {
  readonly name: string
  put(key: string, body: Uint8Array | string): Promise<void>
  get(key: string): Promise<Buffer | null>
  remove(key: string): Promise<void>
  /** Resolves when the proxy has nothing under way there: what a run left behind it is done. */
  idle(): Promise<void>
}

type Outcome = 'right' | 'failed' | 'failed, and said that what stood is not put back'

/** How many runs ended how, by the kinds of fault that struck them. */
class Tally {
  readonly #counts = new Map<string, Map<Outcome | 'runs', number>>()

  add(plan: FaultPlan, outcome: Outcome): void {
    const kinds = new Set<string>(plan.struck.map(({ kind }) => kind))
    if (kinds.size === 0) kinds.add('none struck')
    for (const kind of ['all', ...kinds]) {
      const counts = this.#counts.get(kind) ?? new Map<Outcome | 'runs', number>()
      this.#counts.set(kind, counts)
      for (const what of ['runs', outcome] as const) counts.set(what, (counts.get(what) ?? 0) + 1)
    }
  }

  get(kind: FaultKind | 'all', what: Outcome | 'runs'): number {
    return this.#counts.get(kind)?.get(what) ?? 0
  }

  say(title: string): void {
    const lines = [...this.#counts].map(
      ([kind, counts]) => `  ${kind}: ${[...counts].map(([what, count]) => `${count} ${what}`).join(', ')}`,
    )
    process.stdout.write(`${[title, ...lines].join('\n')}\n`)
  }
}

const hour = parseHour(HOUR_TEXT)!
/** Text and Parquet. */
let input: Files
/** What the objects are when they change under a run's feet. */
let others: Files
let server: S3Server
let proxy: FaultProxy
let right: Pair
/** A whole hour that an earlier run may have left. */
let stood: Pair
const plans = new Map<string, FaultPlan>()

beforeAll(async () => {
  const duckdb = await DuckDB.open()
  const folder = await mkdtemp(join(tmpdir(), 'zonetoll-faults-'))
  input = await mixedHour(1, duckdb, folder)
  others = await mixedHour(2, duckdb, folder)
  await rm(folder, { recursive: true })
  await duckdb.close()
  server = await startS3Server()
  proxy = await throughPlans(server.url)
  const bucket = await inServer('reference', input)
  right = await makeReference(bucket, false)
  stood = await makeReference(bucket, true)
  expect(right[0]!.equals(stood[0]!)).toBe(false)
})

afterAll(async () => {
  await proxy.close()
  await server.close()
})

async function throughPlans(upstream: string): Promise<FaultProxy> {
  const started = await startFaultProxy(upstream)
  started.faults = request => plans.get(request.bucket)?.next(request) ?? null
  return started
}

async function inServer(name: string, files: Files): Promise<Bucket> {
  const bucket: Bucket = {
    name,
    put: (key, body) => Promise.resolve(server.put(name, key, body)),
    get: key => Promise.resolve(copyOf(server.get(name, key))),
    remove: key => Promise.resolve(server.remove(name, key)),
    idle: () => proxy.idle(name),
  }
  for (const [key, body] of files) await bucket.put(key, body)
  return bucket
}

function copyOf(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}

async function makeReference(bucket: Bucket, allPairs: boolean): Promise<Pair> {
  pointAt(server.url, { ZONETOLL_S3_PATH_STYLE: '1' })
  await mainJob(bucket.name, STALL_MILLIS, allPairs)
  return await standing(bucket)
}

// The main job as main.ts runs it, in this process. A client of its own for each run: the SDK counts retries by client,
// and after too many makes no more.
async function mainJob(bucket: string, stallMillis: number, allPairs = false): Promise<void> {
  const options = { stallTimeoutMs: stallMillis, retryDelayMs: 1 }
  const location = (folder: string) => openLocation(`s3://${bucket}/${folder}`, options)
  const places = {
    logs: [location('logs')],
    assignments: location('assignments'),
    rollups: location('rollups'),
    cluster: 'shop',
  }
  const asked = readOptions({ hour, allPairs, threads: 1 }, { logs: '', assignments: '' })
  await makeHour(places, hour, asked, RUN, NO_PROGRESS)
}

async function standing(bucket: Bucket): Promise<Pair> {
  return [await bucket.get(ROLLUP), await bucket.get(LEDGER)]
}

async function stand(bucket: Bucket, pair: Pair): Promise<void> {
  for (const [at, key] of [ROLLUP, LEDGER].entries()) {
    const body = pair[at]
    if (body) await bucket.put(key, body)
    else await bucket.remove(key)
  }
}

function same(a: Pair, b: Pair): boolean {
  return a.every((body, at) => (body === null ? b[at] === null : b[at] !== null && body.equals(b[at]!)))
}

/** What a run said: null where it is done, else its message. */
type Run = (bucket: Bucket, number: number) => Promise<string | null>

const inThisProcess: Run = async (bucket, number) => {
  try {
    await mainJob(bucket.name, STALL_MILLIS + number / 1_000_000)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** One run under the plan of its seed; throws, naming the seed, where it ends in neither way. */
async function faultyRun(
  bucket: Bucket,
  seed: number,
  run: Run,
  kinds: readonly FaultKind[],
  tally: Tally,
): Promise<void> {
  const changed = new Set<string>()
  const change = async (key: string) => {
    changed.add(key)
    await bucket.put(key, others.get(key) ?? 'another content')
  }
  const before: Pair = seed % 2 === 0 ? stood : [null, null]
  await stand(bucket, before)
  const plan = faultPlan(seed, { kinds, change })
  plans.set(bucket.name, plan)
  const where = `seed ${seed} (${plan.rules.map(({ kind, target, first, times }) => `${kind} ${target} ${first}+${times}`).join(', ')})`
  const failure = await bounded(run(bucket, seed), where)
  plans.delete(bucket.name)
  await bucket.idle()
  const after = await standing(bucket)
  for (const key of changed) await bucket.put(key, input.get(key)!)

  if (failure === null) {
    expect(same(after, right), `${where} is done and its bytes are others`).toBe(true)
    const read = plan.struck.filter(({ kind }) => kind === 'change')
    expect(read, `${where} is done though an object was another one`).toEqual([])
    tally.add(plan, 'right')
    return
  }
  expect(plan.struck.length, `${where}: nothing struck, and it failed: ${failure}`).toBeGreaterThan(0)
  expect(plan.mild, `${where} can be made good by asking again, and failed: ${failure}`).toBe(false)
  expect(failure, where).toContain(`s3://${bucket.name}/`)
  if (changed.size > 0 && plan.rules.length === 1) {
    expect(failure, where).toMatch(/changed meanwhile/)
    expect(
      [...changed].some(key => failure.includes(key)),
      `${where}: ${failure}`,
    ).toBe(true)
  }
  if (same(after, before)) {
    tally.add(plan, 'failed')
    return
  }
  // The server took one file and then neither another nor the one that stood: then the failure says so, and what
  // stands can't be taken for an hour.
  expect(
    failure,
    `${where}: ${after.map(body => body?.length ?? 'nothing').join(' and ')} bytes stand`,
  ).toMatch(/could not be put back/)
  expect(isComplete(after) && !same(after, right), `${where} leaves a pair that is nobody's`).toBe(false)
  tally.add(plan, 'failed, and said that what stood is not put back')
}

/** Whether a reader takes it for an hour: the ledger names the rollup. */
function isComplete([rollup, ledger]: Pair): boolean {
  if (rollup === null || ledger === null) return false
  const { rollupSha256 } = JSON.parse(ledger.toString()) as { rollupSha256: string }
  return rollupSha256 === createHash('sha256').update(rollup).digest('hex')
}

async function bounded<T>(work: Promise<T>, where: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${where} hangs`)), BOUND_MILLIS)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => first + at)
}

/** Seeds one after another in each of some buckets at a time. Returns what was wrong with any. */
async function inLanes(
  buckets: readonly Bucket[],
  seeds: readonly number[],
  work: (bucket: Bucket, seed: number) => Promise<void>,
): Promise<string[]> {
  const wrong: string[] = []
  let next = 0
  await Promise.all(
    buckets.map(async bucket => {
      while (next < seeds.length) {
        await work(bucket, seeds[next++]!).catch((error: Error) => wrong.push(error.message))
      }
    }),
  )
  return wrong
}

test('runs in this process end right or fail well', { timeout: TEST_MILLIS }, async () => {
  pointAt(proxy.url, { ZONETOLL_S3_PATH_STYLE: '1', AWS_MAX_ATTEMPTS: '3' })
  const names = Array.from({ length: LANES }, (_, at) => `lane-${at}`)
  const buckets = await Promise.all(names.map(name => inServer(name, input)))
  const tally = new Tally()
  const begun = performance.now()
  const wrong = await inLanes(buckets, [...ONCE_WRONG, ...seedsFrom(FIRST_SEED, RUNS)], (bucket, seed) =>
    faultyRun(bucket, seed, inThisProcess, KINDS, tally),
  )
  tally.say(`${RUNS} runs in this process, ${Math.round((performance.now() - begun) / 1000)} s`)
  expect(wrong).toEqual([])
  // The faults are had, and runs survive them as well as fail of them.
  if (RUNS < 100) return
  for (const kind of KINDS) expect(tally.get(kind, 'runs'), kind).toBeGreaterThan(RUNS / 50)
  expect(tally.get('all', 'right')).toBeGreaterThan(RUNS / 2)
  expect(tally.get('all', 'failed')).toBeGreaterThan(RUNS / 20)
})

test('a large write arrives whole or not at all, and leaves no parts', { timeout: TEST_MILLIS }, async () => {
  pointAt(proxy.url, { ZONETOLL_S3_PATH_STYLE: '1', AWS_MAX_ATTEMPTS: '3' })
  const [old, body] = [noise(1000, 1), noise(11 * 1024 * 1024, 2)]
  const kinds = ['reset', 'stall', 'cutHead', '500', '503', '404', 'refuse', 'lost'] as const
  const tally = new Tally()
  const open = new Map<string, number>()
  const write = async ({ name }: Bucket, seed: number) => {
    server.put(name, 'k', old)
    const object = await openLocation(`s3://${name}`).store.head('k')
    const plan = faultPlan(seed, {
      kinds,
      change: () => Promise.resolve(),
      targets: ['any', 'part', 'complete'],
    })
    plans.set(name, plan)
    const options = { stallTimeoutMs: STALL_MILLIS + seed / 1_000_000, retryDelayMs: 1 }
    const { store } = openLocation(`s3://${name}`, options)
    const failure = await bounded(
      store.write('k', body, seed % 2 === 0 ? {} : { expected: object!.etag }).then(
        () => null,
        (error: Error) => error.message,
      ),
      `seed ${seed}`,
    )
    plans.delete(name)
    await proxy.idle(name)
    const stands = Buffer.from(server.get(name, 'k')!)
    if (failure === null) expect(stands.equals(body), `seed ${seed}`).toBe(true)
    // A server that took it and whose answers were all lost has it.
    else expect(stands.equals(old) || stands.equals(body), `seed ${seed}: ${failure}`).toBe(true)
    if (failure !== null) expect(failure).toContain(`s3://${name}/k`)
    expect(failure !== null && plan.mild, `seed ${seed}: ${failure}`).toBe(false)
    // An upload whose begin or end nobody was told of can only be cleared away by a rule of the bucket.
    const untold = plan.struck.filter(
      ({ request }) => request.method === 'DELETE' || 'uploads' in request.query,
    )
    const left = server.openUploads(name)
    expect(left, `seed ${seed}: ${failure}`).toBeLessThanOrEqual((open.get(name) ?? 0) + untold.length)
    open.set(name, left)
    tally.add(plan, failure === null ? 'right' : 'failed')
  }
  const buckets = await Promise.all(['large-1', 'large-2', 'large-3'].map(name => inServer(name, new Map())))
  const wrong = await inLanes(buckets, seedsFrom(300_000, LARGE_WRITES), write)
  tally.say(`${LARGE_WRITES} writes of 11 MiB in parts`)
  expect(wrong).toEqual([])
  expect(tally.get('all', 'right')).toBeGreaterThan(0)
  expect(tally.get('all', 'failed')).toBeGreaterThan(0)
})

describe.runIf(s3Wanted())('on a real S3 server', () => {
  let target: S3Target
  let far: FaultProxy

  beforeAll(async () => {
    target = await s3Target()
    far = await throughPlans(target.url)
  })
  afterAll(async () => {
    await far.close()
    await target.close()
  })

  async function bucketOn(): Promise<Bucket> {
    const name = await target.makeBucket()
    const bucket: Bucket = {
      name,
      put: (key, body) => target.put(name, key, body),
      get: key => target.get(name, key),
      remove: key => target.remove(name, [key]),
      idle: () => far.idle(name),
    }
    for (const [key, body] of input) await bucket.put(key, body)
    return bucket
  }

  test('runs in this process end right or fail well', { timeout: TEST_MILLIS }, async () => {
    pointAt(far.url, { ...target.environment, AWS_ENDPOINT_URL_S3: far.url, AWS_MAX_ATTEMPTS: '3' })
    const buckets = await Promise.all(Array.from({ length: LANES / 2 }, bucketOn))
    const tally = new Tally()
    const wrong = await inLanes(buckets, seedsFrom(100_000, ON_REAL_SERVER), (bucket, seed) =>
      faultyRun(bucket, seed, inThisProcess, KINDS, tally),
    )
    tally.say(`${ON_REAL_SERVER} runs in this process on a real server`)
    expect(wrong).toEqual([])
    expect(tally.get('all', 'right')).toBeGreaterThan(0)
  })

  test('runs of pnpm start end right with 0 or fail well with 1', { timeout: TEST_MILLIS }, async () => {
    const place = await Place.make()
    const environment = { ...target.environment, AWS_ENDPOINT_URL_S3: far.url, AWS_MAX_ATTEMPTS: '3' }
    const asProcess: Run = async ({ name }) => {
      const args = ['logs', 'assignments', 'rollups'].flatMap(each => [`--${each}`, `s3://${name}/${each}`])
      const ended = await place.run('start', ['--hour', HOUR_TEXT, ...args], { env: environment })
      if (ended.status === 0) return null
      expect(ended).toMatchObject({ status: 1, stdout: '' })
      return messageOf(ended)
    }
    try {
      const buckets = await Promise.all(Array.from({ length: 4 }, bucketOn))
      const tally = new Tally()
      // Twenty seconds without a byte are a stall there: of those runs there are others.
      const kinds = KINDS.filter(kind => kind !== 'stall')
      const wrong = await inLanes(buckets, seedsFrom(200_000, AS_PROCESSES), (bucket, seed) =>
        faultyRun(bucket, seed, asProcess, kinds, tally),
      )
      tally.say(`${AS_PROCESSES} runs of pnpm start on a real server`)
      expect(wrong).toEqual([])
      expect(await place.leftovers()).toEqual([])
    } finally {
      await place.close()
    }
  })
})
