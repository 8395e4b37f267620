// What controls a ReplicaSet whose name doesn't say it: asked of the API once for each, and remembered.
//
// Needs `get` on replicasets (apps). Without it, or while the server doesn't answer, `ReplicaSet/<name>` stands.

import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'

import type { ClusterAccess } from './cluster-access.ts'
import { getDocument, KubeStatusError } from './kube-request.ts'
import { reasonOf, troubleOf } from './kube-trouble.ts'
import type { WatchComplaints } from './watch-complaints.ts'
import type { WatchTiming } from './watch-timing.ts'
import { controllerOf, type Owner } from './workload-name.ts'

const MAX_REMEMBERED = 20_000
const AT_A_TIME = 4

export interface WorkloadLookupOptions {
  readonly access: ClusterAccess
  readonly timing: WatchTiming
  readonly complaints: WatchComplaints
  readonly signal: AbortSignal
}

export class WorkloadLookup {
  readonly #options: WorkloadLookupOptions
  readonly #limit = pLimit(AT_A_TIME)
  readonly #known: LRUCache<string, Owner>
  readonly #asked = new Map<string, Promise<Owner>>()
  #forbiddenUntil = 0

  constructor(options: WorkloadLookupOptions) {
    this.#options = options
    this.#known = new LRUCache({ max: MAX_REMEMBERED })
  }

  /** What controls the ReplicaSet, or the ReplicaSet itself; null where it has to be asked for. */
  known(namespace: string, name: string): Owner | null {
    const known = this.#known.get(keyOf(namespace, name))
    if (known !== undefined) return known
    return performance.now() < this.#forbiddenUntil ? { kind: 'ReplicaSet', name } : null
  }

  /** Asks the API; never fails. Several who ask for one at a time share the answer. */
  async ask(namespace: string, name: string): Promise<Owner> {
    const key = keyOf(namespace, name)
    const asked = this.#asked.get(key) ?? this.#limit(() => this.#lookUp(namespace, name))
    this.#asked.set(key, asked)
    try {
      return await asked
    } finally {
      this.#asked.delete(key)
    }
  }

  async #lookUp(namespace: string, name: string): Promise<Owner> {
    const { access, signal, timing, complaints } = this.#options
    const itself: Owner = { kind: 'ReplicaSet', name }
    const known = this.known(namespace, name)
    if (known !== null || signal.aborted) return known ?? itself
    const key = keyOf(namespace, name)
    const path = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/replicasets/${encodeURIComponent(name)}`
    let ttl = 0
    let owner = itself
    try {
      const replicaSet = await getDocument(access, path, { signal, silenceMillis: timing.listSilenceMillis })
      owner = controllerOf(replicaSet) ?? itself
    } catch (error) {
      // Gone for good is an answer; anything else may be better later.
      const gone = error instanceof KubeStatusError && error.status === 404
      if (!gone) ttl = timing.repeatMillis
      if (troubleOf(error) === 'forbidden') this.#forbiddenUntil = performance.now() + timing.repeatMillis
      if (!gone && !signal.aborted) {
        complaints.say(
          'replicasets',
          `can't get the ReplicaSet ${namespace}/${name} (${reasonOf(error)}): its pods are named after it and not after what controls it. Needed is the rule apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get"]`,
        )
      }
    }
    this.#known.set(key, owner, { ttl })
    return owner
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`
}
