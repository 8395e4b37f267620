/**
 * Random hours from small spaces of values, so that everything meets everything: a few addresses that many things
 * hold, a few moments around borders, formats with any columns in any order, values that can't be read.
 *
 * `reachesOf` lists what a run over many seeds must have reached; a property test that asserts it knows that it tested.
 */
import type { PlainInput, PlainObject } from './plain-hour.ts'
import type { Seeded } from './seeded.ts'

/** 2024-05-01T10:00:00Z. */
export const RANDOM_HOUR = 1_714_557_600

const ZONES = ['use2-az1', 'use2-az2', 'use2-az3']
const INSTANCES = ['i-1', 'i-2', 'i-3']
const INTERFACES = ['eni-1', 'eni-2', 'eni-3']

/** Each address in several spellings. */
const HELD: readonly (readonly string[])[] = [
  ['10.0.0.1'],
  ['10.0.0.2'],
  ['10.0.0.3'],
  ['10.0.1.1'],
  ['2600:1f16::1', '2600:1F16:0:0:0:0:0:1', '2600:1f16:0000::0.0.0.1'],
  ['2600:1f16::a:b', '2600:1f16::000a:000B', '2600:1f16:0:0:0:0:0.10.0.11'],
]

const FREE: readonly (readonly string[])[] = [
  ['8.8.8.8'],
  ['100.64.0.1'],
  ['100.128.0.0'],
  ['172.31.0.9'],
  ['203.0.113.5'],
  ['192.0.0.9'],
  ['2606:4700::1111', '2606:4700:0:0::1111'],
  ['fd00::9', 'FD00:0::9'],
  ['::ffff:10.0.0.1', '::FFFF:a00:1'],
]

/** Moments that records and assignments cluster around, seconds from the hour's begin. */
const ANCHORS = [0, 100, 3599]
const OFFSETS = [-121, -61, -60, -59, -31, -30, -1, 0, 1, 2, 29, 30, 59, 60, 61]

/** An hour: one to three objects and the assignment log, with a moment that most of it happens around. */
export function randomHour(random: Seeded): PlainInput {
  const anchor = RANDOM_HOUR + random.pick(ANCHORS)
  return {
    objects: random.list(1 + random.int(3), () => randomObject(random, anchor)),
    assignments: randomAssignments(random, anchor),
    hour: RANDOM_HOUR,
    allPairs: random.chance(0.4),
    appLabels: random.pick([['app.kubernetes.io/name', 'app'], ['app'], ['team', 'app'], []]),
  }
}

function randomAssignments(random: Seeded, anchor: number): string[] {
  const lines: string[] = []
  const add = (line: Record<string, unknown>): void => {
    lines.push(JSON.stringify(line))
  }
  const instanceAnd = (line: Record<string, unknown>): Record<string, unknown> =>
    random.chance(0.6) ? { ...line, instance: random.pick(INSTANCES) } : line
  for (const at of random.list(random.int(8), number => number)) {
    const labels = Object.fromEntries(
      ['app', 'team', 'app.kubernetes.io/name']
        .filter(() => random.chance(0.4))
        .map(key => [key, random.pick(['cart', 'päy', '\u{1F6D2}', ''])]),
    )
    const pod: Record<string, unknown> = {
      kind: 'pod',
      uid: `pod-${at}`,
      ...randomHolding(random, anchor),
      namespace: random.pick(['shop', 'Shop', 'é']),
      name: random.pick(['cart-0', 'cart-1', '\u{1F6D2}', '\uFF5E']),
      workload: random.pick(['StatefulSet/cart', 'Deployment/pay', null]),
      labels,
      node: random.pick(['node-1', 'node-2', null]),
      hostNetwork: random.chance(0.08),
    }
    add(instanceAnd(pod))
    // A successor on the same node, alike but for its uid and its interval.
    if (random.chance(0.4)) {
      const { from, until, seen } = randomHolding(random, anchor)
      add(instanceAnd({ ...pod, uid: `pod-${at}-next`, from: pod['until'] ?? from, until, seen }))
    }
    // Seen before, and after, with another interval or place.
    if (random.chance(0.2)) add(instanceAnd({ ...pod, ...randomHolding(random, anchor), labels: {} }))
  }
  for (const at of random.list(random.int(3), number => number)) {
    add(
      instanceAnd({
        kind: 'node',
        uid: `node-${at}`,
        name: `node-${random.int(2)}`,
        ...randomHolding(random, anchor),
      }),
    )
  }
  for (const uid of INTERFACES.filter(() => random.chance(0.5))) {
    add(
      instanceAnd({
        kind: 'interface',
        uid,
        name: 'orders-db',
        service: 'rds',
        ...randomHolding(random, anchor),
      }),
    )
  }
  for (const [at, cidr] of [
    '10.0.0.0/30',
    '10.0.0.0/16',
    '10.0.1.0/24',
    '2600:1f16::/64',
    '2600:1f16::/126',
    '10.0.0.2/31',
  ].entries()) {
    if (!random.chance(0.3)) continue
    add({ kind: 'subnet', uid: `subnet-${at}`, cidr, seen: timeOf(RANDOM_HOUR), zone: random.pick(ZONES) })
    if (random.chance(0.2))
      add({ kind: 'subnet', uid: `subnet-${at}x`, cidr, seen: timeOf(RANDOM_HOUR), zone: random.pick(ZONES) })
  }
  if (random.chance(0.5))
    add({ kind: 'zone', uid: 'use2-az1', name: 'us-east-2a', seen: timeOf(RANDOM_HOUR) })
  if (random.chance(0.3)) add({ kind: 'planet', uid: 'earth', colour: 'blue' })
  return random.shuffled(withoutTwins(lines))
}

/** Drops a line of the same thing, seen at the same time, as one before it: which of the two counts is nobody's promise. */
function withoutTwins(lines: readonly string[]): string[] {
  const known = new Set<string>()
  return lines.filter(text => {
    const { kind, uid, seen } = JSON.parse(text) as Record<string, string>
    const key = `${kind} ${uid} ${Date.parse(String(seen))}`
    return !known.has(key) && known.add(key)
  })
}

function randomHolding(random: Seeded, anchor: number): Record<string, unknown> {
  const from = randomMoment(random, anchor)
  const until = random.chance(0.25) ? null : timeOf(randomMoment(random, anchor))
  const addresses = random
    .shuffled(random.chance(0.8) ? HELD.slice(0, 2) : HELD)
    .slice(0, 1 + random.int(2))
    .map(spellings => random.pick(spellings))
  if (random.chance(0.2)) addresses.push(random.pick(random.pick(HELD)))
  return {
    addresses,
    from: timeOf(random.chance(0.3) ? RANDOM_HOUR - 7200 : from),
    until,
    seen: timeOf(RANDOM_HOUR + random.int(5)),
    zone: random.pick(ZONES),
  }
}

/** Whole seconds as a rule, milliseconds now and then. */
function randomMoment(random: Seeded, anchor: number): number {
  return anchor + random.pick(OFFSETS) + (random.chance(0.15) ? random.pick([0.001, 0.5, 0.999]) : 0)
}

function timeOf(seconds: number): string {
  return new Date(Math.round(seconds * 1000)).toISOString()
}

const OPTIONAL = [
  'end',
  'packets',
  'log-status',
  'action',
  'instance-id',
  'interface-id',
  'az-id',
  'interface-type',
]

/** An object of a random format; sometimes two formats one behind the other, as a third party joins objects. */
function randomObject(random: Seeded, anchor: number): PlainObject {
  const lineEnd = random.chance(0.1) ? '\r\n' : '\n'
  const lines: string[] = []
  for (let part = random.chance(0.1) ? 2 : 1; part > 0; part--) {
    const names = randomFormat(random)
    lines.push(names.join(' '))
    const count = random.int(12)
    for (let at = 0; at < count; at++) {
      lines.push(random.chance(0.03) ? names.join(' ') : randomLine(random, names, anchor))
      if (random.chance(0.05)) lines.push(...lines.slice(-1))
    }
  }
  const last = random.chance(0.3) ? '' : lineEnd
  return { flowLog: random.int(2), text: lines.join(lineEnd) + last }
}

function randomFormat(random: Seeded): string[] {
  const pair = random.pick([
    ['pkt-srcaddr', 'pkt-dstaddr'],
    ['pkt-srcaddr', 'pkt-dstaddr', 'srcaddr', 'dstaddr'],
    ['srcaddr', 'dstaddr'],
    ['srcaddr', 'dstaddr', 'pkt-dstaddr'],
  ])
  const fullness = random.pick([0.3, 0.6, 0.9])
  const optional = OPTIONAL.filter(() => random.chance(fullness))
  const unknown = ['version', 'srcport', 'x-new-field'].filter(() => random.chance(0.3))
  return random.shuffled(['bytes', 'start', 'flow-direction', ...pair, ...optional, ...unknown])
}

function randomLine(random: Seeded, names: readonly string[], anchor: number): string {
  const start = anchor + random.pick(OFFSETS)
  // Few lines have a wild value, so that most records come far.
  const wild = random.chance(0.15)
  const status = random.chance(0.85) ? 'OK' : random.pick(['SKIPDATA', 'NODATA', '-', 'PARTIAL', 'ok'])
  const blank = status === 'SKIPDATA' || status === 'NODATA' ? random.chance(0.7) : random.chance(0.04)
  const odd = (value: string, others: readonly string[]): string =>
    wild && random.chance(0.25) ? random.pick(others) : value
  const valueOf = (name: string): string => {
    switch (name) {
      case 'bytes':
        return blank
          ? '-'
          : odd(String(random.int(5000)), ['-', '', '-1', '1.5', '007', '9007199254740991', ...WIDE])
      case 'packets':
        return blank ? '-' : odd(String(random.int(9)), ['-', 'many', '9007199254740993', ...WIDE])
      case 'start':
        return odd(String(start), ['-', '', String(RANDOM_HOUR - 1), String(RANDOM_HOUR + 3600), ...WIDE])
      case 'end':
        return odd(String(start + random.pick([0, 1, 29, 30, 59, 60, 600])), [
          '-',
          '?',
          String(start - 1),
          ...WIDE,
        ])
      case 'log-status':
        return status
      case 'flow-direction':
        return blank ? '-' : odd(random.chance(0.85) ? 'egress' : 'ingress', ['-', 'EGRESS', 'egres', ''])
      case 'action':
        return blank ? '-' : random.pick(['ACCEPT', 'ACCEPT', 'ACCEPT', 'ACCEPT', 'REJECT', '-'])
      case 'instance-id':
        return random.pick(['-', '-', ...INSTANCES, 'i-9'])
      case 'interface-id':
        return random.pick([...INTERFACES, 'eni-9', '-'])
      case 'az-id':
        return random.pick(['-', ...ZONES, 'use2-az9'])
      case 'interface-type':
        return random.pick(['-', '-', '-', 'nat_gateway'])
      default:
        if (!name.endsWith('addr')) return random.pick(['-', '7', 'x'])
        return blank && random.chance(0.8)
          ? '-'
          : odd(randomAddress(random), [
              '-',
              '',
              '10.0.0',
              '10.0.0.01',
              '10.0.0.1%1',
              '::1::',
              'fe80::1%eth0',
            ])
    }
  }
  const fields = names.map(name => valueOf(name))
  if (wild && random.chance(0.15)) fields.pop()
  if (wild && random.chance(0.1)) fields.splice(random.int(fields.length), 0, '')
  return wild && random.chance(0.03) ? '' : fields.join(' ')
}

const WIDE = ['9007199254740992', '9223372036854775807', '9223372036854775808', '99999999999999999999999']

function randomAddress(random: Seeded): string {
  if (random.chance(0.15)) return random.pick(random.pick(FREE))
  return random.pick(random.pick(random.chance(0.7) ? HELD.slice(0, 2) : HELD))
}

/** What many random hours must reach, by the names that the plain twin counts under. */
export const RANDOM_REACHES = [
  'malformed',
  'skipData',
  'noData',
  'otherHour',
  'ingress',
  'rejected',
  'unknownSource',
  'relayed',
  'outside',
  'unknownDestination',
  'sameZone',
  'crossZone',
  'handedOver',
  'cut',
  'begin together',
  'endpoints alike',
  'tie in the window',
  'several in the window',
  'pod released before',
  'pod released 60 s before',
  'pod released 61 s before',
  'node released before',
  'node released 60 s before',
  'node released 61 s before',
  'interface released before',
  'interface released 60 s before',
  'interface released 61 s before',
  'relayed by 1: true',
  'relayed by 1: false',
  'relayed by 2: true',
  'relayed by 2: false',
  'relayed by 2: holds the address',
  'relayed by 2: has the instance',
  'relayed by 3: true',
  'relayed by 3: false',
  'relayed by 4: true',
  'relayed by 4: false',
  'relayed by 5: false',
  ...['pod', 'node', 'interface', 'subnet'].flatMap(kind => [`source ${kind}`, `destination ${kind}`]),
]
