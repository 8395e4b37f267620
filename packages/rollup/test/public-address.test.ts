import { describe, expect, test } from 'vitest'
import { isPublic4, isPublic6 } from '@zonetoll/rollup'
import {
  PLAIN_REGISTRY,
  plainAddress,
  plainBlock,
  plainIsPublic,
  plainText,
  plainWords,
} from '../../../test/support/plain-address.ts'

function isPublic(text: string): boolean {
  const words = plainWords(plainAddress(text)!)
  return words.length === 1 ? isPublic4(words[0]!) : isPublic6([0, ...words, 0], 1)
}

describe('around each block of IANA’s special-purpose registries', () => {
  test.each(PLAIN_REGISTRY)('%s (reachable: %s): first, last, and their neighbours', block => {
    const { family, first, last } = plainBlock(block)
    const top = 2n ** (family === 4 ? 32n : 128n)
    for (const value of [first - 1n, first, first + 1n, (first + last) / 2n, last - 1n, last, last + 1n]) {
      if (value < 0n || value >= top) continue
      const text = plainText(family, value)
      expect(isPublic(text), text).toBe(plainIsPublic(plainAddress(text)!))
    }
  })
})

test.each([
  ['8.8.8.8', true],
  ['52.95.128.179', true],
  ['10.0.0.1', false],
  ['172.15.255.255', true],
  ['172.16.0.0', false],
  ['172.31.255.255', false],
  ['172.32.0.0', true],
  ['100.63.255.255', true],
  ['100.64.0.0', false],
  ['100.127.255.255', false],
  ['100.128.0.0', true],
  ['169.254.169.254', false],
  ['192.0.0.9', true],
  ['192.0.0.11', false],
  ['2606:4700::1111', true],
  ['2600:1f16::1', true],
  ['fd00::1', false],
  ['fe80::1', false],
  ['64:ff9b::808:808', true],
  ['2001:db8::1', false],
  ['::ffff:8.8.8.8', false],
  ['2001:1::1', true],
  ['2001:1::4', false],
])('%s is public: %s', (text, expected) => {
  expect(isPublic(text)).toBe(expected)
  expect(plainIsPublic(plainAddress(text)!)).toBe(expected)
})
