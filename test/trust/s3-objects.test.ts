// The store against a real S3 server: bodies over the size of one part, writes over what is known, objects that change.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocation, type ObjectStore, type StoreError } from '@zonetoll/objects'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { bytesOf, list, noise, pointAt, stored } from '../../packages/objects/test/stores.ts'
import { s3Target, s3Wanted, type S3Target } from './s3-target.ts'

const MIB = 1024 * 1024
/** What a part has. */
const PART = 8 * MIB

describe.runIf(s3Wanted())('a bucket of a real S3 server', () => {
  let target: S3Target
  let bucket: string
  let store: ObjectStore
  let folder: string

  beforeAll(async () => {
    target = await s3Target()
    bucket = await target.makeBucket()
    pointAt(target.url, target.environment)
    ;({ store } = openLocation(`s3://${bucket}`))
    folder = await mkdtemp(join(tmpdir(), 'zonetoll-s3-objects-'))
  })
  afterAll(async () => {
    await rm(folder, { recursive: true })
    await target.close()
  })

  test.each([0, 1, PART, PART + 1, 2 * PART + 5 * MIB])(
    'takes and gives back a body of %i bytes, from memory and from a file',
    async size => {
      const body = noise(size, size)
      const file = join(folder, 'body')
      await writeFile(file, body)
      for (const [key, source] of [
        ['memory', body],
        ['file', { file }],
      ] as const) {
        const etag = await store.write(key, source)
        const object = await stored(store, key)
        expect(object).toMatchObject({ key, size, etag })
        expect(etag.endsWith(`-${Math.ceil(size / PART)}`)).toBe(size > PART)
        expect((await bytesOf(store.read(object))).equals(body)).toBe(true)
      }
      expect(await target.openUploads(bucket)).toBe(0)
    },
  )

  /** Whether a write over another object than the expected one is made all the same: README says what it means. */
  async function passesOver(key: string, size: number, expected: string | null): Promise<boolean> {
    await store.write(key, noise(10))
    const written = await store.write(key, noise(size), { expected }).then(
      () => true,
      () => false,
    )
    await store.delete(key)
    return written
  }

  test.for([100, PART + 100])(
    'a body of %i bytes goes over nothing only where nothing is',
    async (size, { skip }) => {
      if (target.moto !== null && size > PART) skip()
      const key = `new-${size}`
      const [first, second] = [noise(size, 1), noise(size, 2)]
      if (await passesOver(`probe-${size}`, size, null)) skip('the server passes If-None-Match over')
      const etag = await store.write(key, first, { expected: null })
      await expect(store.write(key, second, { expected: null })).rejects.toMatchObject({
        reason: 'conflict',
        message: expect.stringContaining(`s3://${bucket}/${key} isn't what it was when it was looked at`),
      })
      const object = await stored(store, key)
      expect(object.etag).toBe(etag)
      expect((await bytesOf(store.read(object))).equals(first)).toBe(true)
      expect(await target.openUploads(bucket)).toBe(0)
    },
  )

  // moto knows If-None-Match of a PutObject, and passes over all other conditions of writes.
  test.for([100, PART + 100])(
    'a body of %i bytes goes only over what was expected',
    async (size, { skip }) => {
      if (target.moto !== null) skip()
      const key = `expected-${size}`
      const [first, second, third] = [noise(size, 1), noise(size, 2), noise(size, 3)]
      const expected = 'd41d8cd98f00b204e9800998ecf8427e'
      if (await passesOver(`probed-${size}`, size, expected)) skip('the server passes If-Match over')
      // Where nothing stands some servers have nothing to compare with.
      const overNothing = await store.write(key, first, { expected }).then(
        () => 'written',
        (error: StoreError) => error.reason,
      )
      expect(overNothing).toBeOneOf(['conflict', 'written'])
      if (overNothing === 'written') await store.delete(key)
      expect(await store.head(key)).toBeNull()
      const etag = await store.write(key, first)
      await expect(store.write(key, second, { expected })).rejects.toMatchObject({ reason: 'conflict' })
      const next = await store.write(key, second, { expected: etag })
      await expect(store.write(key, third, { expected: etag })).rejects.toMatchObject({ reason: 'conflict' })
      const object = await stored(store, key)
      expect(object.etag).toBe(next)
      expect((await bytesOf(store.read(object))).equals(second)).toBe(true)
      expect(await target.openUploads(bucket)).toBe(0)
    },
  )

  test('an object that was replaced or removed since it was listed is not read', async () => {
    await store.write('moved', noise(1000, 1))
    const object = await stored(store, 'moved')
    await store.write('moved', noise(1000, 2))
    await expect(bytesOf(store.read(object))).rejects.toMatchObject({
      reason: 'changed',
      message: `s3://${bucket}/moved isn't the object that was listed: it changed meanwhile; run again when nothing writes to it`,
    })
    await store.delete('moved')
    await store.delete('moved')
    await expect(bytesOf(store.read(object))).rejects.toMatchObject({ reason: 'missingObject' })
  })

  test('lists thousands of keys in the order of their bytes, from any place on', async () => {
    const keys = Array.from({ length: 1100 }, (_, at) => `many/${(at * 7919) % 1100}.log.gz`)
    const left = [...keys]
    const put = async () => {
      for (let key = left.pop(); key !== undefined; key = left.pop()) await target.put(bucket, key, 'x')
    }
    await Promise.all(Array.from({ length: 16 }, put))
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(await list(store, 'many/')).toEqual(sorted)
    expect(await list(store, 'many/', { startAfter: sorted[1050]! })).toEqual(sorted.slice(1051))
    expect(await list(store, 'man', { delimiter: true })).toEqual(['many/'])
    expect(await list(store, 'none/')).toEqual([])
  })
})
