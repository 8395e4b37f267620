import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, type Json } from '@zonetoll/model'

test('keys are sorted at every depth, arrays keep their order, there is no white space', () => {
  expect(canonicalJson({ b: [3, { d: null, c: true }, 1], a: 'x y' })).toBe(
    '{"a":"x y","b":[3,{"c":true,"d":null},1]}',
  )
})

test('keys are sorted by their code points', () => {
  expect(canonicalJson({ '\u{1F6D2}': 1, '\uFF5E': 2, b: 3, B: 4, '': 5 })).toBe(
    '{"":5,"B":4,"b":3,"\uFF5E":2,"\u{1F6D2}":1}',
  )
})

test('keys that look like numbers are sorted as text', () => {
  expect(canonicalJson({ 10: 'a', 9: 'b' })).toBe('{"10":"a","9":"b"}')
})

test('empty objects and arrays stay what they are', () => {
  expect(canonicalJson([{}, []])).toBe('[{},[]]')
})

test('a key that every object inherits is a key like others', () => {
  const value = JSON.parse('{"toString":1,"__proto__":{"b":1,"a":2}}') as Json
  expect(canonicalJson(value)).toBe('{"__proto__":{"a":2,"b":1},"toString":1}')
})

test('a value has one text whatever the order of its keys, and the text has the value', () => {
  const shuffled = (value: Json): Json => {
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return (value as readonly Json[]).map(shuffled)
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, item]) => [key, shuffled(item)] as const)
        .toReversed(),
    )
  }
  fc.assert(
    fc.property(fc.jsonValue(), generated => {
      const value = JSON.parse(JSON.stringify(generated)) as Json
      const text = canonicalJson(value)
      expect(JSON.parse(text)).toEqual(value)
      expect(canonicalJson(shuffled(value))).toBe(text)
    }),
    { seed: 3, numRuns: 500 },
  )
})
