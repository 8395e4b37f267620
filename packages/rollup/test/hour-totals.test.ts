import { parseAssignmentLine, Timeline } from '@zonetoll/assignments'
import { RecordBatch } from '@zonetoll/flowlog'
import { ACCOUNTS, type Hour } from '@zonetoll/model'
import { Attribution, BalanceError, closeHour, HourTotals } from '@zonetoll/rollup'
import { describe, expect, test } from 'vitest'
import type { PlainInput } from '../../../test/support/plain-hour.ts'
import { RANDOM_HOUR, randomHour } from '../../../test/support/random-hour.ts'
import { closedHour, realHour, textOfHour } from '../../../test/support/real-hour.ts'
import { Seeded } from '../../../test/support/seeded.ts'

const HOUR = RANDOM_HOUR
const HEADER = 'interface-id pkt-srcaddr pkt-dstaddr flow-direction packets bytes start end action log-status'

function line(over: Readonly<Record<string, string | number>> = {}): string {
  const fields: Record<string, string | number> = {
    'interface-id': 'eni-1',
    'pkt-srcaddr': '10.0.0.1',
    'pkt-dstaddr': '10.0.1.1',
    'flow-direction': 'egress',
    packets: 2,
    bytes: 100,
    start: HOUR,
    end: HOUR + 10,
    action: 'ACCEPT',
    'log-status': 'OK',
    ...over,
  }
  return HEADER.split(' ')
    .map(name => fields[name])
    .join(' ')
}

function subnet(uid: string, cidr: string, zone: string): string {
  return JSON.stringify({ kind: 'subnet', uid, cidr, zone, seen: '2024-05-01T10:00:00Z' })
}

function inputOf(lines: readonly string[], over: Partial<PlainInput> = {}): PlainInput {
  return {
    objects: [{ flowLog: 0, text: `${HEADER}\n${lines.join('\n')}\n` }],
    assignments: [
      subnet('subnet-1', '10.0.0.0/24', 'use2-az1'),
      subnet('subnet-2', '10.0.1.0/24', 'use2-az2'),
    ],
    hour: HOUR,
    allPairs: false,
    appLabels: [],
    ...over,
  }
}

/** The accounts that have records, with how many. */
function accountsOf(input: PlainInput): Record<string, number> {
  const { accounts } = realHour(input)
  return Object.fromEntries(
    ACCOUNTS.map(account => [account, Number(accounts[account].records)] as const).filter(
      ([, records]) => records > 0,
    ),
  )
}

describe('a line is in the first account that applies', () => {
  const everything = {
    'pkt-srcaddr': '1.1.1.1',
    'pkt-dstaddr': '8.8.8.8',
    'flow-direction': 'ingress',
    action: 'REJECT',
    start: HOUR - 1,
  }

  test.each([
    ['malformed', { ...everything, bytes: 'x' }],
    ['skipData', { ...everything, bytes: 'x', 'log-status': 'SKIPDATA' }],
    ['noData', { ...everything, bytes: 'x', 'log-status': 'NODATA' }],
    ['otherHour', everything],
    ['otherHour', { start: HOUR - 1, end: HOUR }],
    ['otherHour', { start: HOUR + 3600 }],
    ['otherHour', { start: 'x', 'log-status': '-' }],
    ['ingress', { ...everything, start: HOUR }],
    ['rejected', { ...everything, start: HOUR, 'flow-direction': 'egress' }],
    ['unknownSource', { 'pkt-srcaddr': '1.1.1.1', 'pkt-dstaddr': '8.8.8.8' }],
    ['unknownSource', { 'pkt-srcaddr': '-', bytes: '-' }],
    ['outside', { 'pkt-dstaddr': '8.8.8.8' }],
    ['outside', { 'pkt-dstaddr': '2606:4700::1111' }],
    ['unknownDestination', { 'pkt-dstaddr': '172.16.0.1' }],
    ['unknownDestination', { 'pkt-dstaddr': '100.64.0.1' }],
    ['unknownDestination', { 'pkt-dstaddr': 'fd00::1' }],
    ['unknownDestination', { 'pkt-dstaddr': '-', bytes: '-' }],
    ['sameZone', { 'pkt-dstaddr': '10.0.0.2' }],
    ['crossZone', {}],
    ['crossZone', { start: HOUR + 3599, end: HOUR + 4000 }],
    ['crossZone', { bytes: '-' }],
    ['crossZone', { 'log-status': '-' }],
  ])('%s: %j', (account, fields) => {
    expect(accountsOf(inputOf([line(fields)]))).toEqual({ [account]: 1 })
  })

  test('relayed comes before outside and after unknownSource', () => {
    const gateway = JSON.stringify({
      kind: 'interface',
      uid: 'eni-1',
      name: 'gateway',
      addresses: ['10.0.9.9'],
      from: '2024-05-01T00:00:00Z',
      until: null,
      seen: '2024-05-01T10:00:00Z',
      zone: 'use2-az1',
    })
    const { assignments } = inputOf([])
    const lines = [line({ 'pkt-dstaddr': '8.8.8.8' }), line(), line({ 'pkt-srcaddr': '1.1.1.1' })]
    expect(accountsOf(inputOf(lines, { assignments: [...assignments, gateway] }))).toEqual({
      relayed: 2,
      unknownSource: 1,
    })
  })
})

describe('rows', () => {
  test('are the cross-zone pairs, with same-zone ones where all are asked for', () => {
    const lines = [line(), line({ 'pkt-dstaddr': '10.0.0.2', bytes: 7 })]
    const rowsOf = (allPairs: boolean): unknown[] =>
      realHour(inputOf(lines, { allPairs })).rows.map(row => [row.source[2], row.destination[2], row.bytes])
    expect(rowsOf(false)).toEqual([['subnet-1', 'subnet-2', 100n]])
    expect(rowsOf(true)).toEqual([
      ['subnet-1', 'subnet-1', 7n],
      ['subnet-1', 'subnet-2', 100n],
    ])
  })

  test('of an hour without cross-zone traffic are none', () => {
    expect(realHour(inputOf([line({ 'pkt-dstaddr': '10.0.0.2' })])).rows).toEqual([])
    expect(realHour(inputOf([])).rows).toEqual([])
  })
})

test('zones have same-zone pairs too, sorted', () => {
  const lines = [
    line({ 'pkt-srcaddr': '10.0.1.1', 'pkt-dstaddr': '10.0.0.1' }),
    line(),
    line({ 'pkt-dstaddr': '10.0.0.2' }),
    line(),
  ]
  expect(realHour(inputOf(lines)).zones.map(zone => [zone.source, zone.destination, zone.records])).toEqual([
    ['use2-az1', 'use2-az1', 1n],
    ['use2-az1', 'use2-az2', 2n],
    ['use2-az2', 'use2-az1', 1n],
  ])
})

test('sums beyond 2^53 are exact in the accounts, and a row of such a sum is refused', () => {
  const lines = Array.from({ length: 3 }, () =>
    line({ bytes: '9223372036854775807', packets: '9007199254740993' }),
  )
  const { accounts, rows } = closedHour(inputOf(lines))
  expect(accounts.accounts.crossZone).toEqual({
    records: 3n,
    bytes: 3n * (2n ** 63n - 1n),
    packets: 27021597764222979n,
  })
  expect(() => [...rows]).toThrow(RangeError)
})

function pod(uid: string, from: string, until: string | null): string {
  return JSON.stringify({
    kind: 'pod',
    uid,
    name: uid,
    namespace: 'shop',
    addresses: ['10.0.0.1'],
    from: `2024-05-01T${from}Z`,
    until: until === null ? null : `2024-05-01T${until}Z`,
    seen: '2024-05-01T10:30:00Z',
    zone: 'use2-az1',
  })
}

describe('the memo of addresses handed over', () => {
  const { assignments } = inputOf([])
  const pods = [...assignments, pod('a', '09:00:00', '10:10:00'), pod('b', '10:10:30', null)]
  const memoOf = (fields: Readonly<Record<string, string | number>>): bigint =>
    realHour(inputOf([line(fields)], { assignments: pods })).handedOver.records

  test.each([
    [600, 628, 0n],
    [600, 629, 0n],
    [600, 630, 1n],
    [659, 659, 1n],
    [660, 660, 0n],
  ])('has a record of [%d, %d]: %d', (start, end, records) => {
    expect(memoOf({ start: HOUR + start, end: HOUR + end })).toBe(records)
  })

  test('has a record once, whichever end was handed over, and leaves its account as it is', () => {
    const times = { start: HOUR + 610, end: HOUR + 650 }
    const both = line({ ...times, 'pkt-dstaddr': '10.0.0.1' })
    const destination = line({ ...times, 'pkt-srcaddr': '10.0.1.1', 'pkt-dstaddr': '10.0.0.1' })
    const unknown = line({ ...times, 'pkt-dstaddr': '8.8.8.8' })
    const hour = realHour(inputOf([both, destination, unknown], { assignments: pods }))
    expect(hour.handedOver).toEqual({ records: 3n, bytes: 300n, packets: 6n })
    expect([
      hour.accounts.sameZone.records,
      hour.accounts.crossZone.records,
      hour.accounts.outside.records,
    ]).toEqual([1n, 1n, 1n])
  })
})

function object(flowLog: number, ...lines: string[]): PlainInput['objects'][number] {
  return { flowLog, text: `${HEADER}\n${lines.join('\n')}\n` }
}

test('overlaps name interfaces that two flow logs logged in the hour', () => {
  const objects = [
    object(0, line(), line({ 'interface-id': 'eni-2' }), line({ 'interface-id': '-' })),
    object(2, line({ 'flow-direction': 'ingress' }), line({ 'interface-id': '-' })),
    object(1, line({ 'interface-id': 'eni-2', start: HOUR - 1 }), line({ 'interface-id': 'eni-3' })),
  ]
  for (const parts of [1, 2, 3]) {
    expect(closedHour(inputOf([], { objects }), { parts }).overlaps).toEqual([
      { interface: 0, flowLogs: [0, 2] },
    ])
  }
})

test('totals of parts merge to what one has, byte for byte, whatever the order of objects', () => {
  let rows = 0
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Seeded(7_000_000 + seed)
    const input = randomHour(random)
    const more = [...input.objects, ...randomHour(random).objects]
    const text = (objects: PlainInput['objects'], parts: number): string => {
      try {
        return textOfHour({ ...input, objects }, { parts })
      } catch (error) {
        if (error instanceof RangeError) return error.message
        throw error
      }
    }
    const one = text(more, 1)
    rows += one.length > 1000 ? 1 : 0
    expect(text(more, 2), `seed ${seed}`).toBe(one)
    if (!one.startsWith('the ')) expect(text(random.shuffled(more), 5), `seed ${seed}`).toBe(one)
  }
  expect(rows).toBeGreaterThan(50)
})

test('books that don’t balance stop the run', () => {
  const timeline = new Timeline([parseAssignmentLine(subnet('subnet-1', '10.0.0.0/24', 'use2-az1'))!], {
    appLabels: [],
  })
  const rollup = new HourTotals(HOUR as Hour, Attribution.of(timeline, HOUR as Hour, { growing: false }), {
    allPairs: true,
  })
  const batch = new RecordBatch(1)
  batch.count = 1
  batch.source[0] = 0x0a000001
  batch.destination[0] = 0x0a000002
  batch.start[0] = HOUR * 1000
  batch.until[0] = HOUR * 1000 + 1000
  batch.bytes[0] = 5n
  batch.instance[0] = -1
  batch.interface[0] = -1
  batch.zone[0] = -1
  // A batch whose bytes change between two readings of it.
  const words = batch.byteWords
  let readings = 0
  const fickle = new Proxy(batch, {
    get(target, key) {
      if (key !== 'byteWords') return Reflect.get(target, key, target) as unknown
      readings++
      return readings === 1 ? words : Uint32Array.of(6, 0)
    },
  })
  rollup.add(fickle, 0)
  expect(readings).toBeGreaterThan(1)
  expect(() => closeHour(rollup, timeline)).toThrow(BalanceError)
})

test('zones and rows that the accounts know nothing of stop the run, by name', () => {
  const timeline = new Timeline([parseAssignmentLine(subnet('subnet-1', '10.0.0.0/24', 'use2-az1'))!], {
    appLabels: [],
  })
  const attribution = Attribution.of(timeline, HOUR as Hour, { growing: false })
  for (const [table, column, allPairs, message] of [
    ['zonePairs', 'bytes', false, 'zones have 1 bytes, sameZone + crossZone 0'],
    ['zonePairs', 'records', true, 'zones have 1 records, sameZone + crossZone 0'],
    ['pairs', 'packets', false, 'rows have 1 packets, crossZone 0'],
    ['pairs', 'bytes', true, 'rows have 1 bytes, sameZone + crossZone 0'],
  ] as const) {
    const totals = new HourTotals(HOUR as Hour, attribution, { allPairs })
    const one = (name: string) => Number(name === column)
    const pair = totals[table].add(0, 0)
    totals[table].totals.add(pair, one('records'), one('bytes'), one('packets'))
    expect(() => closeHour(totals, timeline)).toThrow(message)
  }
})

test('packets above 2^32 count in full', () => {
  const { accounts } = realHour(inputOf([line({ packets: 3 * 2 ** 32 + 7 }), line({ packets: 2 ** 32 })]))
  expect(accounts.crossZone.packets).toBe(4n * 2n ** 32n + 7n)
})

test('an unknown IPv6 destination is judged by all its bits', () => {
  // As IPv4 addresses the first words would be public and private.
  expect(accountsOf(inputOf([line({ 'pkt-dstaddr': '2001:db8::9' })]))).toEqual({ unknownDestination: 1 })
  expect(accountsOf(inputOf([line({ 'pkt-dstaddr': 'a00::1' })]))).toEqual({ outside: 1 })
})

/** The bytes that closing asks for. */
function asked(pairs: number, zonePairs: number, subnets: number): number {
  const lines = Array.from({ length: subnets }, (_, at) =>
    subnet(`subnet-${at}`, `10.0.${at}.0/24`, 'use2-az1'),
  )
  const timeline = new Timeline(
    lines.map(text => parseAssignmentLine(text)!),
    { appLabels: [] },
  )
  const attribution = Attribution.of(timeline, HOUR as Hour, { growing: false })
  let closing = false
  const room = (bytes: number) => {
    if (closing) throw new RangeError(String(bytes))
  }
  const totals = new HourTotals(HOUR as Hour, attribution, { allPairs: false, room })
  for (let pair = 0; pair < pairs; pair++) totals.pairs.add(pair, 0)
  for (let pair = 0; pair < zonePairs; pair++) totals.zonePairs.add(pair, 0)
  closing = true
  try {
    closeHour(totals, timeline)
  } catch (error) {
    return Number((error as RangeError).message)
  }
  throw new Error('no room was asked for')
}

test('closing asks for room first, for each pair, zone pair and endpoint', () => {
  const base = asked(10, 10, 10)
  expect(base).toBeGreaterThan(0)
  expect(asked(1010, 10, 10) - base).toBeGreaterThanOrEqual(1000 * 8)
  expect(asked(10, 1010, 10) - base).toBeGreaterThanOrEqual(1000 * 500)
  expect(asked(10, 10, 110) - base).toBeGreaterThanOrEqual(100 * 8)
})
