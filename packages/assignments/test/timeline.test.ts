import type { Hour } from '@zonetoll/model'
import { describe, expect, test } from 'vitest'
import { NONE, parseAssignmentLine, Timeline } from '@zonetoll/assignments'
import { Seeded } from '../../../test/support/seeded.ts'

const TEN = Date.parse('2024-05-01T10:00:00Z')
const LATENESS = 60_000

interface Line {
  readonly kind: 'pod' | 'node' | 'interface'
  readonly uid: string
  /** Milliseconds from ten o'clock. */
  readonly from: number
  readonly until: number | null
  readonly seen?: number
  readonly zone?: string | null
  readonly addresses?: readonly string[]
  readonly hostNetwork?: boolean
}

function timeOf(millis: number): string {
  return new Date(TEN + millis).toISOString()
}

function textOf({ from, until, seen = 0, ...line }: Line): string {
  return JSON.stringify({
    namespace: 'shop',
    name: line.uid,
    workload: 'Deployment/cart',
    labels: { app: 'cart', team: 'blue' },
    node: 'node-1',
    instance: `i-${line.uid}`,
    zone: 'use2-az1',
    addresses: ['10.0.0.1'],
    ...line,
    from: timeOf(from),
    until: until === null ? null : timeOf(until),
    seen: timeOf(seen),
  })
}

function subnet(uid: string, cidr: string, zone = 'use2-az2'): string {
  return JSON.stringify({ kind: 'subnet', uid, cidr, zone, seen: timeOf(0) })
}

function timelineOf(lines: readonly (Line | string)[], appLabels: readonly string[] = ['app']): Timeline {
  const parsed = lines.map(line => parseAssignmentLine(typeof line === 'string' ? line : textOf(line))!)
  return new Timeline(parsed, { appLabels })
}

/** The uid of who held 10.0.0.1 in [start, until), milliseconds from ten o'clock. */
function holder(timeline: Timeline, start: number, until: number): string | null {
  const entry = timeline.find4(0x0a000001)
  const id = entry === NONE ? NONE : timeline.holder(entry, TEN + start, TEN + until)
  return id === NONE ? null : timeline.endpoints[id]!.uid
}

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

function pod(uid: string, from: number, until: number | null, over: Partial<Line> = {}): Line {
  return { kind: 'pod', uid, from, until, ...over }
}

describe('who held an address in a window', () => {
  const two = timelineOf([pod('a', 0, 10_000), pod('b', 10_000, 20_000)])

  test.each([
    [0, 1000, 'a'],
    [9000, 10_000, 'a'],
    [9999, 10_000, 'a'],
    [10_000, 11_000, 'b'],
    [5000, 14_999, 'a'],
    [5000, 15_000, 'b'],
    [5000, 15_001, 'b'],
    [-5000, 0, null],
    [-5000, 1, 'a'],
  ])('[%d, %d) is %s', (start, until, uid) => {
    expect(holder(two, start, until)).toBe(uid)
  })

  test('is the one that held it longest, not the first or the last', () => {
    const three = timelineOf([pod('a', 0, 2000), pod('b', 2000, 9000), pod('c', 9000, 10_000)])
    expect(holder(three, 0, 10_000)).toBe('b')
  })

  test('is, of three that held it equally long, the one that began last', () => {
    const three = timelineOf([pod('a', 0, 1000), pod('b', 3000, 4000), pod('c', 6000, 7000)])
    expect(holder(three, 0, 10_000)).toBe('c')
  })

  test('is told to the millisecond', () => {
    const brief = timelineOf([pod('a', 0, 500), pod('b', 500, 999)])
    expect(holder(brief, 0, 1000)).toBe('a')
  })

  test.each([
    [20_000, 'b'],
    [79_999, 'b'],
    [80_000, 'b'],
    [80_001, null],
    [81_000, null],
  ])('that nobody held, from %d, is %s: the last to let it go, at most 60 s before', (start, uid) => {
    expect(holder(two, start, start + 1000)).toBe(uid)
  })

  test('goes to who holds it in the window, however short, before who let it go', () => {
    const late = timelineOf([pod('a', 0, 10_000), pod('b', 10_999, null)])
    expect(holder(late, 10_000, 11_000)).toBe('b')
    expect(holder(late, 10_000, 10_999)).toBe('a')
  })

  test('is a pod before a node before an interface, and of the lesser kind only where no pod let it go either', () => {
    const lines: Line[] = [
      { kind: 'interface', uid: 'eni', from: 0, until: null },
      { kind: 'node', uid: 'node', from: 0, until: 200_000 },
      pod('pod', 0, 100_000),
    ]
    const all = timelineOf(lines)
    expect([100_000, 160_000, 160_001, 260_000, 260_001].map(start => holder(all, start, start + 1))).toEqual(
      ['pod', 'pod', 'node', 'node', 'eni'],
    )
  })

  test('isn’t a pod on its host’s network', () => {
    const lines = [
      pod('pod', 0, null, { hostNetwork: true }),
      { kind: 'node', uid: 'node', from: 0, until: null } as const,
    ]
    expect(holder(timelineOf(lines), 0, 1)).toBe('node')
  })

  test('is found by any address of an endpoint, in any spelling', () => {
    const timeline = timelineOf([
      pod('a', 0, null, { addresses: ['10.0.0.9', '2600:1F16:0:0::5', '2600:1f16::5'] }),
    ])
    expect(timeline.find6([0x26001f16, 0, 0, 5], 0)).not.toBe(NONE)
    expect(timeline.find4(0x0a000009)).not.toBe(NONE)
    expect(timeline.find4(0x0a000001)).toBe(NONE)
    expect(timeline.cutAssignments).toBe(0)
  })
})

describe('an address was handed over', () => {
  const two = timelineOf([pod('a', 0, 10_000), pod('b', 20_000, null)])
  const handedOver = (start: number, until: number): boolean =>
    two.handedOver(two.find4(0x0a000001), TEN + start, TEN + until)

  test.each([
    [5000, 20_000, false],
    [5000, 20_001, true],
    [69_999, 70_000, true],
    [70_000, 71_000, false],
    [30_000, 31_000, true],
    [200_000, 201_000, false],
    [-61_000, 1, false],
  ])('around [%d, %d): %s', (start, until, expected) => {
    expect(handedOver(start, until)).toBe(expected)
  })

  test('between pods alone, not from a node to a pod', () => {
    const timeline = timelineOf([{ kind: 'node', uid: 'n', from: 0, until: 10 }, pod('a', 10, null)])
    expect(timeline.handedOver(timeline.find4(0x0a000001), TEN, TEN + 1000)).toBe(false)
  })
})

function subnets(): Timeline {
  return timelineOf([
    subnet('subnet-b', '10.0.0.0/16'),
    subnet('subnet-a', '10.0.0.0/16', 'use2-az3'),
    subnet('subnet-c', '10.0.1.0/24'),
    subnet('subnet-6', '2600:1f16::/64'),
  ])
}

describe('a subnet', () => {
  test('holds by the longest prefix; of two with one block the lesser uid', () => {
    const timeline = subnets()
    const nameOf = (id: number): string | null => (id === NONE ? null : timeline.endpoints[id]!.name)
    expect([0x0a000001, 0x0a000101, 0x0a010000].map(value => nameOf(timeline.subnet4(value)))).toEqual([
      'subnet-a',
      'subnet-c',
      null,
    ])
    expect(nameOf(timeline.subnet6([0x26001f16, 0, 9, 9], 0))).toBe('subnet-6')
    expect(nameOf(timeline.subnet6([0x26001f16, 1, 9, 9], 0))).toBeNull()
  })

  test('is named by its uid and has no other columns', () => {
    const timeline = subnets()
    expect(timeline.endpoints[timeline.subnet4(0x0a000101)]).toEqual({
      kind: 'subnet',
      namespace: null,
      name: 'subnet-c',
      workload: null,
      app: null,
      node: null,
      zone: 'use2-az2',
      uid: 'subnet-c',
      instance: null,
    })
  })
})

describe('an endpoint', () => {
  test('has one id whatever the order of lines', () => {
    const lines = [
      pod('b', 0, null, { addresses: ['10.0.0.2'] }),
      pod('a', 0, null),
      { kind: 'node', uid: 'c', from: 0, until: null, addresses: ['10.0.0.3'] } as const,
      { kind: 'interface', uid: 'd', from: 0, until: null, addresses: ['10.0.0.4'] } as const,
      subnet('subnet-2', '10.0.0.0/16'),
      subnet('subnet-1', '10.1.0.0/16'),
    ]
    for (let seed = 1; seed <= 50; seed++) {
      const { endpoints } = timelineOf(new Seeded(seed).shuffled(lines))
      expect(endpoints.map(({ uid }) => uid)).toEqual(['subnet-1', 'subnet-2', 'd', 'c', 'a', 'b'])
    }
  })

  test('that names no zone is in that of the subnet around its address, by all bits of it', () => {
    const { endpoints } = timelineOf([
      pod('a', 0, null, { addresses: ['2600:1f16::5'], zone: null }),
      // As an IPv4 address its first word would be 38.0.31.22.
      subnet('subnet-4', '38.0.0.0/8', 'use2-az3'),
      subnet('subnet-6', '2600:1f16::/64', 'use2-az2'),
    ])
    expect(endpoints.find(({ uid }) => uid === 'a')?.zone).toBe('use2-az2')
  })

  test('of a pod has its columns, the app by the first label it has', () => {
    const appOf = (labels: readonly string[]): string | null | undefined =>
      timelineOf([pod('a', 0, null)], labels).endpoints[0]?.app
    expect([['app'], ['x', 'team', 'app'], ['x'], [], ['toString']].map(appOf)).toEqual([
      'cart',
      'blue',
      null,
      null,
      null,
    ])
    expect(timelineOf([pod('a', 0, null)]).endpoints[0]).toEqual({
      kind: 'pod',
      namespace: 'shop',
      name: 'a',
      workload: 'Deployment/cart',
      app: 'cart',
      node: 'node-1',
      zone: 'use2-az1',
      uid: 'a',
      instance: 'i-a',
    })
  })

  test('of a node and an interface has a name and a zone', () => {
    for (const kind of ['node', 'interface'] as const) {
      expect(timelineOf([{ kind, uid: 'x', from: 0, until: null }]).endpoints[0]).toEqual({
        kind,
        namespace: null,
        name: 'x',
        workload: null,
        app: null,
        node: null,
        zone: 'use2-az1',
        uid: 'x',
        instance: 'i-x',
      })
    }
  })

  test('that names no zone has its subnet’s, by its first address that a subnet holds; else it is left out', () => {
    const lines = [
      pod('a', 0, null, { zone: null, addresses: ['172.16.0.1', '10.0.1.9'] }),
      pod('b', 0, null, { zone: null, addresses: ['172.16.0.2'] }),
      subnet('subnet-a', '10.0.1.0/24', 'use2-az3'),
    ]
    const timeline = timelineOf(lines)
    expect(timeline.endpoints.map(({ uid, zone }) => [uid, zone])).toEqual([
      ['subnet-a', 'use2-az3'],
      ['a', 'use2-az3'],
    ])
    expect(timeline.withoutZone).toBe(1)
    expect(timeline.find4(0xac100002)).toBe(NONE)
  })
})

describe('assignments that overlap', () => {
  test('are cut and counted by address and kind', () => {
    const timeline = timelineOf([
      pod('a', 0, null, { addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }),
      pod('b', 10, null, { addresses: ['10.0.0.1', '10.0.0.2'] }),
      { kind: 'node', uid: 'n', from: 5, until: null, addresses: ['10.0.0.3'] },
    ])
    expect(timeline.cutAssignments).toBe(2)
    expect([holder(timeline, 9, 10), holder(timeline, 10, 11)]).toEqual(['a', 'b'])
  })

  test('count as they were seen last', () => {
    const timeline = timelineOf([
      pod('a', 0, null, { seen: 1 }),
      pod('a', 0, 10, { seen: 2 }),
      pod('b', 10, null),
    ])
    expect(timeline.cutAssignments).toBe(0)
  })
})

function podsOfTen(lines: readonly Line[]): string[] {
  const timeline = timelineOf(lines)
  return [...timeline.podsIn((TEN / 1000) as Hour)].map(id => timeline.endpoints[id]!.uid).sort()
}

describe('the pods of an hour', () => {
  test('held an address at some moment of it', () => {
    expect(
      podsOfTen([
        pod('before', -5000, 0, { addresses: ['10.0.0.1'] }),
        pod('just before', -5000, 1, { addresses: ['10.0.0.2'] }),
        pod('at the end', 3_599_999, null, { addresses: ['10.0.0.3'] }),
        pod('after', 3_600_000, null, { addresses: ['10.0.0.4'] }),
        pod('all of it', -1, null, { addresses: ['10.0.0.5', '::5'] }),
        pod('on its host', -1, null, { addresses: ['10.0.0.6'], hostNetwork: true }),
        { kind: 'node', uid: 'node', from: 0, until: null, addresses: ['10.0.0.7'] },
      ]),
    ).toEqual(['all of it', 'at the end', 'just before'])
  })

  test('aren’t those whose address another had by then', () => {
    expect(podsOfTen([pod('a', -5000, null), pod('b', -4000, null)])).toEqual(['b'])
  })
})

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
