// The nodes as they are now: told to the book, and asked by pods for their instance and zone.

import type { NodeLine } from '@zonetoll/assignments'
import type { ZoneId } from '@zonetoll/model'
import type { AssignmentBook } from './assignment-book.ts'
import { objectAt, textAt, type JsonObject } from './kube-json.ts'
import { nodeLine, type ZoneNames } from './node-line.ts'
import type { ReflectorSink } from './reflector.ts'
import type { WatchClock } from './watch-clock.ts'
import type { WatchComplaints } from './watch-complaints.ts'

// Where no node has a zone, each of a thousand isn't news.
const MOST_NAMED = 10

export interface NodePlace {
  readonly instance: string | null
  readonly zone: ZoneId | null
}

export interface NodeRecordsOptions {
  readonly book: AssignmentBook
  readonly zones: ZoneNames
  readonly clock: WatchClock
  readonly complaints: WatchComplaints
  /** A node of this name is known now, or its place has changed. */
  readonly placed: (name: string) => void
}

export class NodeRecords implements ReflectorSink {
  readonly #options: NodeRecordsOptions
  #byUid = new Map<string, NodeLine>()
  #byName = new Map<string, NodeLine>()
  #listed = new Map<string, NodeLine>()
  readonly #zoneless = new Set<string>()
  /** Whether the nodes were ever listed to the end. */
  synced = false

  constructor(options: NodeRecordsOptions) {
    this.#options = options
  }

  /** Where the node of a name is; null for one that isn't known. */
  placeOf(name: string): NodePlace | null {
    return this.#byName.get(name) ?? null
  }

  listBegins(): void {
    this.#listed = new Map()
  }

  listed(object: JsonObject): void {
    const line = this.#read(object)
    if (line !== null) this.#listed.set(line.uid, line)
  }

  listEnds(): void {
    const { book, clock, placed } = this.#options
    const before = this.#byName
    this.#byUid = this.#listed
    this.#byName = new Map()
    for (const line of this.#byUid.values()) this.#name(line)
    this.#listed = new Map()
    for (const uid of this.#zoneless) if (!this.#byUid.has(uid)) this.#zoneless.delete(uid)
    this.synced = true
    const held = [...this.#byUid.values()].filter(line => line.addresses.length > 0)
    book.replace('node', held, clock.seenAll())
    for (const [name, line] of this.#byName) if (!samePlace(before.get(name), line)) placed(name)
  }

  changed(object: JsonObject): void {
    const line = this.#read(object)
    if (line === null) return
    const before = this.#byName.get(line.name)
    this.#byUid.set(line.uid, line)
    this.#name(line)
    if (line.addresses.length > 0) this.#options.book.put(line)
    if (!samePlace(before, this.#byName.get(line.name)!)) this.#options.placed(line.name)
  }

  gone(object: JsonObject): void {
    const line = this.#read(object)
    if (line === null) return
    this.#byUid.delete(line.uid)
    this.#zoneless.delete(line.uid)
    // A name may belong to the node's successor by now.
    if (this.#byName.get(line.name)?.uid === line.uid) this.#byName.delete(line.name)
    if (line.addresses.length > 0) this.#options.book.put({ ...line, until: line.seen })
    this.#options.book.release('node', line.uid, line.seen, line.seen)
  }

  alive(): void {
    for (const known of this.#byUid.values()) {
      if (known.addresses.length === 0) continue
      const line = { ...known, seen: this.#options.clock.seen(known.seen) }
      this.#byUid.set(line.uid, line)
      this.#name(line)
      this.#options.book.put(line)
      return
    }
  }

  // What an object doesn't say any more (a label that was taken off) stays as it was known.
  #read(object: JsonObject): NodeLine | null {
    const { clock, zones } = this.#options
    const known = this.#byUid.get(textAt(objectAt(object, 'metadata'), 'uid') ?? '')
    const line = nodeLine(object, zones, clock.seen(known?.seen))
    if (line === null) return null
    const zone = line.zone ?? known?.zone ?? null
    if (zone === null) this.#warn(line)
    return {
      ...line,
      addresses: line.addresses.length === 0 && known !== undefined ? known.addresses : line.addresses,
      instance: line.instance ?? known?.instance ?? null,
      zone,
    }
  }

  #warn({ uid, name }: NodeLine): void {
    if (this.#zoneless.has(uid)) return
    this.#zoneless.add(uid)
    const { complaints } = this.#options
    const why =
      'no label topology.k8s.aws/zone-id, and no zone ID for topology.kubernetes.io/zone; for it and its pods the subnet will decide'
    if (this.#zoneless.size <= MOST_NAMED) {
      complaints.say(`zone of node ${uid}`, `node ${name}: its zone isn't known (${why})`)
    } else {
      complaints.say(
        'zone of many nodes',
        `the zone of more than ${MOST_NAMED} nodes isn't known; ${name} is another`,
      )
    }
  }

  // Of two nodes of one name the later one; the other is about to be deleted.
  #name(line: NodeLine): void {
    const other = this.#byName.get(line.name)
    if (other === undefined || other.uid === line.uid || other.from <= line.from) {
      this.#byName.set(line.name, line)
    }
  }
}

function samePlace(a: NodePlace | undefined, b: NodePlace): boolean {
  return a !== undefined && a.instance === b.instance && a.zone === b.zone
}
