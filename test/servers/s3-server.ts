// An S3 server in this process, for tests: what the SDK and DuckDB ask of a bucket, over real HTTP on 127.0.0.1.
//
// Path-style addresses (http://127.0.0.1:port/bucket/key). It keeps everything in memory, checks that requests are
// signed (and how, where it is told the secret) and that checksums are right, and misbehaves on request: `faults` are
// asked about every request before it is served.
//
//   s3-server.ts             HTTP, the log of requests, authorization, faults
//   s3-address.ts            bucket, key and query of a request
//   s3-server-operations.ts  what each operation answers
//   s3-server-bucket.ts      objects, multipart uploads, listing
//   s3-server-body.ts        request bodies: aws-chunked, checksums
//   s3-server-signature.ts   signatures
// Source: Amazon S3 API Reference.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { addressOf, type S3Address } from './s3-address.ts'
import { bodyOf } from './s3-server-body.ts'
import { Bucket } from './s3-server-bucket.ts'
import { signatureProblem } from './s3-server-signature.ts'
import { answerTo, errorAnswer, operationOf, S3Failure, type Answer } from './s3-server-operations.ts'

export interface S3Request extends S3Address {
  /** As the S3 API names it: 'ListObjectsV2', 'GetObject', 'PutObject', 'UploadPart', … */
  readonly operation: string
  readonly headers: Readonly<Record<string, string>>
}

/** What goes wrong with a request. Bytes count the answer's body. */
export type S3Fault =
  | {
      readonly kind: 'error'
      readonly status: number
      readonly code: string
      readonly message?: string
      readonly headers?: Record<string, string>
    }
  /** The connection is reset after that many bytes. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Nothing more comes after that many bytes. */
  | { readonly kind: 'stall'; readonly after: number }
  /** The body has no length and ends properly after that many bytes. */
  | { readonly kind: 'shorten'; readonly after: number }
  /** The body has no length and goes on with these bytes after its end. */
  | { readonly kind: 'lengthen'; readonly extra: Uint8Array }
  /** No answer at all. */
  | { readonly kind: 'silence' }
  /** The connection is reset before the answer. */
  | { readonly kind: 'reset' }
  /** If-Match, If-None-Match and Range are passed over. */
  | { readonly kind: 'ignoreConditions' }

export interface S3ServerOptions {
  readonly buckets?: readonly string[]
  /** Entries a page of a list has at most; 1000 if not given. */
  readonly maxKeys?: number
  /** Requests without Authorization are served too. */
  readonly anonymous?: boolean
  /** The only access key id that is known; any if not given. */
  readonly accessKeyId?: string
  /** What requests must be signed with; the signature isn't looked at if not given. */
  readonly secretAccessKey?: string
}

export interface S3Server {
  /** What AWS_ENDPOINT_URL_S3 takes. */
  readonly url: string
  /** Variables that let the SDK, and ours, ask this server, with nothing of the machine's configuration. */
  readonly environment: Readonly<Record<string, string>>
  /** Makes the bucket if it isn't there. Text is UTF-8. */
  put(bucket: string, key: string, body: Uint8Array | string): void
  get(bucket: string, key: string): Uint8Array | null
  remove(bucket: string, key: string): void
  /** In the order of their UTF-8 bytes. */
  keys(bucket: string): string[]
  /** Multipart uploads that were neither completed nor aborted. */
  openUploads(bucket: string): number
  /** Every request since the start or the last clear(), in the order they came. */
  readonly requests: readonly S3Request[]
  clearRequests(): void
  /** Asked before each request is served; null lets it pass. Replace it at any time. */
  faults: (request: S3Request) => S3Fault | null
  /** Answers whose body isn't sent to its end, on connections that are still open. */
  openAnswers(): number
  close(): Promise<void>
}

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const buckets = new Map<string, Bucket>((options.buckets ?? []).map(name => [name, new Bucket()]))
  const requests: S3Request[] = []
  const open = new Set<ServerResponse>()

  const serve = async (message: IncomingMessage, response: ServerResponse) => {
    open.add(response)
    response.on('close', () => open.delete(response))
    const request = requestOf(message)
    requests.push(request)
    const fault = faultsOf(request)
    if (fault?.kind === 'silence') return
    if (fault?.kind === 'reset') {
      message.socket.resetAndDestroy()
      return
    }
    let answer: Answer
    try {
      const body = await bodyOf(message)
      if (fault?.kind === 'error') {
        throw new S3Failure(fault.status, fault.code, fault.message ?? fault.code, fault.headers)
      }
      authorize(request, options, message.url ?? '/')
      const conditions = fault?.kind !== 'ignoreConditions'
      answer = answerTo(request, body, buckets, { maxKeys: options.maxKeys ?? 1000, conditions })
    } catch (error) {
      answer = errorAnswer(error, request)
    }
    send(message, response, answer, fault)
  }

  const faultsOf = (request: S3Request) => self.faults(request)
  const server = createServer((message, response) => {
    serve(message, response).catch(error => response.destroy(error as Error))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const bucketOf = (name: string) => buckets.get(name) ?? new Bucket()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const self: S3Server = {
    url,
    environment: {
      AWS_ENDPOINT_URL_S3: url,
      ZONETOLL_S3_PATH_STYLE: '1',
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'test-secret',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
    put(bucket, key, body) {
      if (!buckets.has(bucket)) buckets.set(bucket, new Bucket())
      bucketOf(bucket).put(key, typeof body === 'string' ? Buffer.from(body) : body)
    },
    get: (bucket, key) => bucketOf(bucket).get(key)?.body ?? null,
    remove: (bucket, key) => bucketOf(bucket).delete(key),
    keys: bucket => [...bucketOf(bucket).keys()],
    openUploads: bucket => bucketOf(bucket).uploads.size,
    requests,
    clearRequests: () => void requests.splice(0),
    faults: () => null,
    openAnswers: () => open.size,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return self
}

function requestOf(message: IncomingMessage): S3Request {
  const address = addressOf(message)
  const { method, key, query } = address
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  )
  return { ...address, operation: operationOf(method, key, query, headers), headers }
}

function authorize(request: S3Request, options: S3ServerOptions, url: string): void {
  const { headers, query } = request
  const { anonymous, accessKeyId, secretAccessKey } = options
  const credential = /^AWS4-HMAC-SHA256 Credential=([^/]+)\//.exec(headers['authorization'] ?? '')?.[1]
  const presigned = query['X-Amz-Credential']?.split('/')[0]
  const id = credential ?? presigned
  if (id === undefined) {
    if (anonymous !== true) throw new S3Failure(403, 'AccessDenied', 'Access Denied')
  } else if (accessKeyId !== undefined && id !== accessKeyId) {
    const problem = 'The AWS Access Key Id you provided does not exist in our records.'
    throw new S3Failure(403, 'InvalidAccessKeyId', problem)
  } else if (secretAccessKey !== undefined) {
    const search = url.slice(request.path.length + 1)
    const problem = signatureProblem({ ...request, search }, secretAccessKey)
    if (problem !== null) throw new S3Failure(403, 'SignatureDoesNotMatch', problem)
  }
}

function send(
  message: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault: S3Fault | null,
): void {
  const body = answer.body ?? Buffer.alloc(0)
  const headers: Record<string, string | number> = { 'x-amz-request-id': 'test', ...answer.headers }
  if (fault?.kind === 'shorten' || fault?.kind === 'lengthen') delete headers['content-length']
  else if (answer.status !== 204) headers['content-length'] ??= body.length
  response.writeHead(answer.status, headers)
  if (message.method === 'HEAD') {
    response.end()
    return
  }
  switch (fault?.kind) {
    case 'cut':
    case 'stall': {
      const part = body.subarray(0, fault.after)
      response.flushHeaders()
      const then = () => {
        // A reset would throw away what is on its way.
        if (fault.kind === 'cut') response.destroy()
      }
      if (part.length > 0) response.write(part, then)
      else setImmediate(then)
      return
    }
    case 'shorten':
      response.end(body.subarray(0, fault.after))
      return
    case 'lengthen':
      response.end(Buffer.concat([body, fault.extra]))
      return
    default:
      response.end(body)
  }
}
