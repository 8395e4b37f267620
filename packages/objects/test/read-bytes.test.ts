import { gzipSync } from 'node:zlib'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { S3Server } from '../../../test/servers/s3-server.ts'
import { ContentError, readBytes, type ObjectStore, type StoredObject } from '../src/index.ts'
import { BUCKET, bytesOf, folderPlace, noise, s3Place, stored, until, type Place } from './stores.ts'

describe('over a folder', () => {
  let place: Place
  beforeEach(async () => {
    place = await folderPlace()
  })
  afterEach(() => place.close())

  async function content(key: string, bytes: Uint8Array): Promise<Buffer> {
    await place.store.write(key, bytes)
    return await bytesOf(readBytes(place.store, await stored(place.store, key)))
  }

  async function problem(bytes: Uint8Array): Promise<ContentError> {
    const error = await content('k.gz', bytes).catch((caught: unknown) => caught)
    if (!(error instanceof ContentError)) throw new Error('expected a ContentError', { cause: error })
    expect(error.message).toContain(place.store.describe('k.gz'))
    return error
  }

  const text = noise(3_000_000)
  const first = gzipSync(text)
  const second = gzipSync('second member')

  test('an object whose key does not end in .gz is given as it is', async () => {
    expect((await content('k', first)).equals(first)).toBe(true)
    expect(await content('empty.log', Buffer.alloc(0))).toHaveLength(0)
  })

  test('a .gz object is gunzipped, one member or several', async () => {
    expect((await content('k.gz', first)).equals(text)).toBe(true)
    const both = await content('k.gz', Buffer.concat([second, first, second]))
    expect(
      both.equals(Buffer.concat([Buffer.from('second member'), text, Buffer.from('second member')])),
    ).toBe(true)
    expect(await content('k.gz', gzipSync(''))).toHaveLength(0)
  })

  test('one that is no gzip, or holds no bytes, is an error that says so', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('v'), Buffer.from('version account-id'), text]) {
      expect((await problem(bytes)).reason).toBe('notGzip')
    }
  })

  test('one that is cut at any byte is an error', async () => {
    const whole = Buffer.concat([second, second])
    for (let length = 1; length < whole.length; length++) {
      if (length === second.length) continue
      expect((await problem(whole.subarray(0, length))).reason).toBe('cutGzip')
    }
    expect((await problem(first.subarray(0, 1_000_000))).reason).toBe('cutGzip')
  })

  test('one with any bit of its data or checksum flipped is an error', async () => {
    const sentence = 'some text that is long enough, some text that is long enough'
    const whole = gzipSync(sentence)
    for (let at = 10; at < whole.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 0x10
      const result = await content('k.gz', damaged).catch((error: unknown) => error)
      // The bits that fill up the last byte of the data mean nothing; any other damage shows, in one way or another.
      if (Buffer.isBuffer(result)) expect(String(result)).toBe(sentence)
      else expect(result).toBeInstanceOf(ContentError)
    }
  })

  test('one with anything but a member behind a member is an error, zero bytes too', async () => {
    for (const rest of ['garbage', '\0', '\0\0\0\0', '\0garbage']) {
      expect((await problem(Buffer.concat([second, Buffer.from(rest)]))).reason).toBe('trailingBytes')
      expect((await problem(Buffer.concat([first, Buffer.from(rest)]))).reason).toBe('trailingBytes')
    }
    // zlib stops at the zero byte and would leave out the second member without a word.
    expect((await problem(Buffer.concat([second, Buffer.alloc(1), second]))).reason).toBe('trailingBytes')
  })

  test('members are found wherever the chunks are cut', async () => {
    const whole = Buffer.concat([second, gzipSync('x'), second])
    const object = { key: 'k.gz', size: whole.length, etag: '', modified: 0 }
    for (let at = 0; at <= whole.length; at++) {
      const chunks = [whole.subarray(0, at), whole.subarray(at)].filter(({ length }) => length > 0)
      const store: ObjectStore = Object.create(place.store, {
        describe: { value: (key: string) => key },
        read: {
          value: async function* () {
            yield* chunks
          },
        },
      })
      expect(String(await bytesOf(readBytes(store, object)))).toBe('second memberxsecond member')
    }
  })

  test('a consumer that stops early closes the object', async () => {
    await place.store.write('k.gz', first)
    const object = await stored(place.store, 'k.gz')
    for (let round = 0; round < 50; round++) {
      for await (const chunk of readBytes(place.store, object)) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
    }
  })
})

describe('over a bucket', () => {
  let server: S3Server
  let store: ObjectStore
  let object: StoredObject
  const text = noise(8_000_000)
  beforeEach(async () => {
    const place = await s3Place()
    server = place.server
    store = place.store
    server.put(BUCKET, 'k.gz', gzipSync(text))
    object = await stored(store, 'k.gz')
  })
  afterEach(() => server.close())

  test('a cut body is resumed under the gunzip', async () => {
    let cuts = 0
    server.faults = () => (cuts++ < 3 ? { kind: 'cut', after: 1_000_000 } : null)
    expect((await bytesOf(readBytes(store, object))).equals(text)).toBe(true)
    expect(cuts).toBeGreaterThan(3)
  })

  test('the error of the read is thrown, not one of the gunzip that was left without its rest', async () => {
    let gets = 0
    server.faults = () => (gets++ === 0 ? { kind: 'cut', after: 1_000_000 } : { kind: 'cut', after: 0 })
    await expect(bytesOf(readBytes(store, object))).rejects.toMatchObject({
      name: 'StoreError',
      reason: 'cut',
    })
  })

  test('a consumer that stops early, or waits for a stalled body and is aborted, leaves no connection', async () => {
    for await (const chunk of readBytes(store, object)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await until(() => server.openAnswers() === 0)

    server.faults = () => ({ kind: 'stall', after: 100_000 })
    const stopped = readBytes(store, object)[Symbol.asyncIterator]()
    await stopped.next()
    const begin = Date.now()
    await stopped.return?.()
    expect(Date.now() - begin).toBeLessThan(200)

    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('enough')), 50)
    await expect(bytesOf(readBytes(store, object, { signal: abort.signal }))).rejects.toThrow('enough')
    await until(() => server.openAnswers() === 0)
  })

  test('does not read ahead of a slow consumer without bound', async () => {
    server.put(BUCKET, 'zeros.gz', gzipSync(Buffer.alloc(300_000_000)))
    const zeros = await stored(store, 'zeros.gz')
    const before = process.memoryUsage().arrayBuffers
    for await (const chunk of readBytes(store, zeros)) {
      expect(chunk.length).toBeGreaterThan(0)
      await new Promise(resolve => setTimeout(resolve, 300))
      break
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16_000_000)
  })
})
