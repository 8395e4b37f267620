import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_TOKEN, OTHER_TOKEN, TokenTable } from '@zonetoll/flowlog'

const encoder = new TextEncoder()

function code(table: TokenTable, text: string): number {
  const bytes = encoder.encode(` ${text} `)
  return table.code(bytes, 1, bytes.length - 1)
}

describe('a token', () => {
  test('has the number in which order it was added, and keeps it', () => {
    const table = new TokenTable(['a', 'b', 'a'])
    expect([table.add('c'), table.add('b'), table.size]).toEqual([2, 1, 3])
    expect(['a', 'b', 'c'].map(token => code(table, token))).toEqual([0, 1, 2])
    expect([0, 1, 2].map(each => table.token(each))).toEqual(['a', 'b', 'c'])
  })

  test.each(['-', ''])('is none where the field is %j', text => {
    expect(code(new TokenTable([], { grows: true }), text)).toBe(NO_TOKEN)
  })

  test('that a fixed table doesn’t know is another, and stays so', () => {
    const table = new TokenTable(['eni-1'])
    expect([code(table, 'eni-2'), code(table, 'eni-'), code(table, 'eni-11'), table.size]).toEqual([
      OTHER_TOKEN,
      OTHER_TOKEN,
      OTHER_TOKEN,
      1,
    ])
    expect(table.codeOf('eni-2')).toBe(OTHER_TOKEN)
    expect(table.codeOf('eni-1')).toBe(0)
  })

  test('that a growing table doesn’t know is added', () => {
    const table = new TokenTable([], { grows: true })
    expect([code(table, 'x'), code(table, 'y'), code(table, 'x'), table.size]).toEqual([0, 1, 0, 2])
  })

  test('of any text is found by its bytes', () => {
    const table = new TokenTable(['é', '\u{1F6D2}', 'e'])
    expect(['é', '\u{1F6D2}', 'e'].map(token => code(table, token))).toEqual([0, 1, 2])
  })
})

test('a table answers as a Map does, through many rehashes, for tokens alike but for their ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('i-0', 'eni-0abc', ''), fc.nat(400), fc.boolean()), {
        minLength: 300,
        maxLength: 900,
      }),
      steps => {
        const table = new TokenTable([], { grows: true })
        const twin = new Map<string, number>()
        for (const [prefix, number, read] of steps) {
          const token = `${prefix}${number}`
          const expected = twin.get(token) ?? twin.size
          twin.set(token, expected)
          expect(read ? code(table, token) : table.add(token)).toBe(expected)
        }
        expect(table.size).toBe(twin.size)
        for (const [token, at] of twin) expect([table.codeOf(token), table.token(at)]).toEqual([at, token])
      },
    ),
    { seed: 21, numRuns: 20 },
  )
})

test('a table holds 20,000 tokens, long ones too', () => {
  const table = new TokenTable(Array.from({ length: 20_000 }, (_, at) => `${'x'.repeat(at % 200)}${at}`))
  expect(table.size).toBe(20_000)
  expect(table.codeOf(`${'x'.repeat(199)}19999`)).toBe(19_999)
})

test('a table made from the columns of another has its codes, and gives newcomers its own', () => {
  const one = new TokenTable(
    Array.from({ length: 300 }, (_, at) => `eni-${at}`),
    { grows: true },
  )
  const two = TokenTable.from(structuredClone(one.columns))
  expect([two.size, two.codeOf('eni-0'), two.codeOf('eni-299'), two.token(299)]).toEqual([
    300,
    0,
    299,
    'eni-299',
  ])
  expect([code(two, 'new'), code(one, 'newer'), code(one, 'new')]).toEqual([300, 300, 301])
  expect(code(TokenTable.from(new TokenTable(['a']).columns), 'b')).toBe(OTHER_TOKEN)
})
