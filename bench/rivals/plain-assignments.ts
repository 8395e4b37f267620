// The assignment log as a plain program reads it: all lines into memory, Map by kind and uid, Map by address.
//
// Contract, section 3. Text is compared as it stands: one address is taken to have one spelling.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Endpoint } from '@zonetoll/model'

export interface Thing extends Endpoint {
  readonly uid: string
  readonly instance: string | null
}

export interface Holding {
  readonly thing: Thing
  /** Milliseconds. */
  readonly from: number
  until: number
}

export interface Subnet {
  readonly thing: Thing
  readonly first: number
  readonly size: number
}

export interface PlainAssignments {
  /** By address: who held it, of each kind in the order in which kinds are asked; sorted by time. */
  readonly holdings: ReadonlyMap<string, readonly (readonly Holding[])[]>
  /** Longest prefix first. */
  readonly subnets: readonly Subnet[]
  readonly interfaces: ReadonlyMap<string, Thing>
}

interface Line {
  readonly kind: 'pod' | 'node' | 'interface' | 'subnet' | 'zone'
  readonly uid: string
  readonly addresses: readonly string[]
  readonly cidr: string
  readonly from: string
  readonly until: string | null
  readonly seen: string
  readonly namespace?: string
  readonly name: string
  readonly workload?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly node?: string
  readonly instance?: string
  readonly zone: Endpoint['zone']
  readonly hostNetwork?: boolean
}

const KINDS = ['pod', 'node', 'interface']

/** The hour's partition; the sample's lines lack nothing that this needs. */
export function readPlainAssignments(folder: string, cluster: string, hour: number): PlainAssignments {
  const iso = new Date(hour * 1000).toISOString()
  const partition = join(folder, `cluster=${cluster}`, `dt=${iso.slice(0, 10)}`, `hour=${iso.slice(11, 13)}`)
  const latest = new Map<string, Line>()
  for (const file of readdirSync(partition)) {
    const text = gunzipSync(readFileSync(join(partition, file))).toString()
    for (const json of text.split('\n')) {
      if (json === '') continue
      const line = JSON.parse(json) as Line
      const key = `${line.kind} ${line.uid}`
      const known = latest.get(key)
      if (known === undefined || line.seen > known.seen) latest.set(key, line)
    }
  }

  const holdings = new Map<string, Holding[][]>()
  const subnets: Subnet[] = []
  const interfaces = new Map<string, Thing>()
  for (const line of latest.values()) {
    if (line.kind === 'zone' || line.hostNetwork === true) continue
    const thing = thingOf(line)
    if (line.kind === 'subnet') {
      const [base, prefix] = line.cidr.split('/')
      subnets.push({ thing, first: integerOf(base!), size: 2 ** (32 - Number(prefix)) })
      continue
    }
    if (line.kind === 'interface') interfaces.set(line.uid, thing)
    const from = Date.parse(line.from)
    const until = line.until === null ? Infinity : Date.parse(line.until)
    for (const address of line.addresses) {
      let kinds = holdings.get(address)
      if (kinds === undefined) {
        kinds = [[], [], []]
        holdings.set(address, kinds)
      }
      kinds[KINDS.indexOf(line.kind)]!.push({ thing, from, until })
    }
  }
  for (const kinds of holdings.values()) {
    for (const list of kinds) {
      list.sort((a, b) => a.from - b.from)
      for (const [at, holding] of list.entries()) {
        holding.until = Math.min(holding.until, list[at + 1]?.from ?? Infinity)
      }
    }
  }
  subnets.sort((a, b) => a.size - b.size)
  return { holdings, subnets, interfaces }
}

export function integerOf(address: string): number {
  return address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0)
}

function thingOf(line: Line): Thing {
  const { kind, uid, zone, instance = null } = line
  const none = { namespace: null, workload: null, app: null, node: null }
  if (kind === 'subnet') return { kind, uid, instance, zone, ...none, name: uid }
  if (kind !== 'pod') return { kind: kind as Endpoint['kind'], uid, instance, zone, ...none, name: line.name }
  return {
    kind,
    uid,
    instance,
    zone,
    namespace: line.namespace ?? null,
    name: line.name,
    workload: line.workload ?? null,
    app: line.labels?.['app.kubernetes.io/name'] ?? line.labels?.['app'] ?? null,
    node: line.node ?? null,
  }
}
