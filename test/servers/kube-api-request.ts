// What is asked of the API server for tests: a verb on a resource, as authorization sees it.

import type { IncomingMessage } from 'node:http'

import { KUBE_KINDS, KubeFailure, type KubeKind, type KubeObject } from './kube-api-objects.ts'

export interface KubeRequest {
  readonly method: string
  /** list, watch, get, create, patch or delete. */
  readonly verb: string
  readonly plural: string
  /** Empty for the whole cluster. */
  readonly namespace: string
  readonly name: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface KubeUser {
  readonly name: string
  readonly may: (request: KubeRequest) => boolean
}

const PATH = /^\/(?:api\/v1|apis\/apps\/v1)(?:\/namespaces\/([^/]+))?\/(pods|nodes|replicasets)(?:\/(.+))?$/

export function requestOf(incoming: IncomingMessage): KubeRequest {
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  const parts = PATH.exec(url.pathname)
  const method = incoming.method ?? 'GET'
  if (parts === null)
    throw new KubeFailure(404, 'NotFound', 'the server could not find the requested resource')
  const name = decodeURIComponent(parts[3] ?? '')
  const isWatch = /^(?:1|true)$/.test(url.searchParams.get('watch') ?? '')
  const reading = name !== '' ? 'get' : isWatch ? 'watch' : 'list'
  const verb = { GET: reading, POST: 'create', PATCH: 'patch', DELETE: 'delete' }[method]
  if (verb === undefined) throw new KubeFailure(405, 'MethodNotAllowed', `${method} isn't served here`)
  return {
    method,
    verb,
    plural: parts[2]!,
    namespace: decodeURIComponent(parts[1] ?? ''),
    name,
    query: url.searchParams,
    headers: incoming.headers,
  }
}

export async function bodyOf(incoming: IncomingMessage): Promise<KubeObject | null> {
  const chunks: Uint8Array[] = []
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? null : (JSON.parse(text) as KubeObject)
}

export function kindOf(plural: string): KubeKind {
  return KUBE_KINDS.find(kind => kind.plural === plural)!
}

/** What the keys of the objects that are meant begin with. */
export function prefixOf({ namespace, plural }: KubeRequest): string {
  return kindOf(plural).namespaced && namespace === '' ? '' : `${namespace}/`
}

export function inNamespace(body: KubeObject | null, { namespace }: KubeRequest): KubeObject {
  const metadata = (body?.['metadata'] ?? {}) as KubeObject
  return { ...body, metadata: namespace === '' ? metadata : { ...metadata, namespace } }
}

export function forbidden(user: KubeUser, { verb, plural, namespace }: KubeRequest): KubeFailure {
  const { group } = kindOf(plural)
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const message = `${plural}${group === '' ? '' : `.${group}`} is forbidden: User "${user.name}" cannot ${verb} resource "${plural}" in API group "${group}" ${where}`
  return new KubeFailure(403, 'Forbidden', message, {
    details: { ...(group === '' ? {} : { group }), kind: plural },
  })
}
