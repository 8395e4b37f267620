// What an hour comes to, written from the contract's sections 3 and 4 as plainly as they are: split, Map, BigInt.

import { readdirSync, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export interface NaiveTotals {
  records: bigint
  bytes: bigint
  packets: bigint
}

export interface NaiveHour {
  readonly accounts: Map<string, NaiveTotals>
  readonly handedOver: NaiveTotals
  /** By "source zone destination zone". */
  readonly zones: Map<string, NaiveTotals>
  /** By JSON of [kind, namespace, workload] of both ends. */
  readonly pairs: Map<string, NaiveTotals>
  readonly cutAssignments: number
  /** What was met on the way, by name. */
  readonly reached: Map<string, number>
}

interface Thing {
  readonly kind: string
  readonly uid: string
  readonly addresses?: readonly string[]
  readonly cidr?: string
  readonly from: string
  readonly until: string | null
  readonly seen: string
  readonly namespace?: string
  readonly workload?: string
  readonly instance?: string
  readonly zone: string
  readonly hostNetwork?: boolean
}

interface Holding {
  readonly thing: Thing
  readonly from: number
  until: number
}

/** All files below a folder, as paths relative to it. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

export function linesOf(path: string): string[] {
  const lines = gunzipSync(readFileSync(path)).toString().split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

function slotOf(path: string): number {
  const [, year, month, day, hour, minute] = /_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_/.exec(path)!
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) / 1000
}

/** The hour of a data set: objects of its slots, of the one before and of the 20 minutes after. */
export function naiveHour(folder: string, cluster: string, hour: number): NaiveHour {
  const iso = new Date(hour * 1000).toISOString()
  const partition = join(
    folder,
    'assignments',
    `cluster=${cluster}`,
    `dt=${iso.slice(0, 10)}`,
    `hour=${iso.slice(11, 13)}`,
  )
  const latest = new Map<string, Thing>()
  for (const file of filesBelow(partition)) {
    for (const line of linesOf(join(partition, file))) {
      const thing = JSON.parse(line) as Thing
      const key = `${thing.kind} ${thing.uid}`
      const known = latest.get(key)
      if (known === undefined || thing.seen > known.seen) latest.set(key, thing)
    }
  }
  const things = [...latest.values()]
  const subnets = things.filter(({ kind }) => kind === 'subnet')
  const byUid = new Map(things.map(thing => [thing.uid, thing]))

  const holdings = new Map<string, Holding[]>()
  for (const thing of things) {
    if (thing.addresses === undefined || thing.hostNetwork === true) continue
    for (const address of thing.addresses) {
      const key = `${thing.kind} ${address}`
      const from = Date.parse(thing.from) / 1000
      const until = thing.until === null ? Infinity : Date.parse(thing.until) / 1000
      holdings.set(key, [...(holdings.get(key) ?? []), { thing, from, until }])
    }
  }
  let cutAssignments = 0
  for (const list of holdings.values()) {
    list.sort((a, b) => a.from - b.from)
    for (const [at, holding] of list.entries()) {
      const next = list[at + 1]
      if (next !== undefined && next.from < holding.until) {
        holding.until = next.from
        cutAssignments++
      }
    }
  }

  const reached = new Map<string, number>()
  const reach = (name: string) => reached.set(name, (reached.get(name) ?? 0) + 1)

  const holderOfKind = (kind: string, address: string, start: number, until: number): Thing | null => {
    const list = holdings.get(`${kind} ${address}`) ?? []
    let best: Holding | null = null
    let longest = 0
    for (const holding of list) {
      const held = Math.min(holding.until, until) - Math.max(holding.from, start)
      if (held > 0 && held >= longest) {
        if (best !== null) reach(held === longest ? 'a tie' : 'the later pod held it longer')
        best = holding
        longest = held
      } else if (held > 0) {
        reach('the earlier pod held it longer')
      }
    }
    if (best !== null) return best.thing
    for (const holding of list) {
      if (holding.until <= start && holding.until >= start - 60) best = holding
    }
    if (best !== null) reach(best.until < hour ? 'late, let go before the hour' : 'late')
    return best?.thing ?? null
  }
  const holderOf = (address: string, start: number, until: number): Thing | null =>
    holderOfKind('pod', address, start, until) ??
    holderOfKind('node', address, start, until) ??
    holderOfKind('interface', address, start, until) ??
    subnets.find(({ cidr }) => isIn(cidr!, address)) ??
    null
  const podsAround = (address: string, start: number, until: number): number =>
    (holdings.get(`pod ${address}`) ?? []).filter(
      holding => holding.from < until && holding.until > start - 60,
    ).length

  const isRelayed = (
    source: Thing,
    address: string,
    field: (name: string) => string | undefined,
  ): boolean => {
    const instance = field('instance-id') ?? '-'
    if (instance !== '-' && source.instance !== undefined) {
      reach(`test 1 ${instance !== source.instance}`)
      return instance !== source.instance
    }
    const logging = byUid.get(field('interface-id') ?? '')
    if (logging?.kind === 'interface') {
      const own =
        logging.addresses!.includes(address) ||
        (source.instance !== undefined && source.instance === logging.instance)
      reach(`test 2 ${!own}`)
      return !own
    }
    const type = field('interface-type')
    if (type !== undefined) {
      reach(`test 3 ${type !== '-'}`)
      return type !== '-'
    }
    const zone = field('az-id') ?? '-'
    if (zone !== '-') {
      reach(`test 4 ${zone !== source.zone}`)
      return zone !== source.zone
    }
    reach('test 5')
    return false
  }

  const accounts = new Map<string, NaiveTotals>()
  const zones = new Map<string, NaiveTotals>()
  const pairs = new Map<string, NaiveTotals>()
  const handedOver = { records: 0n, bytes: 0n, packets: 0n }
  const logs = join(folder, 'logs')
  for (const file of filesBelow(logs)) {
    const slot = slotOf(file)
    if (slot < hour - 300 || slot > hour + 3600 + 1200) continue
    const [header, ...lines] = linesOf(join(logs, file))
    const names = header!.split(' ')
    for (const line of lines) {
      const fields = line.split(' ')
      const field = (name: string) => (names.includes(name) ? fields[names.indexOf(name)] : undefined)
      if (
        fields.length !== names.length ||
        (field('log-status') === 'OK' && !/^\d+$/.test(field('bytes')!))
      ) {
        addTo(accounts, 'malformed', 0n, 0n)
        continue
      }
      if (field('log-status') === 'SKIPDATA') {
        addTo(accounts, 'skipData', 0n, 0n)
        continue
      }
      if (field('log-status') === 'NODATA') {
        addTo(accounts, 'noData', 0n, 0n)
        continue
      }
      const bytes = BigInt(field('bytes')!)
      const packets = BigInt(field('packets') ?? 0)
      const start = Number(field('start'))
      const until = Number(field('end') ?? start) + 1
      if (start < hour || start >= hour + 3600) {
        reach(start < hour ? 'begins before' : 'begins after')
        if (slot === hour) reach('crosses the hour')
        addTo(accounts, 'otherHour', bytes, packets)
        continue
      }
      if (slot < hour) reach('in the slot before')
      if (field('flow-direction') === 'ingress') {
        addTo(accounts, 'ingress', bytes, packets)
        continue
      }
      if (field('action') === 'REJECT') {
        addTo(accounts, 'rejected', bytes, packets)
        continue
      }
      const from = field('pkt-srcaddr')!
      const to = field('pkt-dstaddr')!
      reach(isIPv6(from) ? 'IPv6' : 'IPv4')
      if (podsAround(from, start, until) > 1 || podsAround(to, start, until) > 1) {
        add(handedOver, bytes, packets)
      }
      const source = holderOf(from, start, until)
      if (source === null) {
        addTo(accounts, 'unknownSource', bytes, packets)
        continue
      }
      if (isRelayed(source, from, field)) {
        addTo(accounts, 'relayed', bytes, packets)
        continue
      }
      const destination = holderOf(to, start, until)
      if (destination === null) {
        addTo(accounts, isPrivate(to) ? 'unknownDestination' : 'outside', bytes, packets)
        continue
      }
      reach(`from ${source.kind}`)
      reach(`to ${destination.kind}`)
      const crosses = source.zone !== destination.zone
      addTo(accounts, crosses ? 'crossZone' : 'sameZone', bytes, packets)
      addTo(zones, `${source.zone} ${destination.zone}`, bytes, packets)
      if (crosses)
        addTo(pairs, JSON.stringify([...identity(source), ...identity(destination)]), bytes, packets)
    }
  }
  return { accounts, handedOver, zones, pairs, cutAssignments, reached }
}

function identity({ kind, namespace, workload }: Thing) {
  return [kind, namespace ?? null, workload ?? null]
}

function add(totals: NaiveTotals, bytes: bigint, packets: bigint): void {
  totals.records += 1n
  totals.bytes += bytes
  totals.packets += packets
}

function addTo(map: Map<string, NaiveTotals>, key: string, bytes: bigint, packets: bigint): void {
  const totals = map.get(key) ?? { records: 0n, bytes: 0n, packets: 0n }
  add(totals, bytes, packets)
  map.set(key, totals)
}

function isIn(cidr: string, address: string): boolean {
  if (isIPv6(address)) return false
  const [base, prefix] = cidr.split('/')
  const size = 2 ** (32 - Number(prefix))
  return Math.floor(integerOf(base!) / size) === Math.floor(integerOf(address) / size)
}

function integerOf(address: string): number {
  return address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0)
}

// Of the private blocks those that a sample has.
function isPrivate(address: string): boolean {
  return /^(?:10\.|172\.20\.|192\.168\.|100\.64\.|fd)/.test(address)
}
