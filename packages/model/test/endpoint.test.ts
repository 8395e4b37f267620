import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareEndpoints, compareText, type Endpoint, type ZoneId } from '@zonetoll/model'

const TEXT = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc
    .array(fc.constantFrom('', 'a', 'A', 'é', '\uE000', '\uFFFD', '\uFFFF', '\u{10000}', '\u{1F6D2}'), {
      maxLength: 4,
    })
    .map(parts => parts.join('')),
)

function endpoint(over: Partial<Endpoint>): Endpoint {
  return {
    kind: 'pod',
    namespace: 'shop',
    name: 'cart',
    workload: 'Deployment/cart',
    app: 'cart',
    node: 'node',
    zone: 'use2-az1' as ZoneId,
    ...over,
  }
}

describe('texts', () => {
  test('are in the order of their UTF-8 bytes, where UTF-16 units would have another', () => {
    expect(['\uFF5E', '\u{1F6D2}'].sort()).toEqual(['\u{1F6D2}', '\uFF5E'])
    expect(compareText('\u{1F6D2}', '\uFF5E')).toBeGreaterThan(0)
  })

  test('are in the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(TEXT, TEXT, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
      { seed: 1, numRuns: 3000 },
    )
  })

  test('come before null', () => {
    expect(compareText('\u{10FFFF}', null)).toBeLessThan(0)
    expect(compareText(null, '')).toBeGreaterThan(0)
    expect(compareText(null, null)).toBe(0)
  })

  test('come after those they begin with', () => {
    expect(compareText('a', 'ab')).toBeLessThan(0)
    expect(compareText('', 'a')).toBeLessThan(0)
  })
})

describe('endpoints', () => {
  test.each([
    ['kind', 'interface', 'pod'],
    ['kind', 'interface', 'node'],
    ['kind', 'pod', 'subnet'],
    ['namespace', 'a', null],
    ['name', 'cart-0', 'cart-1'],
    ['name', 'cart-10', 'cart-2'],
    ['workload', 'a', null],
    ['app', '\uFF5E', '\u{1F6D2}'],
    ['node', 'node', null],
    ['zone', 'use2-az1', 'use2-az2'],
  ] as const)('are ordered by %s: %j before %j', (column, first, second) => {
    const a = endpoint({ [column]: first })
    const b = endpoint({ [column]: second })
    expect(compareEndpoints(a, b)).toBeLessThan(0)
    expect(compareEndpoints(b, a)).toBeGreaterThan(0)
  })

  test('are ordered by the earlier column first', () => {
    const columns = ['kind', 'namespace', 'name', 'workload', 'app', 'node', 'zone'] as const
    for (const [at, column] of columns.entries()) {
      for (const later of columns.slice(at + 1)) {
        const a = endpoint({ [column]: 'node', [later]: 'z' })
        const b = endpoint({ [column]: 'pod', [later]: 'a' })
        expect(compareEndpoints(a, b), `${column} before ${later}`).toBeLessThan(0)
      }
    }
  })

  test('that are alike in all seven columns are one in the order', () => {
    expect(compareEndpoints(endpoint({}), endpoint({}))).toBe(0)
  })
})
