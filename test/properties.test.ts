// Accounts, rows and zones against the plain twin on thousands of random hours, and conservation on any bytes.

import { FormatError } from '@zonetoll/flowlog'
import { expect, test } from 'vitest'
import type { Reached } from './support/plain-assignments.ts'
import { plainHour, type PlainHour, type PlainInput, type PlainTotals } from './support/plain-hour.ts'
import { closedHour, plainAccounts, realHour, type RealOptions } from './support/real-hour.ts'
import { RANDOM_REACHES, randomHour } from './support/random-hour.ts'
import { Seeded } from './support/seeded.ts'

const GREATEST_SAFE = 2n ** 53n - 1n

// Ten times what they take, for a machine that is slow or busy.
const PATIENCE = { timeout: 120_000 }

/** Cut anywhere, also into chunks of nothing. */
function randomChunks(random: Seeded): (bytes: Uint8Array) => Uint8Array[] {
  return bytes => {
    const cuts = random.list(random.int(9), () => random.int(bytes.length + 1)).sort((a, b) => a - b)
    return [0, ...cuts].map((from, at) => bytes.subarray(from, cuts[at] ?? bytes.length))
  }
}

function randomOptions(random: Seeded): RealOptions {
  return {
    chunks: randomChunks(random),
    capacity: random.pick([1, 2, 3, 4096]),
    scanner: random.chance(0.15) ? 'simd' : 'byte',
    growing: random.chance(0.5),
    parts: 1 + random.int(3),
    encode: text => Buffer.from(text, 'latin1'),
  }
}

/** A row that Parquet can't hold exactly is refused; everything else must be alike. */
function expectAlike(input: PlainInput, options: RealOptions, expected: PlainHour, seed: number): void {
  const { rows, ...accounts } = expected
  const tooLarge = rows.some(
    row => row.records > GREATEST_SAFE || row.bytes > GREATEST_SAFE || row.packets > GREATEST_SAFE,
  )
  if (tooLarge) {
    const closed = closedHour(input, options)
    expect(plainAccounts(closed), `seed ${seed}`).toEqual(accounts)
    expect(closed.rows.length, `seed ${seed}`).toBe(rows.length)
    expect(() => [...closed.rows], `seed ${seed}`).toThrow(RangeError)
  } else {
    expect(realHour(input, options), `seed ${seed}`).toEqual(expected)
  }
}

function expectBalance({ read, accounts, rows, zones }: PlainHour, allPairs: boolean, seed: number): void {
  for (const column of ['records', 'bytes', 'packets'] as const) {
    const sumOf = (parts: readonly PlainTotals[]): bigint =>
      parts.reduce((sum, part) => sum + part[column], 0n)
    const { sameZone, crossZone } = accounts
    expect(sumOf(Object.values(accounts)), `seed ${seed}`).toBe(read[column])
    expect(sumOf(zones), `seed ${seed}`).toBe(sameZone[column] + crossZone[column])
    expect(sumOf(rows), `seed ${seed}`).toBe(crossZone[column] + (allPairs ? sameZone[column] : 0n))
  }
}

test(
  'accounts, rows, zones, memo and workloads are those of the plain twin on 2,500 random hours that reach every rule',
  PATIENCE,
  () => {
    const reached: Reached = new Map()
    let refused = 0
    for (let seed = 1; seed <= 2500; seed++) {
      const random = new Seeded(seed)
      const input = randomHour(random)
      const expected = plainHour(input, reached)
      expectBalance(expected, input.allPairs, seed)
      expectAlike(input, randomOptions(random), expected, seed)
      if (expected.rows.some(row => row.bytes > GREATEST_SAFE)) refused++
    }
    const missed = RANDOM_REACHES.filter(rule => (reached.get(rule) ?? 0) < 20)
    expect(missed).toEqual([])
    expect(refused).toBeGreaterThan(5)
  },
)

test(
  'bytes changed, lost, doubled or added behind the header are counted as the plain twin counts them',
  PATIENCE,
  () => {
    for (let seed = 1; seed <= 700; seed++) {
      const random = new Seeded(1_000_000 + seed)
      const hour = randomHour(random)
      const objects = hour.objects.map(({ flowLog, text }) => {
        const header = text.indexOf('\n') + 1
        if (header === 0) return { flowLog, text }
        return { flowLog, text: text.slice(0, header) + mutated(random, text.slice(header)) }
      })
      const input = { ...hour, objects }
      expectAlike(input, randomOptions(random), plainHour(input), seed)
    }
  },
)

test('whatever the bytes, an object is refused or its accounts add up to the lines read', PATIENCE, () => {
  let refused = 0
  for (let seed = 1; seed <= 700; seed++) {
    const random = new Seeded(2_000_000 + seed)
    const hour = randomHour(random)
    const text = mutated(random, hour.objects[0]!.text)
    const input = { ...hour, objects: [{ flowLog: 0, text }] }
    try {
      const { accounts } = closedHour(input, randomOptions(random))
      const sums = Object.values(accounts.accounts)
      const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
      expect(accounts.read.records).toBeLessThan(BigInt(lines))
      expect(sums.reduce((sum, { records }) => sum + records, 0n)).toBe(accounts.read.records)
      expect(sums.reduce((sum, { bytes }) => sum + bytes, 0n)).toBe(accounts.read.bytes)
      expect(sums.reduce((sum, { packets }) => sum + packets, 0n)).toBe(accounts.read.packets)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      refused++
    }
  }
  expect(refused).toBeGreaterThan(50)
  expect(refused).toBeLessThan(500)
})

/** Text of one byte a character with some of them changed. */
function mutated(random: Seeded, text: string): string {
  let changed = text
  for (let times = 1 + random.int(6); times > 0 && changed.length > 0; times--) {
    const at = random.int(changed.length)
    const length = random.int(4)
    const inserted = random.pick([
      '',
      ' ',
      '\n',
      '\r',
      '-',
      '0',
      '\0',
      '\xff',
      String.fromCharCode(random.int(256)),
      changed.slice(at, at + random.int(80)),
    ])
    changed = changed.slice(0, at) + inserted + changed.slice(at + length)
  }
  return changed
}
