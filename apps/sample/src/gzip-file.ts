// A gzip file whose bytes depend on its content and level alone.
//
// The header zlib writes has no time, but names the operating system (byte 9): it is overwritten with 255, unknown.
// Source: RFC 1952, section 2.3.

import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

const BUFFER_BYTES = 256 * 1024
const OUTPUT_BYTES = 64 * 1024
const SYSTEM_OFFSET = 9
const UNKNOWN_SYSTEM = Uint8Array.of(255)

export interface GzipOptions {
  /** 1 to 9. */
  readonly level: number
  readonly signal: AbortSignal
}

/**
 * Writes what `fill` puts into the buffers it is given, until it puts nothing: it returns how many bytes it put. Says
 * how many there were, and how many bytes the file has. The file must not exist.
 */
export async function writeGzipFile(
  path: string,
  fill: (buffer: Uint8Array) => number,
  { level, signal }: GzipOptions,
): Promise<{ readonly text: number; readonly size: number }> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'wx')
  let text = 0
  let size = 0
  // Two by turns: gzip has done with one before it asks for the one after the next.
  const buffers = [Buffer.allocUnsafe(BUFFER_BYTES), Buffer.allocUnsafe(BUFFER_BYTES)] as const
  function* filled() {
    for (let turn = 0; ; turn = 1 - turn) {
      const buffer = buffers[turn as 0 | 1]
      const length = fill(buffer)
      if (length === 0) return
      text += length
      yield buffer.subarray(0, length)
    }
  }
  try {
    await pipeline(
      filled,
      createGzip({ level, chunkSize: OUTPUT_BYTES }),
      async (packed: AsyncIterable<Buffer>) => {
        for await (const chunk of packed) {
          await file.writeFile(chunk)
          size += chunk.length
        }
      },
      { signal },
    )
    await file.write(UNKNOWN_SYSTEM, 0, 1, SYSTEM_OFFSET)
  } finally {
    await file.close()
  }
  return { text, size }
}
