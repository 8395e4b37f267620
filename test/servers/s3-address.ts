// What a request's address says of S3: path style, http://host:port/bucket/key?query.

import type { IncomingMessage } from 'node:http'

export interface S3Address {
  readonly method: string
  /** As it was sent, percent-encoded. */
  readonly path: string
  readonly bucket: string
  /** Decoded; empty for a request to the bucket. */
  readonly key: string
  readonly query: Readonly<Record<string, string>>
}

/** Not through URL: it would resolve the '..' that a key may hold. */
export function addressOf({ url = '/', method = '' }: IncomingMessage): S3Address {
  const queryAt = url.indexOf('?')
  const path = queryAt < 0 ? url : url.slice(0, queryAt)
  const query = Object.fromEntries(new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1)))
  const keyAt = path.indexOf('/', 1)
  const bucket = decodeURIComponent(keyAt < 0 ? path.slice(1) : path.slice(1, keyAt))
  const key = keyAt < 0 ? '' : decodeURIComponent(path.slice(keyAt + 1))
  return { method, path, bucket, key, query }
}
