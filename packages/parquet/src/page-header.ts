// The header before each page: what kind it is, how long, how it is written.
//
// Source: parquet-format/src/main/thrift/parquet.thrift, PageHeader and its parts, whose field ids stand here.

import { PageDamage } from './table-error.ts'
import { ThriftReader, type ThriftStruct } from './thrift.ts'

const KINDS = ['data', 'index', 'dictionary', 'data'] as const

const ENCODINGS = [
  'PLAIN',
  'GROUP_VAR_INT',
  'PLAIN_DICTIONARY',
  'RLE',
  'BIT_PACKED',
  'DELTA_BINARY_PACKED',
  'DELTA_LENGTH_BYTE_ARRAY',
  'DELTA_BYTE_ARRAY',
  'RLE_DICTIONARY',
  'BYTE_STREAM_SPLIT',
]

export interface PageHeader {
  readonly kind: 'data' | 'index' | 'dictionary'
  /** Where the page's bytes begin, and how many follow. */
  readonly at: number
  readonly packedSize: number
  /** With levels. */
  readonly size: number
  /** CRC-32 of the bytes that follow; null where there is none. */
  readonly crc: number | null
  /** Nulls among them. */
  readonly values: number
  readonly encoding: string
  /** How levels are written in a page of version 1. */
  readonly levelEncoding: string
  /** Of a page of version 2: bytes of levels, which stand before what is packed. Null in version 1. */
  readonly levels: {
    readonly definition: number
    readonly repetition: number
    readonly packed: boolean
  } | null
}

/** The header at bytes[at). Throws PageDamage where there is none, or its page goes on behind the end of the bytes. */
export function readPageHeader(bytes: Uint8Array, at: number): PageHeader {
  const reader = new ThriftReader(bytes, at, bytes.length)
  const header = reader.struct()
  const type = integer(header, 1)
  const kind = KINDS[type]
  if (kind === undefined) throw new PageDamage(`a page is of the kind ${type}, which is none`)
  const size = integer(header, 2)
  const packedSize = integer(header, 3)
  if (packedSize > bytes.length - reader.at) {
    throw new PageDamage(`a page claims ${packedSize} bytes where ${bytes.length - reader.at} are left`)
  }
  const version2 = type === 3
  const crc = header.get(4)
  const common = { kind, at: reader.at, packedSize, size, crc: typeof crc === 'number' ? crc >>> 0 : null }
  if (kind === 'index') return { ...common, values: 0, encoding: '', levelEncoding: '', levels: null }
  const details = struct(header, { data: version2 ? 8 : 5, dictionary: 7 }[kind])
  const values = integer(details, 1)
  if (!version2) {
    const levelEncoding = kind === 'data' ? encodingOf(details, 3) : ''
    return { ...common, values, encoding: encodingOf(details, 2), levelEncoding, levels: null }
  }
  const definition = integer(details, 5)
  const repetition = integer(details, 6)
  if (definition + repetition > Math.min(packedSize, size)) {
    throw new PageDamage(`a page of ${packedSize} bytes claims ${definition + repetition} bytes of levels`)
  }
  const levels = { definition, repetition, packed: details.get(7) !== false }
  return { ...common, values, encoding: encodingOf(details, 4), levelEncoding: 'RLE', levels }
}

function integer(fields: ThriftStruct, id: number): number {
  const value = fields.get(id)
  if (typeof value === 'number' && value >= 0) return value
  throw new PageDamage(`a page's header lacks field ${id}, or it is negative`)
}

function struct(fields: ThriftStruct, id: number): ThriftStruct {
  const value = fields.get(id)
  if (typeof value === 'object') return value
  throw new PageDamage(`a page's header lacks field ${id}`)
}

function encodingOf(fields: ThriftStruct, id: number): string {
  const code = integer(fields, id)
  return ENCODINGS[code] ?? `number ${code}`
}
