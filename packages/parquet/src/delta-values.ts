// Parquet's delta codes, which writers of "version 2" files use: integers as differences, texts as lengths or as the
// ends that differ from the text before.
//
//   integers   block size, miniblocks a block, count, first value; blocks: least difference, a width a miniblock,
//              the differences above the least, bit-packed
//   texts      DELTA_LENGTH_BYTE_ARRAY: the lengths as integers, all bytes; DELTA_BYTE_ARRAY: the lengths of the
//              beginnings that are the text's before as integers, the ends as DELTA_LENGTH_BYTE_ARRAY
//
// A block of differences of no bits is few bytes for many values, and beginnings add up: what they will take is
// counted before it is made. Source: parquet-format, Encodings.md, DELTA_* = 5, 6, 7.

import { PageDamage } from './table-error.ts'
import type { Texts } from './table-slice.ts'

/** Says that so many bytes will be allocated; throws where that is too much. */
export type Reserve = (bytes: number) => void

/** A place in bytes, moved on by what is read. */
export interface ByteCursor {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
}

const MAX_BLOCK = 1 << 20

/** The integers at the cursor, at most so many. Throws PageDamage. */
export function readDeltaIntegers(cursor: ByteCursor, most: number, reserve: Reserve): BigInt64Array {
  const blockSize = Number(readVarint(cursor))
  const miniblocks = Number(readVarint(cursor))
  const count = Number(readVarint(cursor))
  const each = blockSize / miniblocks
  if (blockSize > MAX_BLOCK || !Number.isInteger(each) || each % 8 !== 0) {
    throw new PageDamage(`its blocks have ${blockSize} values in ${miniblocks} parts`)
  }
  if (count > most) throw new PageDamage(`it has ${count} values where ${most} belong`)
  reserve(count * 8)
  const values = new BigInt64Array(count)
  let value = readZigzag(cursor)
  if (count > 0) values[0] = value
  for (let at = 1; at < count;) {
    const least = readZigzag(cursor)
    const widths = take(cursor, miniblocks)
    for (let part = 0; part < miniblocks && at < count; part++) {
      const width = widths[part]!
      if (width > 64) throw new PageDamage(`its differences have ${width} bits, more than 64`)
      const packed = take(cursor, (each * width) / 8)
      for (let place = 0; place < each && at < count; place++, at++) {
        value = BigInt.asIntN(64, value + least + bitsOf(packed, place * width, width))
        values[at] = value
      }
    }
  }
  return values
}

/** The texts at the cursor, at most so many; they lie in the cursor's bytes. Throws PageDamage. */
export function readDeltaLengthTexts(cursor: ByteCursor, most: number, reserve: Reserve): Texts {
  const lengths = readLengths(cursor, most, reserve)
  const count = lengths.length
  reserve(count * 8)
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  for (let at = 0; at < count; at++) {
    starts[at] = cursor.at
    if (lengths[at]! > cursor.end - cursor.at) throw new PageDamage('a text goes on behind the end')
    cursor.at += lengths[at]!
    ends[at] = cursor.at
  }
  return { bytes: cursor.bytes, starts, ends, count }
}

/** The texts at the cursor, at most so many. Throws PageDamage. */
export function readDeltaTexts(cursor: ByteCursor, most: number, reserve: Reserve): Texts {
  const beginnings = readLengths(cursor, most, reserve)
  const rest = readDeltaLengthTexts(cursor, most, reserve)
  const { count } = rest
  if (beginnings.length !== count)
    throw new PageDamage(`it has ${beginnings.length} beginnings of ${count} texts`)
  let before = 0
  let total = 0
  for (let at = 0; at < count; at++) {
    if (beginnings[at]! > before) throw new PageDamage('a text begins with more than the text before it has')
    before = beginnings[at]! + rest.ends[at]! - rest.starts[at]!
    total += before
  }
  reserve(total + count * 8)
  const bytes = new Uint8Array(total)
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  let reached = 0
  for (let at = 0; at < count; at++) {
    const start = reached
    if (at > 0) bytes.copyWithin(start, starts[at - 1]!, starts[at - 1]! + beginnings[at]!)
    reached += beginnings[at]!
    bytes.set(rest.bytes.subarray(rest.starts[at], rest.ends[at]), reached)
    reached += rest.ends[at]! - rest.starts[at]!
    starts[at] = start
    ends[at] = reached
  }
  return { bytes, starts, ends, count }
}

function readLengths(cursor: ByteCursor, most: number, reserve: Reserve): Int32Array {
  const values = readDeltaIntegers(cursor, most, reserve)
  reserve(values.length * 4)
  return Int32Array.from(values, value => {
    if (value < 0n || value > 0x7fffffffn) throw new PageDamage(`a text has the length ${value}`)
    return Number(value)
  })
}

function take(cursor: ByteCursor, length: number): Uint8Array {
  if (length > cursor.end - cursor.at) throw new PageDamage('it ends before its values do')
  cursor.at += length
  return cursor.bytes.subarray(cursor.at - length, cursor.at)
}

function readZigzag(cursor: ByteCursor): bigint {
  const value = readVarint(cursor)
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
}

function readVarint(cursor: ByteCursor): bigint {
  let value = 0n
  for (let place = 0; place < 10; place++) {
    const [byte] = take(cursor, 1)
    value |= BigInt(byte! & 127) << BigInt(place * 7)
    if (byte! < 128) return value
  }
  throw new PageDamage('an integer has more than 10 bytes')
}

function bitsOf(packed: Uint8Array, from: number, width: number): bigint {
  if (width === 0) return 0n
  const last = (from + width - 1) >> 3
  let value = 0n
  for (let byte = last; byte >= from >> 3; byte--) value = (value << 8n) | BigInt(packed[byte]!)
  return (value >> BigInt(from & 7)) & ((1n << BigInt(width)) - 1n)
}
