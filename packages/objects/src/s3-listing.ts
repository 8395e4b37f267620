// A page of ListObjectsV2 as entries: keys decoded, objects and prefixes in the order of keys, and where it goes on.

import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { compareKeys } from './key-order.ts'
import { StoreError } from './store-error.ts'
import type { ListEntry, StoredObject } from './store.ts'

/** A page, and the token that asks for the next. Throws StoreError where an answer can't be a listing, or never ends. */
export function listedPage(
  page: ListObjectsV2CommandOutput,
  token: string | undefined,
  uri: string,
): { readonly entries: ListEntry[]; readonly next: string | undefined } {
  const { Name, KeyCount, IsTruncated, NextContinuationToken: next } = page
  if (Name === undefined && KeyCount === undefined && IsTruncated === undefined) {
    const what = `${uri}: what answered is no S3 server: its answer is no listing`
    throw new StoreError('failed', `${what}; check AWS_ENDPOINT_URL_S3, and proxies on the way`)
  }
  if (IsTruncated === true && (next === undefined || next === '' || next === token)) {
    const what = `${uri}: the server's listing can't be followed: it says that there is more, but not from where on`
    throw new StoreError('failed', `${what}; it must know ListObjectsV2`)
  }
  return { entries: entriesOfPage(page), next: IsTruncated === true ? next : undefined }
}

// S3 sends a page's objects and prefixes apart; together they are in the order of keys.
function entriesOfPage(page: ListObjectsV2CommandOutput): ListEntry[] {
  const decode = page.EncodingType === 'url' ? decodeKey : (key: string) => key
  const keyed: { key: string; entry: ListEntry }[] = []
  for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
    const key = decode(Key ?? '')
    keyed.push({ key, entry: { object: storedObject(key, Size, ETag, LastModified) } })
  }
  const ordered = keyed.length
  for (const { Prefix } of page.CommonPrefixes ?? []) {
    const prefix = decode(Prefix ?? '')
    keyed.push({ key: prefix, entry: { prefix } })
  }
  if (keyed.length > ordered) keyed.sort((a, b) => compareKeys(a.key, b.key))
  return keyed.map(({ entry }) => entry)
}

// encoding-type=url writes a space as '+'.
function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '))
}

export function storedObject(key: string, size?: number, etag?: string, modified?: Date): StoredObject {
  return { key, size: size ?? 0, etag: plainEtag(etag), modified: modified?.getTime() ?? 0 }
}

/** Without quotes and the mark of a weak one; '' where there is none. */
export function plainEtag(etag: string | undefined): string {
  return (etag ?? '').replace(/^W\//, '').replaceAll('"', '')
}
