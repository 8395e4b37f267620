import {
  AssociateVpcCidrBlockCommand,
  CreateNatGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DeleteNetworkInterfaceCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { formatAddress, type UnixMillis } from '@zonetoll/model'

import { motoWanted, startMoto, type Moto } from '../../../test/servers/moto.ts'
import { InMemoryBook } from '../src/book-in-memory.ts'
import { interfaceLines, subnetLines, type ZoneIds } from '../src/inventory-lines.ts'
import { Inventory } from '../src/inventory-refresh.ts'
import { at } from './log-fixture.ts'

const NOW = at('2024-05-01T10:30:00Z')
const signal = new AbortController().signal

function useMoto(moto: Moto): EC2Client {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, moto.environment, {
    AWS_MAX_ATTEMPTS: '1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  })
  return new EC2Client({})
}

const linesOf = (book: InMemoryBook, kind: string) => [...book.lines()].filter(line => line.kind === kind)

const wanted = motoWanted()

describe.skipIf(!wanted)('the inventory, asked of EC2', () => {
  let moto: Moto
  let ec2: EC2Client
  let vpc: string
  let now: UnixMillis
  const subnets: string[] = []
  beforeAll(async () => {
    moto = await startMoto()
    ec2 = useMoto(moto)
    vpc = (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc!.VpcId!
    await ec2.send(new AssociateVpcCidrBlockCommand({ VpcId: vpc, AmazonProvidedIpv6CidrBlock: true }))
    for (const [index, zone] of ['us-east-2a', 'us-east-2b'].entries()) {
      const made = await ec2.send(
        new CreateSubnetCommand({ VpcId: vpc, CidrBlock: `10.0.${index * 16}.0/20`, AvailabilityZone: zone }),
      )
      subnets.push(made.Subnet!.SubnetId!)
    }
  })
  afterAll(() => moto.stop())
  beforeEach(() => {
    now = NOW
  })

  const inventory = (book: InMemoryBook, said: string[] = []) =>
    new Inventory({ book, vpcId: vpc, clock: () => now, warn: message => said.push(message) })

  const made = async (subnet: string, description: string, address?: string) => {
    const input = {
      SubnetId: subnet,
      Description: description,
      ...(address === undefined ? {} : { PrivateIpAddress: address }),
    }
    return (await ec2.send(new CreateNetworkInterfaceCommand(input))).NetworkInterface!.NetworkInterfaceId!
  }

  test('knows zones by name, and the subnets of the VPC with their zone and blocks', async () => {
    const book = new InMemoryBook()
    const asked = inventory(book)
    expect(asked.idOf('us-east-2a')).toBe(null)
    await asked.refresh(signal)
    expect(asked.idOf('us-east-2a')).toBe('use2-az1')
    expect(asked.idOf('mars-1a')).toBe(null)
    expect(
      linesOf(book, 'subnet').map(line => line.kind === 'subnet' && [line.uid, line.cidr.prefix, line.zone]),
    ).toEqual([
      [subnets[0], 20, 'use2-az1'],
      [subnets[1], 20, 'use2-az2'],
    ])
    // A restart knows the zones before it asks.
    const again = new InMemoryBook()
    again.restore(book.lines(), now)
    expect(inventory(again).idOf('us-east-2b')).toBe('use2-az2')
  })

  test("names what services' interfaces are, with their zone, and closes what is gone", async () => {
    const rds = await made(subnets[0]!, 'RDSNetworkInterface', '10.0.3.7')
    const nlb = await made(subnets[1]!, 'ELB net/edge/50dc6c495c0c9188')
    const efs = await made(subnets[0]!, 'EFS mount target for fs-0123abcd (fsmt-0852ce33)')
    const nat = await ec2.send(
      new CreateNatGatewayCommand({ SubnetId: subnets[0]!, ConnectivityType: 'private' }),
    )
    await ec2.send(
      new CreateVpcEndpointCommand({
        VpcId: vpc,
        ServiceName: 'com.amazonaws.us-east-2.sts',
        VpcEndpointType: 'Interface',
        SubnetIds: [subnets[1]!],
      }),
    )
    const run = await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-12c6146b',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnets[1]!,
        InstanceType: 'm5.large',
      }),
    )
    const instance = run.Instances![0]!.InstanceId!

    const book = new InMemoryBook()
    const asked = inventory(book)
    await asked.refresh(signal)
    const lines = new Map(linesOf(book, 'interface').map(line => [line.uid, line]))
    expect(lines.get(rds)).toMatchObject({
      service: 'rds',
      zone: 'use2-az1',
      instance: null,
      until: Infinity,
    })
    expect(lines.get(nlb)).toMatchObject({ service: 'nlb', name: 'edge', zone: 'use2-az2' })
    expect(lines.get(efs)).toMatchObject({ service: 'efs', name: 'fs-0123abcd', zone: 'use2-az1' })
    const one = lines.get(rds)!
    expect(one.kind === 'interface' && one.addresses.map(formatAddress)).toEqual(['10.0.3.7'])
    const ofInstance = [...lines.values()].filter(
      line => line.kind === 'interface' && line.instance === instance,
    )
    expect(ofInstance).toEqual([
      expect.objectContaining({ service: 'ec2', name: instance, zone: 'use2-az2' }),
    ])
    // moto makes interfaces for NAT gateways and endpoints, yet describes them in no way that AWS would.
    expect(nat.NatGateway!.NatGatewayId).toMatch(/^nat-/)
    expect(lines.size).toBeGreaterThanOrEqual(6)

    book.takeChanges()
    now = (NOW + 300_000) as UnixMillis
    await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: nlb }))
    const late = await made(subnets[1]!, 'Amazon EKS demo')
    await asked.refresh(signal)
    const changes = book.takeChanges().map(({ after }) => after)
    expect(changes.map(line => line.uid).sort()).toEqual([late, nlb].sort())
    expect(changes.find(({ uid }) => uid === nlb)).toMatchObject({ until: now })
    // It isn't attached, and wasn't there five minutes ago.
    expect(changes.find(({ uid }) => uid === late)).toMatchObject({ service: 'eks', name: 'demo', from: NOW })
  })

  test('an interface that is not attached and was there at the start may be old: it holds since as long as is looked back', async () => {
    const old = await made(subnets[0]!, 'RDSNetworkInterface')
    const book = new InMemoryBook()
    await inventory(book).refresh(signal)
    expect(book.line('interface', old)).toMatchObject({ from: NOW - 24 * 3_600_000 })
    // What the log said of it stays.
    const again = new InMemoryBook()
    again.restore(book.lines(), now)
    now = (NOW + 3_600_000) as UnixMillis
    await inventory(again).refresh(signal)
    expect(again.line('interface', old)).toMatchObject({ from: NOW - 24 * 3_600_000 })
  })

  test('an answer that cannot be had leaves everything as it was, is said once with what is lost, and so is its return', async () => {
    const book = new InMemoryBook()
    const said: string[] = []
    const asked = inventory(book, said)
    await asked.refresh(signal)
    const before = book.size
    await moto.stop()
    await asked.refresh(signal)
    await asked.refresh(signal)
    expect(book.size).toBe(before)
    expect(said).toHaveLength(3)
    expect(said[2]).toMatch(
      /^ec2:DescribeNetworkInterfaces failed \(.*\); it is asked again\. Until then databases/,
    )
    moto = await startMoto()
    ec2 = useMoto(moto)
  })
})

describe.skipIf(!wanted)('the inventory without a permission', () => {
  let moto: Moto
  beforeAll(async () => {
    moto = await startMoto({ deny: ['ec2:DescribeNetworkInterfaces'] })
    useMoto(moto)
  })
  afterAll(() => moto.stop())

  test('says which action to allow and what is lost without it, and takes what is allowed', async () => {
    const book = new InMemoryBook()
    const said: string[] = []
    const asked = new Inventory({ book, vpcId: null, clock: () => NOW, warn: message => said.push(message) })
    await asked.refresh(signal)
    await asked.refresh(signal)
    expect(said).toEqual([
      "ec2:DescribeNetworkInterfaces isn't allowed (AccessDenied): allow it in the recorder's IAM policy. Until then databases, caches, load balancers, NAT gateways and endpoints have no name: their traffic counts as their subnet's. With --no-inventory EC2 isn't asked.",
    ])
    expect(asked.idOf('us-east-2a')).toBe('use2-az1')
    expect(book.counts()).toMatchObject({ subnet: 3, interface: 0 })
  })
})

describe('network interfaces as lines', () => {
  const zones: ZoneIds = {
    idOf: name => (name === 'us-east-2a' ? ('use2-az1' as ReturnType<ZoneIds['idOf']>) : null),
  }
  const context = { zones, subnets: [], seen: NOW, heldSince: () => NOW }

  test('hold all their addresses and those of their IPv4 prefixes, each once and in order; IPv6 prefixes are too large', () => {
    const [line] = interfaceLines(
      [
        {
          NetworkInterfaceId: 'eni-1',
          AvailabilityZone: 'us-east-2a',
          PrivateIpAddress: '10.0.0.9',
          PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.9' }, { PrivateIpAddress: '10.0.0.3' }],
          Ipv6Addresses: [{ Ipv6Address: '2600:1f16::9' }],
          Ipv4Prefixes: [
            { Ipv4Prefix: '10.0.0.16/28' },
            { Ipv4Prefix: '10.0.0.0/8' },
            { Ipv4Prefix: 'nonsense' },
          ],
          Ipv6Prefixes: [{ Ipv6Prefix: '2600:1f16::/80' }],
          Attachment: { InstanceId: 'i-1', AttachTime: new Date('2024-04-30T00:00:00Z') },
        },
      ],
      context,
    )
    const addresses = line!.addresses.map(formatAddress)
    expect(addresses.slice(0, 3)).toEqual(['10.0.0.3', '10.0.0.9', '10.0.0.16'])
    expect(addresses.slice(-2)).toEqual(['10.0.0.31', '2600:1f16::9'])
    expect(addresses).toHaveLength(19)
    expect(line).toMatchObject({ instance: 'i-1', zone: 'use2-az1', from: at('2024-04-30T00:00:00Z') })
  })

  test('a subnet of both families is two lines, one of IPv6 alone is one', () => {
    const v6 = [{ Ipv6CidrBlock: '2600:1f16::/64', Ipv6CidrBlockState: { State: 'associated' as const } }]
    const lines = subnetLines(
      [
        {
          SubnetId: 'subnet-1',
          CidrBlock: '10.0.0.0/20',
          AvailabilityZoneId: 'use2-az1',
          Ipv6CidrBlockAssociationSet: v6,
        },
        { SubnetId: 'subnet-2', AvailabilityZone: 'us-east-2a', Ipv6CidrBlockAssociationSet: v6 },
        { SubnetId: 'subnet-3', CidrBlock: '10.1.0.0/20', AvailabilityZone: 'mars-1a' },
      ],
      zones,
      NOW,
    )
    expect(lines.map(({ uid, cidr, zone }) => [uid, cidr.family, zone])).toEqual([
      ['subnet-1', 4, 'use2-az1'],
      ['subnet-1/2600:1f16::/64', 6, 'use2-az1'],
      ['subnet-2', 6, 'use2-az1'],
    ])
  })

  test('a description and a name of any length and content stay one short name', () => {
    const [line] = interfaceLines(
      [{ NetworkInterfaceId: 'eni-1', Description: `ELB net/${'x'.repeat(2_000)}/1` }],
      context,
    )
    expect(line!.name).toHaveLength(255)
  })
})
