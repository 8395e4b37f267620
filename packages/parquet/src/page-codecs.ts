// Packed pages to their bytes. gunzip and the like run on libuv's threads, Snappy runs here.
//
// A page's header says how long it is unpacked: that much room is made and not a byte more is taken.

import { brotliDecompress, constants, gunzip, zstdDecompress } from 'node:zlib'
import { unpackSnappy } from './snappy.ts'
import { PageDamage } from './table-error.ts'

type Unpacker = (bytes: Uint8Array, size: number) => Uint8Array | Promise<Uint8Array>

// A zstd frame names the window that it needs: up to 128 MiB without this.
const ZSTD_PARAMS = { [constants.ZSTD_d_windowLogMax]: 26 }

const UNPACKERS: Readonly<Record<string, Unpacker>> = {
  UNCOMPRESSED: bytes => bytes,
  SNAPPY: unpackSnappy,
  GZIP: (bytes, size) => byZlib(done => gunzip(bytes, room(size), done)),
  BROTLI: (bytes, size) => byZlib(done => brotliDecompress(bytes, room(size), done)),
  ZSTD: (bytes, size) => byZlib(done => zstdDecompress(bytes, { ...room(size), params: ZSTD_PARAMS }, done)),
}

/** The names of what can be unpacked, as a footer has them. */
export const CODECS: readonly string[] = Object.keys(UNPACKERS)

/** The bytes of a page, exactly `size` of them. Throws PageDamage where they aren't. */
export async function unpack(codec: string, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  let unpacked: Uint8Array
  try {
    unpacked = await UNPACKERS[codec]!(bytes, size)
  } catch (error) {
    const { message } = error as Error
    throw new PageDamage(`a page is damaged: it is no ${codec} data of ${size} bytes (${message})`)
  }
  if (unpacked.length === size) return unpacked
  throw new PageDamage(`a page unpacks to ${unpacked.length} bytes, and its header says ${size}`)
}

// One more than is wanted: a buffer that is filled to its end makes zlib allocate another.
function room(size: number): { readonly chunkSize: number; readonly maxOutputLength: number } {
  return { chunkSize: Math.max(size + 1, 64), maxOutputLength: Math.max(size, 1) }
}

function byZlib(start: (done: (error: Error | null, bytes: Buffer) => void) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    start((error, bytes) => {
      if (error === null) resolve(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
      else reject(error)
    })
  })
}
