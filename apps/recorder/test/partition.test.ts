import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { parseHour, type Hour, type UnixMillis } from '@zonetoll/model'

import { madeAt, packLines, PartitionNames } from '../src/partition-object.ts'
import { concerns, hoursToTell } from '../src/partition-window.ts'
import { at, podLine } from './log-fixture.ts'

const hour = (text: string) => parseHour(text)!
const pod = (from: string, until: string | null, addresses?: []) =>
  podLine('p', {
    from: at(from),
    until: until === null ? (Infinity as UnixMillis) : at(until),
    ...(addresses === undefined ? {} : { addresses }),
  })

const told = (before: ReturnType<typeof pod> | null, after: ReturnType<typeof pod>, now: string) =>
  hoursToTell({ before, after }, hour('2024-05-01T07'), hour('2024-05-01T11'), at(now)).map(one =>
    new Date(one * 1000).toISOString().slice(11, 13),
  )

const holdsAt = (line: ReturnType<typeof podLine> | null, moment: number) =>
  line !== null && line.from <= moment && moment < line.until

describe("an hour's window", () => {
  test.each([
    ['2024-05-01T09:00:00Z', null, true],
    ['2024-05-01T09:00:00Z', '2024-05-01T09:59:00Z', true],
    ['2024-05-01T09:00:00Z', '2024-05-01T09:58:59.999Z', false],
    ['2024-05-01T10:59:59.999Z', null, true],
    ['2024-05-01T11:00:00Z', null, false],
  ])('a pod from %s until %s is in hour 10: %s', (from, until, expected) => {
    expect(concerns(pod(from, until), hour('2024-05-01T10'))).toBe(expected)
  })

  test('what has no address is in no partition; subnets and zones are in all', () => {
    expect(concerns(pod('2024-05-01T09:00:00Z', null, []), hour('2024-05-01T10'))).toBe(false)
    const zone = { kind: 'zone', uid: 'z', name: 'n', seen: at('2024-05-01T09:00:00Z') } as const
    expect(concerns(zone, hour('2024-05-01T10'))).toBe(true)
  })
})

describe('the hours that a change is told to', () => {
  test('an end at 10:59:50 that is learnt of at 11:00:20 goes to hour 10 and hour 11', () => {
    const holds = pod('2024-05-01T09:00:00Z', null)
    expect(told(holds, pod('2024-05-01T09:00:00Z', '2024-05-01T10:59:50Z'), '2024-05-01T11:00:20Z')).toEqual([
      '10',
      '11',
    ])
  })

  test('a beginning that is learnt of late goes to every hour since', () => {
    expect(told(null, pod('2024-05-01T08:30:00Z', null), '2024-05-01T11:30:00Z')).toEqual([
      '08',
      '09',
      '10',
      '11',
    ])
  })

  test('an end after an hour says nothing new of that hour', () => {
    const holds = pod('2024-05-01T07:30:00Z', null)
    expect(told(holds, pod('2024-05-01T07:30:00Z', '2024-05-01T11:20:00Z'), '2024-05-01T11:30:00Z')).toEqual([
      '11',
    ])
  })

  test('a beginning that moves out of an hour is told to the hour that it leaves', () => {
    const early = pod('2024-05-01T10:59:59Z', null)
    expect(told(early, pod('2024-05-01T11:00:01Z', null), '2024-05-01T11:20:00Z')).toEqual(['10', '11'])
  })

  test('another label is told to the current hour, and in its first minute to the one before too', () => {
    const before = pod('2024-05-01T07:00:00Z', null)
    const after = { ...before, labels: new Map([['app', 'cart']]) }
    expect(told(before, after, '2024-05-01T11:00:59.999Z')).toEqual(['10', '11'])
    expect(told(before, after, '2024-05-01T11:01:00Z')).toEqual(['11'])
  })
})

describe('an object of a partition', () => {
  test('has a name that sorts by time and is never given twice', () => {
    const names = new PartitionNames()
    const others = new PartitionNames()
    const now = at('2024-05-01T10:05:00.123Z')
    const first = names.next(now)
    expect(first).toMatch(/^20240501T100500\.123Z-[0-9a-f]{8}-000000\.ndjson\.gz$/)
    expect(new Set([first, names.next(now), others.next(now)]).size).toBe(3)
    expect(names.next((now + 1) as UnixMillis) > first).toBe(true)
    expect(madeAt(`cluster=a/dt=2024-05-01/hour=10/${first}`)).toBe(now)
    expect(madeAt('cluster=a/dt=2024-05-01/hour=10/import.ndjson.gz')).toBe(null)
  })

  test('is the same bytes for the same lines, with no time and no system in it', async () => {
    const lines = Array.from({ length: 2_500 }, (_, n) => podLine(`pod-${n}`))
    const [one, two] = [await packLines(lines), await packLines(lines)]
    expect(Buffer.compare(one, two)).toBe(0)
    expect([...one.subarray(4, 10)]).toEqual([0, 0, 0, 0, expect.any(Number), 255])
    const texts = gunzipSync(one).toString().split('\n')
    expect(texts.pop()).toBe('')
    expect(texts.map(text => (JSON.parse(text) as { uid: string }).uid)).toEqual(lines.map(line => line.uid))
  })

  test('leaves room for other work while many lines are packed', async () => {
    let turns = 0
    const ticking = setInterval(() => turns++, 0)
    await packLines(Array.from({ length: 20_000 }, (_, n) => podLine(`pod-${n}`)))
    clearInterval(ticking)
    expect(turns).toBeGreaterThan(5)
  })
})

test('a twin of hoursToTell that looks at each moment agrees with it on past hours', () => {
  // By minutes of a few hours: what a partition can tell apart is who held at each moment of its window.
  const base = hour('2024-05-01T08')
  const minute = (n: number) => (base * 1000 + n * 60_000) as UnixMillis
  let cases = 0
  let state = 12345
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (let run = 0; run < 3_000; run++) {
    const line = () => {
      const from = random(190)
      const length = random(200)
      return podLine('p', {
        from: minute(from),
        until: random(3) === 0 ? (Infinity as UnixMillis) : minute(from + 1 + length),
      })
    }
    const [before, after] = [random(4) === 0 ? null : line(), line()]
    const current = (base + 3 * 3600) as Hour
    const got = new Set(hoursToTell({ before, after }, base, current, minute(190)))
    for (let past = base; past < current; past = (past + 3600) as Hour) {
      const moments = Array.from({ length: 61 }, (_, n) => past * 1000 - 60_000 + n * 60_000)
      const differs = moments.some(moment => holdsAt(before, moment) !== holdsAt(after, moment))
      if (differs) expect(got.has(past)).toBe(true)
      // Only the moment of release, which the window has and no minute in it shows, may tell more.
      const edge = past * 1000 - 60_000
      if (!differs && before?.until !== edge && after.until !== edge) expect(got.has(past)).toBe(false)
      cases++
    }
  }
  expect(cases).toBe(9_000)
})
