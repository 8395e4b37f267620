// Attribution: from the two addresses of a batch's records to two endpoints and an account.
//
// Works column by column over a selection of rows, one short loop a step: the look-ups of many records are then under
// way at once, where one record after another would wait for memory. What can be worked out once an hour is: an
// endpoint's instance and zone are compared as the codes that the batch carries, never as text.

import { NONE, TimelineIndex, type Timeline, type TimelineColumns } from '@zonetoll/assignments'
import {
  DESTINATION_IPV6,
  DESTINATION_UNREADABLE,
  MIDDLE_INTERFACE,
  NO_TOKEN,
  SOURCE_IPV6,
  SOURCE_UNREADABLE,
  TokenTable,
  TYPED_INTERFACE,
  type RecordBatch,
  type RecordTokens,
  type TokenColumns,
} from '@zonetoll/flowlog'
import type { Hour } from '@zonetoll/model'
import { ACCOUNT } from './account-codes.ts'
import { isPublic4, isPublic6 } from './public-address.ts'

const { unknownSource, relayed, outside, unknownDestination, sameZone, crossZone } = ACCOUNT

/** What attribution says of the k-th selected row; valid until the next call. */
export interface Attributed {
  /** Endpoint ids, NONE where nothing known held the address. */
  readonly source: Int32Array
  readonly destination: Int32Array
  /** An account's code. */
  readonly account: Uint8Array
  /** 1 where more than one pod held either address around the record. */
  readonly handedOver: Uint8Array
}

interface Side {
  readonly words: Uint32Array
  readonly ipv6: number
  readonly unreadable: number
  /** The address's entries in the timeline, by selected row. */
  readonly entries: Int32Array
  readonly endpoints: Int32Array
}

/** An attribution as its columns: what another thread needs to attribute alike. */
export interface AttributionColumns {
  readonly timeline: TimelineColumns
  /** By the timeline's entry: who held the address all through the hour and alone, else NONE. */
  readonly steadyHolders: Int32Array
  readonly instances: TokenColumns
  readonly interfaces: TokenColumns
  readonly zones: TokenColumns
  /** By endpoint id: the code of its zone. */
  readonly zoneOf: Int32Array
  /** By endpoint id: the code of its instance, NONE where it has none. */
  readonly instanceOf: Int32Array
  /** By code of interface-id: the endpoint id of that interface. */
  readonly interfaceEndpoints: Int32Array
}

export class Attribution {
  readonly columns: AttributionColumns
  readonly timeline: TimelineIndex
  /** What a scanner has to know to give instances, interfaces and zones the codes that are compared here. */
  readonly tokens: RecordTokens
  readonly zoneOf: Int32Array
  readonly #steadyHolders: Int32Array
  readonly #instanceOf: Int32Array
  readonly #interfaceEndpoints: Int32Array
  #attributed = columnsOf(0)

  constructor(columns: AttributionColumns) {
    this.columns = columns
    this.timeline = new TimelineIndex(columns.timeline)
    this.tokens = {
      instances: TokenTable.from(columns.instances),
      interfaces: TokenTable.from(columns.interfaces),
      zones: TokenTable.from(columns.zones),
    }
    this.zoneOf = columns.zoneOf
    this.#steadyHolders = columns.steadyHolders
    this.#instanceOf = columns.instanceOf
    this.#interfaceEndpoints = columns.interfaceEndpoints
  }

  /** `growing` lets interfaces that no assignment names have codes too, to tell who logged them. */
  static of(timeline: Timeline, hour: Hour, options: { readonly growing: boolean }): Attribution {
    const { endpoints } = timeline
    const instances = new TokenTable()
    const interfaces = new TokenTable([], { grows: options.growing })
    const zones = new TokenTable()
    const interfaceEndpoints: number[] = []
    const zoneOf = new Int32Array(endpoints.length)
    const instanceOf = new Int32Array(endpoints.length)
    for (const [id, { kind, uid, instance, zone }] of endpoints.entries()) {
      zoneOf[id] = zones.add(zone)
      instanceOf[id] = instance === null ? NONE : instances.add(instance)
      if (kind === 'interface') interfaceEndpoints[interfaces.add(uid)] = id
    }
    return new Attribution({
      timeline: timeline.columns,
      steadyHolders: timeline.steadyHolders(hour),
      instances: instances.columns,
      interfaces: interfaces.columns,
      zones: zones.columns,
      zoneOf,
      instanceOf,
      interfaceEndpoints: Int32Array.from(interfaceEndpoints),
    })
  }

  /** Attributes the first `count` of the selected rows, which are accepted egress records of the hour. */
  attribute(batch: RecordBatch, rows: Int32Array, count: number): Attributed {
    if (this.#attributed.account.length < count) this.#attributed = columnsOf(batch.capacity)
    const { sourceEntries, destinationEntries, source, destination, account, handedOver } = this.#attributed
    const from: Side = {
      words: batch.source,
      ipv6: SOURCE_IPV6,
      unreadable: SOURCE_UNREADABLE,
      entries: sourceEntries,
      endpoints: source,
    }
    const to: Side = {
      words: batch.destination,
      ipv6: DESTINATION_IPV6,
      unreadable: DESTINATION_UNREADABLE,
      entries: destinationEntries,
      endpoints: destination,
    }
    handedOver.fill(0, 0, count)
    for (const side of [from, to]) {
      const left = this.#findEntries(batch, rows, count, side)
      this.#findHolders(batch, rows, left, side, handedOver)
    }
    for (let k = 0; k < count; k++) account[k] = this.#accountOf(batch, rows[k]!, k)
    return this.#attributed
  }

  // Addresses to entries, and to the endpoints of those that needn't be asked when. Returns how many are left to ask:
  // their places among the selected rows are in #asked.
  #findEntries({ flags }: RecordBatch, rows: Int32Array, count: number, side: Side): number {
    const timeline = this.timeline
    const steady = this.#steadyHolders
    const { words, ipv6, unreadable, entries, endpoints } = side
    const { asked } = this.#attributed
    const not4 = ipv6 | unreadable
    let left = 0
    for (let k = 0; k < count; k++) {
      const row = rows[k]!
      const kind = flags[row]! & not4
      let entry: number = NONE
      if (kind === 0) entry = timeline.find4(words[row * 4]!)
      else if (kind === ipv6) entry = timeline.find6(words, row * 4)
      const holder = entry === NONE ? NONE : steady[entry]!
      entries[k] = entry
      endpoints[k] = holder
      if (holder === NONE) asked[left++] = k
    }
    return left
  }

  #findHolders(
    batch: RecordBatch,
    rows: Int32Array,
    count: number,
    side: Side,
    handedOver: Uint8Array,
  ): void {
    const timeline = this.timeline
    const { start, until } = batch
    const { entries, endpoints } = side
    const { asked } = this.#attributed
    for (let at = 0; at < count; at++) {
      const k = asked[at]!
      const row = rows[k]!
      const entry = entries[k]!
      let holder: number = NONE
      if (entry !== NONE) {
        const from = start[row]!
        const to = until[row]!
        holder = timeline.holder(entry, from, to)
        if (timeline.handedOver(entry, from, to)) handedOver[k] = 1
      }
      endpoints[k] = holder === NONE ? this.#subnetOf(batch, row, side) : holder
    }
  }

  #subnetOf({ flags }: RecordBatch, row: number, { words, ipv6, unreadable }: Side): number {
    if ((flags[row]! & unreadable) !== 0) return NONE
    const at = row * 4
    return (flags[row]! & ipv6) === 0 ? this.timeline.subnet4(words[at]!) : this.timeline.subnet6(words, at)
  }

  #accountOf(batch: RecordBatch, row: number, k: number): number {
    const source = this.#attributed.source[k]!
    if (source === NONE) return unknownSource
    if (this.#isRelayed(batch, row, source, this.#attributed.sourceEntries[k]!)) return relayed
    const destination = this.#attributed.destination[k]!
    if (destination === NONE) return isPublicDestination(batch, row) ? outside : unknownDestination
    return this.zoneOf[source] === this.zoneOf[destination] ? sameZone : crossZone
  }

  // Whether the logging interface isn't the source's own. The first test that can be made decides (contract, section 4).
  #isRelayed(batch: RecordBatch, row: number, source: number, entry: number): boolean {
    const instance = batch.instance[row]!
    const sourceInstance = this.#instanceOf[source]!
    if (instance !== NO_TOKEN && sourceInstance !== NONE) return instance !== sourceInstance

    const code = batch.interface[row]!
    const known = code >= 0 && code < this.#interfaceEndpoints.length
    const logging = known ? this.#interfaceEndpoints[code]! : NONE
    if (logging !== NONE) {
      const loggingInstance = this.#instanceOf[logging]!
      if (loggingInstance !== NONE && loggingInstance === sourceInstance) return false
      return (
        entry === NONE || !this.timeline.interfaceHolds(entry, logging, batch.start[row]!, batch.until[row]!)
      )
    }

    const flags = batch.flags[row]!
    if ((flags & TYPED_INTERFACE) !== 0) return (flags & MIDDLE_INTERFACE) !== 0
    const zone = batch.zone[row]!
    return zone !== NO_TOKEN && zone !== this.zoneOf[source]
  }
}

interface Columns extends Attributed {
  readonly sourceEntries: Int32Array
  readonly destinationEntries: Int32Array
  /** The places of rows whose holder depends on the window, or that nothing but a subnet may hold. */
  readonly asked: Int32Array
}

function columnsOf(rows: number): Columns {
  return {
    source: new Int32Array(rows),
    destination: new Int32Array(rows),
    account: new Uint8Array(rows),
    handedOver: new Uint8Array(rows),
    sourceEntries: new Int32Array(rows),
    destinationEntries: new Int32Array(rows),
    asked: new Int32Array(rows),
  }
}

function isPublicDestination({ flags, destination }: RecordBatch, row: number): boolean {
  if ((flags[row]! & DESTINATION_UNREADABLE) !== 0) return false
  const at = row * 4
  return (flags[row]! & DESTINATION_IPV6) === 0 ? isPublic4(destination[at]!) : isPublic6(destination, at)
}
