// What EC2 is asked: zones, subnets and network interfaces of a region, or of one VPC.
//
// The SDK is loaded with the first question; region and credentials are its own chain's. Each answer is whole or
// nothing: a list that breaks off half-way must not make the rest of the interfaces look gone.

import type { EC2Client, Filter, NetworkInterface, Subnet, AvailabilityZone } from '@aws-sdk/client-ec2'

export type { AvailabilityZone, NetworkInterface, Subnet }

export type InventoryQuestion = 'DescribeAvailabilityZones' | 'DescribeSubnets' | 'DescribeNetworkInterfaces'

export interface Ec2Options {
  /** Null: every VPC of the region. */
  readonly vpcId: string | null
}

const CONNECT_MILLIS = 5_000
const ANSWER_MILLIS = 30_000
const PAGE_SIZE = 1_000

/** Every method rejects with the SDK's error, or when the signal aborts. */
export class Ec2Inventory {
  readonly #filters: Filter[] | undefined
  #client: Promise<EC2Client> | null = null

  constructor({ vpcId }: Ec2Options) {
    this.#filters = vpcId === null ? undefined : [{ Name: 'vpc-id', Values: [vpcId] }]
  }

  async zones(signal: AbortSignal): Promise<AvailabilityZone[]> {
    const { DescribeAvailabilityZonesCommand } = await import('@aws-sdk/client-ec2')
    const client = await this.#open()
    const answer = await client.send(new DescribeAvailabilityZonesCommand({}), { abortSignal: signal })
    return answer.AvailabilityZones ?? []
  }

  async subnets(signal: AbortSignal): Promise<Subnet[]> {
    const { paginateDescribeSubnets } = await import('@aws-sdk/client-ec2')
    const pages = paginateDescribeSubnets(
      { client: await this.#open(), pageSize: PAGE_SIZE },
      { Filters: this.#filters },
      { abortSignal: signal },
    )
    const subnets: Subnet[] = []
    for await (const page of pages) for (const subnet of page.Subnets ?? []) subnets.push(subnet)
    return subnets
  }

  async interfaces(signal: AbortSignal): Promise<NetworkInterface[]> {
    const { paginateDescribeNetworkInterfaces } = await import('@aws-sdk/client-ec2')
    const pages = paginateDescribeNetworkInterfaces(
      { client: await this.#open(), pageSize: PAGE_SIZE },
      { Filters: this.#filters },
      { abortSignal: signal },
    )
    const interfaces: NetworkInterface[] = []
    for await (const page of pages) for (const found of page.NetworkInterfaces ?? []) interfaces.push(found)
    return interfaces
  }

  async #open(): Promise<EC2Client> {
    this.#client ??= import('@aws-sdk/client-ec2').then(
      sdk =>
        new sdk.EC2Client({
          requestHandler: { connectionTimeout: CONNECT_MILLIS, requestTimeout: ANSWER_MILLIS },
        }),
    )
    return await this.#client
  }
}
