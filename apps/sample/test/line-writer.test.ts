import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildCluster, NOBODY, type Cluster } from '../src/cluster.ts'
import { FORMATS, LineWriter, LONGEST_LINE, type FieldCount, type LineValues } from '../src/line-writer.ts'
import { ACCOUNT_ID, REGION, ZONES } from '../src/network.ts'
import { Random } from '../src/random.ts'

const cluster = buildCluster({ pods: 60, reuse: 0, ipv6: 0.5, start: 1_714_557_600 }, Random.of(1, 'test'))
const addresses = [
  ...cluster.hosts.flatMap(({ address, ipv6 }) => [address, ipv6]),
  '52.216.1.1',
  'fd12:34::1',
]

// The same line by looking every field up by its name.
function plainLine(fields: FieldCount, { interfaces, vpcId }: Cluster, values: LineValues): string {
  const logging = interfaces[values.logging]!
  const source = addresses[values.source]!
  const destination = addresses[values.destination]!
  const next = values.nextHop === NOBODY ? null : interfaces[values.nextHop]!
  const near = (address: string) => (address.includes(':') ? address : logging.address)
  const all: Record<string, string | number> = {
    version: fields === 29 ? 11 : 5,
    'account-id': ACCOUNT_ID,
    'interface-id': logging.id,
    srcaddr: values.ingress ? source : near(source),
    dstaddr: values.ingress ? near(destination) : destination,
    srcport: values.sourcePort,
    dstport: values.destinationPort,
    protocol: values.protocol,
    packets: values.packets,
    bytes: values.bytes,
    start: values.start,
    end: values.end,
    action: values.rejected ? 'REJECT' : 'ACCEPT',
    'log-status': 'OK',
    'vpc-id': vpcId,
    'subnet-id': logging.subnet.id,
    'instance-id': logging.instance ?? '-',
    'tcp-flags': values.tcpFlags,
    type: source.includes(':') ? 'IPv6' : 'IPv4',
    'pkt-srcaddr': source,
    'pkt-dstaddr': destination,
    region: REGION,
    'az-id': ZONES[logging.zone]!.id,
    'flow-direction': values.ingress ? 'ingress' : 'egress',
    'traffic-path': values.ingress ? '-' : values.path,
    'interface-type': logging.type,
    'next-hop-interface-id': next?.id ?? '-',
    'next-hop-az-id': next === null ? '-' : ZONES[next.zone]!.id,
    'next-hop-interface-type': next?.type ?? '-',
  }
  const names = FORMATS[fields].split(' ')
  return `${names.map(name => String(all[name])).join(' ')}\n`
}

describe('LineWriter', () => {
  const interfaces = cluster.interfaces.length - 1
  const parties = addresses.flatMap((address, party) => (address === null ? [] : [party]))
  const port = fc.nat({ max: 65_535 })
  const count = fc.oneof(
    fc.nat(),
    fc.constantFrom(0, 9, 10, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 9_999_999_999, Number.MAX_SAFE_INTEGER),
    fc.maxSafeNat(),
  )

  test('writes any record as looking its fields up by name would', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<FieldCount>(6, 25, 29),
        fc.record({
          logging: fc.nat({ max: interfaces }),
          source: fc.constantFrom(...parties),
          destination: fc.constantFrom(...parties),
          ingress: fc.boolean(),
          rejected: fc.boolean(),
          sourcePort: port,
          destinationPort: port,
          protocol: fc.constantFrom(6, 17),
          packets: count,
          bytes: count,
          start: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          end: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          tcpFlags: fc.nat({ max: 255 }),
          path: fc.integer({ min: 1, max: 8 }),
          nextHop: fc.integer({ min: NOBODY, max: interfaces }),
        }),
        (fields, values) => {
          const writer = new LineWriter(fields, cluster, addresses)
          writer.buffer = new Uint8Array(LONGEST_LINE)
          writer.record(values)
          const text = Buffer.from(writer.buffer.subarray(0, writer.length)).toString()
          expect(text).toBe(plainLine(fields, cluster, values))
        },
      ),
      { seed: 11, numRuns: 2000 },
    )
  })

  test('pads lines about nothing, with their window and interface', () => {
    const writer = new LineWriter(25, cluster, addresses)
    writer.buffer = new Uint8Array(LONGEST_LINE)
    writer.padded(0, 'NODATA', 1_714_557_600, 1_714_557_659)
    const text = Buffer.from(writer.buffer.subarray(0, writer.length)).toString()
    const { id } = cluster.interfaces[0]!
    const padding = Array.from({ length: 11 }, () => '-').join(' ')
    expect(text).toBe(`5 ${ACCOUNT_ID} ${id} - - - - - - - 1714557600 1714557659 - NODATA ${padding}\n`)
  })

  test('makes malformed lines of three kinds', () => {
    const writer = new LineWriter(6, cluster, addresses)
    writer.buffer = new Uint8Array(LONGEST_LINE)
    writer.malformed('too few fields', 0, 1, 2)
    writer.malformed('too many fields', 0, 1, 2)
    writer.malformed('bad bytes', 0, 1, 2)
    const text = Buffer.from(writer.buffer.subarray(0, writer.length)).toString()
    expect(text.split('\n')).toEqual(['- - OK - -', '- - OK - - 1 1', '12e4 - OK - - 1', ''])
  })
})
