// A list, page by page: thin in memory however many objects there are, and all of one moment.
//
//   GET …/pods?limit=500                   -> 500 objects, resourceVersion 218, continue A
//   GET …/pods?limit=500&continue=A        -> 500 objects, resourceVersion 218, continue B
//   GET …/pods?limit=500&continue=B        -> the rest, resourceVersion 218
//
// 50,000 pods of 5.5 KB are a hundred pages. A page that fails in passing is asked for again; its first objects then
// come twice. A list that expires between two pages (etcd keeps 5 minutes of
// history) comes with a token for an inconsistent rest: changes between its two halves would never be seen by a watch,
// so it serves a snapshot but no watch.
// Source: Kubernetes API concepts, Retrieving large results sets in chunks.

import type { ClusterAccess } from './cluster-access.ts'
import { objectAt, objectsAt, textAt, type JsonObject } from './kube-json.ts'
import { KubePage } from './kube-page.ts'
import { KubeAnswerError, KubeStatusError, openStream } from './kube-request.ts'
import type { KubeResource } from './kube-resource.ts'
import { troubleOf } from './kube-trouble.ts'
import { Backoff, pause, type WatchTiming } from './watch-timing.ts'

const ATTEMPTS_A_PAGE = 4

export interface KubeListOptions {
  readonly access: ClusterAccess
  readonly timing: WatchTiming
  readonly signal: AbortSignal
  /** Objects a page. */
  readonly limit: number
  /** Whether a list that expires half-way goes on with what is there now. */
  readonly takeInconsistent: boolean
}

/** Hands over every object at least once, and returns the resourceVersion that all pages carry. */
export async function listAll(
  resource: KubeResource,
  options: KubeListOptions,
  take: (object: JsonObject) => void,
): Promise<string> {
  let first: string | null = null
  let version: string
  let token: string | null = null
  do {
    const page: JsonObject = await pageOf(resource, options, token, take)
    const metadata = objectAt(page, 'metadata')
    const found = textAt(metadata, 'resourceVersion')
    if (found === null) throw new KubeAnswerError(`the list of ${resource.plural} has no resourceVersion`)
    version = found
    first ??= version
    if (version !== first && !options.takeInconsistent) {
      throw new KubeAnswerError(
        `the pages of the list of ${resource.plural} are of different resourceVersions, ${first} and ${version}`,
      )
    }
    // Items under an escaped spelling of their key are left in the page.
    for (const object of objectsAt(page, 'items')) take(object)
    token = textAt(metadata, 'continue')
  } while (token !== null)
  return version
}

async function pageOf(
  resource: KubeResource,
  options: KubeListOptions,
  token: string | null,
  take: (object: JsonObject) => void,
): Promise<JsonObject> {
  const { access, timing, signal, limit } = options
  const backoff = new Backoff(timing.backoffMillis)
  let next = token
  for (let attempt = 1; ; attempt++) {
    const query = next === null ? '' : `&continue=${encodeURIComponent(next)}`
    try {
      const page = new KubePage(take)
      const stream = await openStream(access, `${resource.path}?limit=${limit}${query}`, {
        signal,
        silenceMillis: timing.listSilenceMillis,
      })
      for await (const chunk of stream) page.push(chunk)
      return page.end()
    } catch (error) {
      signal.throwIfAborted()
      const status = error instanceof KubeStatusError ? error : null
      const rest = options.takeInconsistent ? status?.continueToken : null
      if (rest && troubleOf(error) === 'expired' && attempt < ATTEMPTS_A_PAGE) {
        next = rest
        continue
      }
      // The first page has nothing to lose: the caller knows better when to begin again.
      if (token === null || attempt === ATTEMPTS_A_PAGE || !isPassing(error)) throw error
      await pause(Math.max(status?.retryAfterMillis ?? 0, backoff.next()), signal)
    }
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof KubeStatusError)) return true
  return error.status === 429 || (error.status >= 500 && error.status !== 501)
}
