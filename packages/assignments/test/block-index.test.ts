import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { BlockIndex, NONE, parseCidr } from '@zonetoll/assignments'
import { plainAddress, plainBlock, plainText, plainWords } from '../../../test/support/plain-address.ts'

function indexOf(blocks: readonly string[]): BlockIndex {
  return BlockIndex.of(blocks.map((block, id) => ({ cidr: parseCidr(block)!, id })))
}

function find(index: BlockIndex, address: string): number {
  const words = plainWords(plainAddress(address)!)
  return words.length === 1 ? index.find4(words[0]!) : index.find6([9, ...words, 9], 1)
}

/** The longest prefix around an address by looking at every block; of equal ones the first. */
function plainFind(blocks: readonly string[], family: 4 | 6, value: bigint): number {
  let best = NONE
  let longest = -1
  for (const [id, text] of blocks.entries()) {
    const block = plainBlock(text)
    if (block.family !== family || block.prefix <= longest) continue
    if (block.first <= value && value <= block.last) {
      best = id
      longest = block.prefix
    }
  }
  return best
}

test('no blocks hold nothing', () => {
  expect([find(indexOf([]), '10.0.0.1'), find(indexOf([]), '::1')]).toEqual([NONE, NONE])
})

test('the longest prefix counts, and behind its end the one around it', () => {
  const index = indexOf(['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24'])
  const addresses = [
    '9.255.255.255',
    '10.0.0.0',
    '10.1.0.0',
    '10.1.2.0',
    '10.1.2.255',
    '10.1.3.0',
    '10.2.0.0',
    '11.0.0.0',
  ]
  expect(addresses.map(address => find(index, address))).toEqual([NONE, 0, 1, 2, 2, 1, 0, NONE])
})

test('blocks that begin or end together nest', () => {
  const index = indexOf(['10.0.0.0/24', '10.0.0.0/25', '10.0.0.0/32', '10.0.0.255/32', '10.0.0.128/25'])
  expect(
    ['10.0.0.0', '10.0.0.1', '10.0.0.128', '10.0.0.255', '10.0.1.0'].map(each => find(index, each)),
  ).toEqual([2, 1, 4, 3, NONE])
})

test('blocks that touch are told apart', () => {
  const index = indexOf(['10.0.0.0/32', '10.0.0.1/32', '10.0.0.2/31'])
  expect(['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.4'].map(each => find(index, each))).toEqual([
    0,
    1,
    2,
    NONE,
  ])
})

test('of equal blocks the first counts, host bits aside', () => {
  expect(find(indexOf(['10.0.0.7/24', '10.0.0.0/24']), '10.0.0.9')).toBe(0)
})

test('blocks may hold everything up to the last address', () => {
  const index = indexOf([
    '0.0.0.0/0',
    '255.255.255.255/32',
    '::/0',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
  ])
  const last = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
  expect(
    ['0.0.0.0', '255.255.255.254', '255.255.255.255', '::', last].map(each => find(index, each)),
  ).toEqual([0, 0, 1, 2, 3])
})

test('an index answers as a scan of all blocks does, around every border of random blocks', () => {
  const block = fc.oneof(
    fc.tuple(fc.constant('10.0.0.'), fc.nat(255), fc.integer({ min: 22, max: 32 })),
    fc.tuple(fc.constant('10.'), fc.constant('0.0.0'), fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.constant('2600:1f16::'), fc.nat(99), fc.integer({ min: 118, max: 128 })),
    fc.tuple(fc.constant('2600:'), fc.constant('1f16::1:0:0'), fc.integer({ min: 0, max: 128 })),
  )
  let found = 0
  fc.assert(
    fc.property(fc.array(block, { maxLength: 14 }), parts => {
      const blocks = parts.map(([start, end, prefix]) => `${start}${end}/${prefix}`)
      const index = indexOf(blocks)
      for (const text of blocks) {
        const { family, first, last } = plainBlock(text)
        const top = 2n ** (family === 4 ? 32n : 128n) - 1n
        for (const value of [0n, first - 1n, first, (first + last) / 2n, last, last + 1n, top]) {
          if (value < 0n || value > top) continue
          const expected = plainFind(blocks, family, value)
          if (expected !== NONE) found++
          expect(
            find(index, plainText(family, value)),
            `${plainText(family, value)} in ${blocks.join(' ')}`,
          ).toBe(expected)
        }
      }
    }),
    { seed: 41, numRuns: 1500 },
  )
  expect(found).toBeGreaterThan(10_000)
})
