// What each S3 operation answers. Source: Amazon S3 API Reference, Actions.

import type { S3Request } from './s3-server.ts'
import { md5, type Bucket, type BucketObject } from './s3-server-bucket.ts'

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | number>>
  readonly body?: Buffer
}

export interface AnswerOptions {
  readonly maxKeys: number
  /** Whether If-Match, If-None-Match and Range are honoured. */
  readonly conditions: boolean
}

/** An error as S3 answers it. */
export class S3Failure extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

export function operationOf(
  method: string,
  key: string,
  query: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): string {
  if (key === '') {
    if (method === 'GET') return query['list-type'] === '2' ? 'ListObjectsV2' : 'ListObjects'
    return method === 'HEAD' ? 'HeadBucket' : `${method} bucket`
  }
  const upload = 'uploadId' in query
  switch (method) {
    case 'GET':
      return 'GetObject'
    case 'HEAD':
      return 'HeadObject'
    case 'PUT':
      if (upload) return 'UploadPart'
      return 'x-amz-copy-source' in headers ? 'CopyObject' : 'PutObject'
    case 'POST':
      if (upload) return 'CompleteMultipartUpload'
      return 'uploads' in query ? 'CreateMultipartUpload' : 'POST object'
    case 'DELETE':
      return upload ? 'AbortMultipartUpload' : 'DeleteObject'
    default:
      return `${method} object`
  }
}

export function answerTo(
  request: S3Request,
  body: Buffer,
  buckets: ReadonlyMap<string, Bucket>,
  options: AnswerOptions,
): Answer {
  const bucket = buckets.get(request.bucket)
  if (bucket === undefined) throw new S3Failure(404, 'NoSuchBucket', 'The specified bucket does not exist')
  const { key, query, headers } = request
  switch (request.operation) {
    case 'HeadBucket':
      return { status: 200 }
    case 'ListObjectsV2':
      return listAnswer(bucket, request, options.maxKeys)
    case 'GetObject':
    case 'HeadObject':
      return objectAnswer(bucket.get(key), request, options.conditions)
    case 'PutObject': {
      if (options.conditions) mustHold(bucket.get(key), headers)
      return { status: 200, headers: { etag: `"${bucket.put(key, body).etag}"` } }
    }
    case 'DeleteObject':
      bucket.delete(key)
      return { status: 204 }
    case 'CreateMultipartUpload':
      return xmlAnswer('InitiateMultipartUploadResult', [
        ['Bucket', request.bucket],
        ['Key', key],
        ['UploadId', bucket.createUpload(key)],
      ])
    case 'UploadPart': {
      const upload = bucket.uploads.get(query['uploadId'] ?? '')
      if (upload === undefined) throw noSuchUpload()
      upload.parts.set(Number(query['partNumber']), body)
      return { status: 200, headers: { etag: `"${md5(body).toString('hex')}"` } }
    }
    case 'CompleteMultipartUpload': {
      if (options.conditions) mustHold(bucket.get(key), headers)
      const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(match =>
        Number(match[1]),
      )
      const object = bucket.completeUpload(query['uploadId'] ?? '', numbers)
      if (object === null) throw noSuchUpload()
      return xmlAnswer('CompleteMultipartUploadResult', [
        ['Bucket', request.bucket],
        ['Key', key],
        ['ETag', `"${object.etag}"`],
      ])
    }
    case 'AbortMultipartUpload':
      if (!bucket.uploads.delete(query['uploadId'] ?? '')) throw noSuchUpload()
      return { status: 204 }
    default:
      throw new S3Failure(501, 'NotImplemented', `${request.operation} is not implemented`)
  }
}

/** An error as XML; one that isn't S3's is the server's own fault. */
export function errorAnswer(error: unknown, request: S3Request): Answer {
  const failure =
    error instanceof S3Failure ? error : new S3Failure(500, 'InternalError', String((error as Error).stack))
  const fields = [
    ['Code', failure.code],
    ['Message', failure.message],
    ['Resource', request.path],
  ] as const
  const answer = xmlAnswer('Error', fields)
  // HEAD has no body, and its length isn't that of the error.
  const body = request.method === 'HEAD' ? Buffer.alloc(0) : answer.body!
  return { status: failure.status, headers: { ...answer.headers, ...failure.headers }, body }
}

// What a write asks of its key. Source: Amazon S3 User Guide, Conditional writes.
function mustHold(object: BucketObject | undefined, headers: S3Request['headers']): void {
  const match = headers['if-match']
  if (headers['if-none-match'] === '*' && object !== undefined) throw preconditionFailed()
  if (match === undefined) return
  if (object === undefined) throw new S3Failure(404, 'NoSuchKey', 'The specified key does not exist.')
  if (match.replaceAll('"', '') !== object.etag) throw preconditionFailed()
}

function preconditionFailed(): S3Failure {
  return new S3Failure(
    412,
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
  )
}

function noSuchUpload(): S3Failure {
  return new S3Failure(404, 'NoSuchUpload', 'The specified multipart upload does not exist.')
}

function objectAnswer(object: BucketObject | undefined, { headers }: S3Request, conditions: boolean): Answer {
  if (object === undefined) throw new S3Failure(404, 'NoSuchKey', 'The specified key does not exist.')
  const { body, etag, modified } = object
  const common = {
    etag: `"${etag}"`,
    'last-modified': modified.toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
  }
  const whole = { status: 200, headers: { ...common, 'content-length': body.length }, body }
  if (!conditions) return whole
  const match = headers['if-match']
  if (match !== undefined && match !== '*' && match.replaceAll('"', '') !== etag) throw preconditionFailed()
  const range = headers['range']
  if (range === undefined) return whole
  const [from, to] = rangeOf(range, body.length)
  const part = body.subarray(from, to + 1)
  const contentRange = `bytes ${from}-${to}/${body.length}`
  return {
    status: 206,
    headers: { ...common, 'content-range': contentRange, 'content-length': part.length },
    body: part,
  }
}

// Both inclusive.
function rangeOf(range: string, size: number): readonly [number, number] {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(range)
  const [, first = '', last = ''] = parts ?? []
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (parts === null || (first === '' && last === '') || from >= size || to < from) {
    const headers = { 'content-range': `bytes */${size}` }
    throw new S3Failure(416, 'InvalidRange', 'The requested range is not satisfiable', headers)
  }
  return [from, to]
}

function listAnswer(bucket: Bucket, { bucket: name, query }: S3Request, most: number): Answer {
  const { prefix = '', delimiter = '', 'start-after': startAfter = '', 'continuation-token': token } = query
  const maxKeys = Math.min(most, Number(query['max-keys'] ?? most))
  const after = token === undefined ? startAfter : Buffer.from(token, 'base64url').toString()
  const { keys, prefixes, next } = bucket.list({ prefix, delimiter, after, maxKeys })
  const encode = query['encoding-type'] === 'url' ? urlEncoded : (text: string) => text
  const fields: Field[] = [
    ['Name', name],
    ['Prefix', encode(prefix)],
    ['KeyCount', String(keys.length + prefixes.length)],
    ['MaxKeys', String(maxKeys)],
    ['IsTruncated', String(next !== null)],
  ]
  if (query['encoding-type'] === 'url') fields.push(['EncodingType', 'url'])
  if (delimiter !== '') fields.push(['Delimiter', encode(delimiter)])
  if (next !== null) fields.push(['NextContinuationToken', Buffer.from(next).toString('base64url')])
  for (const key of keys) {
    const { body, etag, modified } = bucket.get(key)!
    fields.push([
      'Contents',
      [
        ['Key', encode(key)],
        ['LastModified', modified.toISOString()],
        ['ETag', `"${etag}"`],
        ['Size', String(body.length)],
        ['StorageClass', 'STANDARD'],
      ],
    ])
  }
  for (const folded of prefixes) fields.push(['CommonPrefixes', [['Prefix', encode(folded)]]])
  return xmlAnswer('ListBucketResult', fields)
}

// As S3 does it: a space is '+', a '/' stays.
function urlEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%2F', '/')
}

type Field = readonly [name: string, value: string | readonly Field[]]

function xmlAnswer(root: string, fields: readonly Field[]): Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${xml([root, fields])}`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) }
}

function xml([name, value]: Field): string {
  const inner = typeof value === 'string' ? escaped(value) : value.map(xml).join('')
  return `<${name}>${inner}</${name}>`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
