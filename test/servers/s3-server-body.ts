// A request's body, decoded and checked.
//
// aws-chunked (x-amz-content-sha256: STREAMING-…) wraps the body in chunks of its own, with trailers behind it:
//   <hex size>[;chunk-signature=…]\r\n <bytes> \r\n … 0[;…]\r\n x-amz-checksum-crc32:<base64>\r\n \r\n
// Source: Amazon S3 API Reference, Signature Calculations for the Authorization Header, Transferring Payload in Chunks.

import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { crc32 } from 'node:zlib'

import { S3Failure } from './s3-server-operations.ts'

/** Throws S3Failure for a body that is cut, or that its checksums don't fit. */
export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part as Buffer)
  const raw = Buffer.concat(parts)
  const { headers } = message
  const declared = String(headers['x-amz-content-sha256'] ?? '')
  const streaming = declared.startsWith('STREAMING-')
  const { body, trailers } = streaming
    ? decodeChunks(raw)
    : { body: raw, trailers: new Map<string, string>() }
  if (/^[0-9a-f]{64}$/.test(declared) && createHash('sha256').update(body).digest('hex') !== declared) {
    throw new S3Failure(
      400,
      'XAmzContentSHA256Mismatch',
      'The provided x-amz-content-sha256 header does not match',
    )
  }
  const length = headers['x-amz-decoded-content-length']
  if (streaming && length !== undefined && Number(length) !== body.length) {
    throw new S3Failure(400, 'IncompleteBody', `${body.length} bytes came of ${String(length)}`)
  }
  const crc = headers['x-amz-checksum-crc32'] ?? trailers.get('x-amz-checksum-crc32')
  if (crc !== undefined && crc !== crc32Base64(body)) {
    throw new S3Failure(400, 'BadDigest', 'The CRC32 you specified did not match the calculated checksum.')
  }
  return body
}

function crc32Base64(bytes: Uint8Array): string {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(crc32(bytes))
  return buffer.toString('base64')
}

function decodeChunks(raw: Buffer): { body: Buffer; trailers: Map<string, string> } {
  const parts: Buffer[] = []
  let at = 0
  const line = () => {
    const end = raw.indexOf('\r\n', at)
    if (end < 0) throw new S3Failure(400, 'IncompleteBody', 'The request body terminated unexpectedly')
    const text = raw.toString('latin1', at, end)
    at = end + 2
    return text
  }
  for (;;) {
    const size = Number.parseInt(line(), 16)
    if (!(size >= 0 && at + size <= raw.length)) throw new S3Failure(400, 'IncompleteBody', 'A chunk is cut')
    if (size === 0) break
    parts.push(raw.subarray(at, at + size))
    at += size
    line()
  }
  const trailers = new Map<string, string>()
  while (at < raw.length) {
    const text = line()
    const colon = text.indexOf(':')
    if (colon > 0) trailers.set(text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim())
  }
  return { body: Buffer.concat(parts), trailers }
}
