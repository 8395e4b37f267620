// Who sends to whom, and how much: pairs with weights, zipf-like.
//
//   steady     both ends stand throughout: built once, drawn from in every slot
//   changing   one end is a pod that comes or goes in the hour: built anew for each hour
//   unknown    one end is nobody's: the internet, or private addresses behind a transit gateway
//
// A service calls a few others, some of them far more popular than most. What is asked is answered: of a pod's peers
// half are those it calls and half those that call it, and each pair has its reply as a pair of its own.
// Traffic between two pods of one node never reaches an interface, so there is none here.

import type { Churn, Occupancy } from './churn.ts'
import { NOBODY, type Cluster, type Host } from './cluster.ts'
import { onPremisesIpv4, onPremisesIpv6, publicIpv4, publicIpv6, ZONES } from './network.ts'
import { IdentityPairs } from './identity-pairs.ts'
import { PairTable } from './pair-table.ts'
import { Random } from './random.ts'

const TCP = 6
const UDP = 17
const MOST_CALLS = 5
const RELAYED_SHARE = 0.06
// A dual-stack pair prefers IPv6, as getaddrinfo does.
const IPV6_SHARE = 0.7
// The demo's client asks often, and for much: it is to be seen among all the others.
const DEMO_WEIGHT = 20
const DEMO_MEAN_BYTES = 100_000

export interface TrafficOptions {
  readonly seed: number
  /** About how many peers a pod sends to. */
  readonly peers: number
  /** Whether the format can tell a relayed copy; no copies are made where it can't. */
  readonly relays: boolean
  readonly ipv6: boolean
}

/** An hour's changing pairs, and the occupancies that they point at. */
export interface ChangingTraffic {
  readonly pairs: PairTable
  readonly occupancies: readonly Occupancy[]
  /** Of the occupancies the first so many belong to the hour; those behind ended just before it. */
  readonly current: number
}

export class Traffic {
  readonly steady = new PairTable()
  readonly unknown = new PairTable()
  readonly identityPairs: IdentityPairs
  /** By party: the text of its address; null for a host's missing IPv6 address. */
  readonly addresses: (string | null)[]
  readonly #options: TrafficOptions
  readonly #cluster: Cluster
  /** By service: the services it calls, the one it calls most first. */
  readonly #calls: readonly (readonly number[])[]
  readonly #serviceOfHost: Int32Array
  readonly #callers: readonly number[]

  constructor(options: TrafficOptions, cluster: Cluster) {
    this.#options = options
    this.#cluster = cluster
    this.identityPairs = new IdentityPairs(cluster.services)
    this.addresses = cluster.hosts.flatMap(({ address, ipv6 }) => [address, ipv6])
    this.#serviceOfHost = new Int32Array(cluster.hosts.length).fill(NOBODY)
    for (const [index, { hosts }] of cluster.services.entries()) {
      for (const host of hosts) this.#serviceOfHost[host] = index
    }
    const random = Random.of(options.seed, 'traffic')
    this.#calls = cluster.services.map((_, index) => this.#callsOf(index, random))
    this.#callers = cluster.services.flatMap(({ hosts }, index) =>
      this.#calls[index]!.length > 0 ? hosts : [],
    )
    this.#addSteady(random)
    this.#addUnknown(random)
  }

  /** The pairs of the pods that come and go in the hour; hours count from 0. */
  changing(hour: number, churn: Churn): ChangingTraffic {
    const random = Random.of(this.#options.seed, 'changing', hour)
    const current = churn.hour(hour)
    const occupancies = [...current, ...churn.justBefore(hour)]
    const pairs = new PairTable()
    const asked = Math.max(1, Math.round(this.#options.peers / 4))
    for (const [index, { pod }] of occupancies.entries()) {
      const side = { host: pod.host, service: pod.service, occupancy: index }
      for (let rank = 0; rank < asked; rank++) {
        const weight = 1 / (rank + 1)
        const called = this.#pickCalled(side, rank, random)
        if (called !== null) this.#addExchange(pairs, side, called, weight, random)
        if (this.#callers.length === 0) continue
        const caller = random.pick(this.#callers)
        const service = this.#serviceOfHost[caller]!
        if (this.#reaches(caller, pod.host)) {
          this.#addExchange(pairs, { host: caller, service, occupancy: NOBODY }, side, weight, random)
        }
      }
    }
    return { pairs, occupancies, current: current.length }
  }

  #callsOf(index: number, random: Random): number[] {
    const { services } = this.#cluster
    const { name, identity, controller } = services[index]!
    const find = (wanted: string) => services.findIndex(service => service.name === wanted)
    if (identity.namespace === 'default') return name === 'client' ? [find('server')] : []
    if (name === 'node') return [find('control-plane'), find('kafka')]
    if (name === 'beside') return [find('load-balancer'), this.#popular(random)]
    if (name === 'load-balancer') return [this.#popular(random), this.#popular(random)]
    if (identity.kind !== 'pod' || identity.namespace === 'kube-system')
      return name === 'fluent-bit' ? [find('kafka')] : []
    const calls = new Set<number>()
    const count = random.between(2, MOST_CALLS)
    for (let attempt = 0; attempt < count; attempt++) calls.add(this.#popular(random))
    const managed = services.flatMap((service, at) =>
      service.port === 5432 || service.port === 6379 ? [at] : [],
    )
    if (controller !== 'StatefulSet' && random.chance(0.5)) calls.add(random.pick(managed))
    if (random.chance(0.12)) calls.add(find('beside'))
    if (random.chance(0.12)) calls.add(find('load-balancer'))
    if (random.chance(0.06)) calls.add(find('node'))
    calls.delete(index)
    return [...calls]
  }

  // A workload with steady pods; of two draws the earlier, so that some are asked far more than others.
  #popular(random: Random): number {
    const { services } = this.#cluster
    const candidates = services.flatMap(({ identity, hosts, controller }, at) =>
      identity.namespace !== 'default' &&
      controller !== 'DaemonSet' &&
      identity.kind === 'pod' &&
      hosts.length > 0
        ? [at]
        : [],
    )
    return candidates[Math.min(random.below(candidates.length), random.below(candidates.length))]!
  }

  #addSteady(random: Random): void {
    const asked = Math.max(1, Math.round(this.#options.peers / 2))
    for (const [service, { hosts, name }] of this.#cluster.services.entries()) {
      if (this.#calls[service]!.length === 0) continue
      const scale = name === 'client' ? DEMO_WEIGHT : 1
      for (const host of hosts) {
        const side = { host, service, occupancy: NOBODY }
        const chosen = new Set<number>()
        for (let rank = 0; rank < asked; rank++) {
          const called = this.#pickCalled(side, rank, random)
          if (called === null || chosen.has(called.host)) continue
          chosen.add(called.host)
          this.#addExchange(this.steady, side, called, scale / (rank + 1), random)
        }
      }
    }
  }

  // A host of one of the services that the caller calls; null where none can be reached.
  #pickCalled(caller: Side, rank: number, random: Random): Side | null {
    const calls = this.#calls[caller.service]!
    if (calls.length === 0) return null
    const service =
      calls[rank < calls.length ? rank : Math.min(random.below(calls.length), random.below(calls.length))]!
    const { hosts } = this.#cluster.services[service]!
    if (hosts.length === 0) return null
    // A few tries: the first may be the caller's own neighbour.
    for (let attempt = 0; attempt < 3; attempt++) {
      const host = random.pick(hosts)
      if (this.#reaches(caller.host, host)) return { host, service, occupancy: NOBODY }
    }
    return null
  }

  #reaches(source: number, destination: number): boolean {
    const node = this.#host(source).node
    return source !== destination && (node === NOBODY || node !== this.#host(destination).node)
  }

  // A call and its reply.
  #addExchange(pairs: PairTable, caller: Side, called: Side, weight: number, random: Random): void {
    const { port, name } = this.#cluster.services[called.service]!
    const protocol = name === 'suggest' ? UDP : TCP
    const family = this.#familyOf(caller.host, called.host, random)
    const usual = 4000 * 2 ** random.below(7)
    const mean = name === 'server' ? DEMO_MEAN_BYTES : usual
    const common = { port, protocol, weight }
    const request = { ...common, meanBytes: mean / 4, packetBytes: random.between(120, 900), reply: false }
    const reply = { ...common, meanBytes: mean, packetBytes: random.between(500, 1448), reply: true }
    this.#addKnown(pairs, caller, called, family, request, random)
    this.#addKnown(pairs, called, caller, family, reply, random)
  }

  #addKnown(pairs: PairTable, from: Side, to: Side, family: 0 | 1, rest: Flow, random: Random): void {
    const source = this.#host(from.host)
    const destination = this.#host(to.host)
    const crosses = source.zone !== destination.zone
    pairs.add({
      source: from.host * 2 + family,
      destination: to.host * 2 + family,
      sender: source.interface,
      receiver: destination.interface,
      relay: this.#relayFor(source, random),
      account: crosses ? 'crossZone' : 'sameZone',
      zones: source.zone * ZONES.length + destination.zone,
      identities: crosses ? this.identityPairs.number(from.service, to.service) : NOBODY,
      occupancy: from.occupancy === NOBODY ? to.occupancy : from.occupancy,
      ...rest,
    })
  }

  // An interface that logs the pair's packets a second time: each kind is told from the source's own by another test
  // (contract, section 4, Relayed), so the copy is relayed by any format that can say so.
  #relayFor({ zone, node }: Host, random: Random): number {
    if (!this.#options.relays || !random.chance(RELAYED_SHARE)) return NOBODY
    const { loadBalancers, appliances, transitGateways } = this.#cluster.middles
    const there = (zone + random.between(1, 2)) % ZONES.length
    switch (random.below(3)) {
      case 0:
        // A transit gateway's interface: the interface's type tells it, or else its zone.
        return transitGateways[there]!
      case 1:
        // A firewall's instance isn't the source's, where the source has one.
        if (node !== NOBODY) return appliances[there]!
    }
    return loadBalancers[there]!
  }

  #familyOf(one: number, other: number, random: Random): 0 | 1 {
    const dual = this.#host(one).ipv6 !== null && this.#host(other).ipv6 !== null
    return dual && random.chance(IPV6_SHARE) ? 1 : 0
  }

  #host(index: number): Host {
    return this.#cluster.hosts[index]!
  }

  // Pairs with an end that is nobody's.
  #addUnknown(random: Random): void {
    const { hosts, services, middles } = this.#cluster
    const pods = services.flatMap(service => (service.identity.kind === 'pod' ? service.hosts : []))
    const nat = services.find(({ name }) => name === 'nat-gateway')!.hosts
    const publics = this.#addAddresses(50 + Math.floor(pods.length / 2), publicIpv4, publicIpv6, random)
    const privates = this.#addAddresses(
      20 + Math.floor(pods.length / 10),
      onPremisesIpv4,
      onPremisesIpv6,
      random,
    )
    const count = Math.max(200, pods.length * 2)
    const pool = (of: Pools, family: 0 | 1) => random.pick(family === 1 ? of.ipv6 : of.ipv4)
    for (let at = 0; at < count; at++) {
      const host = at % 12 === 0 ? random.pick(nat) : random.pick(pods)
      const inside = hosts[host]!
      const family = inside.ipv6 !== null && random.chance(IPV6_SHARE) ? 1 : 0
      const party = host * 2 + family
      const mean = 1000 * 2 ** random.below(7)
      const shared = {
        relay: NOBODY,
        zones: NOBODY,
        identities: NOBODY,
        occupancy: NOBODY,
        port: 443,
        protocol: TCP,
        meanBytes: mean,
        packetBytes: random.between(200, 1448),
        weight: 1 / (1 + random.below(20)),
      }
      const outgoing = { source: party, sender: inside.interface, receiver: NOBODY, reply: false, ...shared }
      const kind = at % 20
      if (kind < 12) {
        this.unknown.add({ ...outgoing, destination: pool(publics, family), account: 'outside' })
      } else if (kind < 16) {
        this.unknown.add({ ...outgoing, destination: pool(privates, family), account: 'unknownDestination' })
      } else {
        // What comes in through a middle interface keeps its sender's address: a client of the load balancer, an
        // answer through the NAT gateway, a host behind the transit gateway.
        const { loadBalancers, natGateways, transitGateways } = middles
        const zone = random.below(ZONES.length)
        const [sender, source] =
          kind === 16
            ? [natGateways[zone]!, pool(publics, family)]
            : kind === 17
              ? [transitGateways[zone]!, pool(privates, family)]
              : [loadBalancers[zone]!, pool(publics, family)]
        this.unknown.add({
          ...shared,
          source,
          destination: party,
          sender,
          receiver: inside.interface,
          reply: kind === 16,
          account: 'unknownSource',
        })
      }
    }
  }

  #addAddresses(
    count: number,
    ipv4: (random: Random) => string,
    ipv6: (random: Random) => string,
    random: Random,
  ): Pools {
    const add = (text: string) => this.addresses.push(text) - 1
    return {
      ipv4: Array.from({ length: count }, () => add(ipv4(random))),
      ipv6: this.#options.ipv6 ? Array.from({ length: count }, () => add(ipv6(random))) : [],
    }
  }
}

interface Side {
  readonly host: number
  readonly service: number
  readonly occupancy: number
}

interface Flow {
  readonly port: number
  readonly protocol: number
  readonly reply: boolean
  readonly meanBytes: number
  readonly packetBytes: number
  readonly weight: number
}

/** Parties by family. */
interface Pools {
  readonly ipv4: readonly number[]
  readonly ipv6: readonly number[]
}
