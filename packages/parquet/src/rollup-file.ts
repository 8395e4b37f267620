// A rollup.parquet opened for reading by hyparquet: its columns are held against ours, then read one column
// chunk at a time.
//
// Text is decoded as it stands: hyparquet's own decoder drops a leading U+FEFF and turns bytes that aren't UTF-8
// into U+FFFD. gunzip is Node's, and pages are looked at before hyparquet decodes them (rollup-pages.ts).

import { parquetRead, type FileMetaData } from 'hyparquet'
import { COLUMNS, type Column } from './columns.ts'
import { END_BYTES, metadataOf } from './footer-metadata.ts'
import { unpackerOf } from './rollup-pages.ts'
import { MAX_FOOTER_BYTES } from './table-limits.ts'

/** A file that can be read anywhere: a Blob's shape, and hyparquet's AsyncBuffer. */
export interface RollupFile {
  readonly byteLength: number
  /** The bytes from `start` up to, not including, `end`. */
  slice(start: number, end: number): Promise<ArrayBuffer> | ArrayBuffer
}

/** PAR1. */
const MAGIC = 0x50415231
/** A row has four integers of eight bytes, which gzip packs a thousand to one at most. */
const MOST_ROWS_PER_BYTE = 32

export interface RowGroupRange {
  readonly rowStart: number
  readonly rowEnd: number
}

/** What becomes of a value: a text comes as its UTF-8 bytes, which nobody writes to. */
export interface ValueReader {
  readonly text: (utf8: Uint8Array) => unknown
  readonly hour: (millis: bigint) => unknown
}

export interface OpenRollup {
  readonly rows: number
  readonly groups: readonly RowGroupRange[]
  /**
   * A column's values in one row group, page by page in the order of rows: null, what `reader` made of a text or
   * the hour, or a 64-bit integer. Throws where there are more or fewer than the group has rows.
   */
  readColumn(column: Column, group: RowGroupRange, reader: ValueReader): Promise<readonly Values[]>
}

export type Values = ArrayLike<unknown> | BigInt64Array

/** Throws where the file isn't Parquet or its columns aren't a rollup's. */
export async function openRollup(file: RollupFile): Promise<OpenRollup> {
  const asyncBuffer = {
    byteLength: file.byteLength,
    slice: (start: number, end: number = file.byteLength) => file.slice(start, end),
  }
  const metadata = await readMetadata(asyncBuffer)
  checkColumns(metadata)
  let rowEnd = 0
  const groups = metadata.row_groups.map(({ num_rows }) => {
    const rowStart = rowEnd
    rowEnd += Number(num_rows)
    return { rowStart, rowEnd }
  })
  const rows = Number(metadata.num_rows)
  if (rows !== rowEnd) {
    throw new Error(`rollup: its footer says ${rows} rows, its row groups ${rowEnd}; the file is damaged`)
  }
  if (rows > file.byteLength * MOST_ROWS_PER_BYTE) {
    throw new Error(`rollup: its footer says ${rows} rows in ${file.byteLength} bytes; the file is damaged`)
  }
  return {
    rows,
    groups,
    async readColumn(column, group, reader) {
      const place = `rollup, column ${column.name}, rows ${group.rowStart + 1} to ${group.rowEnd}`
      const pages: Values[] = []
      try {
        await parquetRead({
          file: asyncBuffer,
          metadata,
          columns: [column.name],
          ...group,
          compressors: { GZIP: await unpackerOf(asyncBuffer, metadata, column, groups.indexOf(group)) },
          parsers: { stringFromBytes: reader.text, timestampFromMilliseconds: reader.hour },
          onPage: ({ columnData }) => pages.push(columnData),
        })
      } catch (error) {
        throw new Error(`${place}: can't be read: ${reasonOf(error)}`, { cause: error })
      }
      const expected = group.rowEnd - group.rowStart
      const got = pages.reduce((sum, page) => sum + page.length, 0)
      if (got === expected) return pages
      throw new Error(`${place}: expected ${expected} values, got ${got}; the file is damaged`)
    },
  }
}

async function readMetadata(file: RollupFile): Promise<FileMetaData> {
  const size = file.byteLength
  const end = new DataView(await file.slice(Math.max(0, size - END_BYTES), size))
  if (end.byteLength < END_BYTES || end.getUint32(4) !== MAGIC) throw notParquet(size, 'PAR1 is not its end')
  const length = end.getUint32(0, true)
  if (length > Math.min(size - END_BYTES, MAX_FOOTER_BYTES)) {
    throw notParquet(size, `its footer claims ${length} bytes`)
  }
  const tail = new Uint8Array(await file.slice(size - END_BYTES - length, size))
  try {
    return metadataOf(tail, length)
  } catch (error) {
    throw notParquet(size, reasonOf(error), error)
  }
}

function notParquet(size: number, reason: string, cause?: unknown): Error {
  return new Error(`rollup: expected a Parquet file, got ${size} bytes that aren't one (${reason})`, {
    cause,
  })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function checkColumns(metadata: FileMetaData): void {
  const expected = COLUMNS.map(describeOurs)
  const got = metadata.schema.slice(1).map(element => {
    const repetition =
      element.repetition_type === 'REQUIRED' ? '' : ` ${element.repetition_type?.toLowerCase()}`
    return `${element.name} ${element.converted_type ?? element.type}${repetition}`
  })
  const at = expected.findIndex((text, index) => text !== got[index])
  if (at < 0 && got.length === expected.length) return
  const place = at < 0 ? expected.length : at
  throw new Error(
    `rollup, column ${place + 1}: expected ${expected[place] ?? 'no such column'}, got ${got[place] ?? 'none'}; the file isn't a rollup that this version writes`,
  )
}

function describeOurs({ name, type, optional }: Column): string {
  return `${name} ${type}${optional ? ' optional' : ''}`
}
