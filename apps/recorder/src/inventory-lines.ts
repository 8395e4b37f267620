// Zones, subnets and network interfaces as lines of the assignment log.
//
// An interface holds its private addresses, IPv4 and IPv6, and those of its IPv4 prefixes: a /28 is 16 addresses, listed
// one by one, about as many as it would have without prefixes. An IPv6 prefix (/80) has 2^48: it isn't listed. That
// loses nothing, since such addresses are pods', and a node's interface is recognised by its instance.
// Source: Amazon EC2 User Guide, Prefix delegation for network interfaces.
//
// It holds them since it was attached. EC2 doesn't tell when one was made that isn't attached: that one holds since
// the inventory before the one that first had it; and where there was none before, since as long ago as the recorder
// looks back, for it may be old.

import { parseCidr, type InterfaceLine, type SubnetLine, type ZoneLine } from '@zonetoll/assignments'
import { parseAddress, type Address, type UnixMillis, type ZoneId } from '@zonetoll/model'
import { ownerOf } from './interface-service.ts'
import type { AvailabilityZone, NetworkInterface, Subnet } from './inventory-ec2.ts'

// AWS gives IPv4 prefixes of this length only; anything shorter would be a flood.
const IPV4_PREFIX_LENGTH = 28
const LONGEST_NAME = 255

export function zoneLines(zones: readonly AvailabilityZone[], seen: UnixMillis): ZoneLine[] {
  return zones.flatMap(({ ZoneId: uid, ZoneName: name }) =>
    uid && name ? [{ kind: 'zone', uid, name, seen }] : [],
  )
}

/** One line an IPv4 or IPv6 block: a subnet that has both has two, the IPv6 ones under uids like subnet-0a…/2600:1f16::/64. */
export function subnetLines(subnets: readonly Subnet[], zones: ZoneIds, seen: UnixMillis): SubnetLine[] {
  const lines: SubnetLine[] = []
  for (const subnet of subnets) {
    const zone = subnet.AvailabilityZoneId ?? zones.idOf(subnet.AvailabilityZone ?? '')
    if (!subnet.SubnetId || !zone) continue
    const add = (uid: string, text: string | undefined) => {
      const cidr = parseCidr(text ?? '')
      if (cidr !== null) lines.push({ kind: 'subnet', uid, cidr, seen, zone: zone as ZoneId })
    }
    add(subnet.SubnetId, subnet.CidrBlock)
    for (const block of subnet.Ipv6CidrBlockAssociationSet ?? []) {
      if (block.Ipv6CidrBlockState?.State === 'disassociated') continue
      const alone = !lines.some(line => line.uid === subnet.SubnetId)
      add(alone ? subnet.SubnetId : `${subnet.SubnetId}/${block.Ipv6CidrBlock}`, block.Ipv6CidrBlock)
    }
  }
  return lines
}

export interface ZoneIds {
  idOf(zoneName: string): ZoneId | null
}

export interface InterfaceContext {
  readonly zones: ZoneIds
  readonly subnets: readonly SubnetLine[]
  readonly seen: UnixMillis
  /** When the interface of that ID, which isn't attached, began to hold its addresses. */
  readonly heldSince: (uid: string) => UnixMillis
}

export function interfaceLines(
  found: readonly NetworkInterface[],
  context: InterfaceContext,
): InterfaceLine[] {
  const zoneBySubnet = new Map(context.subnets.map(({ uid, zone }) => [uid, zone]))
  const lines: InterfaceLine[] = []
  for (const one of found) {
    const uid = one.NetworkInterfaceId
    if (!uid) continue
    const zone =
      one.AvailabilityZoneId ??
      zoneBySubnet.get(one.SubnetId ?? '') ??
      context.zones.idOf(one.AvailabilityZone ?? '')
    const instance = one.Attachment?.InstanceId ?? null
    const owner = ownerOf({
      id: uid,
      type: one.InterfaceType ?? null,
      requester: one.RequesterId ?? null,
      description: one.Description ?? '',
      instance,
      nameTag: one.TagSet?.find(({ Key }) => Key === 'Name')?.Value || null,
      groups: (one.Groups ?? []).flatMap(({ GroupName }) => GroupName ?? []),
    })
    lines.push({
      kind: 'interface',
      uid,
      addresses: addressesOf(one),
      from: (one.Attachment?.AttachTime?.getTime() as UnixMillis | undefined) ?? context.heldSince(uid),
      until: Infinity as UnixMillis,
      seen: context.seen,
      name: owner.name.slice(0, LONGEST_NAME),
      service: owner.service,
      instance,
      zone: zone as ZoneId | null,
    })
  }
  return lines
}

// Each once and in order: EC2 lists them in any order, and another order would look like a change.
function addressesOf(one: NetworkInterface): Address[] {
  const texts = new Set<string>()
  const add = (text: string | undefined) => text !== undefined && texts.add(text)
  add(one.PrivateIpAddress)
  for (const { PrivateIpAddress } of one.PrivateIpAddresses ?? []) add(PrivateIpAddress)
  for (const { Ipv6Address } of one.Ipv6Addresses ?? []) add(Ipv6Address)
  const addresses = [...texts].flatMap(text => parseAddress(text) ?? [])
  for (const { Ipv4Prefix } of one.Ipv4Prefixes ?? []) {
    const cidr = parseCidr(Ipv4Prefix ?? '')
    if (cidr === null || cidr.family !== 4 || cidr.prefix < IPV4_PREFIX_LENGTH) continue
    for (let word = cidr.first[0]!; word <= cidr.last[0]!; word++)
      addresses.push({ family: 4, words: [word] })
  }
  addresses.sort((a, b) => a.family - b.family || compareWords(a.words, b.words))
  return addresses.filter((address, at) => at === 0 || !isSame(address, addresses[at - 1]!))
}

function isSame(a: Address, b: Address): boolean {
  return a.family === b.family && compareWords(a.words, b.words) === 0
}

function compareWords(a: readonly number[], b: readonly number[]): number {
  for (const [at, word] of a.entries()) if (word !== b[at]) return word - b[at]!
  return 0
}
