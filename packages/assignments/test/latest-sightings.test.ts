import { describe, expect, test } from 'vitest'
import { LatestSightings, parseAssignmentLine, type AssignmentLine } from '@zonetoll/assignments'
import { Seeded } from '../../../test/support/seeded.ts'

function node(uid: string, seen: number, name: string, over: Record<string, unknown> = {}): AssignmentLine {
  return parseAssignmentLine(
    JSON.stringify({
      kind: 'node',
      uid,
      name,
      addresses: ['10.0.0.1'],
      from: '2024-05-01T00:00:00Z',
      until: null,
      seen: new Date(Date.parse('2024-05-01T10:00:00Z') + seen).toISOString(),
      zone: 'use2-az1',
      ...over,
    }),
  )!
}

function fold(lines: readonly AssignmentLine[]): AssignmentLine[] {
  const latest = new LatestSightings()
  for (const line of lines) latest.add(line)
  return [...latest.lines()].sort((a, b) => (`${a.kind}${a.uid}` < `${b.kind}${b.uid}` ? -1 : 1))
}

describe('of several lines of one thing', () => {
  test('the one seen last counts, whole', () => {
    const later = node('a', 2, 'later')
    expect(fold([later, node('a', 1, 'earlier', { instance: 'i-1' })])).toEqual([later])
  })

  test('of one uid and two kinds both count', () => {
    const zone = parseAssignmentLine('{"kind":"zone","uid":"a","name":"x","seen":"2024-05-01T10:00:00Z"}')!
    expect(fold([node('a', 1, 'x'), zone]).map(line => line.kind)).toEqual(['node', 'zone'])
  })

  test('milliseconds of seen tell', () => {
    expect(fold([node('a', 2, 'x'), node('a', 3, 'y')])).toMatchObject([{ name: 'y' }])
  })
})

test('the order of lines makes no difference, also where two were seen at one moment and differ', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Seeded(seed)
    const lines = random.list(8, () =>
      node(random.pick(['a', 'b']), random.int(2), random.pick(['x', 'y', 'z']), {
        until: random.chance(0.5) ? null : '2024-05-01T11:00:00Z',
        ...(random.chance(0.5) ? { instance: random.pick(['i-1', 'i-2']) } : {}),
        addresses: random.shuffled(['10.0.0.1', '::1']),
      }),
    )
    const expected = fold(lines)
    for (let times = 0; times < 4; times++)
      expect(fold(random.shuffled(lines)), `seed ${seed}`).toEqual(expected)
  }
})

function pod(labels: object): AssignmentLine {
  return parseAssignmentLine(
    JSON.stringify({
      kind: 'pod',
      uid: 'a',
      namespace: 'shop',
      name: 'x',
      addresses: [],
      from: '2024-05-01T00:00:00Z',
      seen: '2024-05-01T00:00:00Z',
      labels,
    }),
  )!
}

test('labels in another order are the same labels', () => {
  const [one, two, three] = [pod({ a: '1', b: '2' }), pod({ b: '2', a: '1' }), pod({ a: '1', b: '1' })]
  expect(fold([one, two, three])).toEqual(fold([three, two, one]))
})
