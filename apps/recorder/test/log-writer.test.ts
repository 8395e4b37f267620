import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LatestSightings, type AssignmentLine } from '@zonetoll/assignments'
import { parseHour, type Hour, type UnixMillis } from '@zonetoll/model'
import { hourPartition, type Location } from '@zonetoll/objects'

import {
  addressOf,
  at,
  CLUSTER,
  folderLocation,
  partitionLines,
  partitionObjects,
  podLine,
  scratchFolder,
  startLog,
} from './log-fixture.ts'

const hour = (text: string) => parseHour(`2024-05-01T${text}`)!

let folder: Awaited<ReturnType<typeof scratchFolder>>
let location: Location
let now: UnixMillis
beforeEach(async () => {
  folder = await scratchFolder()
  location = folderLocation(folder.path)
  now = at('2024-05-01T10:30:00Z')
})
afterEach(() => folder.remove())

const start = (warn?: (message: string) => void) =>
  startLog({
    location,
    spill: `${folder.path}/spill`,
    clock: () => now,
    ...(warn === undefined ? {} : { warn }),
  })
const go = (text: string) => (now = at(text))

/** What the hour's partition says in the end: uid to until. */
async function fold(one: Hour): Promise<Record<string, string | null>> {
  const latest = new LatestSightings()
  for (const line of await partitionLines(location, one)) latest.add(line)
  return Object.fromEntries([...latest.lines()].map(line => [line.uid, untilOf(line)]))
}

function untilOf(line: AssignmentLine): string | null {
  return 'until' in line && line.until !== Infinity ? new Date(line.until).toISOString().slice(11, 19) : null
}

describe('partitions', () => {
  test('begin with everything that holds, at the start and at each hour, changed or not', async () => {
    const log = await start()
    log.book.put(podLine('old', { seen: now }))
    await log.flush()
    expect(await fold(hour('10'))).toEqual({ old: null })
    go('2024-05-01T11:00:00Z')
    await log.flush()
    go('2024-05-01T12:00:00.010Z')
    await log.flush()
    expect(await fold(hour('11'))).toEqual({ old: null })
    expect(await fold(hour('12'))).toEqual({ old: null })
    expect(await partitionObjects(location, hour('12'))).toHaveLength(1)
  })

  test('an end at 10:59:50 learnt of at 11:00:20 is in hour 10 and, as it held from 10:59:00 on, in hour 11', async () => {
    const log = await start()
    log.book.put(podLine('cart', { seen: now }))
    await log.flush()
    go('2024-05-01T11:00:00Z')
    await log.flush()
    go('2024-05-01T11:00:20Z')
    log.book.release('pod', 'cart', at('2024-05-01T10:59:50Z'), now)
    await log.flush()
    expect(await fold(hour('10'))).toEqual({ cart: '10:59:50' })
    expect(await fold(hour('11'))).toEqual({ cart: '10:59:50' })
    go('2024-05-01T12:00:00Z')
    await log.flush()
    expect(await fold(hour('12'))).toEqual({})
  })

  test('what let go in the last minute of an hour is in the next one from its start', async () => {
    const log = await start()
    for (const uid of ['before', 'within']) log.book.put(podLine(uid, { seen: now }))
    log.book.release('pod', 'before', at('2024-05-01T10:58:59Z'), now)
    log.book.release('pod', 'within', at('2024-05-01T10:59:00Z'), now)
    await log.flush()
    go('2024-05-01T11:00:00Z')
    await log.flush()
    expect(await fold(hour('11'))).toEqual({ within: '10:59:00' })
  })

  test('nothing new makes no object, but now and then a line says up to when was seen', async () => {
    const log = await start()
    log.book.put(podLine('quiet', { seen: now }))
    await log.flush()
    for (let minute = 31; minute <= 40; minute++) {
      go(`2024-05-01T10:${minute}:00Z`)
      log.book.heard(now)
      await log.flush()
    }
    const objects = await partitionObjects(location, hour('10'))
    expect(objects).toHaveLength(6)
    const seen = (await partitionLines(location, hour('10'))).map(line => line.seen)
    expect(Math.max(...seen)).toBe(at('2024-05-01T10:40:00Z'))
  })

  test('no sign of life is given when nothing was heard of the cluster', async () => {
    const log = await start()
    log.book.put(podLine('quiet', { seen: now }))
    await log.flush()
    go('2024-05-01T10:32:00Z')
    await log.flush()
    const before = await partitionObjects(location, hour('10'))
    for (let minute = 33; minute <= 50; minute++) {
      go(`2024-05-01T10:${minute}:00Z`)
      await log.flush()
    }
    expect(await partitionObjects(location, hour('10'))).toEqual(before)
  })

  test('a clock that is set back over the hour does not reopen it', async () => {
    const log = await start()
    log.book.put(podLine('a', { seen: now }))
    go('2024-05-01T11:00:02Z')
    await log.flush()
    go('2024-05-01T10:59:50Z')
    log.book.put(podLine('b', { seen: now, from: now, addresses: [addressOf('10.0.1.6')] }))
    await log.flush()
    expect(await fold(hour('11'))).toEqual({ a: null, b: null })
  })
})

describe('a restart', () => {
  test('closes what vanished meanwhile when it is found gone, and fills the hours it was away for', async () => {
    const first = await start()
    first.book.put(podLine('stays', { seen: now }))
    first.book.put(podLine('vanishes', { seen: now, addresses: [addressOf('10.0.1.6')] }))
    await first.flush()
    // Killed; three hours pass.
    go('2024-05-01T13:20:00Z')
    const second = await start()
    const born = podLine('born', {
      seen: now,
      from: at('2024-05-01T11:30:00Z'),
      addresses: [addressOf('10.0.1.7')],
    })
    second.book.replace('pod', [podLine('stays', { seen: now }), born], now)
    await second.flush()
    expect(await fold(hour('10'))).toEqual({ stays: null, vanishes: null })
    expect(await fold(hour('11'))).toEqual({ born: null, stays: null, vanishes: '13:20:00' })
    expect(await fold(hour('12'))).toEqual({ born: null, stays: null, vanishes: '13:20:00' })
    expect(await fold(hour('13'))).toEqual({ born: null, stays: null, vanishes: '13:20:00' })
  })

  test('in the hour of the newest partition tells that one too of an end before its window', async () => {
    const first = await start()
    first.book.put(podLine('cart', { seen: now }))
    await first.flush()
    go('2024-05-01T11:00:00Z')
    await first.flush()
    go('2024-05-01T11:00:01Z')
    const second = await start()
    second.book.replace('pod', [podLine('cart', { seen: now, until: at('2024-05-01T10:58:50Z') })], now)
    await second.flush()
    expect(await fold(hour('10'))).toEqual({ cart: '10:58:50' })
    expect(await fold(hour('11'))).toEqual({ cart: '10:58:50' })
  })

  test('looks back a day and no further', async () => {
    const first = await start()
    first.book.put(podLine('old', { seen: now }))
    await first.flush()
    go('2024-05-02T10:30:00Z')
    expect((await start()).book.size).toBe(1)
    go('2024-05-02T12:30:00Z')
    const later = await start()
    expect(later.book.size).toBe(0)
    later.book.put(podLine('new', { seen: now }))
    await later.flush()
    const written = []
    for await (const entry of location.store.list('')) if ('object' in entry) written.push(entry.object.key)
    expect(written.filter(key => key.includes('dt=2024-05-02'))).toHaveLength(1)
  })

  test('passes over a line that is none, and an object that is cut, and says which', async () => {
    const first = await start()
    first.book.put(podLine('good', { seen: now }))
    await first.flush()
    const folderKey = hourPartition(CLUSTER, hour('10'))
    await location.store.write(`${folderKey}bad.ndjson`, Buffer.from('{"kind":"pod"}\nnot json\n'))
    await location.store.write(`${folderKey}cut.ndjson.gz`, gzipSync('{}\n').subarray(0, 11))
    const said: string[] = []
    const second = await start(message => said.push(message))
    expect(second.book.size).toBe(1)
    expect(said[0]).toMatch(/bad\.ndjson, line 1: has a bad "uid".*passed over/)
    expect(said[1]).toMatch(/bad\.ndjson: 1 more such lines/)
    expect(said[2]).toMatch(/cut\.ndjson\.gz ends in the middle/)
    expect(said).toHaveLength(3)
  })

  test('a partition whose writer died before its first object is made whole from the one before', async () => {
    const first = await start()
    for (const uid of ['a', 'b']) first.book.put(podLine(uid, { seen: now }))
    await first.flush()
    go('2024-05-01T11:00:30Z')
    // All that arrived of hour 11 is a change.
    const other = await start()
    other.book.put(podLine('a', { seen: now, workload: 'Deployment/a' }))
    await other.flush()
    const objects = await partitionObjects(location, hour('11'))
    for (const { key, texts } of objects) if (texts.length > 1) await location.store.delete(key)
    go('2024-05-01T11:01:30Z')
    const third = await start()
    expect(third.book.size).toBe(2)
    third.book.replace(
      'pod',
      [podLine('a', { seen: now, workload: 'Deployment/a' }), podLine('b', { seen: now })],
      now,
    )
    await third.flush()
    expect(await fold(hour('11'))).toEqual({ a: null, b: null })
  })
})

describe('two recorders of one cluster', () => {
  test('write beside each other; what either saw last is what the log says', async () => {
    const [one, two] = [await start(), await start()]
    const both = (work: (log: typeof one) => void) => [one, two].forEach(work)
    both(log => log.book.put(podLine('a', { seen: now })))
    both(log => log.book.put(podLine('b', { seen: now, addresses: [addressOf('10.0.1.6')] })))
    await Promise.all([one.flush(), two.flush()])
    go('2024-05-01T10:45:00Z')
    // The second one has lost its watch: it never hears of the end.
    one.book.release('pod', 'a', now, now)
    await one.flush()
    go('2024-05-01T10:50:00Z')
    two.book.put(podLine('b', { seen: now, addresses: [addressOf('10.0.1.6')], workload: 'Deployment/b' }))
    await two.flush()
    expect(await fold(hour('10'))).toEqual({ a: '10:45:00', b: null })
    // A restart of either knows what both knew.
    const three = await start()
    expect(three.book.counts().pod).toBe(1)
    const names = (await partitionObjects(location, hour('10'))).map(({ key }) => key)
    expect(new Set(names).size).toBe(names.length)
  })

  test('do no harm when both see every change at slightly different times', async () => {
    const [one, two] = [await start(), await start()]
    let state = 7
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const truth = new Map<string, number | null>()
    for (let turn = 0; turn < 400; turn++) {
      now = (now + random(30_000)) as UnixMillis
      const uid = `pod-${random(60)}`
      const from = now
      if (!truth.has(uid)) {
        truth.set(uid, null)
        const line = (lag: number) =>
          podLine(uid, {
            from,
            seen: (now + lag) as UnixMillis,
            addresses: [{ family: 4, words: [Number(uid.slice(4))] }],
          })
        one.book.put(line(random(50)))
        two.book.put(line(random(50)))
      } else if (truth.get(uid) === null) {
        truth.set(uid, now)
        one.book.release('pod', uid, now, (now + random(50)) as UnixMillis)
        two.book.release('pod', uid, now, (now + random(50)) as UnixMillis)
      }
      if (random(3) === 0) await one.flush()
      if (random(3) === 0) await two.flush()
    }
    await one.flush()
    await two.flush()
    for (let at0 = hour('10'); at0 * 1000 <= now; at0 = (at0 + 3600) as Hour) {
      const latest = new LatestSightings()
      for (const line of await partitionLines(location, at0)) latest.add(line)
      for (const line of latest.lines()) {
        if (line.kind !== 'pod') throw new Error('only pods were put')
        const until = truth.get(line.uid) ?? Infinity
        const end = (at0 + 3600) * 1000
        expect([line.uid, Math.min(line.until, end)]).toEqual([line.uid, Math.min(until, end)])
      }
    }
    expect([...truth.values()].filter(until => until !== null).length).toBeGreaterThan(50)
  })
})

test('memory stays flat over many hours of churn', async () => {
  const log = await start()
  let count = 0
  const sizes: number[] = []
  for (let minute = 0; minute < 40 * 60; minute++) {
    now = (now + 60_000) as UnixMillis
    for (let n = 0; n < 20; n++) {
      const uid = `pod-${count++}`
      log.book.put(podLine(uid, { from: now, seen: now, workload: `Job/${uid}`, node: `node-${minute}` }))
      if (count > 1000) log.book.release('pod', `pod-${count - 1000}`, now, now)
    }
    if (minute % 10 === 0) await log.flush()
    if (minute % 240 === 239) sizes.push(log.book.size)
  }
  // 1,000 hold; besides these only what ended since the last flush or in the hour's last minute.
  expect(Math.max(...sizes)).toBeLessThan(1_400)
  expect(log.delivery.inMemory).toEqual({ objects: 0, bytes: 0 })
})
