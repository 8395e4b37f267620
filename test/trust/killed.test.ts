// kill -9 at any moment of the main job and of a merge: the old hour stands or the new one does, or a rollup beside a ledger that does
// not name it, which no reader takes for an hour. The next run makes it right.
//
//   ZONETOLL_TEST_KILLS=400   so many processes are killed at random moments (8 if not set); and with it set, one before
//                             each single call of the file system and around each request, else around every third

import { createHash } from 'node:crypto'
import { readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

import { startFaultProxy } from '../servers/fault-proxy.ts'
import type { S3Address } from '../servers/s3-address.ts'
import { startS3Server } from '../servers/s3-server.ts'
import { HOUR_TEXT, PARTITION, writeFiles, type Files } from '../support/data-set.ts'
import { Seeded } from '../support/seeded.ts'
import { Place, type Ended } from './commands.ts'
import { noisyHour } from './noisy-hour.ts'

const ASKED = Number(process.env['ZONETOLL_TEST_KILLS'] || 0)
const RANDOM_KILLS = ASKED || 8
const EVERY = ASKED > 0 ? 1 : 3
const TEST_MILLIS = 120_000 + RANDOM_KILLS * 8000

const KILLER = fileURLToPath(new URL('kill-at-call.ts', import.meta.url))
const ROLLUP = `${PARTITION}rollup.parquet`
const LEDGER = `${PARTITION}_ledger.json`
const BUCKET = 'flows'
const START = ['--hour', HOUR_TEXT]
const INPUT = ['--logs', 'logs', '--assignments', 'assignments']
const DUE = ['--due', '--scheduled-time', '2024-05-01T11:20:00Z', '--lookback', '1']

/** Texts by name. */
type Contents = Readonly<Record<string, string>>
/** What a reader finds by the contract: the ledger makes the hour complete, and names its rollup. */
type State = 'nothing' | 'the old hour' | 'the new hour' | 'no complete hour'

const atLedger = ({ method, key }: S3Address) => method === 'PUT' && key.endsWith(LEDGER)

interface Hours {
  readonly old: Contents
  readonly new: Contents
}

let closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.toReversed()) await close()
  closing = []
})

async function placeOf(files: Files): Promise<Place> {
  const place = await Place.make(files)
  closing.push(() => place.close())
  return place
}

const done = (ended: Ended) => expect(ended).toMatchObject({ status: 0, stderr: '' })

// Of the same input with other options: two hours that are whole, and no file of one is one of the other.
async function bothHours(
  run: (more: readonly string[]) => Promise<Ended>,
  standing: () => Promise<Contents>,
): Promise<Hours> {
  done(await run([]))
  const made = await standing()
  done(await run(['--all-pairs']))
  const old = await standing()
  expect(Object.keys(made).sort()).toEqual([LEDGER, ROLLUP])
  for (const name of [LEDGER, ROLLUP]) expect(made[name] === old[name]).toBe(false)
  return { old, new: made }
}

function stateOf({ [ROLLUP]: rollup, [LEDGER]: ledger }: Contents, hours: Hours): State {
  if (rollup === undefined && ledger === undefined) return 'nothing'
  if (rollup === hours.old[ROLLUP] && ledger === hours.old[LEDGER]) return 'the old hour'
  if (rollup === hours.new[ROLLUP] && ledger === hours.new[LEDGER]) return 'the new hour'
  if (rollup !== undefined && ledger !== undefined) {
    const { rollupSha256 } = JSON.parse(ledger) as { rollupSha256: string }
    const sha256 = createHash('sha256').update(Buffer.from(rollup, 'latin1')).digest('hex')
    expect(rollupSha256 === sha256, 'a pair that neither run wrote looks complete').toBe(false)
  }
  // Each file by itself is whole: one of the two runs wrote it.
  expect([hours.old[ROLLUP], hours.new[ROLLUP], undefined].includes(rollup), 'half a rollup').toBe(true)
  expect([hours.old[LEDGER], hours.new[LEDGER], undefined].includes(ledger), 'half a ledger').toBe(true)
  return 'no complete hour'
}

function asFiles(contents: Contents): Files {
  return new Map(Object.entries(contents).map(([name, text]) => [name, Buffer.from(text, 'latin1')]))
}

/** How often which state was found. */
class Seen {
  readonly #counts: Partial<Record<State, number>> = {}

  add(state: State): void {
    this.#counts[state] = (this.#counts[state] ?? 0) + 1
  }

  times(state: State): number {
    return this.#counts[state] ?? 0
  }

  say(title: string): void {
    process.stdout.write(`${title}: ${JSON.stringify(this.#counts)}\n`)
  }
}

/** What reads rollups sees that there is no hour, and --due makes it. */
async function expectMended(
  place: Place,
  input: readonly string[],
  rollups: string,
  env: Record<string, string>,
): Promise<void> {
  const asked = await place.run('query', ['pods', '--rollups', rollups, '--cluster', 'shop'], { env })
  expect(asked).toMatchObject({ status: 1, stdout: '' })
  expect(asked.stderr).toMatch(/has no complete hour|is not the rollup that the ledger beside it names/)
  const drawn = await place.run('report', ['--rollups', rollups, '--cluster', 'shop'], { env })
  expect(drawn.status).toBe(1)
  expect(drawn.stderr).toMatch(/has no complete hour|is not the rollup that the ledger beside it names/)
  const due = await place.run('start', [...DUE, ...input, '--rollups', rollups, '--quiet'], { env })
  expect(due).toMatchObject({ status: 0, stderr: '' })
}

test('killed before a call of the file system', { timeout: TEST_MILLIS }, async () => {
  const place = await placeOf(noisyHour(1))
  const hours = await bothHours(
    more => place.run('start', [...START, ...INPUT, ...more]),
    () => place.files('rollups'),
  )
  const run = (rollups: string, env: Record<string, string>) =>
    place.run('start', [...START, ...INPUT, '--rollups', rollups, '--threads', '1'], {
      node: ['--import', KILLER],
      env: { KILL_FOLDERS: `${place.path(rollups)}:${place.path('tmp')}`, ...env },
    })
  done(await run('counted', { KILL_COUNT: place.path('count') }))
  const calls = Number(await readFile(place.path('count'), 'utf8'))
  expect(calls).toBeGreaterThan(10)
  const seen = new Seen()
  for (const [number, before] of [hours.old, {}].entries()) {
    for (let at = 1 + number; at <= calls + 1; at += EVERY) {
      const rollups = `rollups-${number}-${at}`
      await writeFiles(place.path(rollups), asFiles(before))
      const ended = await run(rollups, { KILL_AT: String(at) })
      const files = await place.files(rollups)
      const state = stateOf(files, hours)
      seen.add(state)
      if (ended.signal === null) expect(state).toBe('the new hour')
      else expect(ended.signal).toBe('SIGKILL')
      if (state === 'nothing') expect(before).toEqual({})
      const litter = Object.keys(files).filter(name => name !== ROLLUP && name !== LEDGER)
      expect(litter.length, litter.join(' ')).toBeLessThanOrEqual(1)
      if (state !== 'no complete hour') continue
      await expectMended(place, INPUT, rollups, {})
      expect(stateOf(await place.files(rollups), hours)).toBe('the new hour')
    }
  }
  seen.say(`killed before a call of the file system, of ${calls}`)
  for (const state of ['nothing', 'the old hour', 'no complete hour'] as const) {
    expect(seen.times(state), state).toBeGreaterThan(0)
  }
})

test('what was left by a process that was killed is removed by a later run, a day on', async () => {
  const place = await placeOf(noisyHour(1))
  const [old, young] = ['_0123456789abcdef.part', '_fedcba9876543210.part']
  await writeFiles(
    place.path('rollups', PARTITION),
    new Map([
      [old, 'half'],
      [young, 'half'],
      ['_kept.part', 'other'],
    ]),
  )
  const dayAgo = new Date(Date.now() - 25 * 3600 * 1000)
  for (const name of [old, '_kept.part']) await utimes(place.path('rollups', PARTITION, name), dayAgo, dayAgo)
  done(await place.run('start', [...START, ...INPUT]))
  const names = Object.keys(await place.files('rollups')).map(name => name.slice(PARTITION.length))
  expect(names.sort()).toEqual(['_fedcba9876543210.part', '_kept.part', '_ledger.json', 'rollup.parquet'])
})

test('killed around a request to a bucket', { timeout: TEST_MILLIS }, async () => {
  const place = await placeOf(noisyHour(1))
  const server = await startS3Server({ buckets: [BUCKET] })
  const proxy = await startFaultProxy(server.url)
  closing.push(async () => {
    await proxy.close()
    await server.close()
  })
  for (const [key, body] of noisyHour(1)) server.put(BUCKET, key, body)
  const env = { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.url }
  const input = ['logs', 'assignments'].flatMap(name => [`--${name}`, `s3://${BUCKET}/${name}`])
  const rollups = `s3://${BUCKET}/rollups`
  const start = (more: readonly string[] = []) =>
    place.start('start', [...START, ...input, '--rollups', rollups, ...more], { env })
  const standing = (): Contents =>
    Object.fromEntries(
      server
        .keys(BUCKET)
        .filter(key => key.startsWith('rollups/'))
        .map(key => [key.slice('rollups/'.length), Buffer.from(server.get(BUCKET, key)!).toString('latin1')]),
    )
  const stand = (contents: Contents) => {
    for (const key of Object.keys(standing())) server.remove(BUCKET, `rollups/${key}`)
    for (const [name, body] of asFiles(contents)) server.put(BUCKET, `rollups/${name}`, body)
  }
  const hours = await bothHours(
    more => start(more).ended,
    () => Promise.resolve(standing()),
  )
  stand(hours.old)
  const first = proxy.requests.length
  done(await start().ended)
  const requests = proxy.requests.slice(first)
  const publishing = requests.findIndex(({ key }) => key.startsWith('rollups/'))
  expect(publishing).toBeGreaterThan(10)

  const seen = new Seen()
  const kill = async (strikes: (request: S3Address, number: number) => boolean, when: 'before' | 'after') => {
    const before = standing()
    const running = start()
    const work = async () => {
      running.process.kill('SIGKILL')
      await running.ended
    }
    let number = 0
    proxy.faults = request => {
      if (!strikes(request, number++)) return null
      return when === 'before' ? { kind: 'refuse', work } : { kind: 'after', work }
    }
    const { signal } = await running.ended
    proxy.faults = () => null
    const state = stateOf(standing(), hours)
    seen.add(state)
    if (signal === null) expect(state).toBe('the new hour')
    if (state === 'nothing') expect(before).toEqual({})
    return state
  }
  for (let strike = 0; strike < publishing; strike += 4 * EVERY) {
    stand(hours.old)
    await kill((_request, number) => number === strike, 'before')
  }
  for (let strike = publishing; strike < requests.length; strike++) {
    for (const when of ['before', 'after'] as const) {
      for (const before of ASKED > 0 ? [hours.old, {}] : [strike % 2 === 0 ? hours.old : {}]) {
        stand(before)
        await kill((_request, number) => number === strike, when)
      }
    }
  }
  seen.say(`killed around a request, of ${requests.length}`)
  expect(seen.times('no complete hour')).toBeGreaterThan(0)

  // Between the two files, of an hour that stood for a while.
  stand(hours.old)
  await sleep(1100)
  expect(await kill(atLedger, 'before')).toBe('no complete hour')
  await expectMended(place, input, rollups, env)
  expect(standing()).toEqual(hours.new)
  expect(server.openUploads(BUCKET)).toBe(0)
})

test('killed at random moments', { timeout: TEST_MILLIS }, async () => {
  const place = await placeOf(noisyHour(1))
  const hours = await bothHours(
    more => place.run('start', [...START, ...INPUT, ...more]),
    () => place.files('rollups'),
  )
  const random = new Seeded(1)
  const run = () => place.start('start', [...START, ...INPUT])
  const { millis } = await run().ended
  const seen = new Seen()
  for (let time = 0; time < RANDOM_KILLS; time++) {
    for (const [name, body] of asFiles(hours.old)) await writeFile(place.path('rollups', name), body)
    const running = run()
    await sleep(millis * (0.5 + 0.6 * random.next()))
    running.process.kill('SIGKILL')
    await running.ended
    seen.add(stateOf(await place.files('rollups'), hours))
  }
  seen.say('killed at random moments')
  done(await run().ended)
  expect(stateOf(await place.files('rollups'), hours)).toBe('the new hour')
})

test('a merge killed at random moments, and one with its page', { timeout: TEST_MILLIS }, async () => {
  const place = await placeOf(noisyHour(1))
  const hours = await bothHours(
    more => place.run('start', [...START, ...INPUT, ...more]),
    () => place.files('rollups'),
  )
  await rm(place.path('rollups'), { recursive: true })
  for (const shard of ['0/2', '1/2']) done(await place.run('start', [...START, ...INPUT, '--shard', shard]))
  const partials = await place.files('rollups')
  const merge = [
    '--hour',
    HOUR_TEXT,
    '--assignments',
    'assignments',
    '--rollups',
    'rollups',
    '--cluster',
    'shop',
  ]
  const random = new Seeded(2)
  const seen = new Seen()
  let { millis } = await place.run('merge', merge)
  for (let time = 0; time < RANDOM_KILLS; time++) {
    await rm(place.path('rollups'), { recursive: true })
    await writeFiles(place.path('rollups'), asFiles({ ...hours.old, ...partials }))
    const running = place.start('merge', time % 2 === 0 ? merge : [...merge, '--report'])
    await sleep(millis * (0.5 + 0.6 * random.next()))
    running.process.kill('SIGKILL')
    const { signal } = await running.ended
    const state = stateOf(await place.files('rollups'), hours)
    seen.add(state)
    // A run is as long as the machine makes it: kills crowd around the moment at which it publishes.
    millis *= signal === null ? 0.9 : state === 'the old hour' ? 1.1 : 1
    expect(await place.run('merge', merge)).toMatchObject({ status: 0 })
    const left = await place.files('rollups')
    expect(stateOf(left, hours)).toBe('the new hour')
    expect(Object.keys(left).filter(name => name.includes('_partial-'))).toEqual([])
  }
  seen.say('merge killed at random moments')
})
