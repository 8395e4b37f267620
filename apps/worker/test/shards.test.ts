// Shards and their merge: the bytes of one run. What makes them others is refused (merge-refusals.test.ts).

import { readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import {
  assignmentFiles,
  HOUR,
  joined,
  logFiles,
  NEAR,
  objectKey,
  PARTITION,
  record,
  SLOT,
} from '../../../test/support/data-set.ts'
import { randomHour, RANDOM_HOUR } from '../../../test/support/random-hour.ts'
import { Seeded } from '../../../test/support/seeded.ts'
import { shareOf } from '../src/share-objects.ts'
import { dozen, inShards } from './dozen-objects.ts'
import { HourFolder } from './in-folder.ts'

const PATIENCE = { timeout: 120_000 }

function sizesOf(seeded: Seeded): number[] {
  return seeded.list(seeded.int(60), () => seeded.int(1000) ** 2)
}

describe('the share of a shard', () => {
  test('every object is in one share, whatever their number and sizes, and no two shares differ by more than an object', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const seeded = new Seeded(seed)
      const sizes = sizesOf(seeded)
      const count = 1 + seeded.int(9)
      const shares = Array.from({ length: count }, (_, index) => shareOf(sizes, { index, count }))
      expect(
        shares.flat().sort((a, b) => a - b),
        `seed ${seed}`,
      ).toEqual(sizes.map((_, at) => at))
      const loads = shares.map(share => share.reduce((sum, at) => sum + sizes[at]! + 1, 0))
      const greatest = Math.max(0, ...sizes) + 1
      expect(Math.max(...loads) - Math.min(...loads), `seed ${seed}`).toBeLessThanOrEqual(greatest)
    }
  })

  test('it is what trying every shard for every object gives', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const seeded = new Seeded(1000 + seed)
      const sizes = sizesOf(seeded)
      const count = 1 + seeded.int(7)
      const loads = Array.from({ length: count }, () => 0)
      const shares: number[][] = loads.map(() => [])
      for (const at of sizes.map((_, n) => n).sort((a, b) => sizes[b]! - sizes[a]! || a - b)) {
        const least = loads.indexOf(Math.min(...loads))
        loads[least]! += sizes[at]! + 1
        shares[least]!.push(at)
      }
      for (const [index, share] of shares.entries()) {
        expect(shareOf(sizes, { index, count }), `seed ${seed}`).toEqual(share.sort((a, b) => a - b))
      }
    }
  })
})

/** A random hour as files; objects of two flow logs, in the hour's slots and around it. */
function randomFiles(seed: number) {
  const random = new Seeded(seed)
  const input = randomHour(random)
  expect(RANDOM_HOUR).toBe(HOUR)
  const objects = input.objects.flatMap(({ flowLog, text }, at) => {
    const [header = '', ...lines] = text.split('\n')
    const cut = random.int(lines.length + 1)
    return [lines.slice(0, cut), lines.slice(cut)].map((part, half) => {
      const name = {
        slot: HOUR + random.int(15) * SLOT - SLOT,
        flowLog: `fl-0${flowLog}`,
        hash: `${at}${half}`,
      }
      return [`logs/${objectKey(name)}`, gzipSync([header, ...part].join('\n'))] as const
    })
  })
  const files = joined(assignmentFiles(input.assignments), new Map(objects))
  return { files, options: { allPairs: input.allPairs, appLabels: input.appLabels } }
}

test(
  'any number of shards and their merge are the bytes of one run, or its error, on random hours',
  PATIENCE,
  async () => {
    const seen = { made: 0, overlap: 0 }
    for (let seed = 1; seed <= 45; seed++) {
      const { files, options } = randomFiles(seed)
      const folder = await HourFolder.make(files)
      const single = await folder.hour('single', options).catch((error: unknown) => error as Error)
      const count = 1 + (seed % 7)
      const random = new Seeded(seed)
      const order = random.shuffled(Array.from({ length: count }, (_, index) => index))
      const merged = await (async () => {
        for (const index of order) await folder.shard('sharded', { index, count }, options)
        return await folder.merge('sharded', count)
      })().catch((error: unknown) => error as Error)
      if (single instanceof Error) {
        expect(merged, `seed ${seed}`).toBeInstanceOf(Error)
        expect((merged as Error).message, `seed ${seed}`).toBe(single.message)
        if (single.message.includes('would count twice')) seen.overlap++
        continue
      }
      expect(merged, `seed ${seed}`).not.toBeInstanceOf(Error)
      expect(await folder.files('sharded'), `seed ${seed}`).toEqual(await folder.files('single'))
      seen.made++
    }
    expect(seen.made).toBeGreaterThan(15)
    expect(seen.overlap).toBeGreaterThan(5)
  },
)

test('more shards than objects are fine: some have nothing to do', async () => {
  const folder = await HourFolder.make(dozen())
  await folder.hour('single')
  await inShards(folder, 'sharded', 17)
  await folder.merge('sharded')
  expect(await folder.files('sharded')).toEqual(await folder.files('single'))
})

test('sums above 2^53 are exact over shards', async () => {
  const most = '9223372036854775807'
  const lines = [
    record({ bytes: most, to: '8.8.8.8' }),
    record({ bytes: most, packets: most, to: NEAR }),
    record(),
  ]
  const names = Array.from({ length: 5 }, (_, at) => [{ slot: HOUR + at * SLOT }, lines] as const)
  const folder = await HourFolder.make(joined(assignmentFiles(), logFiles(names)))
  const { accounts } = await folder.hour('single')
  expect(accounts.read.bytes).toBe(10n * (2n ** 63n - 1n) + 500n)
  await inShards(folder, 'sharded', 4)
  await folder.merge('sharded')
  expect(await folder.files('sharded')).toEqual(await folder.files('single'))
})

test('read, accounts and objects of the shards add up to those of one run', async () => {
  const folder = await HourFolder.make(dozen())
  const single = await folder.hour('single')
  const shards = await Promise.all([0, 1, 2].map(index => folder.shard('sharded', { index, count: 3 })))
  expect(shards.reduce((sum, { records }) => sum + records, 0n)).toBe(single.accounts.read.records)
  expect(shards.flatMap(({ objects }) => objects.map(({ key }) => key)).sort()).toEqual(
    single.objects.map(({ key }) => key).sort(),
  )
})

test('a shard that runs again replaces its partial, and a merge removes all partials', async () => {
  const folder = await HourFolder.make(dozen())
  await inShards(folder, 'rollups', 3)
  const before = await folder.files('rollups')
  await folder.shard('rollups', { index: 1, count: 3 })
  expect(await folder.files('rollups')).toEqual(before)
  expect(Object.keys(before).sort()).toEqual([0, 1, 2].map(index => `${PARTITION}_partial-${index}-of-3.bin`))
  expect((await folder.merge('rollups')).left).toEqual([])
  expect(Object.keys(await folder.files('rollups')).sort()).toEqual([
    `${PARTITION}_ledger.json`,
    `${PARTITION}rollup.parquet`,
  ])
  expect(await folder.merge('rollups')).toEqual({ made: null, shards: 0, left: [] })
})

test('what a merge left that was killed while it removed partials is removed by the next', async () => {
  const folder = await HourFolder.make(dozen())
  await inShards(folder, 'rollups', 3)
  const partial = (index: number) => join(folder.root, 'rollups', PARTITION, `_partial-${index}-of-3.bin`)
  const kept = await readFile(partial(1))
  const { mtime } = await stat(partial(1))
  await folder.merge('rollups')
  const merged = await folder.files('rollups')
  await writeFile(partial(1), kept)
  await utimes(partial(1), mtime, mtime)
  expect(await folder.merge('rollups')).toEqual({ made: null, shards: 0, left: [] })
  expect(await folder.files('rollups')).toEqual(merged)

  // Written since, it is one of a merge to come.
  await writeFile(partial(1), kept)
  await expect(folder.merge('rollups')).rejects.toThrow('2 of 3 partials of 2024-05-01T10 are missing')
})
