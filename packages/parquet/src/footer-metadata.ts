// What a Parquet file's footer says, as hyparquet reads it, behind a walk that bounds what it will make of it (thrift.ts).

import { parquetMetadata, type FileMetaData } from 'hyparquet'
import { ThriftReader } from './thrift.ts'

/** Length and magic, at the file's end. */
export const END_BYTES = 8

/**
 * By the file's last bytes, which hold the footer of that length whole, and its end. Throws PageDamage where it is of no
 * size or shape that a footer has, and what hyparquet throws.
 */
export function metadataOf(tail: Uint8Array, length: number): FileMetaData {
  const from = tail.length - END_BYTES - length
  new ThriftReader(tail, from, tail.length - END_BYTES).struct()
  // Minima and maxima aren't used: no text is made of them.
  const parsers = { stringFromBytes: () => undefined }
  return parquetMetadata(tail.subarray(from), { geoparquet: false, parsers })
}
