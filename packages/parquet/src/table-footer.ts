// The footer of a Parquet file: schema, row groups, and where each column's bytes lie.
//
//   … pages …   footer   4 bytes: its length   PAR1
//
// What the footer says is held against the file: row groups that lie in it, one behind the other in no more bytes than
// there are.

import type { ColumnMetaData, FileMetaData, RowGroup } from 'hyparquet'
import { END_BYTES, metadataOf } from './footer-metadata.ts'
import { CODECS } from './page-codecs.ts'
import { schemaColumns, type SchemaColumn } from './table-columns.ts'
import { PageDamage, quoted, TableError } from './table-error.ts'
import { MAX_FOOTER_BYTES, MAX_ROWS_PER_BYTE } from './table-limits.ts'

const MAGIC = 'PAR1'
const ENCRYPTED_MAGIC = 'PARE'
export interface Footer {
  readonly rows: number
  readonly columns: readonly SchemaColumn[]
  readonly groups: readonly FooterGroup[]
}

export interface FooterGroup {
  readonly rows: number
  /** Where the column's pages lie, and their codec. Throws TableError where the footer can't be right about them. */
  chunk(column: SchemaColumn): FooterChunk
}

export interface FooterChunk {
  readonly from: number
  readonly to: number
  readonly codec: string
}

/** How long the footer is, without its end, by the file's last bytes. Throws TableError where they are no Parquet file's. */
export function footerLength(end: Uint8Array, fileBytes: number): number {
  const magic = String.fromCharCode(...end.subarray(-4))
  if (magic === ENCRYPTED_MAGIC) throw new TableError('is an encrypted Parquet file, which is not read')
  if (magic !== MAGIC || fileBytes < END_BYTES + 4) {
    throw new TableError(
      `is no Parquet file, though its name ends in .parquet, or its end is missing: expected it to end in ${MAGIC}`,
    )
  }
  const length = new DataView(end.buffer, end.byteOffset + end.length - END_BYTES).getUint32(0, true)
  if (length > fileBytes - END_BYTES - 4) {
    throw new TableError(`is a damaged Parquet file: its footer claims ${length} bytes of ${fileBytes}`)
  }
  if (length > MAX_FOOTER_BYTES) {
    throw new TableError(
      `is a Parquet file whose footer has ${length} bytes, and up to ${MAX_FOOTER_BYTES} are read. Write it anew with larger row groups, or leave it out with --skip-bad-objects.`,
    )
  }
  return length
}

/** Reads the footer from the file's last bytes, which hold it whole. Throws TableError. */
export function readFooter(tail: Uint8Array, length: number, fileBytes: number): Footer {
  const metadata = readMetadata(tail, length)
  const { columns, leaves } = schemaColumns(metadata)
  const end = fileBytes - END_BYTES - length
  let rows = 0
  for (const [at, group] of metadata.row_groups.entries()) {
    const count = integerOf(group.num_rows)
    if (!(count >= 0)) throw damaged(`row group ${at + 1} has ${count} rows`)
    if (group.columns.length !== leaves) {
      throw damaged(`row group ${at + 1} has ${group.columns.length} columns and the schema ${leaves}`)
    }
    rows += count
  }
  if (rows !== integerOf(metadata.num_rows)) {
    throw damaged(`its footer says ${integerOf(metadata.num_rows)} rows, its row groups ${rows}`)
  }
  if (rows > fileBytes * MAX_ROWS_PER_BYTE) {
    throw damaged(`it claims ${rows} rows in ${fileBytes} bytes, which no flow log packs so densely`)
  }
  const groups = metadata.row_groups.map((group, at) => ({
    rows: integerOf(group.num_rows),
    chunk: (column: SchemaColumn) => chunkOf(group, column, `row group ${at + 1}`, end),
  }))
  return { rows, columns, groups }
}

function readMetadata(tail: Uint8Array, length: number): FileMetaData {
  try {
    return metadataOf(tail, length)
  } catch (error) {
    const reason = error instanceof PageDamage ? `: ${error.message}` : ''
    throw new TableError(`is a damaged Parquet file: its footer can't be read${reason}`, { cause: error })
  }
}

function chunkOf(group: RowGroup, column: SchemaColumn, place: string, end: number): FooterChunk {
  const { name, leaf } = column
  const chunk = group.columns[leaf]!
  const meta = chunk.meta_data
  const what = `${place}, column ${quoted(name)}`
  if (typeof meta !== 'object' || chunk.crypto_metadata !== undefined)
    throw damaged(`${what} isn't described`)
  if (chunk.file_path !== undefined) throw damaged(`${what} lies in another file`)
  if (meta.path_in_schema.length !== 1 || meta.path_in_schema[0] !== name) {
    throw damaged(`${what} isn't where the schema has it`)
  }
  if (integerOf(meta.num_values) !== integerOf(group.num_rows)) {
    throw damaged(`${what} has ${integerOf(meta.num_values)} values for ${integerOf(group.num_rows)} rows`)
  }
  if (!CODECS.includes(meta.codec)) {
    throw new TableError(
      `is a Parquet file packed with ${JSON.stringify(meta.codec)}; read are ${CODECS.join(', ')}. Write it anew with one of them, or leave it out with --skip-bad-objects.`,
    )
  }
  const from = firstPage(meta)
  const to = from + integerOf(meta.total_compressed_size)
  if (!(from >= 4 && to >= from && to <= end)) {
    throw damaged(`${what} claims the bytes from ${from} to ${to} of ${end}`)
  }
  return { from, to, codec: meta.codec }
}

// Some writers give a dictionary the offset 0 where there is none, or give none where there is one.
function firstPage({ data_page_offset: data, dictionary_page_offset: dictionary }: ColumnMetaData): number {
  const at = integerOf(dictionary)
  return at > 0 && at < integerOf(data) ? at : integerOf(data)
}

// The types are what a footer should have; a stranger's has anything. NaN for what is no integer.
function integerOf(value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  return Number.isSafeInteger(number) ? (number as number) : Number.NaN
}

function damaged(what: string): TableError {
  return new TableError(`is a damaged Parquet file: ${what}`)
}
