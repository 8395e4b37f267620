// A party is what the page calls an endpoint: pods folded to their workload, nodes to one, by zone.
//
//   a pod with a workload    namespace, workload          shop/Deployment/cart
//   a pod without            namespace, name              shop/debug
//   a node                                                nodes
//   an interface, a subnet   name                         interface orders-db
//
// The app and the zone stay: the page filters by them.

import { compareText, type Endpoint, type EndpointKind, type ZoneId } from '@zonetoll/model'

export interface Party {
  readonly kind: EndpointKind
  readonly namespace: string | null
  readonly workload: string | null
  /** Null for nodes and for pods that have a workload. */
  readonly name: string | null
  readonly app: string | null
  readonly zone: ZoneId
}

/** A party in all its zones. */
export type PartyName = Pick<Party, 'kind' | 'namespace' | 'workload' | 'name'>

/** The party of an endpoint, or of a party's own columns. */
export function partyOf({ kind, namespace, name, workload, app, zone }: Omit<Endpoint, 'node'>): Party {
  if (kind === 'node') return { kind, namespace: null, workload: null, name: null, app: null, zone }
  return { kind, namespace, workload, name: workload === null ? name : null, app, zone }
}

/** What it is called, without its zone. Not to be taken apart again: names may hold anything. */
export function partyName({ kind, namespace, workload, name }: PartyName): string {
  if (kind === 'node') return 'nodes'
  const own = workload ?? name ?? ''
  return kind === 'pod' ? `${namespace ?? ''}/${own}` : `${kind} ${own}`
}

/** One text a party, another for any other. */
export function partyKey({ kind, namespace, workload, name, app, zone }: Party): string {
  return JSON.stringify([kind, namespace, workload, name, app, zone])
}

const nameKeys = new WeakMap<PartyName, string>()

/** The same without zone and app: a JSON list. Made once for an object. */
export function nameKey(party: PartyName): string {
  let key = nameKeys.get(party)
  if (key === undefined) {
    const { kind, namespace, workload, name } = party
    key = JSON.stringify([kind, namespace, workload, name])
    nameKeys.set(party, key)
  }
  return key
}

export function compareNames(a: PartyName, b: PartyName): number {
  return (
    compareText(a.kind, b.kind) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.workload, b.workload) ||
    compareText(a.name, b.name)
  )
}

/** By name, then app, then zone. */
export function compareParties(a: Party, b: Party): number {
  return compareNames(a, b) || compareText(a.app, b.app) || compareText(a.zone, b.zone)
}

/** For sorting by bytes, greatest first. */
export function compareBytes(a: { readonly bytes: bigint }, b: { readonly bytes: bigint }): number {
  return a.bytes === b.bytes ? 0 : a.bytes < b.bytes ? 1 : -1
}
