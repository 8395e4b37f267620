// The limit: nothing but gunzip, one stream after another, with the chunk size that costs least.

import { createReadStream } from 'node:fs'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { drive } from '../src/drive.ts'

const CHUNK_BYTES = 256 * 1024

await drive(async ({ objects }, timed) => {
  let bytes = 0
  await timed(async () => {
    for (const path of objects) {
      const count = new Writable({
        write(chunk: Buffer, _encoding, done) {
          bytes += chunk.length
          done()
        },
      })
      const stored = createReadStream(path, { highWaterMark: CHUNK_BYTES })
      await pipeline(stored, createGunzip({ chunkSize: CHUNK_BYTES }), count)
    }
  })
  return { kind: 'text', bytes }
})
