/**
 * gzip objects, changed anywhere: what is accepted is what zlib in one go makes of the same bytes, and nothing of it is
 * lost, doubled or read beyond the end.
 */
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib'
import { ContentError, readBytes } from '@zonetoll/objects'
import * as fc from 'fast-check'
import { HEADER, objectOf, SMALL_LINES } from '../support/data-set.ts'
import { ByteStore } from './byte-store.ts'
import { CHUNK_LENGTHS, changed, changes, joined, type Change } from './changes.ts'
import { outcomeOf, type Target } from './target.ts'

interface GzipInput {
  /** Members, one behind the other. */
  readonly members: readonly number[]
  /** What stands between and behind them. */
  readonly gap: number
  readonly changes: readonly Change[]
  readonly chunks: readonly number[]
}

const text = new TextEncoder().encode([HEADER, ...SMALL_LINES, ''].join('\n'))

const MEMBERS: readonly Uint8Array[] = [
  objectOf(SMALL_LINES),
  gzipSync(text, { level: 0 }),
  gzipSync(text, { level: 9 }),
  gzipSync(''),
  // 8 MiB of one byte in 8 KB.
  gzipSync(new Uint8Array(8 * 1024 * 1024)),
  named(text),
]

const GAPS = [
  new Uint8Array(0),
  new Uint8Array(0),
  new Uint8Array(1),
  new Uint8Array(512),
  Uint8Array.of(0x1f),
  text,
]

/** The wrong header, flags that mean something, a block of no type, a member without an end, padding. */
const WORDS = [
  Uint8Array.of(0x1f, 0x8b),
  Uint8Array.of(0x1f, 0x8b, 8, 0xff, 0, 0, 0, 0, 0, 3),
  Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 0xff, 0xff),
  Uint8Array.of(7),
  Uint8Array.of(0, 0, 0xff, 0xff),
  new Uint8Array(512),
  gzipSync(text),
]

export function gzipTarget(): Target<GzipInput> {
  return {
    inputs: fc.record({
      members: fc.array(fc.nat(MEMBERS.length - 1), { minLength: 0, maxLength: 3 }),
      gap: fc.nat(GAPS.length - 1),
      changes: fc.oneof({ weight: 3, arbitrary: changes(WORDS) }, { weight: 1, arbitrary: fc.constant([]) }),
      chunks: CHUNK_LENGTHS,
    }),
    async attempt({ members, gap, changes: list, chunks }) {
      const bytes = changed(joined(members.flatMap(at => [MEMBERS[at]!, GAPS[gap]!])), list)
      const store = new ByteStore('a.gz', bytes, chunks)
      return await outcomeOf(
        async () => {
          const parts: Uint8Array[] = []
          for await (const chunk of readBytes(store, store.object)) parts.push(Uint8Array.from(chunk))
          const { buffer, engine } = gunzipSync(bytes, { info: true }) as unknown as Unpacked
          if (!buffer.equals(joined(parts))) throw new Error('other bytes than zlib in one go')
          if (engine.bytesWritten !== bytes.length)
            throw new Error(`zlib took ${engine.bytesWritten} bytes only`)
          return 'read'
        },
        error => (error instanceof ContentError ? error.reason : null),
      )
    },
    reaches: ['read', 'notGzip', 'cutGzip', 'damagedGzip', 'trailingBytes'],
  }
}

interface Unpacked {
  readonly buffer: Buffer
  /** Its bytesWritten are those that it took. */
  readonly engine: { readonly bytesWritten: number }
}

/** A member with all that its header may have: extra field, name, comment. */
function named(content: Uint8Array): Uint8Array {
  const trailer = gzipSync(content).subarray(-8)
  const header = [0x1f, 0x8b, 8, 0x1c, 0, 0, 0, 0, 0, 3, 3, 0, 1, 2, 3, 97, 0, 98, 0]
  return joined([Uint8Array.from(header), deflateRawSync(content), trailer])
}
