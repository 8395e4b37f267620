// Flow-log lines as bytes, in one of three formats.
//
//    6   what Zonetoll needs and log-status, alphabetical as many real formats are
//   25   the fields of versions 2 to 5 that a VPC with EKS has a use for
//   29   these, and what version 11 says of interfaces and next hops
//
// Everything that is the same for all lines of an interface is text made once: a line is a few copies of such
// fragments and a few numbers, written straight into the caller's buffer, without a string.
//
//   5 123456789012 eni-0f… | 10.0.1.16 10.0.64.19 49152 8080 6 12 9000 1714557600 1714557631 ACCEPT OK | vpc-… i-… | …
//   fragment 0               a record's own values                                                      fragment 1
//
// Source: VPC User Guide, Flow log records.

import { NOBODY, type Cluster, type NetworkInterface } from './cluster.ts'
import { ACCOUNT_ID, REGION, ZONES } from './network.ts'

export const FORMATS = {
  6: 'bytes flow-direction log-status pkt-dstaddr pkt-srcaddr start',
  25:
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status ' +
    'vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id flow-direction traffic-path',
  29:
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status ' +
    'vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id flow-direction traffic-path ' +
    'interface-type next-hop-interface-id next-hop-az-id next-hop-interface-type',
} as const

export type FieldCount = keyof typeof FORMATS

/** Whether a format has a field. */
export function hasField(fields: FieldCount, name: string): boolean {
  return FORMATS[fields].split(' ').includes(name)
}

/** No line is longer than this. */
export const LONGEST_LINE = 1024

/** One record's values; set anew for each line. Times are Unix seconds. */
export interface LineValues {
  /** Index into interfaces: who logged it. */
  logging: number
  /** Parties. */
  source: number
  destination: number
  ingress: boolean
  rejected: boolean
  sourcePort: number
  destinationPort: number
  protocol: number
  packets: number
  bytes: number
  start: number
  end: number
  tcpFlags: number
  /** traffic-path of an egress line. */
  path: number
  /** Interface that the packets go to next, NOBODY where it isn't said. */
  nextHop: number
}

export type Malformation = 'too few fields' | 'too many fields' | 'bad bytes'

const SOURCE = 0
const DESTINATION = 1
const PACKET_SOURCE = 2
const PACKET_DESTINATION = 3
const SOURCE_PORT = 4
const DESTINATION_PORT = 5
const PROTOCOL = 6
const PACKETS = 7
const BYTES = 8
const START = 9
const END = 10
const ACTION = 11
const STATUS = 12
const TCP_FLAGS = 13
const TYPE = 14
const DIRECTION = 15
const PATH = 16
const NEXT_HOP = 17
/** From here on: fragments. */
const FRAGMENT = 32

const DYNAMIC: Readonly<Record<string, number>> = {
  srcaddr: SOURCE,
  dstaddr: DESTINATION,
  'pkt-srcaddr': PACKET_SOURCE,
  'pkt-dstaddr': PACKET_DESTINATION,
  srcport: SOURCE_PORT,
  dstport: DESTINATION_PORT,
  protocol: PROTOCOL,
  packets: PACKETS,
  bytes: BYTES,
  start: START,
  end: END,
  action: ACTION,
  'log-status': STATUS,
  'tcp-flags': TCP_FLAGS,
  type: TYPE,
  'flow-direction': DIRECTION,
  'traffic-path': PATH,
  'next-hop-interface-id': NEXT_HOP,
}

// Written along with next-hop-interface-id, which always stands before them.
const WITH_NEXT_HOP = new Set(['next-hop-az-id', 'next-hop-interface-type'])

const SPACE = 32
const LINE_FEED = 10
const DASH = 45
const ZERO = 48

/** Texts one behind the other: text n is bytes[offsets[n], offsets[n + 1]). */
class Texts {
  readonly bytes: Uint8Array
  readonly offsets: Int32Array

  constructor(texts: readonly string[]) {
    this.offsets = new Int32Array(texts.length + 1)
    for (const [at, text] of texts.entries()) this.offsets[at + 1] = this.offsets[at]! + text.length
    this.bytes = Buffer.from(texts.join(''), 'latin1')
  }
}

const WORDS = new Texts(['ACCEPT', 'REJECT', 'OK', 'IPv4', 'IPv6', 'egress', 'ingress', '- - -'])
const ACCEPT_WORD = 0
const REJECT_WORD = 1
const OK_WORD = 2
const IPV4_WORD = 3
const IPV6_WORD = 4
const EGRESS_WORD = 5
const INGRESS_WORD = 6
const NO_NEXT_HOP_WORD = 7

export class LineWriter {
  readonly header: Uint8Array
  /** Where lines go, and how much of it is filled. */
  buffer: Uint8Array = new Uint8Array(0)
  length = 0
  readonly #fields: readonly string[]
  readonly #operations: Uint8Array
  readonly #fragments: readonly Texts[]
  readonly #interfaceAddresses: Texts
  readonly #nextHops: Texts
  readonly #addresses: Texts
  readonly #isIpv6: Uint8Array
  readonly #staticValues: readonly Readonly<Record<string, string>>[]

  /** `addresses` are the texts of parties. */
  constructor(fields: FieldCount, cluster: Cluster, addresses: readonly (string | null)[]) {
    const { interfaces } = cluster
    this.#fields = FORMATS[fields].split(' ')
    this.header = Buffer.from(`${FORMATS[fields]}\n`, 'latin1')
    this.#staticValues = interfaces.map(one => staticValues(one, fields, cluster.vpcId))
    this.#interfaceAddresses = new Texts(interfaces.map(({ address }) => address))
    this.#nextHops = new Texts(interfaces.map(({ id, zone, type }) => `${id} ${ZONES[zone]!.id} ${type}`))
    this.#addresses = new Texts(addresses.map(address => address ?? ''))
    this.#isIpv6 = Uint8Array.from(addresses, address => (address?.includes(':') === true ? 1 : 0))
    const operations: number[] = []
    const fragments: Texts[] = []
    let run: string[] = []
    const endRun = () => {
      if (run.length === 0) return
      const names = run
      run = []
      const texts = this.#staticValues.map(values => names.map(name => values[name]!).join(' '))
      operations.push(FRAGMENT + fragments.push(new Texts(texts)) - 1)
    }
    for (const name of this.#fields) {
      if (WITH_NEXT_HOP.has(name)) continue
      const operation = DYNAMIC[name]
      if (operation === undefined) run.push(name)
      else {
        endRun()
        operations.push(operation)
      }
    }
    endRun()
    this.#operations = Uint8Array.from(operations)
    this.#fragments = fragments
  }

  /** One accepted or rejected record. The buffer must have LONGEST_LINE bytes left. */
  record(values: LineValues): void {
    const operations = this.#operations
    for (let at = 0; at < operations.length; at++) {
      this.#value(operations[at]!, values)
      this.buffer[this.length++] = SPACE
    }
    this.buffer[this.length - 1] = LINE_FEED
  }

  /** A line that says nothing but its window: NODATA or SKIPDATA. */
  padded(logging: number, status: 'NODATA' | 'SKIPDATA', start: number, end: number): void {
    this.#line(this.#paddedValues(logging, status, start, end))
  }

  /** A line that no reader can make sense of. */
  malformed(how: Malformation, logging: number, start: number, end: number): void {
    const values = this.#paddedValues(logging, 'OK', start, end)
    const last = values.length - 1
    if (how === 'too few fields') values.pop()
    else if (how === 'too many fields') values.push(values[last]!)
    else values[this.#fields.indexOf('bytes')] = '12e4'
    this.#line(values)
  }

  #paddedValues(logging: number, status: string, start: number, end: number): string[] {
    const own = this.#staticValues[logging]!
    const said: Record<string, string> = {
      version: own['version']!,
      'account-id': own['account-id']!,
      'interface-id': own['interface-id']!,
      start: String(start),
      end: String(end),
      'log-status': status,
    }
    return this.#fields.map(name => said[name] ?? '-')
  }

  #line(values: readonly string[]): void {
    const text = `${values.join(' ')}\n`
    for (let at = 0; at < text.length; at++) this.buffer[this.length++] = text.charCodeAt(at)
  }

  #value(operation: number, values: LineValues): void {
    switch (operation) {
      // srcaddr and dstaddr show the logging interface's own address where it is the near end: of its pods' no trace.
      case SOURCE:
        this.#nearAddress(values.source, values.logging, !values.ingress)
        break
      case DESTINATION:
        this.#nearAddress(values.destination, values.logging, values.ingress)
        break
      case PACKET_SOURCE:
        this.#text(this.#addresses, values.source)
        break
      case PACKET_DESTINATION:
        this.#text(this.#addresses, values.destination)
        break
      case SOURCE_PORT:
        this.#integer(values.sourcePort)
        break
      case DESTINATION_PORT:
        this.#integer(values.destinationPort)
        break
      case PROTOCOL:
        this.#integer(values.protocol)
        break
      case PACKETS:
        this.#integer(values.packets)
        break
      case BYTES:
        this.#integer(values.bytes)
        break
      case START:
        this.#integer(values.start)
        break
      case END:
        this.#integer(values.end)
        break
      case ACTION:
        this.#text(WORDS, values.rejected ? REJECT_WORD : ACCEPT_WORD)
        break
      case STATUS:
        this.#text(WORDS, OK_WORD)
        break
      case TCP_FLAGS:
        this.#integer(values.tcpFlags)
        break
      case TYPE:
        this.#text(WORDS, this.#isIpv6[values.source] === 1 ? IPV6_WORD : IPV4_WORD)
        break
      case DIRECTION:
        this.#text(WORDS, values.ingress ? INGRESS_WORD : EGRESS_WORD)
        break
      case PATH:
        if (values.ingress) this.buffer[this.length++] = DASH
        else this.#integer(values.path)
        break
      case NEXT_HOP:
        if (values.nextHop === NOBODY) this.#text(WORDS, NO_NEXT_HOP_WORD)
        else this.#text(this.#nextHops, values.nextHop)
        break
      default:
        this.#text(this.#fragments[operation - FRAGMENT]!, values.logging)
    }
  }

  #nearAddress(party: number, logging: number, near: boolean): void {
    if (near && this.#isIpv6[party] === 0) this.#text(this.#interfaceAddresses, logging)
    else this.#text(this.#addresses, party)
  }

  #text(texts: Texts, index: number): void {
    const { bytes } = texts
    const { buffer } = this
    const end = texts.offsets[index + 1]!
    let to = this.length
    for (let from = texts.offsets[index]!; from < end; from++) buffer[to++] = bytes[from]!
    this.length = to
  }

  #integer(value: number): void {
    const { buffer } = this
    let digits = 1
    for (let power = 10; value >= power; power *= 10) digits++
    let at = this.length + digits
    this.length = at
    let rest = value
    while (rest >= 0x80000000) {
      const tenth = Math.floor(rest / 10)
      buffer[--at] = ZERO + (rest - tenth * 10)
      rest = tenth
    }
    let small = rest | 0
    do {
      const tenth = (small / 10) | 0
      buffer[--at] = ZERO + (small - tenth * 10)
      small = tenth
    } while (small > 0)
  }
}

function staticValues(one: NetworkInterface, fields: FieldCount, vpcId: string): Record<string, string> {
  return {
    version: fields === 29 ? '11' : '5',
    'account-id': ACCOUNT_ID,
    'interface-id': one.id,
    'vpc-id': vpcId,
    'subnet-id': one.subnet.id,
    'instance-id': one.instance ?? '-',
    region: REGION,
    'az-id': ZONES[one.zone]!.id,
    'interface-type': one.type,
  }
}
