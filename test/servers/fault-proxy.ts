// A proxy between a client and an S3 server, on 127.0.0.1: it hands requests on as they are and spoils what comes back.
//
//   client ──request──> proxy ──same head, same body──> server
//          <─ spoilt ──       <────── whole answer ────
//
// Host and signature stay the client's, so a server that checks signatures takes them. `faults` are asked about every
// request before it is served. Any server will do that speaks HTTP: the S3 server of this process, moto, a real one.
// Source of what a bad network and a busy S3 do: Amazon S3 API Reference, Error responses; RFC 9112, section 8.

import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressOf, type S3Address } from './s3-address.ts'

/** What goes wrong with a request. Bytes count the answer's body, or its head where that is said. */
export type ProxyFault =
  /** The connection ends after that many bytes; `work` then happens, before anything else is served. */
  | { readonly kind: 'cut'; readonly after: number; readonly work?: () => Promise<void> }
  /** The same, by a reset. */
  | { readonly kind: 'reset'; readonly after: number }
  /** Nothing more comes after that many bytes. */
  | { readonly kind: 'stall'; readonly after: number }
  /** The answer comes in pieces of that many bytes, with a pause of so many milliseconds before each. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly millis: number }
  /** The head of the answer ends in its middle, after that many bytes. */
  | { readonly kind: 'cutHead'; readonly after: number }
  /** The whole answer is late. */
  | { readonly kind: 'delay'; readonly millis: number }
  /** An error of S3, which the server never hears of. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string }
  /** The server never hears of it: `work` happens, and the connection is reset. */
  | { readonly kind: 'refuse'; readonly work?: () => Promise<void> }
  /** The server does it; its answer is lost in a reset. */
  | { readonly kind: 'lost' }
  /** Something happens before the server hears of it. */
  | { readonly kind: 'before'; readonly work: () => Promise<void> }
  /** Something happens when the server has done it, before its answer goes on. */
  | { readonly kind: 'after'; readonly work: () => Promise<void> }

export interface FaultProxy {
  readonly url: string
  /** Every request since the start, in the order they came. */
  readonly requests: readonly S3Address[]
  /** Replace it at any time. */
  faults: (request: S3Address) => ProxyFault | null
  /** Resolves when no request to the bucket is under way: all that will be done there is done. */
  idle(bucket: string): Promise<void>
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  /** Names and values by turns. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const requests: S3Address[] = []
  const sockets = new Set<Socket>()
  const underWay = new Map<string, Set<Promise<void>>>()
  const accept = (message: IncomingMessage, response: ServerResponse) => {
    const request = addressOf(message)
    requests.push(request)
    const others = underWay.get(request.bucket) ?? new Set()
    underWay.set(request.bucket, others)
    // A client that is gone takes its request along; a server that is gone shows as a reset.
    const serving = serve(request, message, response).catch(() => void message.socket.destroy())
    others.add(serving)
    void serving.then(() => others.delete(serving))
  }
  const serve = async (request: S3Address, message: IncomingMessage, response: ServerResponse) => {
    const fault = faultOf(request)
    const body = await bodyOf(message)
    if (fault?.kind === 'refuse') {
      await fault.work?.()
      message.socket.resetAndDestroy()
      return
    }
    if (fault?.kind === 'before') await fault.work()
    const answer =
      fault?.kind === 'error' ? errorAnswer(fault, message) : await forward(upstream, message, body)
    await send(message, response, answer, fault)
  }
  const faultOf = (request: S3Address) => self.faults(request)
  const server = createServer(accept)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const self: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults: () => null,
    async idle(bucket) {
      while ((underWay.get(bucket)?.size ?? 0) > 0) await Promise.all(underWay.get(bucket)!)
    },
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return self
}

// Not through URL: it would resolve the '..' that a key may hold.
async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function forward(upstream: string, message: IncomingMessage, body: Buffer): Promise<Answer> {
  const { hostname, port } = new URL(upstream)
  const headers: string[] = []
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    const name = message.rawHeaders[at]!
    // Of this connection, not of the request; the body goes on in one piece.
    if (/^(?:connection|expect|transfer-encoding|content-length)$/i.test(name)) continue
    headers.push(name, message.rawHeaders[at + 1]!)
  }
  if (body.length > 0 || /^(?:PUT|POST)$/.test(message.method ?? '')) {
    headers.push('Content-Length', String(body.length))
  }
  headers.push('Connection', 'close')
  return new Promise((resolve, reject) => {
    const asked = httpRequest(
      { hostname, port, method: message.method, path: message.url, headers, agent: false },
      answer => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () => {
          const { statusCode = 502, rawHeaders } = answer
          resolve({ status: statusCode, headers: rawHeaders, body: Buffer.concat(parts) })
        })
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

function errorAnswer(
  { status, code }: { status: number; code: string },
  { method }: IncomingMessage,
): Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code} of the fault proxy</Message></Error>`
  const body = method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(text)
  return {
    status,
    headers: ['Content-Type', 'application/xml', 'Content-Length', String(body.length)],
    body,
  }
}

async function send(
  { socket, method }: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault: ProxyFault | null,
): Promise<void> {
  const { status, body } = answer
  const begin = () => {
    response.writeHead(status, headersOf(answer, method))
    response.flushHeaders()
  }
  switch (fault?.kind) {
    case 'lost':
      socket.resetAndDestroy()
      return
    case 'cutHead': {
      const head = `HTTP/1.1 ${status} OK\r\n${pairsOf(headersOf(answer, method))
        .map(pair => pair.join(': '))
        .join('\r\n')}\r\n\r\n`
      // Without its last byte at the least: else the head is whole.
      await written(socket, Buffer.from(head).subarray(0, Math.min(fault.after, head.length - 1)))
      socket.destroy()
      return
    }
    case 'cut':
    case 'reset':
      begin()
      await written(response, body.subarray(0, fault.after))
      if (fault.kind === 'cut') await fault.work?.()
      if (fault.kind === 'cut') socket.destroy()
      else socket.resetAndDestroy()
      return
    case 'stall':
      begin()
      await written(response, body.subarray(0, fault.after))
      return
    case 'drip':
      begin()
      for (let at = 0; at < body.length && !socket.destroyed; at += fault.bytes) {
        await sleep(fault.millis)
        await written(response, body.subarray(at, at + fault.bytes))
      }
      break
    case 'delay':
      await sleep(fault.millis)
      begin()
      break
    case 'after':
      await fault.work()
      begin()
      break
    default:
      begin()
  }
  if (fault?.kind === 'drip') response.end()
  else response.end(body)
}

// The length is the body's, told to HEAD as well; how the server sent it is its own affair.
function headersOf({ headers, body }: Answer, method: string | undefined): string[] {
  const kept = pairsOf(headers).filter(
    ([name]) => !/^(?:connection|keep-alive|transfer-encoding|date)$/i.test(name),
  )
  if (method !== 'HEAD' && !kept.some(([name]) => /^content-length$/i.test(name))) {
    kept.push(['Content-Length', String(body.length)])
  }
  return kept.flat()
}

function pairsOf(headers: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at < headers.length; at += 2) pairs.push([headers[at]!, headers[at + 1]!])
  return pairs
}

// Also when the connection is gone by then.
function written(stream: Socket | ServerResponse, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0 || stream.destroyed) return Promise.resolve()
  return new Promise(resolve => {
    const settle = () => {
      stream.off('close', settle)
      resolve()
    }
    stream.once('close', settle)
    stream.write(bytes, settle)
  })
}
