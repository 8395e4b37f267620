import { isIPv4, isIPv6 } from 'node:net'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  hasColon,
  isDash,
  isText,
  readInteger,
  readIPv4,
  readIPv6,
  readWide,
  UNREADABLE,
  WIDE,
} from '../src/field-values.ts'
import { parseAddress } from '@zonetoll/model'
import { plainInteger } from '../../../test/support/plain-lines.ts'
import { MUTATION, mutate, SPELLING } from '../../../test/support/spellings.ts'

const encoder = new TextEncoder()

/** The text with other text around it, which no reader may touch. */
function framed(text: string): [bytes: Uint8Array, from: number, to: number] {
  const inside = encoder.encode(text)
  return [Uint8Array.of(49, 46, ...inside, 46, 49), 2, 2 + inside.length]
}

describe('an integer', () => {
  test.each([
    ['0', 0],
    ['007', 7],
    ['1714557600', 1714557600],
    ['999999999999999', 999999999999999],
    ['1000000000000000', 1000000000000000],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', WIDE],
    ['9223372036854775807', WIDE],
    ['9223372036854775808', UNREADABLE],
    ['99999999999999999999999999', UNREADABLE],
    ['00000000000000000000000000000000000009', 9],
    ['', UNREADABLE],
    ['-', UNREADABLE],
    ['-1', UNREADABLE],
    ['+1', UNREADABLE],
    ['1.0', UNREADABLE],
    ['1e3', UNREADABLE],
    ['0x1', UNREADABLE],
    ['12a', UNREADABLE],
    ['1234567890123456789a', UNREADABLE],
    [' 1', UNREADABLE],
    ['１', UNREADABLE],
  ])('%j is read as %d', (text, value) => {
    expect(readInteger(...framed(text))).toBe(value)
  })

  test('of any digits is what the plain twin reads, exactly', () => {
    const digits = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
      fc
        .constantFrom(2n ** 53n, 2n ** 63n)
        .chain(base => fc.integer({ min: -3, max: 3 }).map(step => String(base + BigInt(step)))),
      fc.string({ unit: fc.constantFrom('0', '1', '9', '-', '.', '/', ':'), maxLength: 22 }),
    )
    fc.assert(
      fc.property(digits, text => {
        const expected = plainInteger(text)
        const value = readInteger(...framed(text))
        expect(readWide(...framed(text))).toBe(expected)
        if (expected === null) expect(value).toBe(UNREADABLE)
        else if (expected > BigInt(Number.MAX_SAFE_INTEGER)) expect(value).toBe(WIDE)
        else expect(value).toBe(Number(expected))
      }),
      { seed: 11, numRuns: 4000 },
    )
  })
})

describe('an address', () => {
  test('in any spelling, and gone wrong in any way, is read as the model reads its text and the platform judges it', () => {
    const seen = { four: 0, six: 0, none: 0 }
    const words = new Uint32Array(8)
    fc.assert(
      fc.property(SPELLING, fc.array(MUTATION, { maxLength: 3 }), (spelling, mutations) => {
        const text = mutate(spelling, mutations)
        const expected = parseAddress(text)
        const [bytes, from, to] = framed(text)
        expect(hasColon(bytes, from, to)).toBe(text.includes(':'))
        const four = readIPv4(bytes, from, to)
        words.fill(7)
        const six = readIPv6(bytes, from, to, words, 2)
        if (expected?.family === 4) {
          seen.four++
          expect(isIPv4(text)).toBe(true)
          expect(four).toBe(expected.words[0])
        } else {
          expect(four).toBe(UNREADABLE)
        }
        if (expected?.family === 6) {
          seen.six++
          expect(isIPv6(text)).toBe(true)
          expect(six).toBe(true)
          expect([...words]).toEqual([7, 7, ...expected.words, 7, 7])
        } else {
          expect(six).toBe(false)
          expect([...words]).toEqual([7, 7, 7, 7, 7, 7, 7, 7])
        }
        if (expected === null) {
          seen.none++
          expect(isIPv4(text) || (isIPv6(text) && !text.includes('%'))).toBe(false)
        }
      }),
      { seed: 12, numRuns: 8000 },
    )
    expect(Math.min(seen.four, seen.six, seen.none)).toBeGreaterThan(500)
  })

  test.each(['10.0.0.', '.0.0.1', '10..0.1', '10.0.1', '10.0.0.1.', '10.0.0.256', '10.0.0.01'])(
    'of IPv4 isn’t %s',
    text => {
      expect(readIPv4(encoder.encode(text), 0, text.length)).toBe(UNREADABLE)
    },
  )

  test.each([
    ':',
    '1:',
    ':1',
    '::1:',
    ':1::',
    '1::2:',
    '1::2::3',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '1:2:3:4:5:6:7:8:',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3',
    '::1.2.3.4:5',
    '::12345',
    '::@',
    '::g',
  ])('of IPv6 isn’t %s', text => {
    expect(readIPv6(encoder.encode(`${text} `), 0, text.length, new Uint32Array(4), 0)).toBe(false)
  })

  test('is not read past its end', () => {
    const bytes = encoder.encode('10.0.0.15')
    expect(readIPv4(bytes, 0, 8)).toBe(0x0a000001)
    const words = new Uint32Array(4)
    expect(readIPv6(encoder.encode('::12'), 0, 3, words, 0)).toBe(true)
    expect([...words]).toEqual([0, 0, 0, 1])
  })
})

describe('a text', () => {
  test('is itself, not its beginning and not what begins with it', () => {
    const expected = encoder.encode('OK')
    expect(['OK', 'O', 'OKAY', 'ok', ''].map(text => isText(...framed(text), expected))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
  })

  test('is a dash where it is one hyphen and no more', () => {
    expect(['-', '--', '', '–', '-1'].map(text => isDash(...framed(text)))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
  })
})
