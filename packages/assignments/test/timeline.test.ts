// Who held an address when, which subnet, and what an endpoint is: case by case.

import type { Hour } from '@zonetoll/model'
import { describe, expect, test } from 'vitest'
import type { Timeline } from '@zonetoll/assignments'
import { NONE } from '@zonetoll/assignments'
import { Seeded } from '../../../test/support/seeded.ts'
import { holder, pod, subnet, TEN, timelineOf, type Line } from './timelines.ts'

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

function appOf(labels: readonly string[]): string | null | undefined {
  return timelineOf([pod('a', 0, null)], labels).endpoints[0]?.app
}

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
