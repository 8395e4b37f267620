// The bound on memory: what sizes mean, what the default is, and that nothing fails for garbage.

import { BadValue, RunError, type Run } from '@zonetoll/command'
import { describe, expect, test } from 'vitest'
import {
  defaultMaxMemory,
  MemoryBound,
  memoryLimit,
  readSize,
  withinMemory,
  type MemoryLimit,
} from '../src/memory-bound.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3
const RUN: Run = { signal: new AbortController().signal, uninterrupted: async work => work() }

/** A limit that leaves so many bytes from what the process holds now. */
function leaving(bytes: number, remedy = ''): MemoryLimit {
  return { bytes: process.memoryUsage.rss() + bytes, remedy }
}

describe('a size', () => {
  test.each([
    ['2147483648', 2 * GIB],
    ['2GiB', 2 * GIB],
    ['2G', 2 * GIB],
    ['2Gi', 2 * GIB],
    ['2gb', 2 * GIB],
    ['1.5GiB', 1.5 * GIB],
    ['1500MiB', 1500 * MIB],
    ['65536K', 64 * MIB],
    ['1T', 1024 * GIB],
  ])('%s is %d bytes', (text, bytes) => {
    expect(readSize(text)).toBe(bytes)
  })

  test.each([
    '',
    '2',
    '63MiB',
    '2 GiB',
    'GiB',
    '-2GiB',
    '2GiBB',
    '1e9',
    '2Bi',
    '9999999T',
    '99999999999999999',
  ])('%j is refused', text => {
    expect(() => readSize(text)).toThrow(BadValue)
  })
})

test.each([
  ['a container of 2 GiB on a machine of 64', 2 * GIB, 64 * GIB, 1.6 * GIB],
  ['a container of 512 MiB, with room for garbage', 512 * MIB, 64 * GIB, 320 * MIB],
  ['a container of 256 MiB, half of it', 256 * MIB, 64 * GIB, 128 * MIB],
  ['no container, as Linux says it', 2 ** 64, 16 * GIB, 12.8 * GIB],
  ['no container, as other systems say it', 0, 16 * GIB, 12.8 * GIB],
])('the default is made of %s', (_what, constrained, total, expected) => {
  expect(defaultMaxMemory(constrained, total)).toBe(Math.floor(expected))
})

test('the remedy is what the options leave: threads, and same-zone pairs', () => {
  const remedies = (
    [
      [1, false],
      [4, true],
    ] as const
  ).map(([threads, allPairs]) => memoryLimit({ maxMemory: GIB, threads, allPairs }).remedy)
  expect(remedies).toEqual([
    '',
    ', or --threads 1 (each thread has totals of its own), or leave --all-pairs out',
  ])
})

describe('what is asked for', () => {
  test('is granted within the limit and refused beyond it, with what is held, at how many pairs, and what helps', () => {
    const bound = new MemoryBound(leaving(200 * MIB, ', or --threads 1'))
    bound.room(MIB, 512)
    const refusal =
      /^the memory is used up: of \S+ \wiB \(--max-memory\) \S+ \wiB are held, with 1,048,576 distinct pairs, and 1\.00 GiB more are needed\. Give the run more memory, or --threads 1\.$/
    expect(() => bound.room(GIB, 2 ** 20)).toThrow(refusal)
    expect(() => bound.room(GIB, 2 ** 20)).toThrow(RunError)
  })

  test('is granted where only garbage stands in the way', () => {
    let garbage: Float64Array[] | null = Array.from({ length: 40 }, () => new Float64Array(MIB).fill(1))
    const bound = new MemoryBound(leaving(50 * MIB))
    expect(garbage).toHaveLength(40)
    expect(() => bound.ask(200 * MIB, () => 'arrays')).toThrow('the memory is used up')
    garbage = null
    bound.ask(200 * MIB, () => 'arrays')
  })

  test('of JavaScript’s own part is refused by its own limit, with the option that raises it', () => {
    const bound = new MemoryBound({ bytes: Number.MAX_SAFE_INTEGER, remedy: '' })
    expect(() => bound.ask(0, () => '3 lines of the assignment log', 2 ** 40)).toThrow(
      /^the memory for JavaScript objects is used up: .* with 3 lines of the assignment log, and 1\.00 TiB more are needed; Node gives them .*\. Give them more with NODE_OPTIONS=--max-old-space-size=\d+ \(MiB\)\.$/,
    )
  })
})

async function failing(error: Error): Promise<void> {
  await withinMemory(leaving(GIB), RUN, async () => {
    throw error
  })
}

describe('work within a limit', () => {
  test('is given what it returns', async () => {
    await expect(withinMemory(leaving(GIB), RUN, async () => 7)).resolves.toBe(7)
  })

  test('is stopped when the memory is used up, whatever its own error says', async () => {
    const held: Float64Array[] = []
    const working = withinMemory(leaving(64 * MIB), RUN, async ({ signal }, bound) => {
      bound.holding = () => `${held.length} arrays`
      for (;;) {
        held.push(new Float64Array(MIB).fill(1))
        await new Promise(resolve => setTimeout(resolve, 5))
        if (signal.aborted) throw new Error('the operation was aborted')
      }
    })
    await expect(working).rejects.toThrow(
      /^the memory is used up: .* with \d+ arrays\. Give the run more memory\.$/,
    )
    expect(held.length).toBeGreaterThan(4)
    expect(held.length).toBeLessThan(200)
  })

  test('that is interrupted is interrupted, not out of memory', async () => {
    const stop = new AbortController()
    const run: Run = { signal: stop.signal, uninterrupted: async work => work() }
    const working = withinMemory(leaving(-MIB), run, async ({ signal }) => {
      stop.abort(new Error('interrupted'))
      await new Promise(resolve => setTimeout(resolve, 300))
      throw signal.reason
    })
    await expect(working).rejects.toThrow('interrupted')
  })

  test('says so where the system itself gives no more, and keeps any other error', async () => {
    await expect(failing(new RangeError('Array buffer allocation failed'))).rejects.toThrow(
      /^the system gives no more memory than the .* that are held, with .* \(Array buffer allocation failed\)\. Give the run more memory\.$/,
    )
    await expect(failing(new RangeError('the bytes from a to b pass 2^53 - 1'))).rejects.toThrow(RangeError)
  })
})
