import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { compareKeys, StoreError } from '../src/index.ts'
import {
  BUCKET,
  bytesOf,
  folderPlace,
  list,
  nameOf,
  noise,
  s3Place,
  stored,
  until,
  type Place,
} from './stores.ts'

const ODD_KEYS = [
  'a b/c d',
  'a#b',
  'a%20b',
  'a&b<c>"d\'',
  'a+b/c',
  'a=b',
  'a?b=c&d',
  'a\tb',
  'a\u0001b',
  'ünï/cödé',
  'z/\u{1f600}',
  'z/\uff5e',
]

describe.each([
  ['a folder', folderPlace],
  ['a bucket', () => s3Place()],
  ['a bucket that lists three keys a page', () => s3Place({ maxKeys: 3 })],
])('%s', (_name, open) => {
  let place: Place
  beforeEach(async () => {
    place = await open()
  })
  afterEach(() => place.close())

  test('gives back what was written, and its size', async () => {
    const { store } = place
    for (const size of [0, 1, 4096, 8191, 300_000]) {
      const bytes = noise(size)
      await store.write('some/key', bytes)
      const object = await stored(store, 'some/key')
      expect(object.size).toBe(size)
      expect(Math.abs(object.modified - Date.now())).toBeLessThan(60_000)
      expect((await bytesOf(store.read(object))).equals(bytes)).toBe(true)
    }
  })

  test('writes the whole of a local file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'zonetoll-source-'))
    const bytes = noise(3_000_000)
    await writeFile(join(folder, 'source'), bytes)
    await place.store.write('copy', { file: join(folder, 'source') })
    const object = await stored(place.store, 'copy')
    expect((await bytesOf(place.store.read(object))).equals(bytes)).toBe(true)
    await rm(folder, { recursive: true })
  })

  test('a source file that is not there fails and leaves what stood', async () => {
    await place.store.write('k', Buffer.from('old'))
    await expect(place.store.write('k', { file: '/nonexistent/source' })).rejects.toThrow(
      '/nonexistent/source',
    )
    expect(String(await bytesOf(place.store.read(await stored(place.store, 'k'))))).toBe('old')
    expect(await list(place.store, '')).toEqual(['k'])
  })

  test('has nothing under a key that was not written, or was deleted', async () => {
    const { store } = place
    await store.write('k', Buffer.from('x'))
    expect(await store.head('other')).toBeNull()
    expect(await store.head('k/below')).toBeNull()
    await store.delete('k')
    await store.delete('k')
    expect(await store.head('k')).toBeNull()
    expect(await list(store, '')).toEqual([])
  })

  test('keeps odd characters in keys as they are', async () => {
    const { store } = place
    for (const key of ODD_KEYS) await store.write(key, Buffer.from(key))
    expect(await list(store, '')).toEqual([...ODD_KEYS].sort(compareKeys))
    for (const key of ODD_KEYS) {
      expect(String(await bytesOf(store.read(await stored(store, key))))).toBe(key)
      expect(await list(store, key)).toEqual([key])
      await store.delete(key)
    }
    expect(await list(store, '')).toEqual([])
  })

  test('lists in the order of UTF-8 bytes, whole or folded, from any place on', async () => {
    const { store } = place
    const keys = ['a-b', 'a.c', 'a/x', 'a/y/1', 'a/y/2', 'a0', 'b/1', 'b/\uff5e', 'b/\u{1f600}', 'c/d/e/f']
    for (const key of keys.toReversed()) await store.write(key, Buffer.from('x'))
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(await list(store, '')).toEqual(sorted)
    for (const prefix of ['', 'a', 'a/', 'a/y', 'a/y/', 'b/', 'nothing', 'c/d', 'c/x/']) {
      const below = sorted.filter(key => key.startsWith(prefix))
      expect(await list(store, prefix)).toEqual(below)
      const folded = below.map(key => key.replace(new RegExp(`^(.{${prefix.length}}[^/]*/).*$`), '$1'))
      expect(await list(store, prefix, { delimiter: true })).toEqual([...new Set(folded)])
      for (const startAfter of [...keys, 'a', 'a/y', 'b/', 'c/d/', 'zz']) {
        const after = below.filter(key => compareKeys(key, startAfter) > 0)
        expect(await list(store, prefix, { startAfter })).toEqual(after)
      }
    }
    expect(await list(store, '', { delimiter: true, startAfter: 'a.c' })).toEqual(['a/', 'a0', 'b/', 'c/'])
  })

  test('lists many keys, in pages that say whether more may follow', async () => {
    const { store } = place
    const keys = Array.from({ length: 250 }, (_, at) => `many/${String(at).padStart(4, '0')}`)
    for (const key of keys) await store.write(key, Buffer.from('x'))
    const found: string[] = []
    const more: boolean[] = []
    for await (const page of store.listPages('many/')) {
      found.push(...page.entries.map(nameOf))
      more.push(page.more)
    }
    expect(found).toEqual(keys)
    expect(more).toEqual([...more.slice(1).map(() => true), false])
  })

  test('stops listing when the consumer does', async () => {
    const { store, server } = place
    for (let at = 0; at < 9; at++) await store.write(`k${at}`, Buffer.from('x'))
    server?.clearRequests()
    for await (const entry of store.list('')) {
      expect(nameOf(entry)).toBe('k0')
      break
    }
    expect(server?.requests.length ?? 1).toBe(1)
  })

  test('the etag is the same for the same content and another for another', async () => {
    const { store } = place
    const bytes = noise(20_000)
    await store.write('a', bytes)
    await store.write('b', bytes)
    await store.write('c', Buffer.concat([bytes.subarray(1), Buffer.from('!')]))
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(key => stored(store, key)))
    expect(a!.etag).toMatch(/^[0-9a-f]{32}$/)
    expect(b!.etag).toBe(a!.etag)
    expect(c!.etag).not.toBe(a!.etag)
    const listed: string[] = []
    for await (const entry of store.list('')) if ('object' in entry) listed.push(entry.object.etag)
    expect(listed).toEqual([a!.etag, b!.etag, c!.etag])
  })

  test.each(['of another size', 'of the same size'])(
    'refuses to read an object that became one %s',
    async kind => {
      const { store } = place
      await store.write('k', noise(5000, 1))
      const object = await stored(store, 'k')
      await store.write('k', noise(kind === 'of the same size' ? 5000 : 6000, 2))
      const failure = await bytesOf(store.read(object)).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(StoreError)
      expect((failure as StoreError).reason).toBe('changed')
      expect((failure as StoreError).message).toContain(store.describe('k'))
    },
  )

  test('says so when an object is gone since it was listed', async () => {
    const { store } = place
    await store.write('k', noise(10))
    const object = await stored(store, 'k')
    await store.delete('k')
    await expect(bytesOf(store.read(object))).rejects.toMatchObject({
      name: 'StoreError',
      reason: 'missingObject',
    })
  })

  test('throws the reason of a signal that was aborted before', async () => {
    const { store } = place
    await store.write('k', noise(10))
    const object = await stored(store, 'k')
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(bytesOf(store.read(object, { signal }))).rejects.toThrow('enough')
    await expect(list(store, '', { signal })).rejects.toThrow('enough')
    await expect(store.write('k', noise(20), { signal })).rejects.toThrow('enough')
    expect((await stored(store, 'k')).size).toBe(10)
  })

  test('a read that is aborted in the middle throws the reason', async () => {
    const { store, server } = place
    await store.write('k', noise(4_000_000))
    const object = await stored(store, 'k')
    const abort = new AbortController()
    const reading = (async () => {
      for await (const chunk of store.read(object, { signal: abort.signal })) {
        expect(chunk.length).toBeGreaterThan(0)
        abort.abort(new Error('enough'))
      }
    })()
    await expect(reading).rejects.toThrow('enough')
    if (server !== null) await until(() => server.openAnswers() === 0)
  })

  test('a body that is not read to its end is closed', async () => {
    const { store, server } = place
    await store.write('k', noise(4_000_000))
    const object = await stored(store, 'k')
    for (let round = 0; round < 60; round++) {
      for await (const chunk of store.read(object)) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
    }
    if (server !== null) await until(() => server.openAnswers() === 0)
    expect((await bytesOf(store.read(object))).length).toBe(4_000_000)
  })

  test('describes a key by its full URI', () => {
    const { store, location, server } = place
    const root = server === null ? location.uri : `s3://${BUCKET}`
    expect(store.describe('a/b c')).toBe(`${root}/a/b c`)
  })
})
