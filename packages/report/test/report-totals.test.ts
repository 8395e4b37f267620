import * as fc from 'fast-check'
import type { Hour, RollupRow } from '@zonetoll/model'
import { describe, expect, test } from 'vitest'
import { REASONS } from '../src/advice.ts'
import { partyName, partyOf } from '../src/party.ts'
import { PodPresence } from '../src/pod-presence.ts'
import type { ReportData } from '../src/report-data.ts'
import { ReportTotals } from '../src/report-totals.ts'
import { plainAdvice } from './plain-advice.ts'
import { FIRST, randomHours, type RandomHour } from './random-hours.ts'

const SEED = 20_240_501
const seeds = fc.tuple(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 4 }))

function rangeOf(hours: readonly RandomHour[]) {
  return { cluster: 'demo', from: FIRST, to: (FIRST + hours.length * 3600) as Hour }
}

function dataOf(hours: readonly RandomHour[]): ReportData {
  const totals = new ReportTotals(rangeOf(hours))
  for (const { ledger, rows } of hours) {
    totals.addLedger(ledger)
    for (const row of rows) totals.add(row)
  }
  return totals.close()
}

const sum = (items: readonly { readonly bytes: bigint }[]) =>
  items.reduce((all, { bytes }) => all + bytes, 0n)

/** Those that aren't nothing, by name. */
function some(sums: Map<string, bigint>): [string, bigint][] {
  return [...sums].filter(([, bytes]) => bytes > 0n).sort(([a], [b]) => (a < b ? -1 : 1))
}

describe('on any hours', () => {
  test('pairs, zones and trend each add up to what the ledgers say crossed zones', () => {
    fc.assert(
      fc.property(seeds, ([seed, count]) => {
        const hours = randomHours(seed, count)
        const data = dataOf(hours)
        const { bytes, records } = data.accounts.crossZone
        const ledgers = hours.reduce((all, { ledger }) => all + ledger.accounts.crossZone.bytes, 0n)
        expect(bytes).toBe(ledgers)
        expect(sum(data.pairs)).toBe(bytes)
        expect(data.pairs.reduce((all, pair) => all + pair.records, 0n)).toBe(records)
        expect(sum(data.zones.filter(({ source, destination }) => source !== destination))).toBe(bytes)
        expect(data.hours.reduce((all, { crossZone }) => all + crossZone, 0n)).toBe(bytes)
        expect(Object.values(data.accounts).reduce((all, totals) => all + totals.bytes, 0n)).toBe(
          data.read.bytes,
        )
      }),
      { seed: SEED, numRuns: 150 },
    )
  })

  test('every byte across zones is in one class of advice, the one that its plain twin finds', () => {
    const kinds = new Set<string>()
    fc.assert(
      fc.property(seeds, ([seed, count]) => {
        const hours = randomHours(seed, count)
        const { advice, accounts } = dataOf(hours)
        const found = new Map(
          advice.actions.map(({ kind, subject, bytes }) => [`${kind} ${partyName(subject)}`, bytes]),
        )
        for (const reason of REASONS) found.set(`nothing ${reason}`, advice.nothing[reason])
        expect(some(found)).toEqual(some(plainAdvice(hours)))
        expect([...found.values()].reduce((all, bytes) => all + bytes, 0n)).toBe(accounts.crossZone.bytes)
        for (const [key] of some(found)) kinds.add(key.split(' ')[0] === 'nothing' ? key : key.split(' ')[0]!)
        for (const { bytes, peers } of advice.actions) expect(sum(peers)).toBe(bytes)
      }),
      { seed: SEED, numRuns: 150 },
    )
    // The generator reaches every class.
    expect([...kinds].sort()).toEqual([
      'collector',
      'members',
      'nothing jobs',
      'nothing otherEnds',
      'nothing ownPods',
      'nothing toDatabase',
      'placement',
      'readers',
      'route',
    ])
  })

  test('the order of hours and of rows changes nothing', () => {
    fc.assert(
      fc.property(seeds, ([seed, count]) => {
        const hours = randomHours(seed, count)
        const turned = hours.toReversed().map(({ ledger, rows }) => ({ ledger, rows: rows.toReversed() }))
        const totals = new ReportTotals(rangeOf(hours))
        for (const { ledger } of turned) totals.addLedger(ledger)
        for (const { rows } of turned) for (const row of rows) totals.add(row)
        expect(totals.close()).toEqual(dataOf(hours))
      }),
      { seed: SEED, numRuns: 60 },
    )
  })

  test('groups that somebody else added up give what the rows give', () => {
    fc.assert(
      fc.property(seeds, ([seed, count]) => {
        const hours = randomHours(seed, count)
        const totals = new ReportTotals(rangeOf(hours))
        for (const { ledger, rows } of hours) {
          totals.addLedger(ledger)
          const presence = new PodPresence()
          presence.add(ledger.workloads)
          for (const row of rows) {
            const [source, destination] = [partyOf(row.source), partyOf(row.destination)]
            totals.addGroup({
              source,
              destination,
              destinationAtSource: presence.has(destination, source.zone),
              sourceAtDestination: presence.has(source, destination.zone),
              records: BigInt(row.records),
              bytes: BigInt(row.bytes),
              packets: BigInt(row.packets),
            })
          }
        }
        expect(totals.close()).toEqual(dataOf(hours))
      }),
      { seed: SEED, numRuns: 60 },
    )
  })
})

describe('what does not fit', () => {
  const hours = randomHours(3, 2)
  const row = hours[0]!.rows.find(({ source, destination }) => source.zone !== destination.zone)!

  test('rows that do not add up to the ledgers stop the page', () => {
    const totals = new ReportTotals(rangeOf(hours))
    totals.addLedger(hours[0]!.ledger)
    for (const each of hours[0]!.rows) totals.add(each)
    totals.add({ ...row, bytes: 1 } satisfies RollupRow)
    expect(() => totals.close()).toThrow(/books don't balance: the rows add up to \d+ bytes across zones/)
  })

  test('a row before its ledger is refused', () => {
    const totals = new ReportTotals(rangeOf(hours))
    expect(() => totals.add(row)).toThrow("a row of 2024-05-01T10 came before that hour's ledger")
  })

  test('a second ledger of an hour, one out of the range and one of another cluster are refused', () => {
    const { ledger } = hours[0]!
    const totals = new ReportTotals(rangeOf(hours))
    totals.addLedger(ledger)
    expect(() => totals.addLedger(ledger)).toThrow('two ledgers of 2024-05-01T10')
    expect(() => totals.addLedger({ ...ledger, hour: (FIRST + 9 * 3600) as Hour })).toThrow('2024-05-01T19')
    expect(() => totals.addLedger({ ...ledger, cluster: 'other' })).toThrow('cluster "other"')
    expect(() => totals.addEarlierLedger({ ...ledger, cluster: 'other' })).toThrow('cluster "other"')
  })
})

describe('hours', () => {
  test('those without a rollup are gaps, neighbours in one', () => {
    const hours = randomHours(5, 6)
    const totals = new ReportTotals({ cluster: 'demo', from: FIRST, to: (FIRST + 8 * 3600) as Hour })
    for (const at of [1, 4]) {
      totals.addLedger(hours[at]!.ledger)
      for (const row of hours[at]!.rows) totals.add(row)
    }
    expect(totals.close().gaps).toEqual([
      { from: FIRST, until: FIRST + 3600 },
      { from: FIRST + 2 * 3600, until: FIRST + 4 * 3600 },
      { from: FIRST + 5 * 3600, until: FIRST + 8 * 3600 },
    ])
  })

  test('each is compared with the one a range before, and counted where that is there', () => {
    const hours = randomHours(6, 4)
    const totals = new ReportTotals({
      cluster: 'demo',
      from: (FIRST + 2 * 3600) as Hour,
      to: (FIRST + 4 * 3600) as Hour,
    })
    for (const { ledger, rows } of hours.slice(2)) {
      totals.addLedger(ledger)
      for (const row of rows) totals.add(row)
    }
    totals.addEarlierLedger(hours[1]!.ledger)
    expect(totals.close().earlier).toEqual({
      found: 1,
      crossZone: hours[1]!.ledger.accounts.crossZone.bytes,
    })
  })

  test('no hours at all make empty sums', () => {
    const data = new ReportTotals({ cluster: 'demo', from: FIRST, to: (FIRST + 3600) as Hour }).close()
    expect(data).toMatchObject({ hours: [], pairs: [], zones: [], read: { bytes: 0n } })
  })
})
