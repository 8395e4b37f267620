// Thrift's compact protocol, as footers and page headers are written in, read with bounds.
//
//   struct   fields, then 0x00; a field is one byte (id delta << 4 | type), the id where the delta is 0, the value
//   list     one byte (size << 4 | type), the size where it is 15, the items
//   integer  zigzag varint; binary: varint length, bytes; true and false are types
//
// hyparquet reads a footer into objects as it stands: a list that claims 30 million items is an array of 256 MB, a varint
// of a million bytes takes hours. What walked through here first is of a size and depth that a footer can have.
// Source: thrift/doc/specs/thrift-compact-protocol.md; parquet-format/src/main/thrift/parquet.thrift.

import { PageDamage } from './table-error.ts'

const TRUE = 1
const FALSE = 2
const BYTE = 3
const I16 = 4
const I32 = 5
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const STRUCT = 12

/** Lists and structs in each other; a footer has eight. */
const MAX_DEPTH = 16
/** The longest struct of a footer has 17 fields. */
const MAX_FIELDS = 64
const MAX_STRUCTS = 250_000
const MAX_VALUES = 2_000_000
/** From this depth on texts are minima and maxima of columns. */
const DEEP = 7
const MAX_DEEP_TEXT = 4096

/** A struct's integers, truth values and structs by field id; texts and lists are left out. */
export type ThriftStruct = ReadonlyMap<number, number | boolean | ThriftStruct>

export class ThriftReader {
  at: number
  readonly #bytes: Uint8Array
  readonly #end: number
  #structs = 0
  #values = 0

  /** Reads bytes[at, end). */
  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes
    this.#end = end
    this.at = at
  }

  /** The struct at `at`, which is behind it then. Throws PageDamage where it isn't one, or none that Parquet has. */
  struct(depth = 1): ThriftStruct {
    if (depth > MAX_DEPTH) throw tooDeep()
    if (++this.#structs > MAX_STRUCTS) throw new PageDamage(`it has more than ${MAX_STRUCTS} structs`)
    const fields = new Map<number, number | boolean | ThriftStruct>()
    let id = 0
    for (let count = 0; ; count++) {
      const byte = this.#byte()
      const type = byte & 15
      if (type === 0) return fields
      if (count === MAX_FIELDS) throw new PageDamage(`a struct has more than ${MAX_FIELDS} fields`)
      id = byte >> 4 === 0 ? zigzag(this.#varint(5)) : id + (byte >> 4)
      const value = type === TRUE || type === FALSE ? type === TRUE : this.#value(type, depth)
      if (value !== null) fields.set(id, value)
    }
  }

  #value(type: number, depth: number): number | ThriftStruct | null {
    if (++this.#values > MAX_VALUES) throw new PageDamage(`it has more than ${MAX_VALUES} values`)
    switch (type) {
      case TRUE:
      case FALSE:
      case BYTE:
        return this.#byte()
      case I16:
      case I32:
        return zigzag(this.#varint(5))
      case I64:
        this.#varint(10)
        return null
      case DOUBLE:
        return this.#skip(8)
      case BINARY:
        return this.#skipText(depth)
      case LIST:
        return this.#skipList(depth)
      case STRUCT:
        return this.struct(depth + 1)
      default:
        throw new PageDamage(`a field has the type ${type}, which Parquet doesn't use`)
    }
  }

  #skipText(depth: number): null {
    const length = this.#varint(5)
    if (depth >= DEEP && length > MAX_DEEP_TEXT) {
      throw new PageDamage(`a column's minimum or maximum has ${length} bytes, more than ${MAX_DEEP_TEXT}`)
    }
    return this.#skip(length)
  }

  #skipList(depth: number): null {
    if (depth > MAX_DEPTH) throw tooDeep()
    const byte = this.#byte()
    const size = byte >> 4 === 15 ? this.#varint(5) : byte >> 4
    if (size > this.#end - this.at) throw new PageDamage(`a list claims ${size} items in fewer bytes`)
    for (let item = 0; item < size; item++) this.#value(byte & 15, depth + 1)
    return null
  }

  #skip(length: number): null {
    if (length > this.#end - this.at) throw new PageDamage(`a text claims ${length} bytes of fewer`)
    this.at += length
    return null
  }

  #byte(): number {
    if (this.at >= this.#end) throw new PageDamage('it ends in the middle of a struct')
    return this.#bytes[this.at++]!
  }

  // The low 32 bits of an integer of at most so many bytes.
  #varint(most: number): number {
    let value = 0
    for (let place = 0; place < most; place++) {
      const byte = this.#byte()
      if (place < 5) value |= (byte & 127) << (place * 7)
      if (byte < 128) return value >>> 0
    }
    throw new PageDamage(`an integer has more than ${most} bytes`)
  }
}

function tooDeep(): PageDamage {
  return new PageDamage(`its structs are nested more than ${MAX_DEPTH} deep`)
}

function zigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1)
}
