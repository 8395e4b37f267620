// Snappy as hyparquet unpacks it, where that ends.

import { snappyUncompress } from 'hyparquet'
import { expect, test } from 'vitest'
import { Seeded } from '../../../test/support/seeded.ts'
import { unpackSnappy } from '../src/snappy.ts'
import { PageDamage } from '../src/table-error.ts'
import { varint } from './crafted-file.ts'

interface Packed {
  readonly packed: number[]
  readonly unpacked: number[]
}

/** Literals with lengths in any number of bytes, and copies from anywhere, into themselves too. */
function randomPacked(random: Seeded): Packed {
  const elements: number[] = []
  const unpacked: number[] = []
  for (let left = random.int(12); left > 0; left--) {
    if (unpacked.length === 0 || random.chance(0.4)) {
      const literal = random.list(random.pick([1, 5, 60, 61, 256, 300]), () => random.int(256))
      const bytes = random.pick([1, 2, 3, 4].filter(count => literal.length - 1 < 256 ** count))
      // hyparquet wants three bytes behind a length of its own.
      const short = literal.length < 4 || (literal.length <= 60 && random.chance(0.6))
      elements.push((short ? literal.length - 1 : 59 + bytes) * 4)
      if (!short) elements.push(...little(literal.length - 1, bytes))
      elements.push(...literal)
      unpacked.push(...literal)
    } else {
      const back = 1 + random.int(Math.min(unpacked.length, random.pick([3, 2000])))
      const kind = random.pick([1, 2, 3].filter(each => each > 1 || back < 2048))
      const length = kind === 1 ? 4 + random.int(8) : 1 + random.int(64)
      if (kind === 1) elements.push(1 | ((length - 4) << 2) | ((back >> 8) << 5), back & 255)
      else elements.push(kind | ((length - 1) << 2), ...little(back, kind * 2 - 2))
      for (let at = 0; at < length; at++) unpacked.push(unpacked[unpacked.length - back]!)
    }
  }
  return { packed: [...varint(unpacked.length), ...elements], unpacked }
}

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, place) => Math.floor(value / 256 ** place) % 256)
}

test('whatever is packed is unpacked, as by hyparquet', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const { packed, unpacked } = randomPacked(new Seeded(seed))
    const got = unpackSnappy(Uint8Array.from(packed), unpacked.length)
    expect([...got], `seed ${seed}`).toEqual(unpacked)
    if (unpacked.length === 0) continue
    const twin = new Uint8Array(unpacked.length)
    snappyUncompress(Uint8Array.from(packed), twin)
    expect([...twin], `seed ${seed}`).toEqual(unpacked)
  }
})

test('what is damaged is refused or comes to so many bytes, and always ends', () => {
  let refused = 0
  for (let seed = 1; seed <= 20_000; seed++) {
    const random = new Seeded(seed)
    const { packed, unpacked } = randomPacked(random)
    const bytes = Uint8Array.from(packed).subarray(
      0,
      random.chance(0.2) ? random.int(packed.length) : undefined,
    )
    for (let changes = random.int(4); changes > 0 && bytes.length > 0; changes--) {
      bytes[random.int(bytes.length)] = random.pick([0xfc, 0xff, 0xfa, 0, random.int(256)])
    }
    try {
      expect(unpackSnappy(bytes, unpacked.length).length).toBe(unpacked.length)
    } catch (error) {
      if (!(error instanceof PageDamage)) throw error
      refused++
    }
  }
  expect(refused).toBeGreaterThan(5000)
})

test('what is cut is refused', () => {
  for (let seed = 1; seed <= 1000; seed++) {
    const random = new Seeded(seed)
    const { packed, unpacked } = randomPacked(random)
    if (unpacked.length === 0) continue
    const cut = Uint8Array.from(packed).subarray(0, random.int(packed.length))
    expect(() => unpackSnappy(cut, unpacked.length), `seed ${seed}`).toThrow(PageDamage)
  }
})

test('a literal of 2^32 - 5 bytes does not go back to its own beginning', () => {
  const packed = Uint8Array.of(8, 0xfc, 0xfa, 0xff, 0xff, 0xff, 0, 0, 0)
  expect(() => unpackSnappy(packed, 8)).toThrow(PageDamage)
})
