// Attribution: from a record's two addresses to two endpoints, and whether the record is a relayed copy.
//
// Everything that can be worked out once an hour is: an endpoint's instance and zone are compared as the codes that
// the batch carries, never as text.

import { NONE, type Timeline } from '@zonetoll/assignments'
import {
  MIDDLE_INTERFACE,
  NO_TOKEN,
  TokenTable,
  TYPED_INTERFACE,
  type RecordBatch,
  type RecordTokens,
} from '@zonetoll/flowlog'

/** The codes a scanner gives to instances, interfaces and zones, and what they mean to a timeline. */
export class Attribution {
  readonly timeline: Timeline
  readonly tokens: RecordTokens
  /** By endpoint id: the code of its zone, the same in `tokens.zones`. */
  readonly zoneOf: Int32Array
  readonly #instanceOf: Int32Array
  /** By code of interface-id: the endpoint id of that interface, NONE for one we don't know. */
  readonly #interfaceEndpoints: readonly number[]

  /** `growing` lets interfaces that no assignment names have codes too, to tell who logged them. */
  constructor(timeline: Timeline, options: { readonly growing: boolean }) {
    const { endpoints } = timeline
    const instances = new TokenTable()
    const interfaces = new TokenTable([], { grows: options.growing })
    const zones = new TokenTable()
    const interfaceEndpoints: number[] = []
    this.zoneOf = new Int32Array(endpoints.length)
    this.#instanceOf = new Int32Array(endpoints.length)
    for (const [id, { kind, uid, instance, zone }] of endpoints.entries()) {
      this.zoneOf[id] = zones.add(zone)
      this.#instanceOf[id] = instance === null ? NONE : instances.add(instance)
      if (kind === 'interface') interfaceEndpoints[interfaces.add(uid)] = id
    }
    this.timeline = timeline
    this.tokens = { instances, interfaces, zones }
    this.#interfaceEndpoints = interfaceEndpoints
  }

  /**
   * Whether a record was logged by an interface that isn't its source's own. `entry` is the source address's entry
   * in the timeline, times are milliseconds. The first test that can be made decides (contract, section 4).
   */
  isRelayed(
    batch: RecordBatch,
    row: number,
    source: number,
    entry: number,
    start: number,
    until: number,
  ): boolean {
    const instance = batch.instance[row]!
    const sourceInstance = this.#instanceOf[source]!
    if (instance !== NO_TOKEN && sourceInstance !== NONE) return instance !== sourceInstance

    const code = batch.interface[row]!
    const logging = code >= 0 ? (this.#interfaceEndpoints[code] ?? NONE) : NONE
    if (logging !== NONE) {
      const loggingInstance = this.#instanceOf[logging]!
      if (loggingInstance !== NONE && loggingInstance === sourceInstance) return false
      return entry === NONE || !this.timeline.interfaceHolds(entry, logging, start, until)
    }

    const flags = batch.flags[row]!
    if ((flags & TYPED_INTERFACE) !== 0) return (flags & MIDDLE_INTERFACE) !== 0
    const zone = batch.zone[row]!
    return zone !== NO_TOKEN && zone !== this.zoneOf[source]
  }
}
