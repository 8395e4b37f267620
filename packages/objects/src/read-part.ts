// A part of an object as one array, for files that are read by places and not from begin to end.

import type { BytePart, CallOptions, ObjectStore, StoredObject } from './store.ts'

/**
 * The bytes of the part, all of them and as stored: nothing is gunzipped. It is the caller's to ask for no more than
 * fits in memory. Throws what the store's read throws.
 */
export async function readPart(
  store: ObjectStore,
  object: StoredObject,
  part: BytePart,
  options: CallOptions = {},
): Promise<Uint8Array> {
  const bytes = new Uint8Array(part.to - part.from)
  let reached = 0
  for await (const chunk of store.read(object, { ...options, part })) {
    bytes.set(chunk, reached)
    reached += chunk.length
  }
  return bytes
}
