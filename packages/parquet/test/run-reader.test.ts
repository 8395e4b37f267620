// Runs and packed codes, as the specification has them, written by a plain twin one bit at a time.

import { describe, expect, test } from 'vitest'
import { Seeded } from '../../../test/support/seeded.ts'
import { readDeltaIntegers, readDeltaTexts } from '../src/delta-values.ts'
import { RunReader } from '../src/run-reader.ts'
import { varint } from './crafted-file.ts'

/** Values of that many bits, lowest first, one behind the other. */
function packed(values: readonly bigint[], width: number): number[] {
  const bits = values.flatMap(value =>
    Array.from({ length: width }, (_, bit) => Number((value >> BigInt(bit)) & 1n)),
  )
  const bytes = Array.from({ length: Math.ceil(bits.length / 8) }, () => 0)
  for (const [at, bit] of bits.entries()) bytes[at >> 3]! |= bit << (at & 7)
  return bytes
}

const zigzag = (value: bigint) => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))

function randomRuns(random: Seeded, width: number): { bytes: number[]; values: number[] } {
  const bytes: number[] = []
  const values: number[] = []
  const most = Math.min(2 ** width, 2 ** 31)
  for (let runs = 1 + random.int(6); runs > 0; runs--) {
    if (random.chance(0.5)) {
      const count = random.pick([0, 1, 7, 300])
      const value = random.int(most)
      bytes.push(...varint(count * 2))
      for (let at = 0; at < Math.ceil(width / 8); at++) bytes.push(Math.floor(value / 256 ** at) % 256)
      for (let at = 0; at < count; at++) values.push(value)
    } else {
      const groups = 1 + random.int(9)
      const some = random.list(groups * 8, () => random.int(most))
      bytes.push(...varint(groups * 2 + 1), ...packed(some.map(BigInt), width))
      values.push(...some)
    }
  }
  return { bytes, values }
}

test('runs and packed codes of any width are read, however many are asked for at a time', () => {
  for (let seed = 1; seed <= 1500; seed++) {
    const random = new Seeded(seed)
    const width = 1 + random.int(32)
    const { bytes, values } = randomRuns(random, width)
    const lead = random.int(5)
    // What stands around them must not matter.
    const page = Uint8Array.from([
      ...random.list(lead, () => 255),
      ...bytes,
      ...random.list(random.int(9), () => 255),
    ])
    const reader = new RunReader(page, lead, lead + bytes.length, width)
    const got: number[] = []
    while (got.length < values.length) {
      const count = Math.min(1 + random.int(random.pick([3, 400])), values.length - got.length)
      const out = new Int32Array(count)
      reader.read(out, count)
      got.push(...out)
    }
    expect(got, `seed ${seed}, width ${width}`).toEqual(values)
    expect(() => reader.read(new Int32Array(1), 1), `seed ${seed}`).toThrow(
      'its codes end before its values do',
    )
  }
})

test('the last group may lack the bytes of values that it does not have', () => {
  const reader = new RunReader(Uint8Array.of(3, 0x21, 0x43), 0, 3, 4)
  const out = new Int32Array(4)
  reader.read(out, 4)
  expect([...out]).toEqual([1, 2, 3, 4])
  expect(() => reader.read(out, 1)).toThrow('its codes end before its values do')
})

test('codes of no bits are all 0', () => {
  const out = Int32Array.of(9, 9, 9)
  new RunReader(new Uint8Array(0), 0, 0, 0).read(out, 3)
  expect([...out]).toEqual([0, 0, 0])
})

/** DELTA_BINARY_PACKED by the specification. */
function deltaBytes(random: Seeded, values: readonly bigint[]): number[] {
  const miniblocks = random.pick([1, 2, 4])
  const each = random.pick([32, 64])
  const block = miniblocks * each
  const bytes = [
    ...varint(block),
    ...varint(miniblocks),
    ...varint(values.length),
    ...varint(zigzag(values[0] ?? 0n)),
  ]
  const deltas = values.slice(1).map((value, at) => BigInt.asIntN(64, value - values[at]!))
  for (let from = 0; from < deltas.length; from += block) {
    const some = deltas.slice(from, from + block)
    const least = some.reduce((a, b) => (b < a ? b : a))
    const above = some.map(delta => BigInt.asUintN(64, delta - least))
    bytes.push(...varint(zigzag(least)))
    const parts = Array.from({ length: miniblocks }, (_, at) => above.slice(at * each, (at + 1) * each))
    const widths = parts.map(part =>
      part.reduce((most, value) => Math.max(most, value.toString(2).length), 0),
    )
    bytes.push(...widths.map((width, at) => (parts[at]!.every(value => value === 0n) ? 0 : width)))
    for (const [at, part] of parts.entries()) {
      if (part.every(value => value === 0n)) continue
      const padded = [...part, ...Array.from({ length: each - part.length }, () => 0n)]
      bytes.push(...packed(padded, widths[at]!))
    }
  }
  return bytes
}

const cursorOf = (bytes: readonly number[]) => ({ bytes: Uint8Array.from(bytes), at: 0, end: bytes.length })

const free = () => {}

describe('differences', () => {
  test('of any integers are read, those that run over 64 bits too', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Seeded(seed)
      const count = random.pick([0, 1, 2, 33, 300])
      const scale = random.pick([1n, 5n, 2n ** 40n, 2n ** 63n])
      const values = random.list(count, () =>
        BigInt.asIntN(64, (BigInt(random.int(2 ** 31)) * scale) / 7n - (random.chance(0.5) ? scale : 0n)),
      )
      const cursor = cursorOf(deltaBytes(random, values))
      expect([...readDeltaIntegers(cursor, count, free)], `seed ${seed}`).toEqual(values)
      expect(cursor.at, `seed ${seed}`).toBe(cursor.end)
    }
  })

  test('of texts from the texts before them are read', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Seeded(seed)
      const texts = random.list(
        random.int(80),
        () => random.pick(['10.0.0.', '10.0.1.', 'eni-', '']) + random.int(300),
      )
      const same = texts.map((text, at) => {
        const before = texts[at - 1] ?? ''
        let length = 0
        while (length < Math.min(text.length, before.length) && text[length] === before[length]) length++
        return length
      })
      const lengths = (of: readonly number[]) => deltaBytes(random, of.map(BigInt))
      const ends = texts.map((text, at) => text.slice(same[at]))
      const bytes = [...lengths(same), ...lengths(ends.map(end => end.length)), ...Buffer.from(ends.join(''))]
      const read = readDeltaTexts(cursorOf(bytes), texts.length, free)
      const got = Array.from({ length: read.count }, (_, at) =>
        Buffer.from(read.bytes.subarray(read.starts[at], read.ends[at])).toString(),
      )
      expect(got, `seed ${seed}`).toEqual(texts)
    }
  })
})
