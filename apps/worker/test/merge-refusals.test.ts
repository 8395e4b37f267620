// What a merge refuses, by name: whatever would make its bytes others than those of one run.

import { createHash } from 'node:crypto'
import { copyFile, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { canonicalJson, type Json } from '@zonetoll/model'
import { describe, expect, test } from 'vitest'
import { ASSIGNMENTS, HOUR, objectKey, objectOf, PARTITION, record } from '../../../test/support/data-set.ts'
import { Seeded } from '../../../test/support/seeded.ts'
import { dozen, inShards } from './dozen-objects.ts'
import { HourFolder } from './in-folder.ts'

const PATIENCE = { timeout: 120_000 }
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
