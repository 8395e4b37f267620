// The timeline: who held which address when, for the hours at hand. Immutable; integers in, integers out.
//
// An address has an entry; an entry has up to three runs of intervals, one a kind, in the order in which kinds are
// asked. All runs lie in two columns one behind the other:
//
//   entry e        runs[3e]  pods   runs[3e + 1]  nodes   runs[3e + 2]  interfaces   runs[3e + 3]
//   from, until              |----------|             |-------|              |---------|
//
// Inside a run intervals are disjoint and sorted, so a look-up is a binary search; most runs hold one. Subnets hold
// their addresses at all times and are asked last. Times are milliseconds, windows half-open. Contract, section 4.

import { compareText, type Endpoint, type Hour, HOUR_SECONDS } from '@zonetoll/model'
import { AddressTable, NONE } from './address-table.ts'
import type { AssignmentLine, InterfaceLine, NodeLine, PodLine, SubnetLine } from './assignment-line.ts'
import { disjoin, type Claim } from './intervals.ts'
import { LatestSightings } from './latest-sightings.ts'
import { BlockIndex } from './block-index.ts'

/** A flow log's times may be this late, in milliseconds: who let an address go so shortly before still counts. */
export const LATENESS_MILLIS = 60_000

export interface TimelineEndpoint extends Endpoint {
  readonly uid: string
  /** The EC2 instance it runs on, null where it has none. */
  readonly instance: string | null
}

export interface TimelineOptions {
  /** Pod labels that name the app; the first that a pod has wins. */
  readonly appLabels: readonly string[]
}

type HolderLine = PodLine | NodeLine | InterfaceLine

const RUNS = { pod: 0, node: 1, interface: 2 } as const

export class Timeline {
  /** By endpoint id. */
  readonly endpoints: readonly TimelineEndpoint[]
  /** How many assignments had to end where a later one of their address and kind began. */
  readonly cutAssignments: number
  /** How many pods, nodes and interfaces were left out: they name no zone and no known subnet holds them. */
  readonly withoutZone: number
  readonly #addresses = new AddressTable()
  readonly #subnets: BlockIndex
  readonly #runs: Int32Array
  readonly #from: Float64Array
  readonly #until: Float64Array
  readonly #holders: Int32Array

  constructor(lines: Iterable<AssignmentLine>, options: TimelineOptions) {
    const latest = new LatestSightings()
    for (const line of lines) latest.add(line)
    const sorted = [...latest.lines()].sort(
      (a, b) => compareText(a.kind, b.kind) || compareText(a.uid, b.uid),
    )

    const endpoints: TimelineEndpoint[] = []
    const subnets = sorted.filter(line => line.kind === 'subnet')
    // Sorted by uid: where two VPCs have subnets with one block, the lesser uid has it.
    this.#subnets = new BlockIndex(
      subnets.map(subnet => ({ cidr: subnet.cidr, id: endpoints.push(subnetEndpoint(subnet)) - 1 })),
    )

    // Claims by run: run 3e + k has entry e's claims of kind k.
    const claims: Claim[][] = []
    let withoutZone = 0
    for (const line of sorted) {
      if (line.kind === 'subnet' || line.kind === 'zone' || (line.kind === 'pod' && line.hostNetwork))
        continue
      const zone = line.zone ?? this.#zoneBySubnet(line, endpoints)
      if (zone === null) {
        withoutZone++
        continue
      }
      const endpoint = endpoints.push(holderEndpoint(line, zone, options.appLabels)) - 1
      const { from, until, seen, uid } = line
      for (const entry of this.#entriesOf(line)) {
        ;(claims[entry * 3 + RUNS[line.kind]] ??= []).push({ endpoint, from, until, seen, uid })
      }
    }

    const runs = new Int32Array(this.#addresses.size * 3 + 1)
    const kept: Claim[] = []
    let cutAssignments = 0
    for (let run = 0; run < runs.length - 1; run++) {
      const disjoint = disjoin(claims[run] ?? [])
      cutAssignments += disjoint.cut
      for (const claim of disjoint.claims) kept.push(claim)
      runs[run + 1] = kept.length
    }
    this.endpoints = endpoints
    this.cutAssignments = cutAssignments
    this.withoutZone = withoutZone
    this.#runs = runs
    this.#from = Float64Array.from(kept, claim => claim.from)
    this.#until = Float64Array.from(kept, claim => claim.until)
    this.#holders = Int32Array.from(kept, claim => claim.endpoint)
  }

  /** The entry of an IPv4 address, NONE where no pod, node or interface ever held it. */
  find4(value: number): number {
    return this.#addresses.find4(value)
  }

  /** The entry of the IPv6 address words[at .. at + 4), or NONE. */
  find6(words: ArrayLike<number>, at: number): number {
    return this.#addresses.find6(words, at)
  }

  /** The subnet with the longest prefix around an IPv4 address, as an endpoint id, or NONE. */
  subnet4(value: number): number {
    return this.#subnets.find4(value)
  }

  subnet6(words: ArrayLike<number>, at: number): number {
    return this.#subnets.find6(words, at)
  }

  /** Who held the entry's address in [start, until): a pod before a node before an interface; an endpoint id, or NONE. */
  holder(entry: number, start: number, until: number): number {
    const run = entry * 3
    // Most addresses had one pod, and it held them all the while.
    const first = this.#runs[run]!
    if (this.#runs[run + 1]! - first === 1 && this.#until[first]! > start && this.#from[first]! < until) {
      return this.#holders[first]!
    }
    const pod = this.#holderInRun(run, start, until)
    if (pod !== NONE) return pod
    const node = this.#holderInRun(run + 1, start, until)
    return node !== NONE ? node : this.#holderInRun(run + 2, start, until)
  }

  /** Whether more than one pod held the entry's address in [start - 60 s, until). */
  handedOver(entry: number, start: number, until: number): boolean {
    const begin = this.#runs[entry * 3]!
    const end = this.#runs[entry * 3 + 1]!
    if (end - begin < 2) return false
    const first = this.#firstEndingAfter(begin, end, start - LATENESS_MILLIS)
    return first + 1 < end && this.#from[first + 1]! < until
  }

  /** Whether this interface held the entry's address at a moment of [start - 60 s, until). */
  interfaceHolds(entry: number, endpoint: number, start: number, until: number): boolean {
    const end = this.#runs[entry * 3 + 3]!
    let at = this.#firstEndingAfter(this.#runs[entry * 3 + 2]!, end, start - LATENESS_MILLIS)
    for (; at < end && this.#from[at]! < until; at++) if (this.#holders[at] === endpoint) return true
    return false
  }

  /** The ids of the pods that held an address at some moment of the hour. */
  podsIn(hour: Hour): ReadonlySet<number> {
    const start = hour * 1000
    const until = (hour + HOUR_SECONDS) * 1000
    const pods = new Set<number>()
    for (let run = 0; run < this.#runs.length - 1; run += 3) {
      for (let at = this.#runs[run]!; at < this.#runs[run + 1]!; at++) {
        if (this.#from[at]! < until && this.#until[at]! > start) pods.add(this.#holders[at]!)
      }
    }
    return pods
  }

  // Who held it longest in the window (a tie: who began later); else who let it go last, at most 60 s before.
  #holderInRun(run: number, start: number, until: number): number {
    const begin = this.#runs[run]!
    const end = this.#runs[run + 1]!
    if (begin === end) return NONE
    const first = this.#firstEndingAfter(begin, end, start)
    let longest = 0
    let holder = NONE
    for (let at = first; at < end && this.#from[at]! < until; at++) {
      const held = Math.min(this.#until[at]!, until) - Math.max(this.#from[at]!, start)
      if (held >= longest) {
        longest = held
        holder = this.#holders[at]!
      }
    }
    if (holder !== NONE) return holder
    return first > begin && this.#until[first - 1]! >= start - LATENESS_MILLIS
      ? this.#holders[first - 1]!
      : NONE
  }

  // The first interval of [begin, end) that ends after a moment; `end` where none does.
  #firstEndingAfter(begin: number, end: number, moment: number): number {
    let low = begin
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#until[middle]! > moment) high = middle
      else low = middle + 1
    }
    return low
  }

  #entriesOf(line: HolderLine): Set<number> {
    return new Set(
      line.addresses.map(({ family, words }) =>
        family === 4 ? this.#addresses.add4(words[0]) : this.#addresses.add6(words, 0),
      ),
    )
  }

  #zoneBySubnet(line: HolderLine, endpoints: readonly TimelineEndpoint[]): Endpoint['zone'] | null {
    for (const { family, words } of line.addresses) {
      const subnet = family === 4 ? this.#subnets.find4(words[0]) : this.#subnets.find6(words, 0)
      if (subnet !== NONE) return endpoints[subnet]!.zone
    }
    return null
  }
}

function subnetEndpoint({ uid, zone }: SubnetLine): TimelineEndpoint {
  return {
    kind: 'subnet',
    namespace: null,
    name: uid,
    workload: null,
    app: null,
    node: null,
    zone,
    uid,
    instance: null,
  }
}

function holderEndpoint(
  line: HolderLine,
  zone: Endpoint['zone'],
  appLabels: readonly string[],
): TimelineEndpoint {
  const { kind, name, uid, instance } = line
  const none = { namespace: null, workload: null, app: null, node: null }
  if (kind !== 'pod') return { kind, ...none, name, zone, uid, instance }
  const appLabel = appLabels.find(label => line.labels.has(label))
  return {
    kind,
    namespace: line.namespace,
    name,
    workload: line.workload,
    app: appLabel === undefined ? null : line.labels.get(appLabel)!,
    node: line.node,
    zone,
    uid,
    instance,
  }
}
