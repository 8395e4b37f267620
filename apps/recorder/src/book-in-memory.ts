// The book, kept in memory: everything that holds an address, and what changed since the changes were last taken.
//
//   entries   "pod/6f1…" -> { line, seen, gone }     one object a thing; lines are never altered, only replaced
//   changes   entry -> the line as it was when the changes were last taken, null for a thing that is new
//
// A thing stays in the book when it has ended, until it is gone (deleted, or missing from a list) and nothing more has
// to be written of it: a finished pod that is listed again must not look new.
//
// `seen` never goes back for a thing, and what differs is seen later, at least by a millisecond: in the log the
// greatest `seen` wins. A thing of which nothing comes still held when anything of its kind was last seen, since a
// watch tells everything in order; `lines` says so.

import type { AssignmentLine, PodLine } from '@zonetoll/assignments'
import { compareText, type UnixMillis } from '@zonetoll/model'
import type { AssignmentBook, HolderKind } from './assignment-book.ts'
import { isHolder, saysTheSame } from './book-line-content.ts'

interface BookEntry {
  line: AssignmentLine
  /** The greatest that was put or handed out; `line.seen` may be less. */
  seen: UnixMillis
  /** True where no list or watch has it any more. */
  gone: boolean
}

/** What a thing was when the changes were last taken (null: nothing) and what it is now. */
export interface BookChange {
  readonly before: AssignmentLine | null
  readonly after: AssignmentLine
}

// How many more shared texts than things there may be.
const SHARED_SLACK = 1_000

export type BookCounts = Readonly<Record<AssignmentLine['kind'], number>>

export class InMemoryBook implements AssignmentBook {
  readonly #entries = new Map<string, BookEntry>()
  #changes = new Map<BookEntry, AssignmentLine | null>()
  readonly #kinds = new Map<AssignmentLine['kind'], { seen: UnixMillis; latest: BookEntry }>()
  #seenBefore = 0
  #heard = 0
  readonly #texts = new Map<string, string>()
  readonly #labels = new Map<string, ReadonlyMap<string, string>>()

  /**
   * Takes lines as what was last known: no change, and what has ended is gone unless a list brings it. `seen` is the
   * greatest in the log: what the book doesn't have may be there, seen by a clock that was ahead of this one.
   */
  restore(lines: Iterable<AssignmentLine>, seen: UnixMillis): void {
    this.#seenBefore = Math.max(this.#seenBefore, seen)
    for (const line of lines) this.#restore(line)
  }

  #restore(line: AssignmentLine): void {
    this.#entries.set(keyOf(line), { line: this.#slim(line), seen: line.seen, gone: isEnded(line) })
  }

  put(line: AssignmentLine): void {
    const key = keyOf(line)
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      const seen = Math.max(line.seen, this.#seenBefore + 1) as UnixMillis
      const added = { line: this.#slim(line), seen, gone: false }
      this.#entries.set(key, added)
      this.#changes.set(added, null)
      this.#sawKind(added, line, line.seen)
    } else {
      entry.gone = false
      this.#update(entry, line, line.seen)
    }
  }

  release(kind: HolderKind, uid: string, until: UnixMillis, seen: UnixMillis): void {
    const entry = this.#entries.get(`${kind}/${uid}`)
    if (entry === undefined) return
    this.#end(entry, until, seen)
  }

  replace(kind: AssignmentLine['kind'], lines: readonly AssignmentLine[], seen: UnixMillis): void {
    const listed = new Set(lines.map(line => line.uid))
    for (const [key, entry] of this.#entries) {
      if (entry.line.kind !== kind || listed.has(entry.line.uid)) continue
      if (isHolder(entry.line)) this.#end(entry, seen, seen)
      else {
        // A subnet or zone holds for no interval: without a line it isn't known any more.
        this.#entries.delete(key)
        this.#changes.delete(entry)
      }
    }
    for (const line of lines) this.put(line)
  }

  /** What changed since the last call, in the order of the first change. */
  takeChanges(): BookChange[] {
    const taken = this.#changes
    this.#changes = new Map()
    return Array.from(taken, ([entry, before]) => ({ before, after: { ...entry.line, seen: entry.seen } }))
  }

  /** Everything in the book, each with the latest moment at which it is known to have been so. */
  *lines(): Generator<AssignmentLine> {
    for (const entry of this.#entries.values()) yield this.#lineNow(entry)
  }

  /** Something was heard of the cluster at that moment, be it nothing new. */
  heard(seen: UnixMillis): void {
    this.#heard = Math.max(this.#heard, seen)
  }

  /**
   * The pod or node that was put last, with the moment at which anything was last heard of the cluster: a sign of life
   * for the log. Null where none is known or it has ended.
   */
  signOfLife(): AssignmentLine | null {
    const entry = ['node', 'pod']
      .map(kind => this.#kinds.get(kind as HolderKind)?.latest)
      .find(latest => {
        return latest !== undefined && !isEnded(latest.line)
      })
    if (entry === undefined) return null
    entry.seen = Math.max(this.#lineNow(entry).seen, this.#heard) as UnixMillis
    return this.#lineNow(entry)
  }

  /** Drops what is gone and ended before the moment, unless its end is still to be taken. */
  forget(endedBefore: UnixMillis): void {
    for (const [key, entry] of this.#entries) {
      const { line } = entry
      if (entry.gone && isHolder(line) && line.until < endedBefore && !this.#changes.has(entry)) {
        this.#entries.delete(key)
      }
    }
    // Texts of what is gone pile up; what is still used is then kept a second time, once.
    if (this.#texts.size > this.#entries.size + SHARED_SLACK) this.#texts.clear()
    if (this.#labels.size > this.#entries.size + SHARED_SLACK) this.#labels.clear()
  }

  /** How many of each kind hold now: what has ended isn't counted. */
  counts(): BookCounts {
    const counts = { pod: 0, node: 0, interface: 0, subnet: 0, zone: 0 }
    for (const { line } of this.#entries.values()) if (!isEnded(line)) counts[line.kind]++
    return counts
  }

  /** How many things are in the book, ended ones included. */
  get size(): number {
    return this.#entries.size
  }

  /** The line as it was put last; null where there is none. */
  line(kind: AssignmentLine['kind'], uid: string): AssignmentLine | null {
    return this.#entries.get(`${kind}/${uid}`)?.line ?? null
  }

  #end(entry: BookEntry, until: UnixMillis, seen: UnixMillis): void {
    const { line } = entry
    if (!isHolder(line)) return
    entry.gone = true
    // What ended by itself let its address go then, not when it was removed.
    const end = Math.max(line.from, Math.min(line.until, until)) as UnixMillis
    this.#update(entry, { ...line, until: end }, seen)
  }

  #update(entry: BookEntry, line: AssignmentLine, seen: UnixMillis): void {
    this.#sawKind(entry, line, seen)
    if (saysTheSame(entry.line, line)) {
      entry.seen = Math.max(entry.seen, seen) as UnixMillis
      return
    }
    if (!this.#changes.has(entry)) this.#changes.set(entry, entry.line)
    entry.line = this.#slim(line)
    entry.seen = Math.max(entry.seen + 1, seen) as UnixMillis
  }

  #sawKind(entry: BookEntry, line: AssignmentLine, seen: UnixMillis): void {
    const known = this.#kinds.get(line.kind)
    const latest = known === undefined || !isEnded(line) ? entry : known.latest
    this.#kinds.set(line.kind, { seen: Math.max(known?.seen ?? 0, seen) as UnixMillis, latest })
  }

  #lineNow(entry: BookEntry): AssignmentLine {
    const kindSeen = this.#kinds.get(entry.line.kind)?.seen
    if (kindSeen !== undefined && kindSeen > entry.seen && !entry.gone && !isEnded(entry.line))
      entry.seen = kindSeen
    return entry.seen === entry.line.seen ? entry.line : { ...entry.line, seen: entry.seen }
  }

  // Pods of one workload share most of their texts and labels, each parsed from its own bytes.
  #slim(line: AssignmentLine): AssignmentLine {
    if (!isHolder(line)) return line
    const { instance, zone } = line
    const place = { instance: this.#shared(instance), zone: this.#shared(zone) }
    if (line.kind !== 'pod') return { ...line, ...place }
    return {
      ...line,
      ...place,
      namespace: this.#shared(line.namespace),
      workload: this.#shared(line.workload),
      node: this.#shared(line.node),
      labels: this.#sharedLabels(line.labels),
    }
  }

  #shared<T extends string | null>(text: T): T {
    if (text === null) return text
    const known = this.#texts.get(text)
    if (known !== undefined) return known as T
    this.#texts.set(text, text)
    return text
  }

  #sharedLabels(labels: PodLine['labels']): PodLine['labels'] {
    const key = JSON.stringify([...labels].sort(([a], [b]) => compareText(a, b)))
    const known = this.#labels.get(key)
    if (known !== undefined) return known
    this.#labels.set(key, labels)
    return labels
  }
}

function isEnded(line: AssignmentLine): boolean {
  return isHolder(line) && line.until !== Infinity
}

function keyOf({ kind, uid }: AssignmentLine): string {
  return `${kind}/${uid}`
}
