// What could be done about bytes that crossed zones. Each of them is in one class, the first that applies:
//
//   collector   one end is a metrics collector, the other a pod or node: one in each zone keeps both ways home
//   readers     a database's interface sent it to a pod or node: a replica in that zone keeps it home
//   members     as route, but of a StatefulSet, whose members are often called by name, past any Service
//   route       between pods of two workloads, and the one that is called had pods in the other's zone: a Service that
//               prefers its caller's zone keeps both ways home
//   placement   between pods of two workloads, neither with pods in the other's zone: pods there, and such a Service,
//               keep both ways home
//   nothing     no route or place of pods changes it, with the reason
//
// Logs don't tell who called. A CronJob or Job isn't called. Where only one of two had pods in the other's zone, it is taken
// as called: only then a route helps. Where both had, a StatefulSet is taken as called rather than a Deployment, a
// DaemonSet last; of two alike the one that sent the other more, answers being longer than questions. Between two of
// one kind that changes the name the bytes stand under, not the sum.

import { isCollector, isDatabase } from './known-names.ts'
import { compareBytes, compareNames, nameKey, type Party, type PartyName } from './party.ts'
import type { PodPresence } from './pod-presence.ts'
import type { PodCounts } from './report-data.ts'

export const ADVICE_KINDS = ['route', 'members', 'placement', 'collector', 'readers'] as const

export type AdviceKind = (typeof ADVICE_KINDS)[number]

/** Why bytes have no advice. */
export const REASONS = ['ownPods', 'toDatabase', 'jobs', 'otherEnds'] as const

export type Reason = (typeof REASONS)[number]

/** What went one way between two parties in two zones, while their pods were placed like this. */
export interface Exchange {
  readonly source: Party
  readonly destination: Party
  readonly destinationAtSource: boolean
  readonly sourceAtDestination: boolean
  readonly bytes: bigint
  readonly packets: bigint
  readonly records: bigint
}

/** A workload or interface, in all its zones. */
export interface Subject extends PartyName {
  /** Its pods by zone in the last hour that names it; empty for what isn't a workload. */
  readonly pods: PodCounts
}

/** One thing to do, and what it would have kept home. */
export interface Action {
  readonly kind: AdviceKind
  /** What to change: the workload that is called, a collector, a database. */
  readonly subject: Subject
  readonly bytes: bigint
  /** The other ends, greatest first. */
  readonly peers: readonly { readonly subject: Subject; readonly bytes: bigint }[]
}

export interface Advice {
  /** Greatest first. */
  readonly actions: readonly Action[]
  readonly nothing: Readonly<Record<Reason, bigint>>
}

type Class =
  | { readonly kind: AdviceKind; readonly subject: Party; readonly peer: Party }
  | { readonly kind: 'nothing'; readonly reason: Reason }

/** Of two workloads that can both be called, the one that is taken as called. */
export type CalledOf = (a: Party, b: Party) => Party

/** The class of what was sent. */
export function classOf(exchange: Exchange, calledOf: CalledOf): Class {
  const { source, destination, destinationAtSource, sourceAtDestination } = exchange
  if (isHost(source) && isHost(destination)) {
    if (isCollector(source)) return { kind: 'collector', subject: source, peer: destination }
    if (isCollector(destination)) return { kind: 'collector', subject: destination, peer: source }
  }
  if (isDatabase(source) && isHost(destination)) {
    return { kind: 'readers', subject: source, peer: destination }
  }
  if (isDatabase(destination)) return { kind: 'nothing', reason: 'toDatabase' }
  if (source.kind !== 'pod' || destination.kind !== 'pod') return { kind: 'nothing', reason: 'otherEnds' }
  if (compareNames(source, destination) === 0) {
    return { kind: 'nothing', reason: 'ownPods' }
  }
  const toDestination = destinationAtSource && isCallable(destination)
  const toSource = sourceAtDestination && isCallable(source)
  if (toDestination || toSource) {
    const both = toDestination && toSource
    return routeTo(both ? calledOf(source, destination) : toDestination ? destination : source, exchange)
  }
  if (source.workload === null || destination.workload === null) {
    return { kind: 'nothing', reason: 'otherEnds' }
  }
  const callable = [source, destination].filter(isCallable)
  if (callable.length === 0) return { kind: 'nothing', reason: 'jobs' }
  const subject = callable.length === 1 ? callable[0]! : calledOf(source, destination)
  return { kind: 'placement', subject, peer: subject === source ? destination : source }
}

function isHost({ kind }: Party): boolean {
  return kind === 'pod' || kind === 'node'
}

function isCallable({ workload }: Party): boolean {
  return workload !== null && !/^(?:CronJob|Job)\//.test(workload)
}

function routeTo(subject: Party, { source, destination }: Exchange): Class {
  const kind = controllerOf(subject) === 'StatefulSet' ? 'members' : 'route'
  return { kind, subject, peer: subject === source ? destination : source }
}

function controllerOf({ workload }: Party): string {
  return workload!.slice(0, workload!.indexOf('/'))
}

/** Lower is likelier called. */
function callRank(party: Party): number {
  const controller = controllerOf(party)
  return controller === 'StatefulSet' ? 0 : controller === 'DaemonSet' ? 2 : 1
}

/** Of both names; where one ends and the other begins can't be mistaken. */
function wayKey(from: Party, to: Party): string {
  return `${nameKey(from)}${nameKey(to)}`
}

/** Decides by controllers, then by what the two sent each other in all the exchanges. */
function calledIn(exchanges: readonly Exchange[]): CalledOf {
  const sent = new Map<string, bigint>()
  for (const { source, destination, bytes } of exchanges) {
    if (source.workload === null || destination.workload === null) continue
    const key = wayKey(source, destination)
    sent.set(key, (sent.get(key) ?? 0n) + bytes)
  }
  return (a, b) => {
    const rank = callRank(a) - callRank(b)
    if (rank !== 0) return rank < 0 ? a : b
    const fromA = sent.get(wayKey(a, b)) ?? 0n
    const fromB = sent.get(wayKey(b, a)) ?? 0n
    if (fromA !== fromB) return fromA > fromB ? a : b
    return compareNames(a, b) < 0 ? a : b
  }
}

interface Group {
  readonly kind: AdviceKind
  readonly subject: Party
  bytes: bigint
  readonly peers: Map<string, { readonly party: Party; bytes: bigint }>
}

export function adviceOf(exchanges: readonly Exchange[], pods: PodPresence): Advice {
  const calledOf = calledIn(exchanges)
  const groups = new Map<string, Group>()
  const nothing: Record<Reason, bigint> = { ownPods: 0n, toDatabase: 0n, jobs: 0n, otherEnds: 0n }
  for (const exchange of exchanges) {
    const { bytes } = exchange
    const found = classOf(exchange, calledOf)
    if (found.kind === 'nothing') {
      nothing[found.reason] += bytes
      continue
    }
    const { kind, subject, peer } = found
    const peerKey = nameKey(peer)
    const key = `${kind}${nameKey(subject)}`
    let group = groups.get(key)
    if (group === undefined) {
      group = { kind, subject, bytes: 0n, peers: new Map() }
      groups.set(key, group)
    }
    group.bytes += bytes
    const known = group.peers.get(peerKey)
    if (known === undefined) group.peers.set(peerKey, { party: peer, bytes })
    else known.bytes += bytes
  }
  const subjectOf = (party: Party): Subject => {
    const { kind, namespace, workload, name } = party
    return { kind, namespace, workload, name, pods: pods.podsOf(party) }
  }
  const actions = [...groups.values()].map(({ kind, subject, bytes, peers }) => ({
    kind,
    subject: subjectOf(subject),
    bytes,
    peers: [...peers.values()]
      .map(peer => ({ subject: subjectOf(peer.party), bytes: peer.bytes }))
      .sort((a, b) => compareBytes(a, b) || compareNames(a.subject, b.subject)),
  }))
  return {
    actions: actions
      .filter(({ bytes }) => bytes > 0n)
      .sort(
        (a, b) =>
          compareBytes(a, b) ||
          ADVICE_KINDS.indexOf(a.kind) - ADVICE_KINDS.indexOf(b.kind) ||
          compareNames(a.subject, b.subject),
      ),
    nothing,
  }
}
