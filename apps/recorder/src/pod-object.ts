// What is kept of a pod: of 5.5 KB about 500 bytes.
//
// Texts that many pods share (namespace, node, workload, labels) are kept once for all of them. JSON.parse makes each
// text a copy of its own, so nothing kept holds on to the answer it came in.

import { parseAddress, type Address, type UnixMillis } from '@zonetoll/model'
import { LRUCache } from 'lru-cache'
import { instantAt, objectAt, objectsAt, textAt, type JsonObject } from './kube-json.ts'
import { podInterval, type PodInterval } from './pod-interval.ts'
import { workloadOf, type Owner } from './workload-name.ts'

const MAX_SHARED = 20_000
const NO_LABELS: ReadonlyMap<string, string> = new Map()

export interface PodObject extends PodInterval {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly node: string | null
  readonly hostNetwork: boolean
  readonly addresses: readonly Address[]
  /** What stands among its addresses and is none. */
  readonly malformed: readonly string[]
  readonly labels: ReadonlyMap<string, string>
  readonly workload: Owner | null
  /** When it is to be gone at the latest: the request to delete it plus its grace period. */
  readonly deletion: UnixMillis | null
}

export class PodReader {
  readonly #labelKeys: readonly string[]
  readonly #texts = new LRUCache<string, string>({ max: MAX_SHARED })
  readonly #labels = new LRUCache<string, ReadonlyMap<string, string>>({ max: MAX_SHARED })

  /** Keeps the labels of these keys. */
  constructor(labelKeys: Iterable<string>) {
    this.#labelKeys = [...new Set(labelKeys)]
  }

  /** What a pod's object says, seen at a moment; null for what isn't a pod. `wasReady` as podInterval takes it. */
  read(pod: JsonObject, seen: UnixMillis, wasReady: boolean): PodObject | null {
    const metadata = objectAt(pod, 'metadata')
    const spec = objectAt(pod, 'spec')
    const uid = textAt(metadata, 'uid')
    const namespace = textAt(metadata, 'namespace')
    const name = textAt(metadata, 'name')
    if (uid === null || namespace === null || name === null) return null
    const node = textAt(spec, 'nodeName')
    const texts = addressTexts(objectAt(pod, 'status'))
    const addresses = texts.map(parseAddress)
    return {
      ...podInterval(pod, seen, wasReady),
      uid,
      namespace: this.shared(namespace),
      name,
      node: node === null ? null : this.shared(node),
      hostNetwork: spec?.['hostNetwork'] === true,
      addresses: addresses.filter(address => address !== null),
      malformed: texts.filter((_text, at) => addresses[at] === null),
      labels: this.#labelsOf(objectAt(metadata, 'labels')),
      workload: workloadOf(pod),
      deletion: instantAt(metadata, 'deletionTimestamp'),
    }
  }

  /** The same text, of which there is only one. */
  shared(text: string): string {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#texts.set(text, text)
    return text
  }

  #labelsOf(labels: JsonObject | null): ReadonlyMap<string, string> {
    const kept: [string, string][] = []
    for (const key of this.#labelKeys) {
      const value = labels !== null && Object.hasOwn(labels, key) ? labels[key] : null
      if (typeof value === 'string') kept.push([key, value])
    }
    if (kept.length === 0) return NO_LABELS
    const key = JSON.stringify(kept)
    const known = this.#labels.get(key)
    if (known !== undefined) return known
    const made = new Map(kept)
    this.#labels.set(key, made)
    return made
  }
}

// podIPs has podIP as its first. Servers before 1.20 and odd clients set only podIP.
function addressTexts(status: JsonObject | null): string[] {
  const texts = objectsAt(status, 'podIPs').map(item => (typeof item['ip'] === 'string' ? item['ip'] : ''))
  if (texts.length > 0) return texts
  const text = textAt(status, 'podIP')
  return text === null ? [] : [text]
}
