/**
 * The plain twin of one hour: section 4 of the contract, written from its text and nothing else.
 *
 * The real path scans bytes, keeps ids and binary searches. This one splits strings, loops over every assignment
 * for every record and adds BigInts, so that it can be read beside the contract, sentence by sentence. It shares no
 * code with the packages: a wrong reading there can't hide here. Times are milliseconds.
 *
 * Where the contract is silent it takes what the code's comments promise: of subnets with one block the lesser uid
 * counts; a pod without a workload isn't among the workloads; an empty instance-id or az-id is as `-`.
 */
import { plainContains, plainIsPublic } from './plain-address.ts'
import {
  count,
  cutOverlaps,
  holdingsOf,
  thingsOf,
  type Holding,
  type PlainColumns,
  type Reached,
  type Thing,
} from './plain-assignments.ts'
import { plainLines, type PlainRecord } from './plain-lines.ts'

/** One flow-log object: its flow log's number and its text, decompressed. */
export interface PlainObject {
  readonly flowLog: number
  readonly text: string
}

export interface PlainInput {
  readonly objects: readonly PlainObject[]
  /** The assignment log's lines, without line ends. */
  readonly assignments: readonly string[]
  /** The hour's first second. */
  readonly hour: number
  readonly allPairs: boolean
  readonly appLabels: readonly string[]
}

export interface PlainTotals {
  records: bigint
  bytes: bigint
  packets: bigint
}

export const PLAIN_ACCOUNTS = [
  'malformed',
  'skipData',
  'noData',
  'otherHour',
  'ingress',
  'rejected',
  'unknownSource',
  'relayed',
  'outside',
  'unknownDestination',
  'sameZone',
  'crossZone',
] as const

export type PlainAccount = (typeof PLAIN_ACCOUNTS)[number]

export interface PlainRow extends PlainTotals {
  readonly source: PlainColumns
  readonly destination: PlainColumns
}

export interface PlainHour {
  readonly read: PlainTotals
  readonly accounts: Readonly<Record<PlainAccount, PlainTotals>>
  readonly handedOver: PlainTotals
  readonly cutAssignments: number
  readonly zones: readonly (PlainTotals & { readonly source: string; readonly destination: string })[]
  readonly rows: readonly PlainRow[]
  readonly workloads: readonly PlainWorkload[]
}

export interface PlainWorkload {
  readonly namespace: string
  readonly workload: string
  readonly zones: Record<string, number>
}

/** Everything that the assignment log says. */
interface World {
  readonly things: readonly Thing[]
  readonly holdings: readonly Holding[]
  readonly reached: Reached
}

const MINUTE = 60_000

export function plainHour(input: PlainInput, reached: Reached = new Map()): PlainHour {
  const things = thingsOf(input.assignments, input.appLabels)
  const holdings = holdingsOf(things)
  const cutAssignments = cutOverlaps(holdings, reached)
  const world = { things, holdings: holdings.filter(({ from, until }) => from < until), reached }

  const read = nothing()
  const handedOver = nothing()
  const accounts = Object.fromEntries(PLAIN_ACCOUNTS.map(account => [account, nothing()])) as Record<
    PlainAccount,
    PlainTotals
  >
  const zones = new Map<string, PlainTotals & { source: string; destination: string }>()
  const rows = new Map<string, PlainRow>()
  const pairs = new Map<string, string>()

  for (const object of input.objects) {
    for (const line of plainLines(object.text)) {
      const [bytes, packets] = line.kind === 'record' ? [line.bytes, line.packets] : [0n, 0n]
      const counted: Counted =
        line.kind === 'record' ? accountOf(world, input.hour * 1000, line) : { account: line.kind, pods: 0 }
      add(read, bytes, packets)
      add(accounts[counted.account], bytes, packets)
      count(reached, counted.account)
      if (counted.pods > 1) add(handedOver, bytes, packets)
      const { source, destination } = counted
      if (source === undefined || destination === undefined) continue
      const zone = entry(zones, [source.zone, destination.zone], () => ({
        source: source.zone,
        destination: destination.zone,
        ...nothing(),
      }))
      add(zone, bytes, packets)
      if (counted.account === 'sameZone' && !input.allPairs) continue
      const pair = JSON.stringify([source.uid, destination.uid])
      const known = entry(pairs, [source.columns, destination.columns], () => pair)
      if (known !== pair) count(reached, 'endpoints alike')
      const row = entry(rows, [source.columns, destination.columns], () => ({
        source: source.columns,
        destination: destination.columns,
        ...nothing(),
      }))
      add(row, bytes, packets)
    }
  }
  return {
    read,
    accounts,
    handedOver,
    cutAssignments,
    zones: [...zones.values()].sort((a, b) =>
      compareColumns([a.source, a.destination], [b.source, b.destination]),
    ),
    rows: [...rows.values()].sort((a, b) =>
      compareColumns([...a.source, ...a.destination], [...b.source, ...b.destination]),
    ),
    workloads: workloadsOf(world, input.hour * 1000),
  }
}

interface Counted {
  readonly account: PlainAccount
  /** The greater number of pods that held one of the addresses around the window; 0 where nobody asks. */
  readonly pods: number
  readonly source?: Thing
  readonly destination?: Thing
}

/** The first account that applies to a record. */
function accountOf(world: World, hour: number, record: PlainRecord): Counted {
  const { window, source, destination, field } = record
  if (window === null || window.start < hour || window.start >= hour + 60 * MINUTE)
    return { account: 'otherHour', pods: 0 }
  if (field('flow-direction') === 'ingress') return { account: 'ingress', pods: 0 }
  if (field('action') === 'REJECT') return { account: 'rejected', pods: 0 }
  const { start, until } = window
  const pods = Math.max(
    source === null ? 0 : podsAround(world, source, start, until),
    destination === null ? 0 : podsAround(world, destination, start, until),
  )
  if (pods > 1) count(world.reached, 'handedOver')
  const sender = source === null ? null : holderOf(world, source, start, until)
  if (sender === null || source === null) return { account: 'unknownSource', pods }
  if (isRelayed(world, sender, source, record)) return { account: 'relayed', pods }
  const receiver = destination === null ? null : holderOf(world, destination, start, until)
  if (receiver === null) {
    const outside = destination !== null && plainIsPublic(destination)
    return { account: outside ? 'outside' : 'unknownDestination', pods }
  }
  count(world.reached, `source ${sender.kind}`)
  count(world.reached, `destination ${receiver.kind}`)
  const account = sender.zone === receiver.zone ? 'sameZone' : 'crossZone'
  return { account, pods, source: sender, destination: receiver }
}

/** Who held an address: a pod, else a node, else an interface, else the subnet with the longest prefix. */
function holderOf(world: World, address: string, start: number, until: number): Thing | null {
  for (const kind of ['pod', 'node', 'interface']) {
    const thing = holderOfKind(world, kind, address, start, until)
    if (thing !== null) return thing
  }
  let best: Thing | null = null
  let longest = -1
  for (const thing of world.things) {
    if (thing.kind !== 'subnet') continue
    const cidr = String(thing.line['cidr'])
    const prefix = Number(cidr.split('/')[1])
    if (!plainContains(cidr, address)) continue
    if (prefix > longest || (prefix === longest && best !== null && thing.uid < best.uid)) {
      best = thing
      longest = prefix
    }
  }
  return best
}

function holderOfKind(
  world: World,
  kind: string,
  address: string,
  start: number,
  until: number,
): Thing | null {
  const holdings = world.holdings.filter(
    holding => holding.thing.kind === kind && holding.address === address,
  )
  // Of those that held the address in the window, the one that held it longest; a tie: the one that began later.
  let best: Holding | null = null
  let longest = 0
  for (const holding of holdings) {
    const held = Math.min(holding.until, until) - Math.max(holding.from, start)
    if (held <= 0) continue
    if (best !== null) count(world.reached, held === longest ? 'tie in the window' : 'several in the window')
    if (best === null || held > longest || (held === longest && holding.from > best.from)) {
      best = holding
      longest = held
    }
  }
  if (best !== null) return best.thing
  // None: the last to release it in [start - 60 s, start].
  for (const holding of holdings) {
    if (holding.until === start - MINUTE - 1000) count(world.reached, `${kind} released 61 s before`)
    if (holding.until < start - MINUTE || holding.until > start) continue
    if (best === null || holding.until > best.until) best = holding
  }
  if (best !== null) {
    count(world.reached, `${kind} released before`)
    if (best.until === start - MINUTE) count(world.reached, `${kind} released 60 s before`)
  }
  return best?.thing ?? null
}

/** How many pods held an address in [start - 60 s, until). */
function podsAround(world: World, address: string, start: number, until: number): number {
  const pods = new Set<string>()
  for (const { thing, address: held, from, until: end } of world.holdings) {
    if (thing.kind === 'pod' && held === address && from < until && end > start - MINUTE) pods.add(thing.uid)
  }
  return pods.size
}

/** The first of the five tests that can be made decides. */
function isRelayed(world: World, source: Thing, address: string, record: PlainRecord): boolean {
  const { field } = record
  const instance = field('instance-id')
  if (!isNone(instance) && source.instance !== null) {
    count(world.reached, `relayed by 1: ${instance !== source.instance}`)
    return instance !== source.instance
  }
  const logging = world.things.find(
    thing => thing.kind === 'interface' && thing.uid === field('interface-id'),
  )
  if (logging !== undefined) {
    const { start, until } = record.window!
    // It holds the address as who holds one is told: in the window, or released it at most 60 s before.
    const holds = world.holdings.some(
      holding =>
        holding.thing === logging &&
        holding.address === address &&
        holding.from < until &&
        holding.until >= start - MINUTE,
    )
    const alike = source.instance !== null && source.instance === logging.instance
    count(world.reached, `relayed by 2: ${!holds && !alike}`)
    if (holds && !alike) count(world.reached, 'relayed by 2: holds the address')
    if (alike && !holds) count(world.reached, 'relayed by 2: has the instance')
    return !holds && !alike
  }
  const type = field('interface-type')
  if (type !== null) {
    count(world.reached, `relayed by 3: ${type !== '-'}`)
    return type !== '-'
  }
  const zone = field('az-id')
  if (!isNone(zone)) {
    count(world.reached, `relayed by 4: ${zone !== source.zone}`)
    return zone !== source.zone
  }
  count(world.reached, 'relayed by 5: false')
  return false
}

/** An empty field says as little as `-` and as a column that isn't there. */
function isNone(text: string | null): boolean {
  return text === null || text === '' || text === '-'
}

/** The pods that held an address in the hour, by namespace, workload and zone. */
function workloadsOf(world: World, hour: number): PlainWorkload[] {
  const workloads = new Map<string, PlainWorkload>()
  for (const thing of world.things) {
    const held = world.holdings.some(
      holding => holding.thing === thing && holding.from < hour + 60 * MINUTE && holding.until > hour,
    )
    const [kind, namespace = null, , workload = null] = thing.columns
    if (kind !== 'pod' || !held || namespace === null || workload === null) continue
    const { zones } = entry(workloads, [namespace, workload], (): PlainWorkload => ({
      namespace,
      workload,
      zones: {},
    }))
    zones[thing.zone] = (zones[thing.zone] ?? 0) + 1
  }
  return [...workloads.values()].sort((a, b) =>
    compareColumns([a.namespace, a.workload], [b.namespace, b.workload]),
  )
}

/** By the bytes of UTF-8, column by column, null after every text. */
export function compareColumns(left: PlainColumns, right: PlainColumns): number {
  for (const [at, a] of left.entries()) {
    const b = right[at] ?? null
    if (a === b) continue
    if (a === null) return 1
    if (b === null) return -1
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  }
  return 0
}

function nothing(): PlainTotals {
  return { records: 0n, bytes: 0n, packets: 0n }
}

function add(totals: PlainTotals, bytes: bigint, packets: bigint): void {
  totals.records += 1n
  totals.bytes += bytes
  totals.packets += packets
}

function entry<T>(map: Map<string, T>, key: unknown, make: () => T): T {
  const name = JSON.stringify(key)
  const made = map.get(name) ?? make()
  map.set(name, made)
  return made
}
