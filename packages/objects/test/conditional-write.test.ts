// Writes that say what they expect under their key: in a folder, a bucket, and a bucket of a server that has no conditions.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openLocation, StoreError } from '../src/index.ts'
import { BUCKET, bytesOf, folderPlace, noise, QUICK, s3Place, stored, type Place } from './stores.ts'

async function unconditional(): Promise<Place> {
  const opened = await s3Place()
  opened.server.faults = ({ method, headers }) =>
    method === 'PUT' && ('if-match' in headers || 'if-none-match' in headers)
      ? { kind: 'error', status: 501, code: 'NotImplemented' }
      : null
  return opened
}

describe.each([
  ['a folder', folderPlace],
  ['a bucket', s3Place],
  ['a bucket of a server without conditions', unconditional],
])('%s', (_name, open) => {
  let place: Place

  beforeEach(async () => {
    place = await open()
  })

  afterEach(async () => {
    await place.close()
  })

  test('tells the etag of what it wrote', async () => {
    const etag = await place.store.write('a/k', noise(9000))
    expect((await stored(place.store, 'a/k')).etag).toBe(etag)
  })

  test('writes over nothing where nothing is expected, and only there', async () => {
    const { store } = place
    const etag = await store.write('a/k', noise(10, 1), { expected: null })
    const conflict = await store
      .write('a/k', noise(10, 2), { expected: null })
      .catch((error: unknown) => error)
    expect(conflict).toBeInstanceOf(StoreError)
    expect((conflict as StoreError).reason).toBe('conflict')
    expect((conflict as StoreError).message).toBe(
      `${store.describe('a/k')} isn't what it was when it was looked at: another run wrote it meanwhile; run again when none does`,
    )
    expect((await stored(store, 'a/k')).etag).toBe(etag)
  })

  test('writes over the object that is expected, and over no other', async () => {
    const { store } = place
    const first = await store.write('a/k', noise(10, 1))
    const second = await store.write('a/k', noise(10, 2), { expected: first })
    await expect(store.write('a/k', noise(10, 3), { expected: first })).rejects.toMatchObject({
      reason: 'conflict',
    })
    expect((await stored(store, 'a/k')).etag).toBe(second)
    await store.delete('a/k')
    await expect(store.write('a/k', noise(10, 3), { expected: second })).rejects.toMatchObject({
      reason: 'conflict',
    })
    expect(await store.head('a/k')).toBeNull()
  })

  test('of many writes that expect one thing one is done', async () => {
    const { store } = place
    const bodies = Array.from({ length: 8 }, (_, at) => noise(5000, at + 1))
    const ended = await Promise.allSettled(bodies.map(body => store.write('k', body, { expected: null })))
    const done = ended.flatMap((each, at) => (each.status === 'fulfilled' ? [at] : []))
    const bytes = await bytesOf(store.read(await stored(store, 'k')))
    expect(bodies.findIndex(body => body.equals(bytes))).toBe(done.at(-1))
    // Without conditions several may pass the look before.
    if (open !== unconditional) expect(done).toHaveLength(1)
    for (const each of ended) {
      if (each.status === 'rejected') expect((each.reason as StoreError).reason).toBe('conflict')
    }
  })
})

describe('a bucket', () => {
  let place: Awaited<ReturnType<typeof s3Place>>

  afterEach(async () => {
    await place.close()
  })

  test('an upload in parts takes its condition to the end', async () => {
    place = await s3Place()
    const partBytes = 5 * 1024 * 1024
    const { store } = openLocation(`s3://${BUCKET}`, { ...QUICK, partBytes })
    const etag = await store.write('k', noise(2 * partBytes, 1), { expected: null })
    expect((await stored(store, 'k')).etag).toBe(etag)
    await expect(store.write('k', noise(2 * partBytes, 2), { expected: null })).rejects.toMatchObject({
      reason: 'conflict',
    })
    const second = await store.write('k', noise(2 * partBytes, 3), { expected: etag })
    expect((await stored(store, 'k')).etag).toBe(second)
    expect(place.server.openUploads(BUCKET)).toBe(0)
  })

  test('a conflict that S3 tells by another write under way is one', async () => {
    place = await s3Place()
    place.server.faults = ({ method }) =>
      method === 'PUT' ? { kind: 'error', status: 409, code: 'ConditionalRequestConflict' } : null
    await expect(place.store.write('k', noise(1), { expected: null })).rejects.toMatchObject({
      reason: 'conflict',
    })
  })

  test('a refusal and a missing bucket stay what they are', async () => {
    place = await s3Place()
    const missing = openLocation('s3://zonetoll-missing', QUICK).store
    await expect(missing.write('k', noise(1), { expected: null })).rejects.toMatchObject({
      reason: 'missingBucket',
    })
    place.server.faults = () => ({ kind: 'error', status: 403, code: 'AccessDenied' })
    await expect(place.store.write('k', noise(1), { expected: 'x' })).rejects.toMatchObject({
      reason: 'refused',
    })
  })
})
