// A multipart upload whose end was done and only its answer got lost.
//
// The SDK asks again, and the server knows no such upload any more (or, with a condition, finds our own object where
// nothing should stand). What stands under the key tells: the ETag of an upload is the MD5 of its parts' MD5s, and their
// number. Where parts are encrypted with a key their ETags are no MD5s; then nothing is known, and the failure stays one.
// Source: Amazon S3 User Guide, Checking object integrity, Using Content-MD5 and the ETag.

import { createHash } from 'node:crypto'

import type { CompleteMultipartUploadCommandInput, HeadObjectCommandOutput } from '@aws-sdk/client-s3'

/** The answer that got lost; null where the upload isn't what stands there. Never rejects. */
export async function completedUpload(
  input: CompleteMultipartUploadCommandInput,
  error: unknown,
  head: () => Promise<HeadObjectCommandOutput>,
): Promise<{ readonly ETag: string } | null> {
  const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
  if (name !== 'NoSuchUpload' && $metadata?.httpStatusCode !== 412) return null
  const parts = input.MultipartUpload?.Parts ?? []
  const hash = createHash('md5')
  for (const { ETag = '' } of parts) hash.update(Buffer.from(ETag.replaceAll('"', ''), 'hex'))
  const own = `"${hash.digest('hex')}-${parts.length}"`
  try {
    return (await head()).ETag === own ? { ETag: own } : null
  } catch {
    return null
  }
}
