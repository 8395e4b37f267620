// Shards and their merge: the bytes of one run, and an error with a name for whatever would make them others.

import { createHash } from 'node:crypto'
import { copyFile, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { canonicalJson, type Json } from '@zonetoll/model'
import { describe, expect, test } from 'vitest'
import {
  assignmentFiles,
  ASSIGNMENTS,
  HOUR,
  joined,
  logFiles,
  NEAR,
  objectKey,
  objectOf,
  PARTITION,
  record,
  SLOT,
  SMALL_LINES,
  type Files,
} from '../../../test/support/data-set.ts'
import { randomHour, RANDOM_HOUR } from '../../../test/support/random-hour.ts'
import { Seeded } from '../../../test/support/seeded.ts'
import { shareOf } from '../src/share-objects.ts'
import { HourFolder } from './in-folder.ts'

const PATIENCE = { timeout: 120_000 }

/** A dozen objects of different sizes, over the hour's slots. */
function dozen(): Files {
  const seeded = new Seeded(12)
  return joined(
    assignmentFiles(),
    logFiles(
      Array.from({ length: 12 }, (_, at) => {
        const lines = seeded.list(1 + seeded.int(40), n => record({ bytes: n * 100 + at, start: at * 300 }))
        return [{ slot: HOUR + at * SLOT, hash: `h${at}` }, [...lines, ...SMALL_LINES]] as const
      }),
    ),
  )
}

async function inShards(folder: HourFolder, rollups: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await folder.shard(rollups, { index, count })
}

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

const NAME = (index: number, count = 3) => `_partial-${index}-of-${count}.bin`

async function prepared(): Promise<{ folder: HourFolder; path: (name: string) => string }> {
  const folder = await HourFolder.make(dozen())
  await inShards(folder, 'rollups', 3)
  return { folder, path: name => join(folder.root, 'rollups', PARTITION, name) }
}

async function mustRefuse(folder: HourFolder, message: RegExp | string, shards: number | null = null) {
  const before = await folder.files('rollups')
  await expect(folder.merge('rollups', shards)).rejects.toThrow(message)
  expect(await folder.files('rollups')).toEqual(before)
}

describe('the merge refuses, by name,', () => {
  test('an hour without partials', async () => {
    const folder = await HourFolder.make(dozen())
    await expect(folder.merge('rollups')).rejects.toThrow(
      /^no partials of 2024-05-01T10 in .*run its shards first/,
    )
  })

  test('missing partials, telling how to get them', async () => {
    const { folder, path } = await prepared()
    await rm(path(NAME(1)))
    await mustRefuse(
      folder,
      /^1 of 3 partials of 2024-05-01T10 is missing in .*: _partial-1-of-3\.bin\. Run what is missing, as pnpm start --hour 2024-05-01T10 --shard 1\/3,/,
    )
    await rm(path(NAME(0)))
    await mustRefuse(
      folder,
      /2 of 3 partials .* are missing .*: _partial-0-of-3\.bin, _partial-1-of-3\.bin\./,
    )
    await mustRefuse(folder, /5 of 5 partials .* missing/, 5)
  })

  test('a partial that is there twice, by its content', async () => {
    const { folder, path } = await prepared()
    await copyFile(path(NAME(0)), path(NAME(2)))
    await mustRefuse(
      folder,
      /_partial-2-of-3\.bin is the partial of shard 0\/3 by its content, so that one is there twice/,
    )
  })

  test('a name that no shard gives', async () => {
    const { folder, path } = await prepared()
    await rename(path(NAME(0)), path('_partial-00-of-3.bin'))
    await mustRefuse(folder, /_partial-00-of-3\.bin has a name that no shard gives/)
  })

  test('partials of two numbers of shards, unless it is told which', async () => {
    const { folder } = await prepared()
    await inShards(folder, 'rollups', 2)
    await mustRefuse(
      folder,
      /there are partials of 2 and of 3 shards: .*_partial-0-of-2\.bin and .*_partial-0-of-3\.bin/,
    )
    await folder.merge('rollups', 3)
    expect(Object.keys(await folder.files('rollups'))).toHaveLength(2)
  })

  test('a stale partial, of a listing before an object came', async () => {
    const { folder, path } = await prepared()
    await writeFile(join(folder.root, 'logs', objectKey({ slot: HOUR, hash: 'late' })), objectOf([record()]))
    const past = new Date(Date.now() - 60_000)
    await utimes(path(NAME(1)), past, past)
    await folder.shard('rollups', { index: 0, count: 3 })
    await folder.shard('rollups', { index: 2, count: 3 })
    await mustRefuse(
      folder,
      /_partial-1-of-3\.bin is stale: it is of other the hour's objects than the newest|_partial-1-of-3\.bin is stale/,
    )
    await folder.shard('rollups', { index: 1, count: 3 })
    await folder.merge('rollups')
    await folder.hour('single')
    expect(await folder.files('rollups')).toEqual(await folder.files('single'))
  })

  test.each([
    ['other options', { allPairs: true }, 'options'],
    ['other app labels', { appLabels: ['team'] }, 'options'],
  ])('a partial of %s', async (_what, more, word) => {
    const { folder, path } = await prepared()
    const past = new Date(Date.now() - 60_000)
    for (const index of [0, 1]) await utimes(path(NAME(index)), past, past)
    await folder.shard('rollups', { index: 2, count: 3 }, more)
    await mustRefuse(
      folder,
      new RegExp(`_partial-0-of-3\\.bin \\(and 1 more partials\\) is stale: .*other ${word}`),
    )
  })

  test('assignments that changed between two shards, and ones that changed before the merge', async () => {
    const { folder, path } = await prepared()
    const assignments = join(folder.root, 'assignments', PARTITION, 'all.ndjson.gz')
    const before = await readFile(assignments)
    await writeFile(assignments, gzipSync(`${ASSIGNMENTS.slice(1).join('\n')}\n`))
    await mustRefuse(folder, /the assignments that the shards read are others now/)
    const past = new Date(Date.now() - 60_000)
    for (const index of [0, 2]) await utimes(path(NAME(index)), past, past)
    await folder.shard('rollups', { index: 1, count: 3 })
    await mustRefuse(folder, /_partial-0-of-3\.bin .*is stale: .*the hour's assignments/)
    await writeFile(assignments, before)
    await folder.shard('rollups', { index: 1, count: 3 })
    // A file that the recorder added since is left out, as the shards left it out.
    await writeFile(`${assignments.slice(0, -'all.ndjson.gz'.length)}more.ndjson`, `${ASSIGNMENTS[0]}\n`)
    expect((await folder.merge('rollups')).made).not.toBeNull()
  })

  test('partials that are older than a rollup of more objects', async () => {
    const { folder } = await prepared()
    await writeFile(join(folder.root, 'logs', objectKey({ slot: HOUR, hash: 'late' })), objectOf([record()]))
    await folder.hour('rollups')
    await mustRefuse(
      folder,
      /_partial-0-of-3\.bin and the other partials are stale: the hour was made since, from 13 objects/,
    )
  })

  test('a partial of another hour', async () => {
    const { folder, path } = await prepared()
    await writePartialWith(path(NAME(1)), header => ({ ...header, hour: '2024-05-01T11:00:00Z' }))
    await mustRefuse(
      folder,
      /_partial-1-of-3\.bin is of the cluster shop, hour 2024-05-01T11, not of shop, 2024-05-01T10/,
    )
  })

  test('a partial whose bytes are cut, longer or changed anywhere', PATIENCE, async () => {
    const { folder, path } = await prepared()
    const good = await readFile(path(NAME(1)))
    const single = await HourFolder.make(dozen())
    await single.hour('rollups')
    const seeded = new Seeded(7)
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(good)
      const at = round < 16 ? round : seeded.int(bytes.length)
      const damaged =
        round % 5 === 0
          ? bytes.subarray(0, at)
          : round % 5 === 1
            ? Buffer.concat([bytes, bytes.subarray(0, 1 + seeded.int(40))])
            : bytes
      if (damaged === bytes) bytes[at]! ^= 1 << seeded.int(8)
      await writeFile(path(NAME(1)), damaged)
      await expect(folder.merge('rollups'), `round ${round}, byte ${at}`).rejects.toThrow(
        /_partial-1-of-3\.bin/,
      )
    }
    expect(Object.keys(await folder.files('rollups')).filter(name => !name.includes('_partial'))).toEqual([])
    await writeFile(path(NAME(1)), good)
    await folder.merge('rollups')
    expect(await folder.files('rollups')).toEqual(await single.files('rollups'))
  })

  test('a partial with the right digest and any member of its header wrong', PATIENCE, async () => {
    const { folder, path } = await prepared()
    const good = await readFile(path(NAME(1)))
    const paths: string[][] = []
    const walk = (value: unknown, at: string[]) => {
      if (at.length > 0) paths.push(at)
      if (typeof value !== 'object' || value === null) return
      for (const [name, member] of Object.entries(value)) walk(member, [...at, name])
    }
    walk(headerOf(good), [])
    // What only describes objects that are there may say what it likes: the ledger repeats it, as with one run.
    const free = /^lateness\.|^objects\.\d+\.(?:records|problem)$|^interfaceAddresses$/
    const wrong: unknown[] = [null, -1, 1.5, 'x', [], {}, true, 2 ** 60]
    let refused = 0
    for (const at of paths) {
      for (const value of wrong) {
        if (free.test(at.join('.')) && typeof value === typeof memberAt(headerOf(good), at)) continue
        if (at.join('.').endsWith('.problem') && (value === null || value === 'x')) continue
        if (JSON.stringify(memberAt(headerOf(good), at)) === JSON.stringify(value)) continue
        await writeFile(path(NAME(1)), good)
        await writePartialWith(path(NAME(1)), header => withMember(header, at, value))
        const failure = await folder.merge('rollups').catch((error: unknown) => error)
        expect(failure, `${at.join('.')} = ${JSON.stringify(value)}`).toBeInstanceOf(Error)
        expect((failure as Error).message, `${at.join('.')} = ${JSON.stringify(value)}`).toMatch(
          /_partial-\d-of-3\.bin/,
        )
        refused++
      }
    }
    expect(refused).toBeGreaterThan(300)
  })

  test('a partial with the right digest and any sum or id of its columns wrong', PATIENCE, async () => {
    const { folder, path } = await prepared()
    const good = await readFile(path(NAME(1)))
    const columnsAt = columnsAtOf(good)
    const rows = (good.length - 32 - columnsAt) / 32
    const accounts = 14
    for (let row = 0; row < rows; row++) {
      for (const column of [0, 1, 2, 3]) {
        // The memo of what was handed over is in no balance, and accounts have no key.
        if (row === accounts - 1 || (row < accounts && column === 3)) continue
        for (const value of [-1, 0.5, Number.NaN, Infinity, 2 ** 53, 123_456_789]) {
          const bytes = Buffer.from(good)
          bytes.writeDoubleLE(value, columnsAt + row * 32 + column * 8)
          await writeFile(path(NAME(1)), sealed(bytes))
          const what = `row ${row}, column ${column} = ${value}`
          await expect(folder.merge('rollups'), what).rejects.toThrow(/_partial-1-of-3\.bin/)
        }
      }
    }
  })
})

/** The head up to the columns: eight bytes, the length, the header and its digest. */
function columnsAtOf(bytes: Buffer): number {
  return 12 + bytes.readUInt32LE(8) + 32
}

function headerOf(bytes: Buffer): Record<string, Json> {
  return JSON.parse(bytes.subarray(12, 12 + bytes.readUInt32LE(8)).toString()) as Record<string, Json>
}

/** The partial with another header, and the digest that fits. */
async function writePartialWith(
  path: string,
  change: (header: Record<string, Json>) => unknown,
): Promise<void> {
  const bytes = await readFile(path)
  const columns = bytes.subarray(columnsAtOf(bytes))
  const json = canonicalJson(change(headerOf(bytes)) as Json)
  const header = Buffer.from(json.padEnd(json.length + 8 - ((Buffer.byteLength(json) + 44) % 8)))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  const head = sealed(Buffer.concat([bytes.subarray(0, 8), length, header, Buffer.alloc(32)]))
  await writeFile(path, sealed(Buffer.concat([head, columns])))
}

function sealed(bytes: Buffer): Buffer {
  const content = bytes.subarray(0, -32)
  return Buffer.concat([content, createHash('sha256').update(content).digest()])
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, name) => (inner as Record<string, unknown>)[name], value)
}

function withMember(value: Record<string, Json>, path: readonly string[], member: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>
  const parent = memberAt(copy, path.slice(0, -1)) as Record<string, unknown>
  parent[path.at(-1)!] = member
  return copy
}
