// The stores that tests run against: an empty folder, and an empty bucket of an S3 server in this process.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { startS3Server, type S3Server, type S3ServerOptions } from '../../../test/servers/s3-server.ts'
import {
  openLocation,
  type ListEntry,
  type ListOptions,
  type Location,
  type ObjectStore,
  StoreError,
} from '../src/index.ts'

export const BUCKET = 'zonetoll-test'

/** Short times, so that what must be waited for is soon over. */
export const QUICK = { stallTimeoutMs: 250, retryDelayMs: 1 }

export interface Place {
  readonly location: Location
  readonly store: ObjectStore
  readonly server: S3Server | null
  readonly close: () => Promise<void>
}

/** Lets the SDK ask that server, with nothing else of the environment. */
export function pointAt(url: string, more: Readonly<Record<string, string>> = {}): void {
  for (const name of Object.keys(process.env)) {
    if (/^(?:AWS_|ZONETOLL_)/.test(name)) delete process.env[name]
  }
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: url,
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'test-secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    ...more,
  })
}

export async function s3Place(
  options: S3ServerOptions = {},
  prefix = '',
): Promise<Place & { server: S3Server }> {
  const server = await startS3Server({ buckets: [BUCKET], ...options })
  pointAt(server.url)
  const location = openLocation(`s3://${BUCKET}/${prefix}`, QUICK)
  return { location, store: location.store, server, close: () => server.close() }
}

export async function folderPlace(): Promise<Place & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'zonetoll-objects-'))
  const location = openLocation(folder)
  const close = () => rm(folder, { recursive: true, force: true })
  return { location, store: location.store, server: null, folder, close }
}

export async function list(store: ObjectStore, prefix: string, options: ListOptions = {}): Promise<string[]> {
  const names: string[] = []
  for await (const entry of store.list(prefix, options)) names.push(nameOf(entry))
  return names
}

export function nameOf(entry: ListEntry): string {
  return 'object' in entry ? entry.object.key : entry.prefix
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(new Uint8Array(chunk))
  return Buffer.concat(parts)
}

/** What stands under the key; it must be there. */
export async function stored(store: ObjectStore, key: string) {
  const object = await store.head(key)
  if (object === null) throw new Error(`nothing stands under ${key}`)
  return object
}

/** Bytes that look random and are the same each time. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** Waits until the condition holds; fails after two seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 2000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited two seconds for nothing')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** What a promise fails with; throws where that is no StoreError, or where it doesn't fail. */
export async function failure(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.then(
    () => new Error('expected a failure, got none'),
    (caught: unknown) => caught,
  )
  if (!(error instanceof StoreError)) throw error
  return error
}
