// Addresses that change hands hundreds of times in an hour: look-ups go by an index, and answer as a scan does.

import { NONE, parseAssignmentLine, Timeline } from '@zonetoll/assignments'
import { expect, test } from 'vitest'
import { Seeded } from '../../../test/support/seeded.ts'

const TEN = Date.parse('2024-05-01T10:00:00Z')
const LATENESS = 60_000

interface Held {
  readonly uid: string
  readonly from: number
  readonly until: number
}

/**
 * Held one after the other, some at once behind another, some after a gap; a few lengths, so that many are equal, and
 * in half of the runs one that is longer than all others.
 */
function randomRun(random: Seeded, kind: string, length: number): Held[] {
  let at = 0
  const longest = random.chance(0.5) ? random.int(length) : -1
  return random.list(length, number => {
    const from = at + random.pick([0, 0, 0, 1, 1000, 61_000])
    const until = from + (number === longest ? 200_000 : random.pick([1, 500, 500, 1000, 1000, 90_000]))
    at = until
    return { uid: `${kind}-${number}`, from, until }
  })
}

/** The second address of every other interface. */
const SECOND = '10.0.0.3'

function hasSecond({ uid }: Held): boolean {
  return Number(uid.slice('eni-'.length)) % 2 === 0
}

/** Pods of one address, interfaces of another, half of them of two. */
function timelineOf(pods: readonly Held[], interfaces: readonly Held[]): Timeline {
  const line = (kind: string, held: Held) => {
    const { uid, from, until } = held
    return parseAssignmentLine(
      JSON.stringify({
        kind,
        uid,
        name: uid,
        namespace: 'shop',
        addresses: kind === 'pod' ? ['10.0.0.1'] : ['10.0.0.2', ...(hasSecond(held) ? [SECOND] : [])],
        zone: 'use2-az1',
        from: new Date(TEN + from).toISOString(),
        until: new Date(TEN + until).toISOString(),
        seen: '2024-05-01T12:00:00Z',
      }),
    )!
  }
  return new Timeline(
    [...pods.map(held => line('pod', held)), ...interfaces.map(held => line('interface', held))],
    {
      appLabels: [],
    },
  )
}

function plainHolder(run: readonly Held[], start: number, until: number): string | null {
  let [longest, holder]: [number, string | null] = [0, null]
  for (const each of run) {
    const held = Math.min(each.until, until) - Math.max(each.from, start)
    if (held > 0 && held >= longest) [longest, holder] = [held, each.uid]
  }
  if (holder !== null) return holder
  return run.findLast(each => each.until <= start && each.until >= start - LATENESS)?.uid ?? null
}

test('holder and interfaceHolds answer as a scan does on runs of hundreds, by windows of all lengths', () => {
  const reached = { few: 0, many: 0, nobody: 0, holds: 0, holdsNot: 0 }
  for (let seed = 1; seed <= 150; seed++) {
    const random = new Seeded(seed)
    const pods = random.chance(0.8) ? randomRun(random, 'pod', random.pick([3, 33, 34, 64, 65, 300])) : []
    const interfaces = randomRun(random, 'eni', random.pick([3, 40, 200]))
    const timeline = timelineOf(pods, interfaces)
    const [podEntry, interfaceEntry, secondEntry] = [1, 2, 3].map(last => timeline.find4(0x0a000000 + last))
    for (let times = 0; times < 60; times++) {
      const begin = random.pick(random.chance(0.5) && pods.length > 0 ? pods : interfaces)
      const start = random.pick([begin.from, begin.until]) + random.pick([-1, 0, 1, 60_000, 60_001])
      // Half of the windows end where an interval begins.
      const border = random.pick(random.chance(0.5) && pods.length > 0 ? pods : interfaces).from
      const until =
        random.chance(0.5) && border > start
          ? border
          : start + random.pick([1, 1000, 61_000, 600_000, 30_000_000, 1e21])
      const note = `seed ${seed}, [${start}, ${until})`

      const id = podEntry === NONE ? NONE : timeline.holder(podEntry!, TEN + start, TEN + until)
      const expected = plainHolder(pods, start, until)
      expect(id === NONE ? null : timeline.endpoints[id]!.uid, note).toBe(expected)
      const met = pods.filter(each => each.from < until && each.until > start).length
      if (expected === null) reached.nobody++
      else reached[met > 33 ? 'many' : 'few']++

      const podId = timeline.endpoints.findIndex(({ kind }) => kind === 'pod')
      const asked = random.pick(interfaces)
      const holds = asked.from < until && asked.until >= start - LATENESS
      const asId = timeline.endpoints.findIndex(({ uid }) => uid === asked.uid)
      const holdsAt = (entry: number, endpoint: number) =>
        timeline.interfaceHolds(entry, endpoint, TEN + start, TEN + until)
      expect(holdsAt(interfaceEntry!, asId), note).toBe(holds)
      expect(holdsAt(secondEntry!, asId), note).toBe(holds && hasSecond(asked))
      if (podId >= 0) expect(holdsAt(interfaceEntry!, podId), note).toBe(false)
      reached[holds ? 'holds' : 'holdsNot']++
    }
  }
  expect(Math.min(...Object.values(reached))).toBeGreaterThan(500)
})
