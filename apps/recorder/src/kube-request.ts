// One GET to a Kubernetes API server: a JSON document, or a stream that goes on for minutes.
//
// Over node:http and node:https, because everything that decides how a watch goes on has to be seen: the status and
// its Retry-After, the Status object that says why, the moment of the last byte, a body cut before its end. A body
// that is cut throws; it never looks like an end.

import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'

import type { ClusterAccess } from './cluster-access.ts'
import { isObject, objectAt, textAt, type JsonObject } from './kube-json.ts'

const USER_AGENT = 'zonetoll-recorder'
const KEEP_ALIVE_MILLIS = 30_000
// A Status is a few hundred bytes; what a proxy answers instead may be anything.
const MAX_STATUS_BYTES = 64 * 1024
// One page of objects: far above 4,000 pods, far below the longest string.
const MAX_DOCUMENT_BYTES = 256 * 2 ** 20

export interface KubeRequestOptions {
  readonly signal: AbortSignal
  /** How long the server may send nothing, in milliseconds. */
  readonly silenceMillis: number
}

/** The server answered, but not with what was asked for. */
export class KubeStatusError extends Error {
  override readonly name = 'KubeStatusError'
  readonly status: number
  /** As a Status object names it: `Expired`, `Forbidden`, `TooManyRequests`; null where there was none. */
  readonly reason: string | null
  readonly retryAfterMillis: number | null
  /** With 410: the token with which the rest of an expired list can be had, inconsistent with what was read. */
  readonly continueToken: string | null

  constructor(code: number, status: JsonObject | null, retryAfterMillis: number | null = null) {
    super(textAt(status, 'message') ?? http.STATUS_CODES[code] ?? 'no message')
    this.status = code
    this.reason = textAt(status, 'reason')
    this.retryAfterMillis = retryAfterMillis
    this.continueToken = textAt(objectAt(status, 'metadata'), 'continue')
  }
}

/** The server sent nothing for too long. */
export class KubeSilentError extends Error {
  override readonly name = 'KubeSilentError'
}

/** The server sent what isn't what it should be. */
export class KubeAnswerError extends Error {
  override readonly name = 'KubeAnswerError'
}

/** The JSON object at a path. Throws KubeStatusError, KubeSilentError, KubeAnswerError and what node:net throws. */
export async function getDocument(
  access: ClusterAccess,
  path: string,
  options: KubeRequestOptions,
): Promise<JsonObject> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of await openStream(access, path, options)) {
    length += chunk.length
    if (length > MAX_DOCUMENT_BYTES) {
      throw new KubeAnswerError(`the answer to ${path} is longer than ${MAX_DOCUMENT_BYTES} bytes`)
    }
    chunks.push(chunk)
  }
  return parseObject(Buffer.concat(chunks, length).toString('utf8'), path)
}

/** Throws KubeAnswerError. */
export function parseObject(text: string, path: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new KubeAnswerError(`the answer to ${path} isn't JSON`, { cause })
  }
  if (!isObject(value)) throw new KubeAnswerError(`the answer to ${path} isn't a JSON object`)
  return value
}

/** The body of an answer with status 200, as it comes. Leaving the iteration ends the request. */
export async function openStream(
  access: ClusterAccess,
  path: string,
  { signal, silenceMillis }: KubeRequestOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const authorization = await access.authorize()
  signal.throwIfAborted()
  const { server } = access
  const url = new URL(server.pathname.replace(/\/$/, '') + path, server)
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    ...authorization,
    method: 'GET',
    signal,
    headers: { ...authorization.headers, accept: 'application/json', 'user-agent': USER_AGENT },
  })
  const silence = new Silence(request, silenceMillis)
  request.on('socket', socket => socket.setKeepAlive(true, KEEP_ALIVE_MILLIS))
  try {
    const response = await responseTo(request)
    // An error after the last read has nobody to hear it.
    response.on('error', () => {})
    silence.broken()
    if (response.statusCode === 200) return bodyOf(response, silence)
    throw await statusErrorOf(response, silence)
  } catch (error) {
    silence.end()
    request.destroy()
    throw silence.error ?? error
  }
}

function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', reject)
    request.end()
  })
}

async function* bodyOf(response: IncomingMessage, silence: Silence): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) {
      silence.broken()
      yield chunk as Uint8Array
    }
  } catch (error) {
    throw silence.error ?? error
  } finally {
    silence.end()
    response.destroy()
  }
}

async function statusErrorOf(response: IncomingMessage, silence: Silence): Promise<KubeStatusError> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of bodyOf(response, silence)) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_STATUS_BYTES) break
  }
  let status: JsonObject | null = null
  try {
    status = parseObject(Buffer.concat(chunks).toString('utf8'), '')
  } catch {
    // A proxy's page: the code says enough.
  }
  return new KubeStatusError(response.statusCode!, status, retryAfterOf(response))
}

// Seconds; an HTTP date, which API servers don't send, reads as none.
function retryAfterOf(response: IncomingMessage): number | null {
  const text = response.headers['retry-after']
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : null
}

// Ends a request on which no byte has moved for too long: a connection whose other end is gone says nothing.
class Silence {
  readonly #timer: NodeJS.Timeout
  error: KubeSilentError | null = null

  constructor(request: ClientRequest, millis: number) {
    this.#timer = setTimeout(() => {
      this.error = new KubeSilentError(`the server sent nothing for ${millis / 1000} s`)
      request.destroy(this.error)
    }, millis)
  }

  broken(): void {
    this.#timer.refresh()
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
