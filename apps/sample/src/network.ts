// The VPC: zones, subnets, and addresses to give away.
//
//   10.0.0.0/18  10.0.64.0/18  10.0.128.0/18    nodes and pods, one a zone
//   100.64.0.0/18, 100.64.64.0/18, …            more of them where a cluster outgrows these (secondary CIDRs)
//   10.0.192.0/20  10.0.208.0/20  10.0.224.0/20 load balancers, NAT gateways, databases, hosts outside the cluster
//   2600:1f16:14e:8c00::/64, …                  IPv6, one a zone, not in the assignment log's subnets
//
// Interfaces take addresses in blocks of sixteen: their own, then those for pods, as the VPC CNI does.

import { formatAddress } from '@zonetoll/model'
import type { Random } from './random.ts'

export const REGION = 'us-east-2'
export const ACCOUNT_ID = '123456789012'

/** Zone names are dealt out anew in every account: here the first zone ID isn't the first name. */
export const ZONES = [
  { id: 'use2-az1', name: 'us-east-2c' },
  { id: 'use2-az2', name: 'us-east-2a' },
  { id: 'use2-az3', name: 'us-east-2b' },
] as const

/** Pods that one interface carries: the addresses of a block less the interface's own and a spare. */
export const PODS_PER_INTERFACE = 14
const BLOCK = 16
const PRIVATE_SIZE = 2 ** 14
// A subnet's first addresses are AWS's.
const FIRST_BLOCK = 1

export interface Subnet {
  readonly id: string
  readonly cidr: string
  /** Index into ZONES. */
  readonly zone: number
}

interface Pool {
  readonly subnet: Subnet
  readonly base: number
  next: number
}

/** Sixteen consecutive addresses in one subnet. */
export interface AddressBlock {
  readonly subnet: Subnet
  readonly base: number
}

export class Network {
  readonly vpcId: string
  readonly subnets: Subnet[] = []
  readonly #random: Random
  readonly #blocks: Pool[]
  readonly #singles: Pool[]
  #secondary = 0

  constructor(random: Random) {
    this.#random = random
    this.vpcId = `vpc-0${random.hex(16)}`
    this.#blocks = ZONES.map((_, zone) => this.#pool(0x0a000000 + zone * PRIVATE_SIZE, 18, zone, FIRST_BLOCK))
    this.#singles = ZONES.map((_, zone) => this.#pool(0x0a00c000 + zone * 4096, 20, zone, 11))
  }

  /** A block of addresses for an interface in the zone. */
  block(zone: number): AddressBlock {
    let pool = this.#blocks[zone]!
    if ((pool.next + 1) * BLOCK >= PRIVATE_SIZE) {
      pool = this.#pool(0x64400000 + this.#secondary++ * PRIVATE_SIZE, 18, zone, FIRST_BLOCK)
      this.#blocks[zone] = pool
    }
    return { subnet: pool.subnet, base: pool.base + pool.next++ * BLOCK }
  }

  /** One address in the zone's subnet for everything that isn't the cluster's. */
  single(zone: number): { readonly subnet: Subnet; readonly address: string } {
    const pool = this.#singles[zone]!
    return { subnet: pool.subnet, address: ipv4(pool.base + pool.next++) }
  }

  #pool(base: number, prefix: number, zone: number, next: number): Pool {
    const subnet = { id: `subnet-0${this.#random.hex(16)}`, cidr: `${ipv4(base)}/${prefix}`, zone }
    this.subnets.push(subnet)
    return { subnet, base, next }
  }
}

export function ipv4(value: number): string {
  return formatAddress({ family: 4, words: [value] })
}

/** The IPv6 address of a pod: the zone's /64, the interface's own /80, the pod's number in it. */
export function podIpv6(zone: number, interfaceNumber: number, pod: number): string {
  return formatAddress({
    family: 6,
    words: [0x26001f16, 0x014e8c00 + zone, interfaceNumber + 1, pod + 1],
  })
}

// Blocks that are globally reachable, of clouds and content networks.
const PUBLIC_BLOCKS = [0x34d80000, 0x97650000, 0x8c527000, 0x12d80000, 0x68100000, 0x03100000]

export function publicIpv4(random: Random): string {
  return ipv4(random.pick(PUBLIC_BLOCKS) + random.between(1, 4094))
}

export function publicIpv6(random: Random): string {
  return formatAddress({ family: 6, words: [0x26064700, random.below(4096), 0, random.between(1, 65535)] })
}

// Behind a transit gateway: private blocks that are nobody's in this VPC.
const ON_PREMISES_BLOCKS = [0xc0a80000, 0xac140000, 0x0ac80000]

export function onPremisesIpv4(random: Random): string {
  return ipv4(random.pick(ON_PREMISES_BLOCKS) + random.between(1, 65534))
}

export function onPremisesIpv6(random: Random): string {
  return formatAddress({ family: 6, words: [0xfd120034, random.below(65536), 0, random.between(1, 65535)] })
}
