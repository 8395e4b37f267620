import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { EMPTY_FINGERPRINT, fold, foldInteger, hashText } from '../src/fingerprint.ts'
import { INTEGERS } from './rows.ts'

const SEED = 20240504

test('a text’s hash is FNV-1a of its UTF-8 bytes', () => {
  // Published test values of the 32-bit FNV-1a.
  const published = { '': 0x811c9dc5, a: 0xe40c292c, foobar: 0xbf9cf968 }
  for (const [text, hash] of Object.entries(published)) {
    expect(hashText(new TextEncoder().encode(text)) >>> 0).toBe(hash)
  }
})

test('one changed integer changes the fingerprint, wherever it stands', () => {
  const integer = fc.oneof(fc.constantFrom(...INTEGERS), fc.maxSafeNat())
  const property = fc.property(
    fc.array(integer, { minLength: 1 }),
    fc.nat(),
    integer,
    (values, at, other) => {
      const place = at % values.length
      fc.pre(values[place] !== other)
      const changed = values.with(place, other)
      expect(changed.reduce(foldInteger, EMPTY_FINGERPRINT)).not.toBe(
        values.reduce(foldInteger, EMPTY_FINGERPRINT),
      )
    },
  )
  fc.assert(property, { seed: SEED, numRuns: 500 })
})

test('the order of values counts', () => {
  const ab = fold(fold(EMPTY_FINGERPRINT, 1), 2)
  const ba = fold(fold(EMPTY_FINGERPRINT, 2), 1)
  expect(ab).not.toBe(ba)
})
