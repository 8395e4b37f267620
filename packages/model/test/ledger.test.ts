import { describe, expect, test } from 'vitest'
import {
  ACCOUNTS,
  formatLedger,
  type Hour,
  type Ledger,
  type Totals,
  type UnixSeconds,
  type ZoneId,
} from '@zonetoll/model'

const HOUR = (Date.parse('2024-05-01T10:00:00Z') / 1000) as Hour
const ZERO: Totals = { records: 0n, bytes: 0n, packets: 0n }

function ledger(over: Partial<Ledger> = {}): Ledger {
  return {
    cluster: 'main',
    hour: HOUR,
    rows: 0,
    rollupSha256: 'ab12',
    read: ZERO,
    accounts: Object.fromEntries(ACCOUNTS.map(account => [account, ZERO])) as Ledger['accounts'],
    handedOver: ZERO,
    cutAssignments: 0,
    zones: [],
    workloads: [],
    objects: [],
    assignments: [],
    emptySlots: [],
    options: { allPairs: false, appLabels: ['app'], flowLogIds: [], settle: 20, skipBadObjects: false },
    ...over,
  }
}

function parsed(over: Partial<Ledger>): Record<string, unknown> {
  return JSON.parse(formatLedger(ledger(over))) as Record<string, unknown>
}

function workload(zones: readonly (readonly [ZoneId, number])[]): Partial<Ledger> {
  return { workloads: [{ namespace: 'shop', workload: 'Deployment/cart', zones: new Map(zones) }] }
}

describe('the text of a ledger', () => {
  test('is one line with a line feed', () => {
    expect(formatLedger(ledger())).toMatch(/^\{[^\n]*\}\n$/)
  })

  test('has the members that the contract names, sorted', () => {
    expect(Object.keys(parsed({}))).toEqual([
      'accounts',
      'assignments',
      'cluster',
      'cutAssignments',
      'emptySlots',
      'handedOver',
      'hour',
      'objects',
      'options',
      'read',
      'rollupSha256',
      'rows',
      'version',
      'workloads',
      'zones',
    ])
  })

  test('says which version it is, and times as text', () => {
    expect(parsed({ emptySlots: [(HOUR + 2100) as UnixSeconds] })).toMatchObject({
      version: 1,
      hour: '2024-05-01T10:00:00Z',
      emptySlots: ['2024-05-01T10:35:00Z'],
    })
  })

  test('has the twelve accounts', () => {
    expect(Object.keys(parsed({})['accounts'] as object)).toEqual([...ACCOUNTS].sort())
    expect(ACCOUNTS).toHaveLength(12)
  })

  test.each([
    [2n ** 53n - 1n, 9007199254740991],
    [2n ** 53n, 9007199254740992],
    [2n ** 53n + 1n, '9007199254740993'],
    [2n ** 64n, '18446744073709551616'],
  ])('has %d as %j', (bytes, json) => {
    const totals = { records: 1n, bytes, packets: bytes }
    const written = { records: 1, bytes: json, packets: json }
    const accounts = { ...ledger().accounts, crossZone: totals }
    const zone = { source: 'use2-az1' as ZoneId, destination: 'use2-az2' as ZoneId, ...totals }
    expect(parsed({ read: totals, handedOver: totals, accounts, zones: [zone] })).toMatchObject({
      read: written,
      handedOver: written,
      accounts: { crossZone: written },
      zones: [{ source: 'use2-az1', destination: 'use2-az2', ...written }],
    })
  })

  test('has objects with their problem, null where there is none', () => {
    const objects = [
      { key: 'a', size: 1, etag: 'e', records: 2, problem: null },
      { key: 'b', size: 1, etag: 'f', records: 0, problem: 'is cut' },
    ]
    expect(parsed({ objects })['objects']).toEqual(objects)
  })

  test('is the same whatever the order of a workload’s zones', () => {
    const one = 'use2-az1' as ZoneId
    const two = 'use2-az2' as ZoneId
    const text = formatLedger(
      ledger(
        workload([
          [two, 1],
          [one, 3],
        ]),
      ),
    )
    expect(text).toBe(
      formatLedger(
        ledger(
          workload([
            [one, 3],
            [two, 1],
          ]),
        ),
      ),
    )
    expect(text).toContain('"zones":{"use2-az1":3,"use2-az2":1}')
  })
})
