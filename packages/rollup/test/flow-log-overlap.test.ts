import { TokenTable } from '@zonetoll/flowlog'
import { expect, test } from 'vitest'
import { FlowLogOverlap } from '../src/flow-log-overlap.ts'
import { Seeded } from '../../../test/support/seeded.ts'

test('an interface that one flow log logged again and again is no overlap', () => {
  const overlap = new FlowLogOverlap()
  overlap.add(3, 7)
  overlap.add(3, 7)
  overlap.add(4, 0)
  expect([...overlap.overlaps()]).toEqual([])
})

test('what was noted of interfaces stays when others with greater codes come', () => {
  for (const code of [64, 65, 127, 128, 1000]) {
    const overlap = new FlowLogOverlap()
    for (const [interfaceCode, flowLog] of [
      [3, 0],
      [code, 1],
      [3, 2],
      [code, 2],
    ] as const) {
      overlap.add(interfaceCode, flowLog)
    }
    expect([...overlap.overlaps()]).toEqual([
      { interface: 3, flowLogs: [0, 2] },
      { interface: code, flowLogs: [1, 2] },
    ])
  }
})

test('interfaces that several logged are named with the first and the last flow log, whatever the order and the split', () => {
  let found = 0
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Seeded(seed)
    const seen = random.list(
      random.int(30),
      () => [`eni-${random.pick([0, 1, 63, 64, 500])}`, random.int(4)] as const,
    )
    // Each part gives newcomers codes of its own.
    const parts = random.list(2, part => ({
      overlap: new FlowLogOverlap(),
      interfaces: new TokenTable(
        Array.from({ length: 100 * part }, (_, at) => `known-${at}`),
        { grows: true },
      ),
    }))
    const twin = new Map<string, number[]>()
    for (const [logging, flowLog] of seen) {
      const { overlap, interfaces } = random.pick(parts)
      overlap.add(interfaces.add(logging), flowLog)
      twin.set(logging, [...(twin.get(logging) ?? []), flowLog])
    }
    const [first, second] = [parts[0]!, parts[1]!]
    first.overlap.merge(structuredClone(second.overlap.columns(second.interfaces)), first.interfaces)
    const expected = new Map(
      [...twin]
        .filter(([, flowLogs]) => new Set(flowLogs).size > 1)
        .map(([logging, flowLogs]) => [logging, [Math.min(...flowLogs), Math.max(...flowLogs)]]),
    )
    found += expected.size
    const overlaps = new Map(
      [...first.overlap.overlaps()].map(({ interface: code, flowLogs }) => [
        first.interfaces.token(code),
        flowLogs,
      ]),
    )
    expect(overlaps, `seed ${seed}`).toEqual(expected)
  }
  expect(found).toBeGreaterThan(100)
})
