// A Kubernetes API server in this process, for tests: pods, nodes and replicasets over real HTTP on 127.0.0.1.
//
// It keeps to the protocol as a real server does (test/golden/k8s-recorded holds what one answers): lists in pages of
// one moment, continue tokens that expire, resource versions, watches with bookmarks, 410 in each of its forms. It
// misbehaves on request: `faults` are asked about every request before it is served, and open watches can be cut.
//
//   kube-api.ts           HTTP, lists, writes, faults
//   kube-api-request.ts   what is asked for, and by whom
//   kube-api-continue.ts  continue tokens
//   kube-api-watch.ts     one open watch
//   kube-api-store.ts     versions of objects, the log of changes
//   kube-api-objects.ts   defaults, Status, selectors
//   kube-api-life.ts      a cluster that lives on it
// Source: Kubernetes API concepts.

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'

import {
  inOrder,
  KubeFailure,
  member,
  mergePatch,
  parseFieldSelector,
  textMember,
  withPodDefaults,
  type KubeKind,
  type KubeObject,
  type Selector,
} from './kube-api-objects.ts'
import { continueToken, expiredContinue, keyAfter, parseContinue } from './kube-api-continue.ts'
import {
  bodyOf,
  forbidden,
  inNamespace,
  kindOf,
  prefixOf,
  requestOf,
  type KubeRequest,
  type KubeUser,
} from './kube-api-request.ts'
import { keyOf, KubeStore, type KubeVersion } from './kube-api-store.ts'
import { KubeWatch } from './kube-api-watch.ts'

export type { KubeRequest, KubeUser } from './kube-api-request.ts'

/** What goes wrong with a request. */
export type KubeFault =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly reason?: string
      readonly retryAfter?: number
    }
  /** The connection is reset before an answer. */
  | { readonly kind: 'reset' }
  /** The connection is reset when half of the answer is out. */
  | { readonly kind: 'resetInBody' }
  /** No answer comes. */
  | { readonly kind: 'silence' }

export interface KubeApiOptions {
  /** How long a second of timeoutSeconds and bookmarks lasts, in milliseconds. */
  readonly secondMillis?: number
  /** Where the counter of versions begins. */
  readonly version?: number
  /** Bytes that each pod carries besides, as managedFields of a real one do. */
  readonly padding?: number
}

const READ_TIMEOUT_SECONDS = 3

export class KubeApi {
  readonly store: KubeStore
  /** Bearer tokens and who they are. */
  readonly tokens = new Map<string, KubeUser>()
  /** Who comes without a token. */
  anonymous: KubeUser = { name: 'system:anonymous', may: () => true }
  /** Asked in order; the first that isn't null happens. */
  readonly faults: ((request: KubeRequest) => KubeFault | null)[] = []
  readonly requests: KubeRequest[] = []
  readonly watches = new Set<KubeWatch>()
  /** When a list of a kind was last served to its end, in Unix milliseconds. */
  readonly listedAt = new Map<string, number>()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #secondMillis: number
  readonly #padding: string
  #port = 0

  constructor({ secondMillis = 1000, version = 1, padding = 0 }: KubeApiOptions = {}) {
    this.store = new KubeStore(version)
    this.#secondMillis = secondMillis
    this.#padding = padding === 0 ? '' : `,"padding":${paddingOf(padding)}}`
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Listens, again at the same port after refuseConnections(). */
  async listen(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Cuts every connection and takes no more until listen(). */
  async refuseConnections(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await closed
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise(resolve => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Makes an object as POST does; returns it as it is stored. */
  create(plural: string, object: KubeObject): KubeObject {
    const kind = kindOf(plural)
    const key = keyOf(object)
    if (this.store.get(plural, key) !== null) {
      const name = textMember(object, 'metadata', 'name')
      throw new KubeFailure(409, 'AlreadyExists', `${plural} "${name}" already exists`, {
        details: { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: plural },
      })
    }
    const { name, namespace, labels, annotations, creationTimestamp, uid, ...rest } = (object['metadata'] ??
      {}) as KubeObject
    const metadata = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: uid ?? randomUUID(),
      resourceVersion: '',
      ...(plural === 'pods' ? { generation: 1 } : {}),
      creationTimestamp: creationTimestamp ?? nowText(),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...rest,
      managedFields: [],
    }
    const { kind: _kind, apiVersion: _apiVersion, metadata: _metadata, ...body } = object
    const made = { metadata, ...body }
    return parsed(this.store.write(plural, plural === 'pods' ? withPodDefaults(made) : made))
  }

  /** Merges a patch into an object, or into its status alone; one that changes nothing makes no version. */
  patch(plural: string, key: string, patch: KubeObject, statusOnly = false): KubeObject {
    const before = this.#existing(plural, key)
    const after = statusOnly
      ? { ...before, status: mergePatch(before['status'], patch['status']) }
      : (mergePatch(before, patch) as KubeObject)
    if (isDeepStrictEqual(after, before)) return before
    return parsed(this.store.write(plural, plural === 'pods' ? inOrder(after) : after))
  }

  /** Deletes as a server does: marked first; gone at once where nothing runs or no grace is given. */
  delete(plural: string, key: string, graceSeconds: number | null = null): KubeObject {
    const before = this.#existing(plural, key)
    if (plural !== 'pods') return parsed(this.store.remove(plural, before))
    const phase = textMember(before, 'status', 'phase')
    const idle = phase === 'Succeeded' || phase === 'Failed' || textMember(before, 'spec', 'nodeName') === ''
    const usual = member(before, 'spec', 'terminationGracePeriodSeconds')
    const grace = idle ? 0 : (graceSeconds ?? (typeof usual === 'number' ? usual : 30))
    const metadata = before['metadata'] as KubeObject
    const isMarked = metadata['deletionTimestamp'] !== undefined
    if (isMarked && grace > 0) return before
    const marked = isMarked ? before : markedForDeletion(before, grace)
    const written = isMarked ? null : this.store.write(plural, marked)
    return parsed(grace === 0 ? this.store.remove(plural, marked) : written!)
  }

  #existing(plural: string, key: string): KubeObject {
    const found = this.store.get(plural, key)
    if (found !== null) return parsed(found)
    const { group } = kindOf(plural)
    const name = key.slice(key.indexOf('/') + 1)
    throw new KubeFailure(
      404,
      'NotFound',
      `${plural}${group === '' ? '' : `.${group}`} "${name}" not found`,
      {
        details: { name, ...(group === '' ? {} : { group }), kind: plural },
      },
    )
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('audit-id', randomUUID())
    response.setHeader('cache-control', 'no-cache, private')
    response.setHeader('content-type', 'application/json')
    try {
      const body = await bodyOf(incoming)
      const request = requestOf(incoming)
      this.requests.push(request)
      const fault = this.faults.map(ask => ask(request)).find(found => found !== null) ?? null
      if (fault !== null && this.#happens(fault, response)) return
      const user = this.#userOf(request)
      response.setHeader('x-kubernetes-pf-flowschema-uid', randomUUID())
      response.setHeader('x-kubernetes-pf-prioritylevel-uid', randomUUID())
      if (!user.may(request)) {
        response.setHeader('x-content-type-options', 'nosniff')
        throw forbidden(user, request)
      }
      if (fault?.kind === 'resetInBody') this.#cutBody(response)
      await this.#answer(request, body, response)
    } catch (error) {
      if (response.headersSent) {
        response.destroy()
        return
      }
      const failure =
        error instanceof KubeFailure ? error : new KubeFailure(500, 'InternalError', String(error))
      const { retryAfter } = failure.extras
      if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter))
      sendWhole(response, failure.status, JSON.stringify(failure.toStatus()))
    }
  }

  /** Whether the fault is all that happens. */
  #happens(fault: KubeFault, response: ServerResponse): boolean {
    if (fault.kind === 'status') {
      const { status, reason = 'InternalError', retryAfter } = fault
      const extras = retryAfter === undefined ? {} : { retryAfter }
      throw new KubeFailure(status, reason, 'a fault of the test', extras)
    }
    if (fault.kind === 'reset') response.socket!.resetAndDestroy()
    return fault.kind !== 'resetInBody'
  }

  #cutBody(response: ServerResponse): void {
    const { socket } = response
    const write = response.write.bind(response)
    response.write = (chunk: unknown) => {
      const text = String(chunk)
      return write(text.slice(0, text.length >> 1), () => socket!.resetAndDestroy())
    }
    response.end = () => response
  }

  #userOf({ headers }: KubeRequest): KubeUser {
    const { authorization } = headers
    if (authorization === undefined) return this.anonymous
    const user = this.tokens.get(String(authorization).replace(/^Bearer /, ''))
    if (user === undefined) throw new KubeFailure(401, 'Unauthorized', 'Unauthorized')
    return user
  }

  async #answer(request: KubeRequest, body: KubeObject | null, response: ServerResponse): Promise<void> {
    const kind = kindOf(request.plural)
    const key = `${request.namespace}/${request.name.replace(/\/status$/, '')}`
    switch (request.verb) {
      case 'list':
        return await this.#list(kind, request, response)
      case 'watch':
        return await this.#watch(kind, request, response)
      case 'get':
        return sendWhole(response, 200, this.#whole(kind, this.#existing(kind.plural, key)))
      case 'create':
        return sendWhole(
          response,
          201,
          this.#whole(kind, this.create(kind.plural, inNamespace(body, request))),
        )
      case 'patch': {
        const statusOnly = request.name.endsWith('/status')
        return sendWhole(
          response,
          200,
          this.#whole(kind, this.patch(kind.plural, key, body ?? {}, statusOnly)),
        )
      }
      default: {
        const asked = request.query.get('gracePeriodSeconds') ?? member(body, 'gracePeriodSeconds')
        const grace = asked === undefined ? null : Number(asked)
        return sendWhole(response, 200, this.#whole(kind, this.delete(kind.plural, key, grace)))
      }
    }
  }

  async #list(kind: KubeKind, request: KubeRequest, response: ServerResponse): Promise<void> {
    const { query } = request
    const selector = parseFieldSelector(query.get('fieldSelector'))
    const asked = query.get('resourceVersion')
    const token = query.get('continue')
    const limit = asked === '0' ? 0 : Number(query.get('limit') ?? 0)
    let version = this.store.version
    let after: string | null = null
    if (token !== null) {
      const position = parseContinue(token)
      after = keyAfter(position.start, request)
      if (position.version !== -1) {
        if (position.version < this.store.compacted) throw expiredContinue(position.start)
        version = position.version
      }
    } else if (asked !== null && asked !== '0') {
      await this.#waitFor(Number(asked))
      if (query.get('resourceVersionMatch') === 'Exact') {
        version = Number(asked)
        if (version < this.store.compacted) {
          throw new KubeFailure(410, 'Expired', 'The resourceVersion for the provided list is too old.')
        }
      } else {
        version = this.store.version
      }
    }
    const matches = selector ?? (() => true)
    const page = this.store.page(kind.plural, prefixOf(request), version, after, limit || Infinity, matches)
    const metadata = {
      resourceVersion: String(version),
      ...(page.last === null ? {} : { continue: continueToken(version, page.last, request) }),
      ...(page.last === null || selector !== null ? {} : { remainingItemCount: page.remaining }),
    }
    const head = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: kind.apiVersion, metadata })
    const items = page.items.map(item => this.#padded(kind, item.text!))
    if (page.last === null) this.listedAt.set(kind.plural, Date.now())
    response.writeHead(200)
    response.write(`${head.slice(0, -1)},"items":[${items.join(',')}]}\n`)
    response.end()
  }

  async #watch(kind: KubeKind, request: KubeRequest, response: ServerResponse): Promise<void> {
    const { query } = request
    const selector = parseFieldSelector(query.get('fieldSelector'))
    const asked = query.get('resourceVersion') ?? ''
    const timeout = query.get('timeoutSeconds')
    const initial = query.get('sendInitialEvents') === 'true'
    const synthetic = initial || asked === '' || asked === '0'
    const from = synthetic ? this.store.version : Number(asked)
    response.writeHead(200)
    response.flushHeaders()
    if (!synthetic && from < this.store.compacted) {
      const message = `too old resource version: ${from} (${this.store.compacted})`
      const object = new KubeFailure(410, 'Expired', message).toStatus()
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
      return
    }
    const bookmarks = query.get('allowWatchBookmarks') === 'true'
    const watch = new KubeWatch(response, this.store, from, {
      kind,
      prefix: prefixOf(request),
      selector,
      bookmarks,
      timeoutSeconds: timeout === null ? null : Number(timeout),
      secondMillis: this.#secondMillis,
      render: (_kind, version) => this.#withKind(kind, this.#padded(kind, version.text!)),
    })
    this.watches.add(watch)
    if (synthetic) {
      const matches: Selector = selector ?? (() => true)
      const all = this.store.page(kind.plural, prefixOf(request), from, null, Infinity, matches)
      for (const item of all.items) watch.synthetic(item)
      if (initial && bookmarks) watch.bookmark({ 'k8s.io/initial-events-end': 'true' })
    }
    await watch.closed
    this.watches.delete(watch)
  }

  async #waitFor(version: number): Promise<void> {
    if (version <= this.store.version) return
    await new Promise(resolve => setTimeout(resolve, READ_TIMEOUT_SECONDS * this.#secondMillis))
    if (version <= this.store.version) return
    const message = `Timeout: Too large resource version: ${version}, current: ${this.store.version}`
    throw new KubeFailure(504, 'Timeout', message, {
      retryAfter: 1,
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    })
  }

  #whole(kind: KubeKind, object: KubeObject): string {
    return this.#withKind(kind, JSON.stringify(object))
  }

  #withKind({ kind, apiVersion }: KubeKind, text: string): string {
    return `{"kind":"${kind}","apiVersion":"${apiVersion}",${text.slice(1)}`
  }

  #padded({ plural }: KubeKind, text: string): string {
    return plural === 'pods' && this.#padding !== '' ? text.slice(0, -1) + this.#padding : text
  }
}

function fieldOf(at: number): string {
  return `"f:field-${String(at).padStart(4, '0')}":{".":{},"f:name":{},"f:value":{}}`
}

// Of the form that managedFields have: many small objects, which cost a reader more than one long text.
function paddingOf(bytes: number): string {
  const fields = Array.from({ length: Math.ceil(bytes / (fieldOf(0).length + 1)) }, (_item, at) =>
    fieldOf(at),
  )
  return `{"fieldsV1":{${fields.join(',')}}}`
}

export async function startKubeApi(options: KubeApiOptions = {}): Promise<KubeApi> {
  const api = new KubeApi(options)
  await api.listen()
  return api
}

function parsed({ text }: KubeVersion): KubeObject {
  return JSON.parse(text!) as KubeObject
}

function sendWhole(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-length': Buffer.byteLength(text) + 1 })
  response.end(`${text}\n`)
}

function markedForDeletion(object: KubeObject, graceSeconds: number): KubeObject {
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp, ...rest } = object[
    'metadata'
  ] as KubeObject
  return {
    ...object,
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      generation: Number(generation ?? 1) + 1,
      creationTimestamp,
      deletionTimestamp: nowText(graceSeconds),
      deletionGracePeriodSeconds: graceSeconds,
      ...rest,
    },
  }
}

function nowText(secondsFromNow = 0): string {
  return `${new Date(Date.now() + secondsFromNow * 1000).toISOString().slice(0, 19)}Z`
}
