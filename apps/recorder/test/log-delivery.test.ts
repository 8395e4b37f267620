import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseHour, type UnixMillis } from '@zonetoll/model'
import { openLocation, type Location } from '@zonetoll/objects'

import { startS3Server, type S3Server } from '../../../test/servers/s3-server.ts'
import { SpillFolder } from '../src/spill-folder.ts'
import {
  addressOf,
  at,
  partitionLines,
  partitionObjects,
  podLine,
  scratchFolder,
  startLog,
} from './log-fixture.ts'

const TEN = parseHour('2024-05-01T10')!
const ELEVEN = parseHour('2024-05-01T11')!

let folder: Awaited<ReturnType<typeof scratchFolder>>
let server: S3Server
let location: Location
let now: UnixMillis
let said: string[]
beforeEach(async () => {
  folder = await scratchFolder()
  server = await startS3Server({ buckets: ['zonetoll'] })
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, { ...server.environment, AWS_MAX_ATTEMPTS: '1' })
  location = openLocation('s3://zonetoll/assignments', { stallTimeoutMs: 2_000 })
  now = at('2024-05-01T10:05:00Z')
  said = []
})
afterEach(async () => {
  await server.close()
  await folder.remove()
})

const start = (more: { memoryBytes?: number; memoryMillis?: number; spill?: string } = {}) =>
  startLog({
    location,
    spill: `${folder.path}/spill`,
    clock: () => now,
    warn: message => said.push(message),
    ...more,
  })

const pass = (seconds: number) => (now = (now + seconds * 1000) as UnixMillis)

async function spilled(): Promise<string[]> {
  const names = await readdir(`${folder.path}/spill`, { recursive: true }).catch(() => [])
  return names.filter(name => name.endsWith('.ndjson.gz'))
}

const away = () => (server.faults = () => ({ kind: 'error', status: 503, code: 'ServiceUnavailable' }))
const back = () => (server.faults = () => null)

describe('a store that is away', () => {
  test('for an hour, over the border of one: nothing is lost, it is said once, and so is its return', async () => {
    const log = await start()
    const put = (n: number) =>
      log.book.put(podLine(`pod-${n}`, { seen: now, from: now, addresses: [{ family: 4, words: [n] }] }))
    put(0)
    await log.flush()
    away()
    for (let n = 1; n <= 60; n++) {
      pass(60)
      put(n)
      if (n === 30) log.book.release('pod', 'pod-1', now, now)
      expect(await log.flush()).toBe(false)
    }
    // All but what the last flush made is on disk by now: a crash loses no more than that.
    expect((await spilled()).length).toBeGreaterThanOrEqual(60)
    expect(log.delivery.inMemory.objects).toBeLessThanOrEqual(1)
    expect(said).toEqual([
      expect.stringMatching(/^the assignment log can't be written: .*s3:\/\/zonetoll\/.*kept, on disk in /),
    ])
    server.clearRequests()
    back()
    pass(60)
    expect(await log.flush()).toBe(true)
    expect(said.slice(1)).toEqual([
      expect.stringMatching(/^the assignment log can be written again; \d+ objects that waited follow$/),
    ])
    expect(await spilled()).toEqual([])
    const keys = server.requests
      .filter(({ operation }) => operation === 'PutObject')
      .map(({ key }) => key.split('/').pop()!)
    expect(keys).toEqual([...keys].sort())
    const [ten, eleven] = [await partitionLines(location, TEN), await partitionLines(location, ELEVEN)]
    expect(new Set(ten.map(line => line.uid)).size).toBe(55)
    expect(new Set(eleven.map(line => line.uid)).size).toBe(60)
    expect(
      ten.filter(line => line.uid === 'pod-1').some(line => line.kind === 'pod' && line.until !== Infinity),
    ).toBe(true)
  })

  test('what waits goes to disk at once when it is more than the memory may hold', async () => {
    const log = await start({ memoryBytes: 100, memoryMillis: 3_600_000 })
    away()
    log.book.put(podLine('a', { seen: now }))
    await log.flush()
    expect(log.delivery.inMemory.objects).toBe(0)
    expect(await spilled()).toHaveLength(1)
  })

  test('what an earlier life left on disk is delivered by the next one, before it reads the log', async () => {
    const first = await start()
    away()
    first.book.put(podLine('a', { seen: now }))
    await first.flush()
    await first.delivery.spill('anyway')
    back()
    pass(600)
    const second = await start()
    expect(second.book.counts().pod).toBe(1)
    expect(await spilled()).toEqual([])
  })

  test('files of another log in the same folder are left alone', async () => {
    const other = new SpillFolder(`${folder.path}/spill`, 's3://another/log')
    await other.keep({ key: 'cluster=x/a.ndjson.gz', bytes: Buffer.from('x') })
    await start()
    expect(await other.waiting()).toHaveLength(1)
    expect(server.keys('zonetoll')).toEqual([])
  })

  test('two recorders that share the folder both deliver, and neither fails', async () => {
    const one = await start()
    away()
    for (let n = 0; n < 20; n++) {
      one.book.put(podLine(`pod-${n}`, { seen: now }))
      pass(1)
      await one.flush()
    }
    await one.delivery.spill('anyway')
    back()
    const two = start()
    expect(await one.delivery.deliver()).toBe(true)
    await two
    expect(await spilled()).toEqual([])
    expect(new Set((await partitionLines(location, TEN)).map(line => line.uid)).size).toBe(20)
  })

  test('with a folder that cannot be written, it stays in memory and is said once', async () => {
    await mkdir(`${folder.path}/taken`)
    await writeFile(`${folder.path}/taken/spill`, 'a file in its place')
    const log = await start({ spill: `${folder.path}/taken/spill` })
    said = []
    away()
    for (let n = 0; n < 4; n++) {
      log.book.put(podLine(`pod-${n}`, { seen: now, addresses: [addressOf(`10.0.0.${n + 1}`)] }))
      await log.flush()
      pass(60)
    }
    expect(log.delivery.inMemory.objects).toBe(4)
    expect(said.filter(message => message.includes('--spill'))).toHaveLength(1)
    back()
    expect(await log.flush()).toBe(true)
    expect(new Set((await partitionLines(location, TEN)).map(line => line.uid)).size).toBe(4)
  })

  test('a file on disk that is not what was put there holds up nothing behind it, and is said', async () => {
    const log = await start()
    away()
    log.book.put(podLine('a', { seen: now }))
    await log.flush()
    await log.delivery.spill('anyway')
    await log.delivery.deliver()
    const [file] = await spilled()
    await writeFile(`${folder.path}/spill/${file}`, 'something else')
    log.book.put(podLine('b', { seen: now }))
    await log.writer.flush()
    back()
    expect(await log.delivery.deliver()).toBe(true)
    expect(said.filter(message => message.includes("can't be read, and isn't delivered"))).toHaveLength(1)
    expect((await partitionLines(location, TEN)).map(line => line.uid)).toEqual(['b'])
  })

  test('no object is ever written twice when all goes well', async () => {
    const log = await start()
    for (let n = 0; n < 5; n++) {
      log.book.put(podLine(`pod-${n}`, { seen: now }))
      await log.flush()
      pass(60)
    }
    const puts = server.requests.filter(({ operation }) => operation === 'PutObject').map(({ key }) => key)
    expect(puts).toHaveLength(5)
    expect(new Set(puts).size).toBe(5)
    expect((await partitionObjects(location, TEN)).map(({ key }) => key)).toEqual(puts)
  })
})
