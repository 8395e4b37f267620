// The assignment log of one hour, as recorders would have left it: three files that say everything that held an
// address from a minute before the hour to its end.
//
//   …-0   a snapshot at the hour's beginning: zones, subnets, nodes, interfaces, all pods there are
//   …-1   what a watch saw in the first half: pods that began, pods that ended (seen again, now with an end)
//   …-2   likewise the second half, and some pods seen again that didn't change
//
// Formats: contract, section 3.

import { formatSeconds } from '@zonetoll/model'
import type { Churn, Occupancy } from './churn.ts'
import type { Cluster, Pod } from './cluster.ts'
import { ZONES } from './network.ts'
import { Random } from './random.ts'

const HOUR = 3600
// One pod in so many is seen again without having changed.
const SEEN_AGAIN_ONE_IN = 20

export interface AssignmentFile {
  /** Below the folder of assignments. */
  readonly key: string
  /** Without line ends. */
  readonly lines: () => Generator<string>
}

export interface AssignmentHour {
  readonly files: readonly AssignmentFile[]
  /** How many assignments must end where a later one of their address begins. */
  readonly cutAssignments: number
}

interface Sighting {
  readonly seen: number
  readonly line: string
}

export interface PartitionOptions {
  readonly seed: number
  readonly cluster: string
  /** The data set's first second. */
  readonly start: number
}

/** The partition of an hour; hours count from 0. */
export function assignmentHour(
  options: PartitionOptions,
  cluster: Cluster,
  churn: Churn,
  hour: number,
): AssignmentHour {
  const random = Random.of(options.seed, 'assignments', hour)
  const begin = options.start + hour * HOUR
  const text = new AssignmentText(cluster)
  const current = churn.hour(hour)
  // Until a pod's end is seen, its lines say that it still held.
  const changes = current
    .flatMap(one => sightings(one, begin, text))
    .sort((a, b) => a.seen - b.seen || (a.line < b.line ? -1 : 1))
  const half = begin + HOUR / 2
  const seen = begin + random.between(10, 40)
  const iso = new Date(begin * 1000).toISOString()
  const folder = `cluster=${options.cluster}/dt=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}`
  const contents = [
    () => snapshot(cluster, [...churn.justBefore(hour), ...current], begin, seen, text),
    () => linesOf(changes.filter(change => change.seen < half)),
    function* () {
      yield* linesOf(changes.filter(change => change.seen >= half))
      for (const [at, pod] of cluster.pods.entries()) {
        if (at % SEEN_AGAIN_ONE_IN === hour % SEEN_AGAIN_ONE_IN)
          yield text.pod(pod, null, begin + 3000 + (at % 500))
      }
    },
  ]
  return {
    files: contents.map((lines, at) => ({
      key: `${folder}/recorder-${random.hex(8)}-${at}.ndjson.gz`,
      lines,
    })),
    cutAssignments: current
      .filter(one => !one.endSeen && isIn(one.until, begin))
      .reduce((count, { pod }) => count + (cluster.hosts[pod.host]!.ipv6 === null ? 1 : 2), 0),
  }
}

/** Puts lines into buffers, for writeGzipFile: no line is longer than a buffer. */
export function lineFiller(lines: Generator<string>): (buffer: Uint8Array) => number {
  let next = lines.next()
  return buffer => {
    const target = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    let length = 0
    while (next.done !== true && length + Buffer.byteLength(next.value) + 1 <= buffer.length) {
      length += target.write(`${next.value}\n`, length)
      next = lines.next()
    }
    return length
  }
}

function* linesOf(sighted: readonly Sighting[]): Generator<string> {
  for (const { line } of sighted) yield line
}

function isIn(seconds: number, begin: number): boolean {
  return seconds >= begin && seconds < begin + HOUR
}

// What a watch saw of a pod in the hour: its beginning, its end.
function sightings({ pod, endSeen }: Occupancy, begin: number, text: AssignmentText): Sighting[] {
  const seen: Sighting[] = []
  if (isIn(pod.from, begin)) seen.push({ seen: pod.from + 2, line: text.pod(pod, null, pod.from + 2) })
  if (endSeen && pod.until !== null && isIn(pod.until, begin)) {
    seen.push({ seen: pod.until + 3, line: text.pod(pod, pod.until, pod.until + 3) })
  }
  return seen
}

function* snapshot(
  cluster: Cluster,
  occupancies: readonly Occupancy[],
  begin: number,
  seen: number,
  text: AssignmentText,
): Generator<string> {
  const at = formatSeconds(seen)
  for (const { id, name } of ZONES) yield JSON.stringify({ kind: 'zone', uid: id, name, seen: at })
  for (const { id, cidr, zone } of cluster.subnets) {
    yield JSON.stringify({ kind: 'subnet', uid: id, cidr, seen: at, zone: ZONES[zone]!.id })
  }
  const since = formatSeconds(begin - 30 * 86_400)
  for (const { uid, name, instance, address, zone } of cluster.nodes) {
    const held = { addresses: [address], from: since, until: null, seen: at }
    yield JSON.stringify({ kind: 'node', uid, ...held, name, instance, zone: ZONES[zone]!.id })
  }
  for (const known of cluster.knownInterfaces) {
    const { id, zone, instance } = cluster.interfaces[known.interface]!
    const held = { addresses: known.addresses, from: since, until: null, seen: at }
    yield JSON.stringify({
      kind: 'interface',
      uid: id,
      ...held,
      name: known.name,
      ...(known.service === null ? {} : { service: known.service }),
      ...(instance === null ? {} : { instance }),
      zone: ZONES[zone]!.id,
    })
  }
  for (const pod of cluster.pods) yield text.pod(pod, null, seen)
  for (const { pod, until } of occupancies) {
    if (pod.from < begin) yield text.pod(pod, until <= begin ? until : null, seen)
  }
}

class AssignmentText {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** A line of kind pod. */
  pod(pod: Pod, until: number | null, seen: number): string {
    const { hosts, nodes, services } = this.#cluster
    const host = hosts[pod.host]!
    const node = nodes[host.node]!
    const { identity, labels } = services[pod.service]!
    return JSON.stringify({
      kind: 'pod',
      uid: pod.uid,
      addresses: host.ipv6 === null ? [host.address] : [host.address, host.ipv6],
      from: formatSeconds(pod.from),
      until: until === null ? null : formatSeconds(until),
      seen: formatSeconds(seen),
      namespace: identity.namespace,
      name: pod.name,
      workload: identity.workload,
      labels,
      node: node.name,
      instance: node.instance,
      zone: ZONES[node.zone]!.id,
      ...(pod.hostNetwork ? { hostNetwork: true } : {}),
    })
  }
}
