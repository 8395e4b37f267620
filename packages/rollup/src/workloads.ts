// How many pods of each workload held an address in the hour, by zone: what a route or a placement could use.

import type { Timeline } from '@zonetoll/assignments'
import { compareText, type Hour, type LedgerWorkload, type ZoneId } from '@zonetoll/model'

/** Sorted by namespace and workload. Pods without a workload aren't in it. */
export function countWorkloads(timeline: Timeline, hour: Hour): LedgerWorkload[] {
  const counts = new Map<string, Map<string, Map<ZoneId, number>>>()
  for (const id of timeline.podsIn(hour)) {
    const { namespace, workload, zone } = timeline.endpoints[id]!
    if (namespace === null || workload === null) continue
    const workloads = entryOf(counts, namespace, () => new Map<string, Map<ZoneId, number>>())
    const zones = entryOf(workloads, workload, () => new Map<ZoneId, number>())
    zones.set(zone, (zones.get(zone) ?? 0) + 1)
  }
  return [...counts]
    .flatMap(([namespace, workloads]) =>
      [...workloads].map(([workload, zones]) => ({ namespace, workload, zones })),
    )
    .sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.workload, b.workload))
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
