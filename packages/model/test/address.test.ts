import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAddress, parseAddress } from '@zonetoll/model'
import { plainAddress, plainText, plainWords } from '../../../test/support/plain-address.ts'
import { MUTATION, mutate, SPELLING } from '../../../test/support/spellings.ts'

/** The words of an address by the plain twin, null where it spells none. */
function plainParse(text: string): { family: 4 | 6; words: number[] } | null {
  const address = plainAddress(text)
  return address === null ? null : { family: address.startsWith('4') ? 4 : 6, words: plainWords(address) }
}

describe('a text that spells an address', () => {
  test.each([
    ['0.0.0.0', [0]],
    ['10.0.1.5', [0x0a000105]],
    ['255.255.255.255', [0xffffffff]],
    ['::', [0, 0, 0, 0]],
    ['::1', [0, 0, 0, 1]],
    ['1::', [0x10000, 0, 0, 0]],
    ['2600:1F16::5', [0x26001f16, 0, 0, 5]],
    ['2600:1f16:0:0:0:0:0:5', [0x26001f16, 0, 0, 5]],
    ['::ffff:10.0.1.5', [0, 0, 0xffff, 0x0a000105]],
    ['1:2:3:4:5:6:7.8.9.10', [0x10002, 0x30004, 0x50006, 0x0708090a]],
    ['1:2:3:4:5:6:7::', [0x10002, 0x30004, 0x50006, 0x70000]],
  ])('%s is its words', (text, words) => {
    expect(parseAddress(text)?.words).toEqual(words)
  })

  test('an IPv4 address within IPv6 stays an IPv6 address', () => {
    expect(parseAddress('::ffff:10.0.1.5')?.family).toBe(6)
  })
})

test.each([
  '',
  '-',
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '01.2.3.4',
  '256.1.1.1',
  '1.2.3.4 ',
  '1..2.3',
  '0x1.2.3.4',
  ':',
  ':::',
  '1:::2',
  '::1::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::1:2:3:4:5:6:7:8',
  '12345::',
  'g::',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  'fe80::1%eth0',
  '1.2.3.4::',
  '::1.2.3',
  '::1.2.3.4:5',
  '1:2:3:4:5:6:7:1.2.3.4',
])('%j spells no address', text => {
  expect(parseAddress(text)).toBeNull()
})

test('random spellings and spellings gone wrong are addresses where the platform says so, and the same ones', () => {
  let spelt = 0
  let wrong = 0
  const random = fc.tuple(SPELLING, fc.array(MUTATION, { maxLength: 3 }))
  fc.assert(
    fc.property(random, ([spelling, mutations]) => {
      const text = mutate(spelling, mutations)
      const expected = plainParse(text)
      if (expected === null) wrong++
      else spelt++
      expect(parseAddress(text)).toEqual(expected)
    }),
    { seed: 20240501, numRuns: 5000 },
  )
  expect(spelt).toBeGreaterThan(1000)
  expect(wrong).toBeGreaterThan(1000)
})

describe('the usual spelling', () => {
  test.each([
    ['10.0.1.5', '10.0.1.5'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:1:1:1:1:1:1', '::1:1:1:1:1:1'],
    ['1:1:1:1:1:1:0:0', '1:1:1:1:1:1::'],
    ['::ffff:10.0.1.5', '::ffff:a00:105'],
  ])('of %s is %s', (text, usual) => {
    expect(formatAddress(parseAddress(text)!)).toBe(usual)
  })

  test('comes back as the address it was, and is what the platform makes of it', () => {
    fc.assert(
      fc.property(SPELLING, text => {
        const address = parseAddress(text)!
        const usual = formatAddress(address)
        expect(parseAddress(usual)).toEqual(address)
        if (address.family === 6) expect(`[${usual}]`).toBe(new URL(`http://[${text}]/`).hostname)
        else expect(usual).toBe(plainText(4, BigInt(address.words[0])))
      }),
      { seed: 20240502, numRuns: 1000 },
    )
  })
})
