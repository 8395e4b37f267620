/** A store of one object in memory, whose body comes in chunks cut anywhere: what a network does to an object. */
import type { ListEntry, ListPage, ObjectStore, StoredObject } from '@zonetoll/objects'
import { inChunks } from './changes.ts'

export class ByteStore implements ObjectStore {
  readonly object: StoredObject
  readonly #bytes: Uint8Array
  readonly #chunks: readonly number[]

  constructor(key: string, bytes: Uint8Array, chunks: readonly number[]) {
    this.object = { key, size: bytes.length, etag: 'one', modified: 0 }
    this.#bytes = bytes
    this.#chunks = chunks
  }

  async *read(): AsyncGenerator<Uint8Array> {
    // As a store may: each chunk in memory that is written over by the next.
    const shared = new Uint8Array(Math.max(...this.#chunks))
    for (const chunk of inChunks(this.#bytes, this.#chunks)) {
      shared.set(chunk)
      yield shared.subarray(0, chunk.length)
    }
  }

  async *listPages(): AsyncGenerator<ListPage> {
    yield { entries: [{ object: this.object }], more: false }
  }

  async *list(): AsyncGenerator<ListEntry> {
    yield { object: this.object }
  }

  async head(key: string): Promise<StoredObject | null> {
    return key === this.object.key ? this.object : null
  }

  write(): Promise<string> {
    return Promise.reject(new Error('this store is for reading'))
  }

  delete(): Promise<void> {
    return Promise.reject(new Error('this store is for reading'))
  }

  describe(key: string): string {
    return `memory:${key}`
  }
}
