// The pages of a rollup's columns, looked at before hyparquet decodes them.
//
// hyparquet 1.31 makes arrays as long as a page claims and follows a run of levels past the end of them: six bytes are a
// billion values. So a page must be one that a rollup has (a data page of version 1, PLAIN, gzip, no dictionary), hold no
// more rows than its group, and its levels must be as many as its values.
//
//   optional column   4 bytes length, runs of levels (a level is one bit), then values
//   other columns     values

import { gunzipSync } from 'node:zlib'
import type { FileMetaData } from 'hyparquet'
import { COLUMNS, type Column } from './columns.ts'
import { readPageHeader } from './page-header.ts'

type Unpack = (bytes: Uint8Array, length: number) => Uint8Array

interface ReadableFile {
  readonly byteLength: number
  slice(start: number, end: number): Promise<ArrayBuffer> | ArrayBuffer
}

/** Deflate's greatest: two bits for 258 bytes. */
const MOST_RATIO = 1032

/** What unpacks the column's pages in one row group, one after the other. Throws where a page is none of a rollup's. */
export async function unpackerOf(
  file: ReadableFile,
  { row_groups: groups }: FileMetaData,
  column: Column,
  group: number,
): Promise<Unpack> {
  const { columns, num_rows: rows } = groups[group]!
  const chunk = columns[COLUMNS.findIndex(({ name }) => name === column.name)]?.meta_data
  if (chunk === undefined || chunk.path_in_schema.join('.') !== column.name)
    throw new Error('it is not there')
  if (chunk.codec !== 'GZIP') throw new Error(`it is packed by ${chunk.codec}, expected GZIP`)
  if (chunk.dictionary_page_offset !== undefined) throw new Error('it has a dictionary, expected none')
  const start = Number(chunk.data_page_offset)
  const end = start + Number(chunk.total_compressed_size)
  if (!(start >= 0 && end > start && end <= file.byteLength)) throw new Error('it lies outside of the file')
  const pages = valuesOfPages(new Uint8Array(await file.slice(start, end)), Number(rows))
  return (bytes, length) => {
    const values = pages.shift()
    if (values === undefined) throw new Error('it has more pages than were found')
    const page = unpacked(bytes, length)
    if (column.optional) checkLevels(page, values)
    return page
  }
}

// How many values, nulls among them, each page claims.
function valuesOfPages(bytes: Uint8Array, rows: number): number[] {
  const pages: number[] = []
  let left = rows
  for (let at = 0; at < bytes.length;) {
    const header = readPageHeader(bytes, at)
    const { kind, encoding, levels, levelEncoding, values } = header
    if (kind !== 'data' || encoding !== 'PLAIN' || levels !== null || levelEncoding !== 'RLE') {
      throw new Error(`it has a page that no rollup has: ${kind}, ${encoding}`)
    }
    if (values > left) throw new Error(`a page claims ${values} rows where ${left} are left`)
    left -= values
    pages.push(values)
    at = header.at + header.packedSize
  }
  return pages
}

// The page says how long it is unpacked: more than that is refused before it fills the memory, and so is a length that
// no deflated bytes of this number have.
function unpacked(bytes: Uint8Array, length: number): Uint8Array {
  if (length > bytes.length * MOST_RATIO) throw new Error(`${bytes.length} bytes don't unpack to ${length}`)
  const room = Math.max(length, 64)
  return gunzipSync(bytes, { chunkSize: room, maxOutputLength: room })
}

// Throws unless the runs in their length are of so many levels; packed ones come eight at a time.
function checkLevels(page: Uint8Array, values: number): void {
  const end = page.length < 4 ? -1 : 4 + new DataView(page.buffer, page.byteOffset).getInt32(0, true)
  if (end < 4 || end > page.length) throw new Error('a page ends before its levels do')
  let at = 4
  let seen = 0
  while (seen < values) {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw new Error('a page has fewer levels than values')
      const byte = page[at++]!
      header += (byte & 127) * 2 ** shift
      if (byte < 128) break
    }
    const packed = header % 2 === 1
    const count = Math.floor(header / 2)
    const most = values - seen
    if (packed ? count * 8 >= most + 8 : count > most) throw new Error('a page has more levels than values')
    seen += packed ? count * 8 : count
    at += packed ? count : 1
    if (at > end) throw new Error('a page ends before its levels do')
  }
}
