import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCidr } from '@zonetoll/assignments'
import { plainBlock, plainText, plainWords, plainAddress } from '../../../test/support/plain-address.ts'

describe('a block', () => {
  test.each([
    ['10.0.0.0/18', [0x0a000000], [0x0a003fff]],
    ['10.0.63.255/18', [0x0a000000], [0x0a003fff]],
    ['0.0.0.0/0', [0], [0xffffffff]],
    ['255.255.255.255/32', [0xffffffff], [0xffffffff]],
    ['192.168.1.1/31', [0xc0a80100], [0xc0a80101]],
    ['2600:1f16::/33', [0x26001f16, 0, 0, 0], [0x26001f16, 0x7fffffff, 0xffffffff, 0xffffffff]],
    ['::1/128', [0, 0, 0, 1], [0, 0, 0, 1]],
  ])('%s goes from its first to its last address', (text, first, last) => {
    expect(parseCidr(text)).toMatchObject({ first, last })
  })

  test.each([
    '',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '/8',
    '::/129',
    '10.0.0.0/ 8',
    '10.0.0.0/1e1',
    'fe80::%eth0/64',
  ])('is not spelt by %j', text => {
    expect(parseCidr(text)).toBeNull()
  })

  test('of any prefix is the plain twin’s', () => {
    const block = fc
      .constantFrom(4 as const, 6 as const)
      .chain(family =>
        fc.tuple(
          fc.constant(family),
          fc.bigInt({ min: 0n, max: family === 4 ? 2n ** 32n - 1n : 2n ** 128n - 1n }),
          fc.nat(family === 4 ? 32 : 128),
        ),
      )
    fc.assert(
      fc.property(block, ([family, value, prefix]) => {
        const text = `${plainText(family, value)}/${prefix}`
        const { first, last } = plainBlock(text)
        const words = (each: bigint): number[] => plainWords(plainAddress(plainText(family, each))!)
        expect(parseCidr(text)).toEqual({ family, prefix, first: words(first), last: words(last) })
      }),
      { seed: 31, numRuns: 2000 },
    )
  })
})
