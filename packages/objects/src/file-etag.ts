// The etag of a file: MD5 over its size and its first and last 4 KiB.
//
// It is the same for the same content in another copy of the folder, so times and inodes don't count, and it is
// cheap, so the middle doesn't count: an edit in the middle of an uncompressed file that keeps its size isn't seen.
// A gzip member ends in the CRC and length of its content, and a Parquet file in its footer: there it is.

import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

const END_BYTES = 4096

/** 32 hex digits for the open file of that size. */
export async function fileEtag(file: FileHandle, size: number): Promise<string> {
  const hash = createHash('md5').update(`${size}:`)
  const tailAt = Math.max(size - END_BYTES, Math.min(size, END_BYTES))
  hash.update(await bytesAt(file, 0, Math.min(size, END_BYTES)))
  hash.update(await bytesAt(file, tailAt, size - tailAt))
  return hash.digest('hex')
}

async function bytesAt(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let reached = 0
  while (reached < length) {
    const { bytesRead } = await file.read(buffer, reached, length - reached, from + reached)
    if (bytesRead === 0) break
    reached += bytesRead
  }
  return buffer.subarray(0, reached)
}
