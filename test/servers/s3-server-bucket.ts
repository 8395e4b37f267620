// A bucket in memory: objects in the order of their keys' UTF-8 bytes, and the multipart uploads in progress.

import { createHash, randomUUID } from 'node:crypto'

export interface BucketObject {
  readonly body: Buffer
  /** As S3's: MD5 of the body, or of the parts' MD5s with their number. */
  readonly etag: string
  readonly modified: Date
}

export interface ListRequest {
  readonly prefix: string
  readonly delimiter: string
  /** Only what sorts after it; a prefix that was listed last stands for all its keys. */
  readonly after: string
  readonly maxKeys: number
}

export interface Listing {
  readonly keys: readonly string[]
  readonly prefixes: readonly string[]
  /** The last entry, from which to go on; null when nothing is left. */
  readonly next: string | null
}

export class Bucket {
  readonly #objects = new Map<string, BucketObject>()
  #sorted: readonly string[] | null = null
  readonly uploads = new Map<string, { readonly key: string; readonly parts: Map<number, Buffer> }>()

  get(key: string): BucketObject | undefined {
    return this.#objects.get(key)
  }

  put(key: string, bytes: Uint8Array, etag?: string): BucketObject {
    if (!this.#objects.has(key)) this.#sorted = null
    const body = Buffer.from(bytes)
    const modified = new Date(Math.floor(Date.now() / 1000) * 1000)
    const object = { body, etag: etag ?? md5(body).toString('hex'), modified }
    this.#objects.set(key, object)
    return object
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#sorted = null
  }

  keys(): readonly string[] {
    this.#sorted ??= [...this.#objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return this.#sorted
  }

  list({ prefix, delimiter, after, maxKeys }: ListRequest): Listing {
    const keys: string[] = []
    const prefixes: string[] = []
    const from = Buffer.from(after)
    let last: string | null = null
    for (const key of this.keys()) {
      if (!key.startsWith(prefix) || Buffer.compare(Buffer.from(key), from) <= 0) continue
      const foldAt = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      const folded = foldAt < 0 ? null : key.slice(0, foldAt + delimiter.length)
      if (folded !== null && (folded === prefixes.at(-1) || folded === after)) continue
      if (keys.length + prefixes.length === maxKeys) return { keys, prefixes, next: last }
      if (folded === null) keys.push(key)
      else prefixes.push(folded)
      last = folded ?? key
    }
    return { keys, prefixes, next: null }
  }

  createUpload(key: string): string {
    const id = randomUUID()
    this.uploads.set(id, { key, parts: new Map() })
    return id
  }

  /** The object made of those parts; null for an upload or part that isn't there. */
  completeUpload(id: string, numbers: readonly number[]): BucketObject | null {
    const upload = this.uploads.get(id)
    if (upload === undefined) return null
    const parts = numbers.map(number => upload.parts.get(number))
    if (parts.length === 0 || parts.includes(undefined)) return null
    const bodies = parts as Buffer[]
    this.uploads.delete(id)
    const etag = `${md5(Buffer.concat(bodies.map(md5))).toString('hex')}-${bodies.length}`
    return this.put(upload.key, Buffer.concat(bodies), etag)
  }
}

export function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest()
}
