import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editDistance, nearest } from '../src/nearest-names.ts'

describe('the names that may have been meant', () => {
  const names = ['workloads', 'apps', 'pods', 'namespaces', 'top', 'zones', 'hours', 'unattributed', 'seed']

  test.each([
    ['work', ['workloads']],
    ['WORKLOAD', ['workloads']],
    ['spaces', ['namespaces']],
    ['zone', ['zones']],
    ['huors', ['hours']],
    ['pds', ['pods']],
    ['aps', ['apps']],
    ['attributed', ['unattributed']],
    ['xyz', []],
    ['', []],
  ])('for %j are %j', (text, near) => {
    expect(nearest(text, names)).toEqual(near)
  })

  test('are those that begin so, then those that hold it, then the near ones, five at the most', () => {
    const pods = ['client-a', 'client-b', 'my-client', 'clint', 'server', 'client-c', 'client-d', 'cliemt']
    expect(nearest('client', pods)).toEqual(['client-a', 'client-b', 'client-c', 'client-d', 'my-client'])
    expect(nearest('client', pods.slice(2, 5))).toEqual(['my-client', 'clint'])
  })

  test('are each named once, however long they are', () => {
    expect(nearest('aab', ['aaab', 'aaab'])).toEqual(['aaab'])
    expect(nearest('x'.repeat(100_000), ['x'.repeat(99_999)])).toHaveLength(1)
  })
})

// By the definition: every way of getting from one text to the other.
function plainDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const ways = [
    plainDistance(a.slice(1), b) + 1,
    plainDistance(a, b.slice(1)) + 1,
    plainDistance(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
  ]
  if (a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0]) {
    ways.push(plainDistance(a.slice(2), b.slice(2)) + 1)
  }
  return Math.min(...ways)
}

test('the distance is the fewest slips, as trying all finds', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
  const seen = new Set<number>()
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(editDistance(a, b)).toBe(plainDistance(a, b))
      seen.add(editDistance(a, b))
    }),
    { seed: 5, numRuns: 400 },
  )
  expect(seen).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]))
})
