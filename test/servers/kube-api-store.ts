// What the API server for tests keeps: every object's versions, as etcd does, and the log of changes for watches.
//
//   "pods/default/web-0" -> [{version: 211, text}, {version: 218, text}, {version: 223, text: null}]   null: deleted
//   changes              -> [{version, plural, key, now, before}]                                        in order
//
// One counter numbers all changes. A list reads as of a version, so its pages are of one moment; compaction forgets the
// past, and with it what an old continue token or watch would need.

import { fieldsOf, type KubeObject, type SelectableFields, textMember } from './kube-api-objects.ts'

export interface KubeVersion {
  readonly version: number
  /** JSON without kind and apiVersion, as in a list; null where the object was deleted. */
  readonly text: string | null
  readonly fields: SelectableFields
}

export interface KubeChange {
  readonly version: number
  readonly plural: string
  readonly key: string
  /** For a deletion: the object's last state, with the deletion's version. */
  readonly now: KubeVersion
  readonly deleted: boolean
  readonly before: KubeVersion | null
}

class Table {
  /** Sorted by code unit, as etcd sorts bytes; names are ASCII. */
  readonly keys: string[] = []
  readonly versions = new Map<string, KubeVersion[]>()

  add(key: string, version: KubeVersion): void {
    const known = this.versions.get(key)
    if (known !== undefined) {
      known.push(version)
      return
    }
    this.versions.set(key, [version])
    this.keys.splice(this.#position(key), 0, key)
  }

  drop(key: string): void {
    this.versions.delete(key)
    this.keys.splice(this.#position(key), 1)
  }

  /** Where keys from this one on begin. */
  from(key: string): number {
    return this.#position(key)
  }

  #position(key: string): number {
    let low = 0
    let high = this.keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

export interface KubePage {
  readonly items: readonly KubeVersion[]
  /** The last key that was read, where more follow. */
  readonly last: string | null
  readonly remaining: number
}

export class KubeStore {
  readonly #tables = new Map<string, Table>()
  #changes: KubeChange[] = []
  readonly #listeners = new Set<(change: KubeChange) => void>()
  #version: number
  /** Nothing before this version is known any more. */
  #compacted = 0

  constructor(version = 1) {
    this.#version = version
  }

  get version(): number {
    return this.#version
  }

  get compacted(): number {
    return this.#compacted
  }

  /** Puts an object in as it is, under the version it carries. */
  seed(plural: string, object: KubeObject): void {
    const version = Number(textMember(object, 'metadata', 'resourceVersion'))
    this.#version = Math.max(this.#version, version)
    this.#record(plural, object, version, false)
  }

  /** The latest state; null for what isn't there. */
  get(plural: string, key: string): KubeVersion | null {
    const latest = this.#table(plural).versions.get(key)?.at(-1)
    return latest === undefined || latest.text === null ? null : latest
  }

  /** Writes an object's next state; returns it with its version. */
  write(plural: string, object: KubeObject): KubeVersion {
    return this.#record(plural, object, ++this.#version, false)
  }

  /** Deletes; `object` is its last state. */
  remove(plural: string, object: KubeObject): KubeVersion {
    return this.#record(plural, object, ++this.#version, true)
  }

  /** Lets the counter go on without a change of these objects: others are written all the time. */
  advance(count: number): void {
    this.#version += count
  }

  /** The objects whose keys begin with a prefix and come after `after`, as they were at a version. */
  page(
    plural: string,
    prefix: string,
    version: number,
    after: string | null,
    limit: number,
    matches: (fields: SelectableFields) => boolean,
  ): KubePage {
    const table = this.#table(plural)
    const items: KubeVersion[] = []
    let last: string | null = null
    for (let at = table.from(after === null ? prefix : `${after}\0`); at < table.keys.length; at++) {
      const key = table.keys[at]!
      if (!key.startsWith(prefix)) break
      const found = versionAt(table.versions.get(key)!, version)
      if (found === null || !matches(found.fields)) continue
      if (items.length === limit) {
        let remaining = 0
        for (let rest = at; rest < table.keys.length && table.keys[rest]!.startsWith(prefix); rest++) {
          if (versionAt(table.versions.get(table.keys[rest]!)!, version) !== null) remaining++
        }
        return { items, last, remaining }
      }
      items.push(found)
      last = key
    }
    return { items, last: null, remaining: 0 }
  }

  /** Changes after a version, in order. */
  changesAfter(version: number): KubeChange[] {
    let low = 0
    let high = this.#changes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#changes[middle]!.version <= version) low = middle + 1
      else high = middle
    }
    return this.#changes.slice(low)
  }

  listen(listener: (change: KubeChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Forgets everything that was superseded at the version. */
  compact(version = this.#version): void {
    this.#compacted = Math.max(this.#compacted, version)
    this.#changes = this.#changes.filter(change => change.version > version)
    for (const table of this.#tables.values()) {
      for (const [key, versions] of table.versions) {
        const first = versions.findLastIndex(item => item.version <= version)
        if (first > 0) versions.splice(0, first)
        if (versions.length === 1 && versions[0]!.text === null) table.drop(key)
      }
    }
  }

  #record(plural: string, object: KubeObject, version: number, deleted: boolean): KubeVersion {
    const key = keyOf(object)
    const metadata = { ...(object['metadata'] as KubeObject), resourceVersion: String(version) }
    const text = JSON.stringify({ ...object, metadata })
    const fields = fieldsOf(object)
    const now: KubeVersion = { version, text, fields }
    const before = this.get(plural, key)
    this.#table(plural).add(key, deleted ? { ...now, text: null } : now)
    const change: KubeChange = { version, plural, key, now, deleted, before }
    this.#changes.push(change)
    for (const listener of this.#listeners) listener(change)
    return now
  }

  #table(plural: string): Table {
    const known = this.#tables.get(plural)
    if (known !== undefined) return known
    const made = new Table()
    this.#tables.set(plural, made)
    return made
  }
}

/** `default/web-0`; `/ip-10-0-1-17` for what belongs to no namespace. */
export function keyOf(object: KubeObject): string {
  return `${textMember(object, 'metadata', 'namespace')}/${textMember(object, 'metadata', 'name')}`
}

function versionAt(versions: readonly KubeVersion[], version: number): KubeVersion | null {
  for (let at = versions.length - 1; at >= 0; at--) {
    const item = versions[at]!
    if (item.version <= version) return item.text === null ? null : item
  }
  return null
}
