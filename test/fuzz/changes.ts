/**
 * Changes to real bytes: what a bad disk, a cut transfer, a careless join or a stranger makes of an object.
 *
 * A change names its place as a share of the length, so that one list of changes fits bytes of any length, and fast-check
 * can take changes away one by one until the least that fails is left.
 */
import * as fc from 'fast-check'

export type Change =
  | { readonly change: 'flip'; readonly place: number; readonly bit: number }
  | { readonly change: 'overwrite'; readonly place: number; readonly bytes: Uint8Array }
  | { readonly change: 'insert'; readonly place: number; readonly bytes: Uint8Array }
  | { readonly change: 'remove'; readonly place: number; readonly length: number }
  | { readonly change: 'copy'; readonly place: number; readonly from: number; readonly length: number }
  | { readonly change: 'cut'; readonly place: number }

const PLACES = 2 ** 30
/** In [0, 1), each as likely: fast-check's own numbers are drawn to the ends, where a format is told by its first bytes. */
export const PLACE = fc.noBias(fc.nat(PLACES - 1)).map(place => place / PLACES)
/** Mostly short, now and then longer than a line or a page header. */
const LENGTH = fc.oneof({ weight: 4, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.nat(2000) })
const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0xffffffff].map(number =>
  Uint8Array.of(number & 255, (number >>> 8) & 255, (number >>> 16) & 255, number >>> 24),
)
/** Varints of lengths and counts that no file of these has. */
const VARINTS = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
].map(bytes => Uint8Array.from(bytes))

const encoder = new TextEncoder()

/** One to five changes; `words` are what a format has that is worth putting anywhere. */
export function changes(words: readonly (string | Uint8Array)[]): fc.Arbitrary<readonly Change[]> {
  const bytes = fc.oneof(
    fc.constantFrom(
      ...NUMBERS,
      ...VARINTS,
      ...words.map(word => (typeof word === 'string' ? encoder.encode(word) : word)),
    ),
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
  )
  const change: fc.Arbitrary<Change> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ change: fc.constant('flip' as const), place: PLACE, bit: fc.nat(7) }),
    },
    { weight: 3, arbitrary: fc.record({ change: fc.constant('overwrite' as const), place: PLACE, bytes }) },
    { weight: 3, arbitrary: fc.record({ change: fc.constant('insert' as const), place: PLACE, bytes }) },
    {
      weight: 2,
      arbitrary: fc.record({ change: fc.constant('remove' as const), place: PLACE, length: LENGTH }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        change: fc.constant('copy' as const),
        place: PLACE,
        from: PLACE,
        length: LENGTH,
      }),
    },
    { weight: 1, arbitrary: fc.record({ change: fc.constant('cut' as const), place: PLACE }) },
  )
  return fc.array(change, { minLength: 1, maxLength: 5 })
}

/** The bytes with the changes made one after the other; never the same array. */
export function changed(bytes: Uint8Array, list: readonly Change[]): Uint8Array {
  let result = Uint8Array.from(bytes)
  for (const change of list) result = changedOnce(result, change)
  return result
}

function changedOnce(bytes: Uint8Array, change: Change): Uint8Array<ArrayBuffer> {
  const at = Math.floor(change.place * bytes.length)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (change.change) {
    case 'flip':
      if (at < bytes.length) bytes[at]! ^= 1 << change.bit
      return Uint8Array.from(bytes)
    case 'overwrite':
      bytes.set(change.bytes.subarray(0, bytes.length - at), at)
      return Uint8Array.from(bytes)
    case 'insert':
      return joined([before, change.bytes, after])
    case 'remove':
      return joined([before, after.subarray(change.length)])
    case 'copy': {
      const from = Math.floor(change.from * bytes.length)
      return joined([before, bytes.subarray(from, from + change.length), after])
    }
    case 'cut':
      return Uint8Array.from(before)
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Lengths of chunks, taken in turn again and again: bytes cut anywhere. */
export const CHUNK_LENGTHS = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100_000 })),
  {
    minLength: 1,
    maxLength: 5,
  },
)

export function inChunks(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const length = lengths[chunks.length % lengths.length]!
    chunks.push(bytes.subarray(at, at + length))
    at += length
  }
  return chunks
}
