// The timeline of the hours at hand: an index of who held which address when, and the endpoints its ids stand for.
//
// Built once from the assignment log's lines: folded to what was seen last, overlaps cut, zones filled in from the
// subnets. Immutable.

import { compareText, type Endpoint } from '@zonetoll/model'
import { AddressTable, NONE } from './address-table.ts'
import type { AssignmentLine, InterfaceLine, NodeLine, PodLine, SubnetLine } from './assignment-line.ts'
import { BlockIndex } from './block-index.ts'
import { disjoin, type Claim } from './intervals.ts'
import { LatestSightings } from './latest-sightings.ts'
import { TimelineIndex, type TimelineColumns } from './timeline-index.ts'

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

export class Timeline extends TimelineIndex {
  /** By endpoint id. */
  readonly endpoints: readonly TimelineEndpoint[]
  /** How many assignments had to end where a later one of their address and kind began. */
  readonly cutAssignments: number
  /** How many pods, nodes and interfaces were left out: they name no zone and no known subnet holds them. */
  readonly withoutZone: number

  constructor(lines: Iterable<AssignmentLine>, options: TimelineOptions) {
    const built = build(lines, options)
    super(built.columns)
    this.endpoints = built.endpoints
    this.cutAssignments = built.cutAssignments
    this.withoutZone = built.withoutZone
  }
}

interface BuiltTimeline {
  readonly columns: TimelineColumns
  readonly endpoints: readonly TimelineEndpoint[]
  readonly cutAssignments: number
  readonly withoutZone: number
}

function build(lines: Iterable<AssignmentLine>, options: TimelineOptions): BuiltTimeline {
  const latest = new LatestSightings()
  for (const line of lines) latest.add(line)
  const sorted = [...latest.lines()].sort((a, b) => compareText(a.kind, b.kind) || compareText(a.uid, b.uid))

  // Sorted by uid: where two VPCs have subnets with one block, the lesser uid has it.
  const endpoints: TimelineEndpoint[] = []
  const subnets = BlockIndex.of(
    sorted
      .filter(line => line.kind === 'subnet')
      .map(subnet => ({ cidr: subnet.cidr, id: endpoints.push(subnetEndpoint(subnet)) - 1 })),
  )

  // Claims by run: run 3e + k has entry e's claims of kind k.
  const addresses = new AddressTable()
  const claims: Claim[][] = []
  let withoutZone = 0
  for (const line of sorted) {
    if (line.kind === 'subnet' || line.kind === 'zone' || (line.kind === 'pod' && line.hostNetwork)) continue
    const zone = line.zone ?? zoneBySubnet(line, subnets, endpoints)
    if (zone === null) {
      withoutZone++
      continue
    }
    const endpoint = endpoints.push(holderEndpoint(line, zone, options.appLabels)) - 1
    const { from, until, seen, uid } = line
    for (const entry of entriesOf(line, addresses)) {
      ;(claims[entry * 3 + RUNS[line.kind]] ??= []).push({ endpoint, from, until, seen, uid })
    }
  }

  const runs = new Int32Array(addresses.size * 3 + 1)
  const kept: Claim[] = []
  let cutAssignments = 0
  for (let run = 0; run < runs.length - 1; run++) {
    const disjoint = disjoin(claims[run] ?? [])
    cutAssignments += disjoint.cut
    for (const claim of disjoint.claims) kept.push(claim)
    runs[run + 1] = kept.length
  }
  const from = Float64Array.from(kept, claim => claim.from)
  const until = Float64Array.from(kept, claim => claim.until)
  const holders = Int32Array.from(kept, claim => claim.endpoint)
  const columns = { addresses: addresses.columns, subnets: subnets.columns, runs, from, until, holders }
  return { columns, endpoints, cutAssignments, withoutZone }
}

function entriesOf(line: HolderLine, addresses: AddressTable): Set<number> {
  return new Set(
    line.addresses.map(({ family, words }) =>
      family === 4 ? addresses.add4(words[0]) : addresses.add6(words, 0),
    ),
  )
}

function zoneBySubnet(
  line: HolderLine,
  subnets: BlockIndex,
  endpoints: readonly TimelineEndpoint[],
): Endpoint['zone'] | null {
  for (const { family, words } of line.addresses) {
    const subnet = family === 4 ? subnets.find4(words[0]) : subnets.find6(words, 0)
    if (subnet !== NONE) return endpoints[subnet]!.zone
  }
  return null
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
