// The one interface behind which a bucket and a folder look alike: keys, and bytes under keys.
//
//   key      the object's name in its store; parts are separated by '/'. In a bucket it is the bucket's key, in a
//            folder the path below the folder
//   prefix   the beginning of keys. Listing with `delimiter` folds the keys that share a part into one prefix
//
// Lists come in the order of the keys' UTF-8 bytes, which is what S3 promises for ListObjectsV2.

export interface StoredObject {
  readonly key: string
  /** Bytes as stored: compressed ones where the object is compressed. */
  readonly size: number
  /** Differs when the content differs; without quotes. Empty where an S3 server gives none. */
  readonly etag: string
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** An object, or with `delimiter` the prefix (ending in '/') that stands for all keys below it. */
export type ListEntry = { readonly object: StoredObject } | { readonly prefix: string }

/** What one request brought. */
export interface ListPage {
  readonly entries: readonly ListEntry[]
  /** Whether another page may follow, which costs another request. */
  readonly more: boolean
}

export interface ListOptions {
  /** Fold keys at the first '/' after the prefix. Off: every key below the prefix. */
  readonly delimiter?: boolean
  /** Only keys that sort after this one. Folded prefixes that begin it may be listed or not. */
  readonly startAfter?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface ReadOptions extends CallOptions {
  /** Read only the bytes from `from` up to, not including, `to`: at least one, and none behind the object's end. */
  readonly part?: BytePart | undefined
}

export interface BytePart {
  readonly from: number
  readonly to: number
}

export interface WriteOptions extends CallOptions {
  /**
   * Write only over what is known: over the object of that etag, with null over nothing. Else 'conflict', and what
   * stands there stands. Without it whatever stands is replaced.
   */
  readonly expected?: string | null | undefined
}

/** What is written: bytes at hand, or the whole of a local file. */
export type WriteBody = Uint8Array | { readonly file: string }

/** Every method rejects with a StoreError, or with the signal's reason once the signal is aborted. */
export interface ObjectStore {
  /** The entries whose keys begin with the prefix. A consumer that stops early causes no further request. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListEntry>
  /** The same, a page at a time. A listing has at least one page, which may be empty. */
  listPages(prefix: string, options?: ListOptions): AsyncIterable<ListPage>
  /** The object under the key, null where there is none. */
  head(key: string): Promise<StoredObject | null>
  /**
   * The whole body, exactly as long as `object.size`, or the part asked for, of the content that `object.etag` names;
   * else it throws. The object is opened when the first chunk is asked for and closed when the consumer stops. A chunk is valid until the
   * next is asked for.
   */
  read(object: StoredObject, options?: ReadOptions): AsyncIterable<Uint8Array>
  /**
   * Puts the body under the key, whole or not at all: until it resolves, what stood there stands. Resolves to the etag
   * of what was written.
   */
  write(key: string, body: WriteBody, options?: WriteOptions): Promise<string>
  /** Removes what stands under the key; nothing there is no error. */
  delete(key: string): Promise<void>
  /** The full URI of a key or prefix, for messages; the same for the same object of any location. */
  describe(key: string): string
}

/** Where a URI points: a store, and the beginning of the keys that are meant ('' or ending in '/'). */
export interface Location {
  readonly uri: string
  /** The role that asks for it; without one the run's own credentials do. */
  readonly roleArn?: string | undefined
  readonly store: ObjectStore
  readonly prefix: string
}

/** Pages as single entries. */
export async function* entriesOf(pages: AsyncIterable<ListPage>): AsyncGenerator<ListEntry> {
  for await (const page of pages) yield* page.entries
}
