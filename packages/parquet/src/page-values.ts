// The values of a page, nulls left out, taken a few thousand at a time.
//
//   texts      PLAIN           length (4 bytes), bytes, length, bytes …
//   integers   PLAIN           4 or 8 bytes each, little-endian
//   both       *_DICTIONARY    one byte: the width of a code; the codes, runs or packed; a code is a place in the
//                              dictionary, which is a PLAIN page of its own at the column's begin
//              DELTA_*         see delta-values.ts
//
// What is taken is scattered to its rows by the caller's list of them; a dictionary's texts aren't copied.
// Source: parquet-format, Encodings.md.

import { readDeltaIntegers, readDeltaLengthTexts, readDeltaTexts, type Reserve } from './delta-values.ts'
import { RunReader } from './run-reader.ts'
import { PageDamage } from './table-error.ts'
import { SLICE_ROWS } from './table-limits.ts'
import type { Texts } from './table-slice.ts'

/** Where a page's values lie, and how they are written. */
export interface PageBody {
  readonly bytes: Uint8Array
  readonly at: number
  /** Nulls among them. */
  readonly values: number
  readonly encoding: string
}

export interface TextValues {
  /** Puts the places of the next values among the texts that it returns into entries[rows[k]], k below count. */
  take(entries: Int32Array, rows: Int32Array, count: number): Texts
}

export interface IntegerValues {
  /** Puts the next values into words[2 rows[k]] and the one behind, k below count. */
  take(words: Uint32Array, rows: Int32Array, count: number): void
}

/** Throws PageDamage, also from what it returns. */
export function textValues(page: PageBody, dictionary: Texts | null, reserve: Reserve): TextValues {
  const cursor = { bytes: page.bytes, at: page.at, end: page.bytes.length }
  switch (page.encoding) {
    case 'PLAIN':
      return plainTexts(page.bytes, page.at)
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
      return codedTexts(codesOf(page), withDictionary(dictionary))
    case 'DELTA_LENGTH_BYTE_ARRAY':
      return textsInOrder(readDeltaLengthTexts(cursor, page.values, reserve))
    case 'DELTA_BYTE_ARRAY':
      return textsInOrder(readDeltaTexts(cursor, page.values, reserve))
    default:
      throw unknownEncoding(page)
  }
}

/** `wide` for 64 bits. An unsigned column's 32 bits have no sign to extend. Throws PageDamage, also from what it returns. */
export function integerValues(
  page: PageBody,
  dictionary: Uint32Array | null,
  type: { readonly wide: boolean; readonly unsigned: boolean },
  reserve: Reserve,
): IntegerValues {
  switch (page.encoding) {
    case 'PLAIN':
      return plainIntegers(page, type)
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
      return codedIntegers(codesOf(page), withDictionary(dictionary))
    case 'DELTA_BINARY_PACKED': {
      const cursor = { bytes: page.bytes, at: page.at, end: page.bytes.length }
      return integersInOrder(readDeltaIntegers(cursor, page.values, reserve), type)
    }
    default:
      throw unknownEncoding(page)
  }
}

/** Of each text of a dictionary: where it begins and ends, and what whoever reads them makes of each. */
const BYTES_PER_TEXT = 8 + 20

/** The texts of a dictionary. */
export function dictionaryTexts({ bytes, at, values }: PageBody, reserve: Reserve): Texts {
  if (values > (bytes.length - at) / 4) throw endsEarly()
  reserve(values * BYTES_PER_TEXT)
  const starts = new Int32Array(values)
  const ends = new Int32Array(values)
  scanPlain(bytes, at, starts, ends, values)
  return { bytes, starts, ends, count: values }
}

/** The integers of a dictionary, two words each. */
export function dictionaryIntegers(
  page: PageBody,
  type: { readonly wide: boolean; readonly unsigned: boolean },
  reserve: Reserve,
): Uint32Array {
  const { bytes, at, values } = page
  if (values > (bytes.length - at) / (type.wide ? 8 : 4)) throw endsEarly()
  reserve(values * 12)
  const words = new Uint32Array(values * 2)
  const rows = Int32Array.from({ length: values }, (_, row) => row)
  plainIntegers(page, type).take(words, rows, values)
  return words
}

function plainTexts(bytes: Uint8Array, from: number): TextValues {
  const starts = new Int32Array(SLICE_ROWS)
  const ends = new Int32Array(SLICE_ROWS)
  let at = from
  return {
    take(entries, rows, count) {
      at = scanPlain(bytes, at, starts, ends, count)
      for (let k = 0; k < count; k++) entries[rows[k]!] = k
      return { bytes, starts, ends, count }
    },
  }
}

// Notes where the texts from `from` on begin and end; returns where the next one would be.
function scanPlain(
  bytes: Uint8Array,
  from: number,
  starts: Int32Array,
  ends: Int32Array,
  count: number,
): number {
  let at = from
  for (let k = 0; k < count; k++) {
    if (bytes.length - at < 4) throw endsEarly()
    const length =
      (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    at += 4
    if (length > bytes.length - at) throw endsEarly()
    starts[k] = at
    at += length
    ends[k] = at
  }
  return at
}

function codedTexts(codes: RunReader, texts: Texts): TextValues {
  const places = new Int32Array(SLICE_ROWS)
  return {
    take(entries, rows, count) {
      codes.read(places, count)
      for (let k = 0; k < count; k++) entries[rows[k]!] = checkedPlace(places[k]!, texts.count)
      return texts
    },
  }
}

function textsInOrder(texts: Texts): TextValues {
  let next = 0
  return {
    take(entries, rows, count) {
      if (count > texts.count - next) throw endsEarly()
      for (let k = 0; k < count; k++) entries[rows[k]!] = next++
      return texts
    },
  }
}

function plainIntegers(
  { bytes, at: from }: PageBody,
  { wide, unsigned }: { readonly wide: boolean; readonly unsigned: boolean },
): IntegerValues {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const width = wide ? 8 : 4
  let at = from
  return {
    take(words, rows, count) {
      if (count * width > bytes.length - at) throw endsEarly()
      for (let k = 0; k < count; k++, at += width) {
        const row = rows[k]! * 2
        const low = view.getInt32(at, true)
        words[row] = low
        if (wide) words[row + 1] = view.getInt32(at + 4, true)
        else words[row + 1] = unsigned ? 0 : low >> 31
      }
    },
  }
}

function codedIntegers(codes: RunReader, dictionary: Uint32Array): IntegerValues {
  const places = new Int32Array(SLICE_ROWS)
  const size = dictionary.length / 2
  return {
    take(words, rows, count) {
      codes.read(places, count)
      for (let k = 0; k < count; k++) {
        const place = checkedPlace(places[k]!, size) * 2
        const row = rows[k]! * 2
        words[row] = dictionary[place]!
        words[row + 1] = dictionary[place + 1]!
      }
    },
  }
}

function integersInOrder(
  values: BigInt64Array,
  { wide, unsigned }: { readonly wide: boolean; readonly unsigned: boolean },
): IntegerValues {
  const halves = new Uint32Array(values.buffer)
  let next = 0
  return {
    take(words, rows, count) {
      if (count > values.length - next) throw endsEarly()
      for (let k = 0; k < count; k++, next++) {
        const row = rows[k]! * 2
        const low = halves[next * 2]!
        words[row] = low
        // 32-bit differences may run over: their upper half says nothing.
        if (wide) words[row + 1] = halves[next * 2 + 1]!
        else words[row + 1] = unsigned ? 0 : (low | 0) >> 31
      }
    },
  }
}

function codesOf({ bytes, at }: PageBody): RunReader {
  // A page of nulls alone may have no width.
  const width = at < bytes.length ? bytes[at]! : 0
  return new RunReader(bytes, at + 1, bytes.length, width)
}

function withDictionary<T>(dictionary: T | null): T {
  if (dictionary === null) throw new PageDamage('a page refers to a dictionary, and there is none before it')
  return dictionary
}

function checkedPlace(place: number, size: number): number {
  if (place >= 0 && place < size) return place
  throw new PageDamage(`a page refers to place ${place} of a dictionary of ${size}`)
}

function endsEarly(): PageDamage {
  return new PageDamage('a page ends before its values do')
}

function unknownEncoding({ encoding }: PageBody): PageDamage {
  return new PageDamage(`a page is written in the encoding ${encoding}, which isn't read for this type`)
}
