// A timeline answers as a scan of all its assignments does, on random ones.

import { NONE } from '@zonetoll/assignments'
import type { Hour } from '@zonetoll/model'
import { expect, test } from 'vitest'
import { Seeded } from '../../../test/support/seeded.ts'
import { holder, LATENESS, TEN, timelineOf, type Line } from './timelines.ts'

/** Interfaces with other addresses, which come first: the entry of 10.0.0.1 isn't the table's first then. */
function others(random: Seeded): Line[] {
  return random.list(random.int(4), (at): Line => ({
    kind: 'interface',
    uid: `0-${at}`,
    from: -1000 * at,
    until: random.chance(0.5) ? null : 1000,
    addresses: [`10.0.1.${at}`],
  }))
}

interface Held extends Line {
  readonly end: number
}

function goesOnLonger(a: Line, b: Line): boolean {
  const [end, other] = [a.until ?? Infinity, b.until ?? Infinity]
  return end === other ? a.uid > b.uid : end > other
}

/** Cut by looking at every pair: the earlier ends where the later begins. */
function heldBy(lines: readonly Line[], kind: Line['kind']): Held[] {
  const own = lines.filter(line => line.kind === kind && line.from < (line.until ?? Infinity))
  const held: Held[] = []
  for (const line of own) {
    const later = own.filter(
      other => other.from > line.from || (other.from === line.from && goesOnLonger(other, line)),
    )
    const end = Math.min(line.until ?? Infinity, ...later.map(other => other.from))
    if (line.from < end) held.push({ ...line, end })
  }
  return held
}

function plainHolder(lines: readonly Line[], start: number, until: number): string | null {
  for (const kind of ['pod', 'node', 'interface'] as const) {
    const held = heldBy(lines, kind)
    const within = held
      .map(line => ({ line, time: Math.min(line.end, until) - Math.max(line.from, start) }))
      .filter(({ time }) => time > 0)
      .sort((a, b) => b.time - a.time || b.line.from - a.line.from)
    if (within[0] !== undefined) return within[0].line.uid
    const before = held
      .filter(line => line.end >= start - LATENESS && line.end <= start)
      .sort((a, b) => b.end - a.end)
    if (before[0] !== undefined) return before[0].uid
  }
  return null
}

test('holder, handedOver and interfaceHolds answer as a scan of all assignments does, on random ones around borders', () => {
  const reached = { held: 0, released: 0, nobody: 0, handed: 0, holds: 0 }
  const steps = [-61_000, -60_001, -60_000, -59_999, -1000, -500, 0, 1, 500, 1000, 60_000, 61_000]
  for (let seed = 1; seed <= 3000; seed++) {
    const random = new Seeded(seed)
    const moment = (): number => random.pick(steps) + (random.chance(0.3) ? random.pick(steps) : 0)
    const lines = random.list(random.int(7), (at): Line => ({
      kind: random.pick(['pod', 'pod', 'node', 'interface']),
      uid: `uid-${at}`,
      from: moment(),
      until: random.chance(0.2) ? null : moment(),
    }))
    const timeline = timelineOf(random.shuffled([...lines, ...others(random)]))
    const entry = timeline.find4(0x0a000001)
    for (let times = 0; times < 8; times++) {
      const start = moment()
      const until = start + random.pick([1, 1000, 1500, 61_000])
      const expected = plainHolder(lines, start, until)
      const note = `seed ${seed}, [${start}, ${until})`
      expect(holder(timeline, start, until), note).toBe(expected)
      const pods = heldBy(lines, 'pod').filter(line => line.from < until && line.end > start - LATENESS)
      if (expected === null) reached.nobody++
      else if (pods.some(({ uid, from, end }) => uid === expected && (from >= until || end <= start)))
        reached.released++
      else reached.held++
      if (entry === NONE) continue
      expect(timeline.handedOver(entry, TEN + start, TEN + until), note).toBe(pods.length > 1)
      if (pods.length > 1) reached.handed++
      for (const [id, { kind, uid }] of timeline.endpoints.entries()) {
        if (kind !== 'interface') continue
        const holds = heldBy(lines, 'interface').some(
          line => line.uid === uid && line.from < until && line.end >= start - LATENESS,
        )
        if (holds) reached.holds++
        expect(timeline.interfaceHolds(entry, id, TEN + start, TEN + until), `${note} ${uid}`).toBe(holds)
      }
    }
  }
  expect(Math.min(...Object.values(reached))).toBeGreaterThan(500)
})

test('steady holders are what holder answers for every window that begins in the hour, none of them handed over', () => {
  const reached = { steady: 0, asked: 0 }
  const borders = [-61_000, -1, 0, 1, 60_000, 3_599_999, 3_600_000, 3_600_001, 3_700_000]
  for (let seed = 1; seed <= 2000; seed++) {
    const random = new Seeded(seed)
    const lines = random.list(random.int(4), (at): Line => ({
      kind: random.pick(['pod', 'pod', 'node', 'interface']),
      uid: `uid-${at}`,
      from: random.pick(borders),
      until: random.chance(0.5) ? null : random.pick(borders),
    }))
    const timeline = timelineOf([...lines, ...others(random)])
    const entry = timeline.find4(0x0a000001)
    if (entry === NONE) continue
    const steady = timeline.steadyHolders((TEN / 1000) as Hour)[entry]!
    if (steady === NONE) {
      reached.asked++
      continue
    }
    reached.steady++
    for (const start of [0, 1, 59_999, 60_000, 1_800_000, 3_599_000, 3_599_999]) {
      for (const length of [1, 1000, 61_000, 7_200_000]) {
        const note = `seed ${seed}, [${start}, ${start + length})`
        expect(timeline.holder(entry, TEN + start, TEN + start + length), note).toBe(steady)
        expect(timeline.handedOver(entry, TEN + start, TEN + start + length), note).toBe(false)
      }
    }
  }
  expect(Math.min(...Object.values(reached))).toBeGreaterThan(300)
})
