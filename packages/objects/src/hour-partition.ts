// The folders that assignment logs and rollups are kept in: cluster=<name>/dt=YYYY-MM-DD/hour=HH/, in UTC.

import type { CallOptions, Location } from './store.ts'

const HOUR_SECONDS = 3600

// EKS: 1 to 100 letters, digits, hyphens and underscores, the first a letter or digit. Other clusters' names may hold
// dots. Nothing else may pass: the name becomes a part of a key.
const CLUSTER = /^[0-9A-Za-z][0-9A-Za-z_.-]{0,99}$/

/** The partition's key prefix, which ends in '/'. Throws RangeError for a name that no cluster has and for a time that isn't an hour's first second. */
export function hourPartition(cluster: string, hourSeconds: number): string {
  if (!CLUSTER.test(cluster)) {
    const expected = 'expected 1 to 100 letters, digits, ., _ and -, the first a letter or digit'
    throw new RangeError(`${JSON.stringify(cluster)} can't be a cluster's name: ${expected}`)
  }
  if (!Number.isSafeInteger(hourSeconds) || hourSeconds % HOUR_SECONDS !== 0) {
    throw new RangeError(`${hourSeconds} is not the first second of an hour`)
  }
  const iso = new Date(hourSeconds * 1000).toISOString()
  return `cluster=${cluster}/dt=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/`
}

/** The names of the clusters that have partitions at the location, in the order of keys. */
export async function listClusters(location: Location, options: CallOptions = {}): Promise<string[]> {
  const { store, prefix } = location
  const start = `${prefix}cluster=`
  const names: string[] = []
  for await (const entry of store.list(start, { delimiter: true, signal: options.signal })) {
    if (!('prefix' in entry)) continue
    const name = entry.prefix.slice(start.length, -1)
    if (CLUSTER.test(name)) names.push(name)
  }
  return names
}
