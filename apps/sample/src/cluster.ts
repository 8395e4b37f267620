// A cluster: who is where. Everything in it stands for the whole data set but what happens on the `changing` seats
// (churn.ts).
//
//   interface   logs packets; a node's carries up to fourteen pods, whose packets it logs under its own address
//   host        one address (or one of each family) behind an interface: what sends and receives
//   seat        a pod's host: a place on a node that one pod after another may hold
//   service     hosts that do the same work: a workload's pods, the nodes, a database
//
// Source: Amazon VPC CNI; VPC User Guide, Flow log records.

import type { EndpointKind } from '@zonetoll/model'
import { DATABASES } from './names.ts'
import { ipv4, Network, PODS_PER_INTERFACE, podIpv6, REGION, ZONES, type Subnet } from './network.ts'
import type { Random } from './random.ts'
import { planWorkloads, type Controller, type Workload } from './workloads.ts'

/** No interface, node or host: not in this VPC, or nobody's. */
export const NOBODY = -1

export interface NetworkInterface {
  readonly id: string
  readonly address: string
  readonly subnet: Subnet
  /** Index into ZONES. */
  readonly zone: number
  /** Null where it isn't attached to an instance: `-` in a flow log. */
  readonly instance: string | null
  /** As interface-type says it: `-` where an instance or a task stands behind it. */
  readonly type: string
}

export interface Host {
  readonly address: string
  readonly ipv6: string | null
  /** Index into interfaces. */
  readonly interface: number
  readonly zone: number
  /** Index into nodes, NOBODY off the cluster. */
  readonly node: number
}

export interface ClusterNode {
  readonly uid: string
  readonly name: string
  readonly instance: string
  readonly address: string
  readonly zone: number
}

/** Who stands in a rollup's row, by kind and, for pods, namespace and workload. */
export interface Identity {
  readonly kind: EndpointKind
  readonly namespace: string | null
  readonly workload: string | null
}

export interface Service {
  readonly name: string
  readonly identity: Identity
  readonly controller: Controller | null
  readonly labels: Readonly<Record<string, string>>
  readonly port: number
  /** Indexes into hosts: those of pods that come and go are left out. */
  readonly hosts: number[]
}

export interface Pod {
  readonly uid: string
  readonly name: string
  readonly hostNetwork: boolean
  /** Index into services. */
  readonly service: number
  /** Index into hosts. */
  readonly host: number
  /** Unix seconds. */
  readonly from: number
  /** Null: holds its address to the end of the data set. */
  readonly until: number | null
}

/** A line of kind interface in the assignment log. */
export interface KnownInterface {
  /** Index into interfaces. */
  readonly interface: number
  readonly addresses: readonly string[]
  readonly name: string
  readonly service: string | null
}

/** Interfaces in the middle: they log what others sent, one a zone. Indexes into interfaces. */
export interface Middles {
  readonly loadBalancers: readonly number[]
  readonly natGateways: readonly number[]
  /** A firewall on an instance, and a transit gateway's attachment: no assignment names these. */
  readonly appliances: readonly number[]
  readonly transitGateways: readonly number[]
}

export interface Cluster {
  readonly vpcId: string
  readonly subnets: readonly Subnet[]
  readonly interfaces: readonly NetworkInterface[]
  readonly hosts: readonly Host[]
  readonly nodes: readonly ClusterNode[]
  readonly services: readonly Service[]
  /** Pods that hold their addresses throughout, and those of the nodes' own network. */
  readonly pods: readonly Pod[]
  readonly knownInterfaces: readonly KnownInterface[]
  readonly middles: Middles
  /** Seats whose pod is another one after each hour, and seats of jobs; indexes into hosts. */
  readonly reuseSeats: readonly { readonly host: number; readonly service: number }[]
  readonly jobSeats: readonly { readonly host: number; readonly service: number }[]
}

export interface ClusterOptions {
  readonly pods: number
  /** Share of pods whose address another pod takes over each hour. */
  readonly reuse: number
  /** Share of pods that have an IPv6 address too. */
  readonly ipv6: number
  /** Unix seconds: when the data set begins. */
  readonly start: number
}

const PODS_PER_NODE = 22
// Security groups for pods: one pod in so many has an interface of its own.
const BRANCH_ONE_IN = 40
const NODE_PODS = ['aws-node', 'kube-proxy', 'node-exporter']
const MOST_HOSTS_BESIDE = 600

export function buildCluster(options: ClusterOptions, random: Random): Cluster {
  return new Builder(options, random).build()
}

class Builder {
  readonly #options: ClusterOptions
  readonly #random: Random
  readonly #network: Network
  readonly #interfaces: NetworkInterface[] = []
  readonly #hosts: Host[] = []
  readonly #nodes: ClusterNode[] = []
  readonly #nodesByZone: number[][] = ZONES.map(() => [])
  readonly #services: Service[] = []
  readonly #pods: Pod[] = []
  readonly #known: KnownInterface[] = []
  // The interface that a node's next pod is put on, and the pods it carries already.
  readonly #open: { interface: number; base: number; pods: number }[] = []
  readonly #reuseSeats: { host: number; service: number }[] = []
  readonly #jobSeats: { host: number; service: number }[] = []

  constructor(options: ClusterOptions, random: Random) {
    this.#options = options
    this.#random = random
    this.#network = new Network(random)
  }

  build(): Cluster {
    this.#addNodes()
    const workloads = planWorkloads(this.#options.pods, this.#nodes.length, this.#random)
    for (const workload of workloads) this.#addWorkload(workload)
    const middles = this.#addMiddles()
    this.#addBeside()
    return {
      vpcId: this.#network.vpcId,
      subnets: this.#network.subnets,
      interfaces: this.#interfaces,
      hosts: this.#hosts,
      nodes: this.#nodes,
      services: this.#services,
      pods: this.#pods,
      knownInterfaces: this.#known,
      middles,
      reuseSeats: this.#reuseSeats,
      jobSeats: this.#jobSeats,
    }
  }

  #addNodes(): void {
    const perZone = Math.max(1, Math.round(this.#options.pods / PODS_PER_NODE / ZONES.length))
    const service = this.#addService('node', { kind: 'node', namespace: null, workload: null }, 9100)
    for (let at = 0; at < perZone * ZONES.length; at++) {
      const zone = at % ZONES.length
      const instance = `i-0${this.#random.hex(16)}`
      const attached = this.#attach(zone, instance)
      const { address } = this.#interfaces[attached.interface]!
      const name = `ip-${address.replaceAll('.', '-')}.${REGION}.compute.internal`
      const node = this.#nodes.push({ uid: this.#random.uuid(), name, instance, address, zone }) - 1
      this.#nodesByZone[zone]!.push(node)
      this.#open.push(attached)
      const host = this.#hosts.push({ address, ipv6: null, interface: attached.interface, zone, node }) - 1
      service.hosts.push(host)
    }
    for (const name of NODE_PODS) {
      const identity = { kind: 'pod', namespace: 'kube-system', workload: `DaemonSet/${name}` } as const
      const daemon = this.#services.length
      this.#addService(name, identity, 0, 'DaemonSet', { 'k8s-app': name })
      for (const host of service.hosts) {
        this.#addPod({ name: `${name}-${this.#random.suffix(5)}`, hostNetwork: true, service: daemon, host })
      }
    }
  }

  #addWorkload(workload: Workload): void {
    const { namespace, controller, name, labels, port, replicas } = workload
    const index = this.#services.length
    const identity = { kind: 'pod', namespace, workload: `${controller}/${name}` } as const
    const service = this.#addService(name, identity, port, controller, labels)
    const demo = namespace === 'default'
    const replicaSet = this.#random.hex(10)
    const offset = demo ? 0 : this.#random.below(ZONES.length)
    for (let replica = 0; replica < replicas; replica++) {
      const node = this.#placeFor(controller, demo, offset + replica)
      const host = this.#addSeat(node, controller === 'Deployment' && !demo)
      const seat = { host, service: index }
      if (controller === 'CronJob') {
        this.#jobSeats.push(seat)
      } else if (controller === 'Deployment' && !demo && this.#random.chance(this.#reuseChance())) {
        this.#reuseSeats.push(seat)
      } else {
        service.hosts.push(host)
        const suffix = this.#random.suffix(5)
        const podName =
          controller === 'StatefulSet'
            ? `${name}-${replica}`
            : controller === 'DaemonSet'
              ? `${name}-${suffix}`
              : `${name}-${replicaSet}-${suffix}`
        this.#addPod({ name: podName, hostNetwork: false, service: index, host })
      }
    }
  }

  // Only some three quarters of the pods can hand over, and enough of them do to make the share one of all.
  #reuseChance(): number {
    return Math.min(0.9, this.#options.reuse / 0.75)
  }

  #placeFor(controller: Controller, demo: boolean, replica: number): number {
    if (controller === 'DaemonSet') return replica % this.#nodes.length
    const zone = demo || this.#random.chance(0.7) ? replica % ZONES.length : this.#random.below(ZONES.length)
    return this.#random.pick(this.#nodesByZone[zone]!)
  }

  // A host for a pod on the node. `mayBranch`: the pod may get an interface of its own.
  #addSeat(node: number, mayBranch: boolean): number {
    const { zone, instance } = this.#nodes[node]!
    let open = this.#open[node]!
    if (open.pods === PODS_PER_INTERFACE) {
      open = this.#attach(zone, instance)
      this.#open[node] = open
    }
    const pod = open.pods++
    const address = ipv4(open.base + 1 + pod)
    const ipv6 = this.#random.chance(this.#options.ipv6) ? podIpv6(zone, open.interface, pod) : null
    let carrier = open.interface
    if (mayBranch && this.#random.below(BRANCH_ONE_IN) === 0) {
      const { subnet } = this.#interfaces[open.interface]!
      carrier = this.#addInterface({ address, subnet, zone, instance: null, type: '-' })
      const addresses = ipv6 === null ? [address] : [address, ipv6]
      this.#known.push({ interface: carrier, addresses, name: `branch-${address}`, service: null })
    }
    return this.#hosts.push({ address, ipv6, interface: carrier, zone, node }) - 1
  }

  // A node's next interface, known to the assignment log by its own address.
  #attach(zone: number, instance: string): { interface: number; base: number; pods: number } {
    const { subnet, base } = this.#network.block(zone)
    const address = ipv4(base)
    const added = this.#addInterface({ address, subnet, zone, instance, type: '-' })
    this.#known.push({ interface: added, addresses: [address], name: `aws-K8S-${instance}`, service: null })
    return { interface: added, base, pods: 0 }
  }

  #addMiddles(): Middles {
    const known = (zone: number, type: string, name: string, service: string) => {
      const { subnet, address } = this.#network.single(zone)
      const added = this.#addInterface({ address, subnet, zone, instance: null, type })
      this.#known.push({ interface: added, addresses: [address], name, service })
      return added
    }
    const unknown = (zone: number, type: string, instance: string | null) => {
      const { subnet, address } = this.#network.single(zone)
      return this.#addInterface({ address, subnet, zone, instance, type })
    }
    const zones = ZONES.map((_, zone) => zone)
    const middles = {
      loadBalancers: zones.map(zone =>
        known(zone, 'network_load_balancer', 'net/ingress/50dc6c495c0c9188', 'nlb'),
      ),
      natGateways: zones.map(zone => known(zone, 'nat_gateway', `nat-0${this.#random.hex(16)}`, 'nat')),
      appliances: zones.map(zone => unknown(zone, 'gateway_load_balancer', `i-0${this.#random.hex(16)}`)),
      transitGateways: zones.map(zone => unknown(zone, 'transit_gateway', null)),
    }
    this.#addInterfaceService('load-balancer', 443, middles.loadBalancers)
    this.#addInterfaceService('nat-gateway', 443, middles.natGateways)
    return middles
  }

  // Databases and caches, the control plane, and hosts that only their subnet tells.
  #addBeside(): void {
    const { pods } = this.#options
    const databases = Math.min(MOST_HOSTS_BESIDE, DATABASES.length + Math.floor(pods / 500))
    for (let at = 0; at < databases; at++) {
      const round = Math.floor(at / DATABASES.length)
      const name = `${DATABASES[at % DATABASES.length]}${round === 0 ? '' : `-replica-${round}`}`
      const cache = at % 5 === 4
      this.#addInterfaceService(name, cache ? 6379 : 5432, [
        this.#addManaged(this.#random.below(ZONES.length), name, cache ? 'elasticache' : 'rds'),
      ])
    }
    const controlPlane = ZONES.slice(0, 2).map((_, zone) => this.#addManaged(zone, 'Amazon EKS', 'eks'))
    this.#addInterfaceService('control-plane', 443, controlPlane)

    const beside = this.#addService('beside', { kind: 'subnet', namespace: null, workload: null }, 8080)
    const count = Math.min(MOST_HOSTS_BESIDE, 3 + Math.floor(pods / 200))
    for (let at = 0; at < count; at++) {
      const zone = at % ZONES.length
      const { subnet, address } = this.#network.single(zone)
      const instance = `i-0${this.#random.hex(16)}`
      const carrier = this.#addInterface({ address, subnet, zone, instance, type: '-' })
      beside.hosts.push(this.#hosts.push({ address, ipv6: null, interface: carrier, zone, node: NOBODY }) - 1)
    }
  }

  #addManaged(zone: number, name: string, service: string): number {
    const { subnet, address } = this.#network.single(zone)
    const added = this.#addInterface({ address, subnet, zone, instance: null, type: '-' })
    this.#known.push({ interface: added, addresses: [address], name, service })
    return added
  }

  #addInterfaceService(name: string, port: number, carriers: readonly number[]): void {
    const service = this.#addService(name, { kind: 'interface', namespace: null, workload: null }, port)
    for (const carrier of carriers) {
      const { address, zone } = this.#interfaces[carrier]!
      service.hosts.push(
        this.#hosts.push({ address, ipv6: null, interface: carrier, zone, node: NOBODY }) - 1,
      )
    }
  }

  #addInterface(parts: Omit<NetworkInterface, 'id'>): number {
    return this.#interfaces.push({ id: `eni-0${this.#random.hex(16)}`, ...parts }) - 1
  }

  #addService(
    name: string,
    identity: Identity,
    port: number,
    controller: Controller | null = null,
    labels: Readonly<Record<string, string>> = {},
  ): Service {
    const service = { name, identity, controller, labels, port, hosts: [] }
    this.#services.push(service)
    return service
  }

  #addPod(parts: Omit<Pod, 'uid' | 'from' | 'until'>): void {
    // Begun between two hours and twenty days before.
    const from = this.#options.start - this.#random.between(7200, 1_728_000)
    this.#pods.push({ uid: this.#random.uuid(), from, until: null, ...parts })
  }
}
