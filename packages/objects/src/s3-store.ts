// A bucket as a store.
//
//   list     ListObjectsV2, a page a request, keys URL-encoded (XML can't carry every character that a key can)
//   read     GetObject with If-Match on the listed etag, resumed with Range; a part is a Range from the beginning
//   write    PutObject up to one part's size; above it a multipart upload, which shows only when it is completed and
//            is aborted when its source fails. What is expected goes along as If-Match or If-None-Match

import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import type { S3Client } from '@aws-sdk/client-s3'

import { completedUpload } from './completed-upload.ts'
import { resumingRead } from './resuming-read.ts'
import { s3Session, type S3Session } from './s3-client.ts'
import { isConflict, mayKnowNoConditions } from './s3-conditions.ts'
import { s3Error } from './s3-error.ts'
import { listedPage, plainEtag, storedObject } from './s3-listing.ts'
import { conflict, oneLine, StoreError } from './store-error.ts'
import { entriesOf } from './store.ts'
import type {
  BytePart,
  ListEntry,
  ListOptions,
  ListPage,
  ObjectStore,
  ReadOptions,
  StoredObject,
  WriteBody,
  WriteOptions,
} from './store.ts'
import { wholeFile } from './whole-file.ts'

export interface S3Options {
  /** How long a server may send nothing, in milliseconds; 20,000 if not given. */
  readonly stallTimeoutMs?: number
  /** The first pause before a cut body is asked for again, in milliseconds; 200 if not given. */
  readonly retryDelayMs?: number
  /** Bytes a part of a multipart upload, 8 MiB if not given; S3 wants 5 MiB at least. Smaller bodies are put at once. */
  readonly partBytes?: number
  /** The role to assume for all calls, as `arn:aws:iam::123456789012:role/name`; the SDK's own credentials if not given. */
  readonly roleArn?: string
}

// S3 takes 10,000 parts an upload.
const MAX_PARTS = 10_000

const ABORT_GRACE_MS = 500

/** What a write asks of the key; nothing where it replaces whatever stands. */
interface Condition {
  readonly IfMatch?: string
  readonly IfNoneMatch?: string
}

interface Permitted {
  readonly key: string
  readonly permission: string
  readonly signal?: AbortSignal | undefined
}

export class S3Store implements ObjectStore {
  readonly #bucket: string
  readonly #stallTimeoutMs: number
  readonly #retryDelayMs: number
  readonly #partBytes: number
  readonly #roleArn: string | null
  /** False once the server answered that it knows no conditions for writes. */
  #takesConditions = true

  constructor(bucket: string, options: S3Options = {}) {
    this.#bucket = bucket
    this.#stallTimeoutMs = options.stallTimeoutMs ?? 20_000
    this.#retryDelayMs = options.retryDelayMs ?? 200
    this.#partBytes = options.partBytes ?? 8 * 1024 * 1024
    this.#roleArn = options.roleArn ?? null
  }

  describe(key: string): string {
    return `s3://${this.#bucket}/${key}`
  }

  list(prefix: string, options: ListOptions = {}): AsyncIterable<ListEntry> {
    return entriesOf(this.listPages(prefix, options))
  }

  async *listPages(prefix: string, options: ListOptions = {}): AsyncGenerator<ListPage> {
    const { delimiter = false, startAfter, signal } = options
    const request = {
      Bucket: this.#bucket,
      Prefix: prefix,
      Delimiter: delimiter ? '/' : undefined,
      StartAfter: startAfter === '' ? undefined : startAfter,
      EncodingType: 'url',
    } as const
    let token: string | undefined
    do {
      const page = await this.#call(
        { key: prefix, permission: 's3:ListBucket', signal },
        async ({ sdk, client }, http) => {
          const command = new sdk.ListObjectsV2Command({ ...request, ContinuationToken: token })
          return listedPage(await client.send(command, http), token, this.describe(prefix))
        },
      )
      token = page.next
      yield { entries: page.entries, more: token !== undefined }
    } while (token !== undefined)
  }

  async head(key: string): Promise<StoredObject | null> {
    try {
      const found = await this.#call({ key, permission: 's3:GetObject' }, ({ sdk, client }, http) =>
        client.send(new sdk.HeadObjectCommand({ Bucket: this.#bucket, Key: key }), http),
      )
      return storedObject(key, found.ContentLength, found.ETag, found.LastModified)
    } catch (error) {
      // HEAD has no body to tell a missing bucket from a missing key; a list or write tells.
      if (error instanceof StoreError && error.reason === 'missingObject') return null
      throw error
    }
  }

  read(object: StoredObject, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
    const { from, to } = options.part ?? { from: 0, to: object.size }
    const open = (reached: number) => this.#open(object, { from: from + reached, to }, options.signal)
    return resumingRead({ ...object, size: to - from }, open, {
      uri: this.describe(object.key),
      stallTimeoutMs: this.#stallTimeoutMs,
      retryDelayMs: this.#retryDelayMs,
      signal: options.signal,
    })
  }

  async write(key: string, body: WriteBody, options: WriteOptions = {}): Promise<string> {
    const { signal, expected } = options
    const permission = { key, permission: 's3:PutObject', signal }
    const put = async (condition: Condition) =>
      this.#call(permission, session => this.#put(session, key, body, condition, signal))
    if (expected === undefined) return await put({})
    if (this.#takesConditions) {
      try {
        return await put(expected === null ? { IfNoneMatch: '*' } : { IfMatch: `"${expected}"` })
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        if (isConflict(error)) throw conflict(this.describe(key), error)
        if (!mayKnowNoConditions(error)) throw error
      }
    }
    // To ask just before is the nearest to a condition.
    if ((await this.head(key))?.etag !== (expected ?? undefined)) throw conflict(this.describe(key))
    const etag = await put({})
    this.#takesConditions = false
    return etag
  }

  async delete(key: string): Promise<void> {
    await this.#call({ key, permission: 's3:DeleteObject' }, ({ sdk, client }, http) =>
      client.send(new sdk.DeleteObjectCommand({ Bucket: this.#bucket, Key: key }), http),
    )
  }

  async #open(
    object: StoredObject,
    { from, to }: BytePart,
    signal: AbortSignal | undefined,
  ): Promise<Readable> {
    const { key, size, etag } = object
    const whole = from === 0 && to === size
    const answer = await this.#call({ key, permission: 's3:GetObject', signal }, ({ sdk, client }, http) => {
      const command = new sdk.GetObjectCommand({
        Bucket: this.#bucket,
        Key: key,
        IfMatch: etag === '' ? undefined : `"${etag}"`,
        Range: whole ? undefined : `bytes=${from}-${to === size ? '' : to - 1}`,
      })
      // The abort may win the race against an answer that is on its way: its body must not stay open.
      return client.send(command, http).then(opened => {
        if (signal?.aborted) (opened.Body as Readable).destroy()
        return opened
      })
    })
    const body = answer.Body as Readable
    // A server may ignore If-Match or Range: then the answer itself shows it.
    const range = whole ? undefined : `bytes ${from}-${to - 1}/${size}`
    const got = [
      etag === '' ? '' : plainEtag(answer.ETag),
      answer.ContentRange ?? 'all',
      answer.ContentLength ?? to - from,
    ]
    const expected = [etag, range ?? 'all', to - from]
    if (got.some((value, at) => value !== expected[at])) {
      body.destroy()
      const difference = `expected ETag ${expected.join(', ')} bytes; got ETag ${oneLine(got.join(', '))} bytes`
      const what = `${this.describe(key)} isn't the object that was listed (${difference})`
      throw new StoreError('changed', `${what}: it changed meanwhile; run again when nothing writes to it`)
    }
    return body
  }

  // Resolves to the etag.
  async #put(
    session: S3Session,
    key: string,
    body: WriteBody,
    condition: Condition,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const size = body instanceof Uint8Array ? body.length : (await stat(body.file)).size
    const target = { Bucket: this.#bucket, Key: key, ...condition }
    if (size > this.#partBytes) return await this.#upload(session, target, body, size, signal)
    const bytes = body instanceof Uint8Array ? body : await bytesOf(wholeFile(body.file, signal))
    const command = new session.sdk.PutObjectCommand({ ...target, Body: bytes })
    const answer = await session.client.send(command, signal === undefined ? {} : { abortSignal: signal })
    return plainEtag(answer.ETag)
  }

  async #upload(
    { sdk, client }: S3Session,
    target: { readonly Bucket: string; readonly Key: string } & Condition,
    body: WriteBody,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { Upload } = await import('@aws-sdk/lib-storage')
    const source = body instanceof Uint8Array ? body : Readable.from(wholeFile(body.file, signal))
    // The library doesn't hand a signal to its requests, and its own abort() leaves the parts to a request that nobody
    // waits for. This client hands it to all but the one that clears up: parts stop at once, and when done() rejects
    // they are gone.
    const send = async (command: object) => {
      const http =
        command instanceof sdk.AbortMultipartUploadCommand || !signal ? {} : { abortSignal: signal }
      try {
        return await client.send(command as Parameters<S3Client['send']>[0], http)
      } catch (error) {
        if (!(command instanceof sdk.CompleteMultipartUploadCommand)) throw error
        const { Bucket, Key } = target
        const head = () => client.send(new sdk.HeadObjectCommand({ Bucket, Key }), http)
        const answer = await completedUpload(command.input, error, head)
        if (answer === null) throw error
        return answer
      }
    }
    const upload = new Upload({
      client: Object.create(client, { send: { value: send } }) as S3Client,
      params: { ...target, Body: source },
      partSize: Math.max(this.#partBytes, Math.ceil(size / MAX_PARTS)),
    })
    try {
      return plainEtag((await upload.done()).ETag)
    } finally {
      if (source instanceof Readable) source.destroy()
    }
  }

  // One request with the SDK's retries; what it throws becomes a StoreError, or the signal's reason.
  async #call<T>(
    { key, permission, signal }: Permitted,
    request: (session: S3Session, http: { abortSignal?: AbortSignal; requestTimeout: number }) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    try {
      const session = await s3Session({ stallTimeoutMs: this.#stallTimeoutMs, roleArn: this.#roleArn })
      const http = {
        requestTimeout: this.#stallTimeoutMs,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      }
      return await endingOnAbort(request(session, http), signal)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw s3Error(error, {
        uri: this.describe(key),
        bucket: this.#bucket,
        permission,
        roleArn: this.#roleArn,
      })
    }
  }
}

// An aborted request rejects at once, and an upload after one request that clears up, unless the SDK is pausing before
// another attempt: nothing wakes it, so it isn't waited for.
async function endingOnAbort<T>(request: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await request
  const settled = new AbortController()
  const abort = Promise.withResolvers<never>()
  const onAbort = () => {
    const grace = sleep(ABORT_GRACE_MS, undefined, { signal: settled.signal })
    grace.then(() => abort.reject(signal.reason)).catch(() => {})
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([request, abort.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    settled.abort()
  }
}

async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}
