// Where a workload's pods were: what decides whether a byte could have stayed in its zone.
//
// The ledger of an hour counts the pods that held an address in it, by workload and zone.

import type { Hour, LedgerWorkload, ZoneId } from '@zonetoll/model'
import type { Party, PartyName } from './party.ts'
import type { PodCounts } from './report-data.ts'

const NOWHERE: PodCounts = new Map()

/** Workloads of one hour, or the last known of many. */
export class PodPresence {
  readonly #counts = new Map<string, Map<string, PodCounts>>()

  add(workloads: readonly LedgerWorkload[]): void {
    for (const { namespace, workload, zones } of workloads) {
      let counts = this.#counts.get(namespace)
      if (counts === undefined) {
        counts = new Map()
        this.#counts.set(namespace, counts)
      }
      counts.set(workload, zones)
    }
  }

  /** The pods of the party's workload by zone; none for a party that isn't a workload. */
  podsOf({ kind, namespace, workload }: PartyName): PodCounts {
    if (kind !== 'pod' || namespace === null || workload === null) return NOWHERE
    return this.#counts.get(namespace)?.get(workload) ?? NOWHERE
  }

  /** Whether the party's workload has pods in the zone. */
  has(party: Party, zone: ZoneId): boolean {
    return (this.podsOf(party).get(zone) ?? 0) > 0
  }
}

/** The workloads of each hour, indexed for one hour at a time: rows come hour by hour. */
export class HourlyPresence {
  readonly #workloads = new Map<Hour, readonly LedgerWorkload[]>()
  #hour: Hour | null = null
  #index = new PodPresence()

  add(hour: Hour, workloads: readonly LedgerWorkload[]): void {
    this.#workloads.set(hour, workloads)
  }

  /** Of every workload what the last hour that names it says. */
  latest(): PodPresence {
    const latest = new PodPresence()
    for (const [, workloads] of [...this.#workloads].sort(([a], [b]) => a - b)) latest.add(workloads)
    return latest
  }

  /** Null for an hour whose workloads weren't added. */
  of(hour: Hour): PodPresence | null {
    if (hour === this.#hour) return this.#index
    const workloads = this.#workloads.get(hour)
    if (workloads === undefined) return null
    this.#index = new PodPresence()
    this.#index.add(workloads)
    this.#hour = hour
    return this.#index
  }
}
