// The five tests of a relayed record, each made and each impossible, one after the other (contract, section 4).

import { describe, expect, test } from 'vitest'
import { realHour } from '../../../test/support/real-hour.ts'

const HOUR = Date.parse('2024-05-01T10:00:00Z') / 1000

interface Fields {
  readonly source?: string
  readonly 'instance-id'?: string
  readonly 'interface-id'?: string
  readonly 'interface-type'?: string
  readonly 'az-id'?: string
  readonly start?: number
}

function holding(kind: string, uid: string, address: string, over: object = {}): string {
  return JSON.stringify({
    kind,
    uid,
    name: uid,
    namespace: 'shop',
    addresses: [address],
    from: '2024-05-01T00:00:00Z',
    until: null,
    seen: '2024-05-01T10:30:00Z',
    zone: 'use2-az1',
    ...over,
  })
}

const WORLD = [
  holding('pod', 'with-instance', '10.0.0.1', { instance: 'i-1' }),
  holding('pod', 'without-instance', '10.0.0.2'),
  holding('interface', 'eni-own', '10.0.0.2'),
  holding('interface', 'eni-same-instance', '10.0.0.7', { instance: 'i-1' }),
  holding('interface', 'eni-gateway', '10.0.0.8', { instance: 'i-gateway' }),
  holding('interface', 'eni-released', '10.0.0.9', { until: '2024-05-01T10:10:00Z' }),
  JSON.stringify({
    kind: 'subnet',
    uid: 'subnet-1',
    cidr: '10.0.0.0/24',
    zone: 'use2-az1',
    seen: '2024-05-01T10:30:00Z',
  }),
]

/** Whether a record with these columns and no others is relayed. */
function relayed(fields: Fields): boolean {
  const { source = '10.0.0.2', start = 0, ...columns } = fields
  const names = [
    'pkt-srcaddr',
    'pkt-dstaddr',
    'flow-direction',
    'bytes',
    'start',
    'end',
    ...Object.keys(columns),
  ]
  const values = [source, '8.8.8.8', 'egress', '1', HOUR + start, HOUR + start, ...Object.values(columns)]
  const { accounts } = realHour({
    objects: [{ flowLog: 0, text: `${names.join(' ')}\n${values.join(' ')}\n` }],
    assignments: WORLD,
    hour: HOUR,
    allPairs: false,
    appLabels: [],
  })
  expect(accounts.relayed.records + accounts.outside.records).toBe(1n)
  return accounts.relayed.records === 1n
}

/** All later tests would say the other thing. */
const LATER_RELAYED = { 'interface-id': 'eni-gateway', 'interface-type': 'nat_gateway', 'az-id': 'use2-az9' }
const LATER_OWN = { 'interface-id': 'eni-own', 'interface-type': '-', 'az-id': 'use2-az1' }

describe('test 1: the instance', () => {
  test('the source’s own isn’t relayed, whatever the later tests would say', () => {
    expect(relayed({ source: '10.0.0.1', 'instance-id': 'i-1', ...LATER_RELAYED })).toBe(false)
  })

  test.each(['i-2', 'i-gateway', 'i-11', 'i-'])('%s isn’t the source’s: relayed', instance => {
    expect(relayed({ source: '10.0.0.1', 'instance-id': instance, ...LATER_OWN })).toBe(true)
  })

  test('can’t be made where the record has none: the next decides', () => {
    expect(relayed({ source: '10.0.0.1', 'instance-id': '-', ...LATER_RELAYED })).toBe(true)
    expect(relayed({ source: '10.0.0.1', ...LATER_RELAYED })).toBe(true)
  })

  test('can’t be made where the source has none: the next decides', () => {
    expect(relayed({ 'instance-id': 'i-1', ...LATER_OWN })).toBe(false)
    expect(relayed({ 'instance-id': 'i-1', ...LATER_RELAYED })).toBe(true)
  })
})

describe('test 2: a known interface', () => {
  test('that holds the source address isn’t another’s', () => {
    expect(relayed({ ...LATER_RELAYED, 'interface-id': 'eni-own' })).toBe(false)
  })

  test('that has the source’s instance isn’t another’s', () => {
    expect(relayed({ ...LATER_RELAYED, source: '10.0.0.1', 'interface-id': 'eni-same-instance' })).toBe(false)
  })

  test('that has neither is another’s: relayed', () => {
    expect(relayed({ ...LATER_OWN, 'interface-id': 'eni-gateway' })).toBe(true)
    expect(relayed({ ...LATER_OWN, source: '10.0.0.1', 'interface-id': 'eni-own' })).toBe(true)
  })

  test('without an instance hasn’t that of a source without one', () => {
    expect(relayed({ ...LATER_OWN, 'interface-id': 'eni-released' })).toBe(true)
  })

  test('also decides for a source that only a subnet holds', () => {
    expect(relayed({ ...LATER_OWN, source: '10.0.0.77', 'interface-id': 'eni-own' })).toBe(true)
  })

  test.each([
    [599, false],
    [600, false],
    [659, false],
    [660, false],
  ])(
    'that let the source address go at 600 s and is who held it at %d s isn’t another’s',
    (start, expected) => {
      expect(relayed({ ...LATER_RELAYED, source: '10.0.0.9', start, 'interface-id': 'eni-released' })).toBe(
        expected,
      )
    },
  )

  test('that let the source address go more than 60 s ago is another’s: relayed', () => {
    expect(relayed({ ...LATER_OWN, source: '10.0.0.9', start: 661, 'interface-id': 'eni-released' })).toBe(
      true,
    )
  })

  test.each(['eni-unknown', '-'])('can’t be made for %s: the next decides', logging => {
    expect(relayed({ ...LATER_RELAYED, 'interface-id': logging })).toBe(true)
    expect(relayed({ ...LATER_OWN, 'interface-id': logging })).toBe(false)
  })
})

describe('test 3: the interface type', () => {
  test('is another’s where it isn’t `-`, whatever the zone', () => {
    expect(relayed({ 'interface-type': 'nat_gateway', 'az-id': 'use2-az1' })).toBe(true)
  })

  test('is the source’s own where it is `-`, whatever the zone', () => {
    expect(relayed({ 'interface-type': '-', 'az-id': 'use2-az9' })).toBe(false)
  })
})

describe('test 4: the zone', () => {
  test.each([
    ['use2-az1', false],
    ['use2-az2', true],
    ['use2-az', true],
    ['-', false],
  ])('%s is relayed: %s', (zone, expected) => {
    expect(relayed({ 'az-id': zone })).toBe(expected)
  })
})

test('test 5: where none can be made nothing is relayed', () => {
  expect(relayed({})).toBe(false)
  expect(relayed({ 'instance-id': '-', 'interface-id': '-', 'az-id': '-' })).toBe(false)
})
