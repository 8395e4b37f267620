// From a URI to a store and a prefix.
//
//   s3://bucket/a/b     the bucket, prefix 'a/b/'; taken literally as `aws s3` does: '%20' is three characters and '#',
//                       '?', '+' and '..' are parts of a key like any other
//   s3://arn:…/a        an access point's ARN in the bucket's place
//   file:///dir%20x     a folder; percent-encoded, as RFC 8089 has it
//   ./dir x             a folder; literally, from the working directory
//
// A folder's store has that folder as its root: its keys are relative and its prefix is ''. A role is a bucket's affair.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { FolderStore } from './folder-store.ts'
import { S3Store, type S3Options } from './s3-store.ts'
import { StoreError } from './store-error.ts'
import type { Location } from './store.ts'

export type LocationOptions = S3Options

const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\//
// An access point's ARN holds one '/' or ':' before its name; a bucket's name holds neither.
const S3_URI = /^s3:\/\/(arn:[^:/]+:s3[^:/]*:[^:/]*:[^:/]*:accesspoint[:/][^:/]+|[^/]+)(?:\/(.*))?$/is

/**
 * Opens nothing yet: a bucket or folder that isn't there shows at the first call on the store. Throws StoreError
 * 'badUri' for a text that isn't a location.
 */
export function openLocation(uri: string, options: LocationOptions = {}): Location {
  if (uri === '' || uri.includes('\0')) throw badUri(uri, 'is empty or holds a NUL')
  const scheme = SCHEME.exec(uri)?.[1]?.toLowerCase()
  if (scheme === undefined) {
    if (/^(?:s3|file):/i.test(uri)) throw badUri(uri, 'lacks the // after its scheme')
    return { uri, store: new FolderStore(resolve(uri)), prefix: '' }
  }
  if (scheme === 'file') return { uri, store: new FolderStore(pathOf(uri)), prefix: '' }
  if (scheme !== 's3') throw badUri(uri, `has the scheme ${scheme}://, which isn't supported`)
  const parts = S3_URI.exec(uri)
  if (parts === null) throw badUri(uri, 'names no bucket')
  const prefix = parts[2] ?? ''
  const store = new S3Store(parts[1]!, options)
  return {
    uri,
    roleArn: options.roleArn,
    store,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
  }
}

function pathOf(uri: string): string {
  try {
    const url = new URL(uri)
    if (url.search !== '' || url.hash !== '')
      throw new Error('it has a ? or # (write %3F or %23 for these in a path)')
    const path = fileURLToPath(url)
    if (path.includes('\0')) throw new Error('it holds a NUL')
    return resolve(path)
  } catch (cause) {
    throw badUri(uri, `isn't a file URI: ${(cause as Error).message}`, cause)
  }
}

function badUri(uri: string, problem: string, cause?: unknown): StoreError {
  const expected = 'give s3://bucket/prefix, file:///folder or a plain path'
  return new StoreError('badUri', `the location ${JSON.stringify(uri)} ${problem}; ${expected}`, cause)
}
