import * as fc from 'fast-check'
import { gzipSync } from 'node:zlib'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { ContentError, readLines, type ObjectStore } from '../src/index.ts'
import { folderPlace, stored, type Place } from './stores.ts'

let place: Place
beforeEach(async () => {
  place = await folderPlace()
})
afterEach(() => place.close())

async function lines(key: string, bytes: Uint8Array | string, maxLength?: number): Promise<string[]> {
  await place.store.write(key, Buffer.from(bytes))
  const found: string[] = []
  const options = maxLength === undefined ? {} : { maxLength }
  for await (const batch of readLines(place.store, await stored(place.store, key), options)) {
    expect(batch.length).toBeGreaterThan(0)
    found.push(...batch)
  }
  return found
}

// The plain twin: all of the text at once.
function split(text: string): string[] {
  const parts = text.split(/\r?\n/)
  return parts.at(-1) === '' ? parts.slice(0, -1) : parts
}

test('lines end in LF or CR LF, empty ones count, and the last may lack its end', async () => {
  expect(await lines('k', 'a\n\nb\r\n\r\nc')).toEqual(['a', '', 'b', '', 'c'])
  expect(await lines('k', 'a\n')).toEqual(['a'])
  expect(await lines('k', '\n')).toEqual([''])
  expect(await lines('k', '')).toEqual([])
  expect(await lines('k.gz', gzipSync('a\nb'))).toEqual(['a', 'b'])
})

test('bytes that are not UTF-8 become U+FFFD and harm no other line', async () => {
  const bytes = Buffer.concat([Buffer.from('a\n'), Buffer.from([0xff, 0xc3, 0x0a]), Buffer.from('ü\n')])
  expect(await lines('k', bytes)).toEqual(['a', '\ufffd\ufffd', 'ü'])
})

test('a line that is longer than allowed is an error that names the object and the line', async () => {
  for (const text of [`a\nb\n${'x'.repeat(21)}\nc`, `a\nb\n${'x'.repeat(2_000_000)}`]) {
    const error = await lines('k', text, 20).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ContentError)
    expect((error as ContentError).reason).toBe('longLine')
    expect((error as ContentError).message).toContain(
      `${place.store.describe('k')} has a line 3 that is longer than 20`,
    )
  }
  expect(await lines('k', `${'x'.repeat(20)}\n${'y'.repeat(20)}`, 20)).toHaveLength(2)
})

test('a line without an end does not fill the memory: it is an error after a mebibyte', async () => {
  const bytes = gzipSync(Buffer.alloc(50_000_000, 'x'))
  await expect(lines('k.gz', bytes)).rejects.toMatchObject({ reason: 'longLine' })
})

test('errors of the bytes under the lines come through', async () => {
  await expect(lines('k.gz', gzipSync('a\nb\n').subarray(0, 20))).rejects.toMatchObject({ reason: 'cutGzip' })
})

test('are the lines of the whole text, however its bytes are cut into chunks', async () => {
  const piece = fc.constantFrom('a', 'bc', '\n', '\r\n', '\r', 'ü', '\u{1f600}', '\ufffd', ' ')
  const reached = { cutCharacter: 0, cutLineEnd: 0, lines: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 40 }),
      fc.infiniteStream(fc.nat(7)),
      async (pieces, cuts) => {
        const text = pieces.join('')
        const bytes = Buffer.from(text)
        const chunks: Buffer[] = []
        let at = 0
        for (const length of cuts) {
          if (at >= bytes.length) break
          chunks.push(bytes.subarray(at, at + 1 + length))
          at += 1 + length
          if (at < bytes.length && (bytes[at]! & 0xc0) === 0x80) reached.cutCharacter++
          if (bytes[at - 1] === 0x0d && bytes[at] === 0x0a) reached.cutLineEnd++
        }
        const store: ObjectStore = Object.create(place.store, {
          read: {
            value: async function* () {
              yield* chunks
            },
          },
        })
        const found: string[] = []
        const object = { key: 'k', size: bytes.length, etag: '', modified: 0 }
        for await (const batch of readLines(store, object)) found.push(...batch)
        reached.lines += found.length
        expect(found).toEqual(split(text))
      },
    ),
    { seed: 20240501, numRuns: 1000 },
  )
  expect(Math.min(reached.cutCharacter, reached.cutLineEnd)).toBeGreaterThan(50)
  expect(reached.lines).toBeGreaterThan(1000)
})
