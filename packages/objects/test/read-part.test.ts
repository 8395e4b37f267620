// Parts of objects: the bytes asked for and no others, of the object that was listed.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Seeded } from '../../../test/support/seeded.ts'
import { readPart } from '../src/index.ts'
import { BUCKET, folderPlace, noise, s3Place, stored, type Place, failure } from './stores.ts'

describe.each([
  ['a folder', folderPlace],
  ['a bucket', () => s3Place()],
])('%s', (_name, open) => {
  let place: Place
  beforeEach(async () => {
    place = await open()
  })
  afterEach(() => place.close())

  test('gives any part of an object', async () => {
    const { store } = place
    const bytes = noise(600_000)
    await store.write('k', bytes)
    const object = await stored(store, 'k')
    const random = new Seeded(1)
    const parts = [
      [0, 1],
      [599_999, 600_000],
      [0, 600_000],
      [1, 600_000],
      [0, 599_999],
    ]
    for (let more = 0; more < 20; more++) {
      const from = random.int(600_000)
      parts.push([from, from + 1 + random.int(600_000 - from)])
    }
    for (const [from, to] of parts as [number, number][]) {
      const part = await readPart(store, object, { from, to })
      expect(Buffer.from(part).equals(bytes.subarray(from, to)), `${from} to ${to}`).toBe(true)
    }
  })

  test('gives no part of an object that changed', async () => {
    const { store } = place
    await store.write('k', noise(10_000))
    const object = await stored(store, 'k')
    await store.write('k', Buffer.from(noise(10_000).toReversed()))
    const error = await failure(readPart(store, object, { from: 5000, to: 5010 }))
    expect(error.reason).toBe('changed')
    await store.delete('k')
    expect((await failure(readPart(store, object, { from: 0, to: 1 }))).reason).toBe('missingObject')
  })

  test('gives no part once the signal is aborted', async () => {
    const { store } = place
    await store.write('k', noise(100))
    const object = await stored(store, 'k')
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(readPart(store, object, { from: 0, to: 1 }, { signal })).rejects.toThrow('enough')
  })
})

test('a part of a file that was cut short meanwhile is a change', async () => {
  const place = await folderPlace()
  try {
    await place.store.write('k', noise(100_000))
    const object = await stored(place.store, 'k')
    await writeFile(join(place.folder, 'k'), noise(50_000))
    const error = await failure(readPart(place.store, object, { from: 60_000, to: 70_000 }))
    expect(error.reason).toBe('changed')
  } finally {
    await place.close()
  }
})

describe('of a bucket', () => {
  test('a part that is cut or stalls goes on where it stopped, and asks for nothing behind it', async () => {
    const { server, store, close } = await s3Place()
    try {
      const bytes = noise(100_000)
      server.put(BUCKET, 'k', bytes)
      const object = await stored(store, 'k')
      for (const kind of ['cut', 'stall'] as const) {
        server.clearRequests()
        let times = 0
        server.faults = ({ operation }) =>
          operation === 'GetObject' && times++ < 2 ? { kind, after: 10_000 } : null
        const part = await readPart(store, object, { from: 20_000, to: 60_000 })
        expect(Buffer.from(part).equals(bytes.subarray(20_000, 60_000)), kind).toBe(true)
        const ranges = server.requests.map(({ headers }) => headers['range'])
        expect(ranges, kind).toHaveLength(3)
        expect(ranges[0], kind).toBe('bytes=20000-59999')
        for (const range of ranges) expect(range, kind).toMatch(/^bytes=\d+-59999$/)
        expect(server.requests[2]!.headers['if-match'], kind).toBe(`"${object.etag}"`)
      }
    } finally {
      await close()
    }
  })

  test('an answer with more than the part is a change', async () => {
    const { server, store, close } = await s3Place()
    try {
      server.put(BUCKET, 'k', noise(1000))
      const object = await stored(store, 'k')
      server.faults = () => ({ kind: 'ignoreConditions' })
      expect((await failure(readPart(store, object, { from: 10, to: 20 }))).reason).toBe('changed')
    } finally {
      await close()
    }
  })
})
