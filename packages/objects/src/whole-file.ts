// A local file as the source of a write. A source that ends before its time must fail: an upload takes the end of
// its source for the end of the object and would publish a truncated one.

import { open } from 'node:fs/promises'

import { StoreError } from './store-error.ts'

const CHUNK_BYTES = 1024 * 1024

/** The file's bytes. Throws StoreError 'changed' when there are fewer or more than when it was opened. */
export async function* wholeFile(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    let reached = 0
    for (;;) {
      signal?.throwIfAborted()
      // A new buffer each time: the consumer holds chunks until they are sent.
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES)
      reached += bytesRead
      if (reached > size || (bytesRead === 0 && reached < size)) {
        throw new StoreError(
          'changed',
          `${path} changed while it was copied: ${size} bytes at first, then ${reached}`,
        )
      }
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
