// The pods that hold an address, or held one until they finished: told to the book as they change.
//
// A pod is in the book from the moment it has an address. What it lacks then comes with another line: its node's
// instance and zone when the node is known, what is behind its ReplicaSet when the API has told.
//
// The last state of a deleted pod mostly says when it ended. Where it doesn't, it ended when it was seen to be gone,
// but not long after its deletionTimestamp, which is the request to delete it plus its grace period.
//
// A pod whose sandbox is made anew (its node restarted) can come back with another address. The log has one interval a
// uid, which is the pod's latest; the one before is kept under `<uid>/<from>`, so that no address loses its holder.

import type { PodLine } from '@zonetoll/assignments'
import type { UnixMillis } from '@zonetoll/model'
import type { AssignmentBook } from './assignment-book.ts'
import { sameAddresses, saysTheSame } from './book-line-content.ts'
import { objectAt, textAt, type JsonObject } from './kube-json.ts'
import type { NodePlace } from './node-records.ts'
import { earlier, HOLDS, later } from './pod-interval.ts'
import type { PodObject, PodReader } from './pod-object.ts'
import type { ReflectorSink } from './reflector.ts'
import type { WatchClock } from './watch-clock.ts'
import type { WatchComplaints } from './watch-complaints.ts'
import type { WorkloadLookup } from './workload-lookup.ts'
import type { Owner } from './workload-name.ts'

// How long after its deletionTimestamp a pod may still hold its address: the CNI takes it back after the containers
// are killed, and gives it to nobody else for 30 s.
const AFTER_DELETION_MILLIS = 30_000

interface PodRecord {
  readonly line: PodLine
  /** When the sandbox was last seen to become ready; null where no condition told. */
  readonly readySince: UnixMillis | null
  /** When the addresses were taken, where the object doesn't say it any more. */
  readonly begun: UnixMillis | null
  readonly deletion: UnixMillis | null
}

export interface PodRecordsOptions {
  readonly book: AssignmentBook
  readonly reader: PodReader
  readonly lookup: WorkloadLookup
  readonly clock: WatchClock
  readonly complaints: WatchComplaints
  readonly placeOf: (node: string) => NodePlace | null
}

/** The pods of all namespaces that are watched. */
export class PodRecords {
  readonly #options: PodRecordsOptions
  readonly #scopes: PodScope[] = []
  readonly #lookups = new Set<Promise<void>>()
  #malformed = 0

  constructor(options: PodRecordsOptions) {
    this.#options = options
  }

  /** Whether the pods of every scope were listed to the end. */
  get synced(): boolean {
    return this.#scopes.every(scope => scope.synced)
  }

  /** A sink for the pods of one namespace, or of all. All scopes are made before the first list ends. */
  scope(): ReflectorSink {
    const scope = new PodScope(this)
    this.#scopes.push(scope)
    return scope
  }

  /** A node is known now: its pods that lack its instance or zone are told anew. */
  nodePlaced(name: string): void {
    for (const scope of this.#scopes) {
      scope.revise(({ line }) => {
        if (line.node !== name || (line.instance !== null && line.zone !== null)) return line
        return this.#placed(line)
      })
    }
  }

  /** Resolves when no workload is being looked up. */
  async settled(): Promise<void> {
    while (this.#lookups.size > 0) await Promise.all(this.#lookups)
  }

  put(line: PodLine): void {
    this.#options.book.put(line)
  }

  /** The line's last word: nothing comes of its uid any more. */
  putLast(line: PodLine): void {
    this.#options.book.put(line)
    this.#options.book.release('pod', line.uid, line.until, line.seen)
  }

  /** A scope's list has ended. What the book has beyond all lists is gone, once all of them have ended. */
  listEnded(records: ReadonlyMap<string, PodRecord>): void {
    if (this.synced) {
      const lines = this.#scopes.flatMap(scope => scope.lines())
      this.#options.book.replace('pod', lines, this.#options.clock.seenAll())
    } else {
      for (const { line } of records.values()) this.put(line)
    }
  }

  seen(previous: PodRecord | undefined): UnixMillis {
    return this.#options.clock.seen(previous?.line.seen)
  }

  read(object: JsonObject, seen: UnixMillis, known: PodRecord | undefined): PodObject | null {
    const wasReady = known !== undefined && known.readySince !== null
    const pod = this.#options.reader.read(object, seen, wasReady)
    if (pod !== null && pod.malformed.length > 0) this.#complainAbout(pod)
    return pod
  }

  /**
   * The pod's record after it was seen like this, with the line of an earlier sandbox that it replaces; null while it
   * has no address.
   */
  next(
    pod: PodObject,
    known: PodRecord | undefined,
    seen: UnixMillis,
    scope: PodScope,
  ): { readonly record: PodRecord; readonly former: PodLine | null } | null {
    const { deletion } = pod
    if (pod.addresses.length === 0) {
      if (known === undefined) return null
      // Its address was taken from it.
      const ended = pod.until === HOLDS ? seen : pod.until
      const until = later(known.line.from, earlier(known.line.until, ended))
      return { record: { ...known, deletion, line: { ...known.line, until, seen } }, former: null }
    }
    const readySince = pod.readySince ?? known?.readySince ?? null
    const { from, begun, former } = beginningOf(pod, known, seen)
    // An end that nothing tells stays where it was first seen.
    const until = pod.endIsTold || former !== null ? pod.until : earlier(pod.until, endOf(pod, known))
    const line: PodLine = {
      kind: 'pod',
      uid: pod.uid,
      addresses: pod.addresses,
      from,
      until: until === HOLDS ? HOLDS : later(from, until),
      seen,
      namespace: pod.namespace,
      name: pod.name,
      workload: this.#workload(pod, scope),
      labels: pod.labels,
      node: pod.node,
      instance: known?.line.instance ?? null,
      zone: known?.line.zone ?? null,
      hostNetwork: pod.hostNetwork,
    }
    return { record: { line: this.#placed(line), readySince, begun, deletion }, former }
  }

  // A pod never changes its node, so what is known of its place stays, even if the node's name is given again.
  #placed(line: PodLine): PodLine {
    if (line.node === null || (line.instance !== null && line.zone !== null)) return line
    const place = this.#options.placeOf(line.node)
    if (place === null) return line
    return { ...line, instance: line.instance ?? place.instance, zone: line.zone ?? place.zone }
  }

  #workload({ namespace, uid, workload }: PodObject, scope: PodScope): string | null {
    if (workload?.kind !== 'ReplicaSet') return this.#nameOf(workload)
    const { lookup } = this.#options
    const known = lookup.known(namespace, workload.name)
    if (known !== null) return this.#nameOf(known)
    const unresolved = this.#nameOf(workload)
    const revise = async () => {
      const name = this.#nameOf(await lookup.ask(namespace, workload.name))
      scope.reviseOne(uid, ({ line }) => (line.workload === unresolved ? { ...line, workload: name } : line))
    }
    const revised = revise().finally(() => this.#lookups.delete(revised))
    this.#lookups.add(revised)
    return unresolved
  }

  #nameOf(owner: Owner | null): string | null {
    return owner === null ? null : this.#options.reader.shared(`${owner.kind}/${owner.name}`)
  }

  #complainAbout({ namespace, name, malformed }: PodObject): void {
    this.#malformed += malformed.length
    this.#options.complaints.say(
      'malformed addresses',
      `pod ${namespace}/${name} has an address that is none, ${JSON.stringify(malformed[0]!.slice(0, 80))}; left out (${this.#malformed} so far)`,
    )
  }
}

/** The pods of one list and watch. */
class PodScope implements ReflectorSink {
  readonly #all: PodRecords
  #records = new Map<string, PodRecord>()
  #listed: Map<string, PodRecord> | null = null
  synced = false

  constructor(all: PodRecords) {
    this.#all = all
  }

  lines(): PodLine[] {
    return Array.from(this.#records.values(), record => record.line)
  }

  listBegins(): void {
    this.#listed = new Map()
  }

  // What is as it was stays the same object: a list of everything needn't be kept twice.
  listed(object: JsonObject): void {
    const next = this.#next(object)
    if (next === null) return
    const { record } = next
    const known = this.#records.get(record.line.uid)
    this.#listed!.set(record.line.uid, known !== undefined && isUnchanged(known, record) ? known : record)
  }

  listEnds(): void {
    const before = this.#records
    this.#records = this.#listed!
    this.#listed = null
    this.synced = true
    for (const [uid, record] of before) {
      if (!this.#records.has(uid)) this.#over(record, this.#all.seen(record))
    }
    this.#all.listEnded(this.#records)
    this.alive()
  }

  changed(object: JsonObject): void {
    const next = this.#next(object)
    if (next === null) return
    const { line } = next.record
    this.#records.set(line.uid, next.record)
    this.#all.put(line)
  }

  alive(): void {
    for (const record of this.#records.values()) {
      if (record.line.until !== HOLDS) continue
      const line = { ...record.line, seen: this.#all.seen(record) }
      this.#records.set(line.uid, { ...record, line })
      this.#all.put(line)
      return
    }
  }

  gone(object: JsonObject): void {
    const next = this.#next(object)
    if (next === null) return
    this.#records.delete(next.record.line.uid)
    this.#over(next.record, next.record.line.seen)
  }

  /** Changes lines after the fact; those that a list isn't through with are told when it ends. */
  revise(change: (record: PodRecord) => PodLine): void {
    for (const uid of this.#records.keys()) this.reviseOne(uid, change)
    if (this.#listed !== null) for (const uid of this.#listed.keys()) this.reviseOne(uid, change)
  }

  reviseOne(uid: string, change: (record: PodRecord) => PodLine): void {
    const known = this.#records.get(uid)
    const revised = known === undefined ? null : this.#revised(known, change)
    if (revised !== null) {
      this.#records.set(uid, revised)
      this.#all.put(revised.line)
    }
    const listed = this.#listed?.get(uid)
    const relisted = listed === undefined ? null : this.#revised(listed, change)
    if (relisted !== null) this.#listed!.set(uid, relisted)
  }

  #revised(record: PodRecord, change: (record: PodRecord) => PodLine): PodRecord | null {
    const line = change(record)
    if (saysTheSame(line, record.line)) return null
    return { ...record, line: { ...line, seen: this.#all.seen(record) } }
  }

  #next(object: JsonObject): { readonly record: PodRecord; readonly former: PodLine | null } | null {
    const known = this.#records.get(textAt(objectAt(object, 'metadata'), 'uid') ?? '')
    const seen = this.#all.seen(known)
    const pod = this.#all.read(object, seen, known)
    const next = pod === null ? null : this.#all.next(pod, known, seen, this)
    if (next !== null && next.former !== null) this.#all.putLast(next.former)
    return next
  }

  // Gone: it ended when it said, else now.
  #over({ line, deletion }: PodRecord, seen: UnixMillis): void {
    const latest = deletion === null ? seen : earlier(seen, (deletion + AFTER_DELETION_MILLIS) as UnixMillis)
    const until = line.until === HOLDS ? later(line.from, latest) : line.until
    this.#all.putLast({ ...line, until, seen })
  }
}

function endOf(pod: PodObject, known: PodRecord | undefined): UnixMillis {
  return pod.until === HOLDS || known === undefined ? HOLDS : known.line.until
}

function isUnchanged(a: PodRecord, b: PodRecord): boolean {
  return (
    a.readySince === b.readySince &&
    a.begun === b.begun &&
    a.deletion === b.deletion &&
    saysTheSame(a.line, b.line)
  )
}

// An object says when its present sandbox was ready, which isn't when the pod took its address if the sandbox was
// made anew with the same address; without the condition it says nothing of when the address changed.
function beginningOf(
  pod: PodObject,
  known: PodRecord | undefined,
  seen: UnixMillis,
): { readonly from: UnixMillis; readonly begun: UnixMillis | null; readonly former: PodLine | null } {
  if (known === undefined) return { from: pod.from, begun: null, former: null }
  const { line, readySince } = known
  const readyAnew = pod.readySince !== null && pod.readySince > (readySince ?? line.from)
  if (shareAddress(line, pod)) {
    const wasReady = readySince !== null && (pod.readySince === null || readyAnew)
    const begun = known.begun ?? (wasReady ? line.from : null)
    return { from: begun ?? pod.from, begun, former: null }
  }
  const from = readyAnew ? pod.from : seen
  const until = later(line.from, earlier(line.until, from))
  return { from, begun: from, former: { ...line, uid: `${line.uid}/${line.from}`, until, seen } }
}

function shareAddress(a: PodLine, b: PodObject): boolean {
  return a.addresses.some(address => b.addresses.some(other => sameAddresses([address], [other])))
}
