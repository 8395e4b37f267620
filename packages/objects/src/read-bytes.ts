// An object's content: its body, gunzipped where the key ends in `.gz`.
//
// gzip data is members one after another, each ending in a CRC and its length (RFC 1952). zlib reads on from member to
// member, but stops without a word at a zero byte after one, whatever follows; so the bytes it took are held against
// the object's size. An object of no bytes has no member and isn't gzip.

import { createGunzip, type Gunzip } from 'node:zlib'

import { ContentError } from './content-error.ts'
import type { CallOptions, ObjectStore, StoredObject } from './store.ts'

// Half the CPU of zlib's own 16 KiB.
const CHUNK_BYTES = 256 * 1024

/**
 * The content in chunks, each valid until the next is asked for. Throws what the store's read throws, and ContentError when the bytes aren't
 * whole gzip. The object is closed when the consumer stops, before its iterator's return() resolves.
 */
export function readBytes(
  store: ObjectStore,
  object: StoredObject,
  options: CallOptions = {},
): AsyncIterable<Uint8Array> {
  return object.key.endsWith('.gz') ? gunzipped(store, object, options) : store.read(object, options)
}

async function* gunzipped(
  store: ObjectStore,
  object: StoredObject,
  { signal }: CallOptions,
): AsyncGenerator<Uint8Array> {
  const uri = store.describe(object.key)
  if (object.size === 0)
    throw new ContentError('notGzip', uri, 'holds no bytes, which is not even an empty gzip file')

  // Stops a read that waits for the network when the consumer stops.
  const stop = new AbortController()
  const ending = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  const feeding = feed(checkedForGzip(store.read(object, { signal: ending }), uri), gunzip)
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer<ArrayBuffer>>) {
      yield chunk
      release(chunk)
    }
    // zlib ended before its input did: the feeding would wait for ever.
    if (gunzip.bytesWritten !== object.size) throw trailingBytes(uri, gunzip.bytesWritten, object.size)
    await feeding
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw ofGunzip(error) ? gunzipProblem(uri, error) : error
  } finally {
    stop.abort()
    gunzip.destroy()
    await feeding
  }
}

// Writes the body to gunzip, a chunk when the one before is used up, as the store's read wants it. A failure of the
// body becomes gunzip's, whose reader hears of it; one of gunzip's own ends the feeding. Never rejects.
async function feed(body: AsyncIterable<Uint8Array>, gunzip: Gunzip): Promise<void> {
  // A gunzip that is destroyed never says that it has used up the chunk it was at.
  let goOn: (() => void) | undefined
  gunzip.once('close', () => goOn?.())
  try {
    for await (const chunk of body) {
      await new Promise<void>(resolve => {
        goOn = resolve
        gunzip.write(chunk, () => resolve())
      })
      if (gunzip.destroyed) return
    }
    gunzip.end()
  } catch (error) {
    gunzip.destroy(error as Error)
  }
}

// Frees the memory of chunks at once: waiting for the garbage collector makes it run every few dozen chunks. zlib fills
// one buffer after another from front to back, so the chunk that ends where its buffer ends is the buffer's last.
function release({ byteOffset, byteLength, buffer }: Buffer<ArrayBuffer>): void {
  if (byteOffset + byteLength === buffer.byteLength) buffer.transfer(0)
}

// zlib says 'incorrect header check' both for a text file and for garbage behind a member: the first two bytes tell.
async function* checkedForGzip(body: AsyncIterable<Uint8Array>, uri: string): AsyncGenerator<Uint8Array> {
  const magic = [0x1f, 0x8b]
  let checked = 0
  for await (const chunk of body) {
    for (let at = 0; checked < magic.length && at < chunk.length; at++, checked++) {
      if (chunk[at] !== magic[checked]) {
        throw new ContentError('notGzip', uri, 'is not gzip data though its name ends in .gz')
      }
    }
    yield chunk
  }
}

interface ZlibError extends Error {
  readonly code: string
}

function ofGunzip(error: unknown): error is ZlibError {
  const { code } = error as Partial<ZlibError>
  return error instanceof Error && typeof code === 'string' && code.startsWith('Z_')
}

function gunzipProblem(uri: string, error: ZlibError): ContentError {
  if (error.code === 'Z_BUF_ERROR') {
    return new ContentError('cutGzip', uri, 'ends in the middle of a gzip member: its rest is missing', error)
  }
  if (error.message === 'incorrect header check') return trailingBytes(uri, null, null, error)
  return new ContentError('damagedGzip', uri, `is damaged gzip data (${error.message})`, error)
}

function trailingBytes(uri: string, end: number | null, size: number | null, cause?: unknown): ContentError {
  const where = end === null ? '' : ` (from byte ${end} of ${size} on)`
  const problem = `has bytes that are not gzip data behind a gzip member${where}`
  return new ContentError('trailingBytes', uri, problem, cause)
}
