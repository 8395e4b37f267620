import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SampleOptions, TruthHour, TruthTotals } from '@zonetoll/sample'
import { parseHour } from '@zonetoll/model'
import { withDataSet } from './data-sets.ts'
import { naiveHour, type NaiveHour, type NaiveTotals } from './naive-hour.ts'

const EMPTY = { records: 0n, bytes: 0n, packets: 0n }

function exact({ records, bytes, packets }: TruthTotals): NaiveTotals {
  return { records: BigInt(records), bytes: BigInt(bytes), packets: BigInt(packets) }
}

function expectSame(truth: TruthHour, naive: NaiveHour): void {
  for (const [account, totals] of Object.entries(truth.accounts)) {
    expect([account, exact(totals)]).toEqual([account, naive.accounts.get(account) ?? EMPTY])
  }
  expect(exact(truth.handedOver)).toEqual(naive.handedOver)
  expect(truth.cutAssignments).toBe(naive.cutAssignments)
  const zones = truth.zones.map(zone => [`${zone.source} ${zone.destination}`, exact(zone)] as const)
  expect(new Map(zones)).toEqual(naive.zones)
  const pairs = truth.pairs.map(pair => {
    const { source, destination } = pair
    const ends = [source, destination].flatMap(({ kind, namespace, workload }) => [kind, namespace, workload])
    return [JSON.stringify(ends), exact(pair)] as const
  })
  expect(new Map(pairs)).toEqual(naive.pairs)
}

// Counts every hour of a data set twice; what the naive way met is returned by name.
async function compare(options: Partial<SampleOptions>): Promise<Map<string, number>> {
  return withDataSet(options, (folder, { truth }) => {
    const reached = new Map<string, number>()
    for (const hour of truth.hours) {
      const naive = naiveHour(folder, truth.cluster, parseHour(hour.hour)!)
      expectSame(hour, naive)
      for (const [name, count] of naive.reached) reached.set(name, (reached.get(name) ?? 0) + count)
      for (const [name, { records }] of naive.accounts) {
        reached.set(name, (reached.get(name) ?? 0) + Number(records))
      }
    }
    return reached
  })
}

describe('the truth of a data set', () => {
  test('is what a naive reading of its files comes to, whatever the options', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          pods: fc.integer({ min: 20, max: 120 }),
          records: fc.integer({ min: 1, max: 4000 }),
          hours: fc.integer({ min: 1, max: 3 }),
          objects: fc.integer({ min: 3, max: 50 }),
          seed: fc.nat(),
          peers: fc.integer({ min: 2, max: 20 }),
          fields: fc.constantFrom(6, 25, 29),
          unknown: fc.constantFrom(0, 0.1, 0.9),
          reuse: fc.constantFrom(0, 0.2, 0.6),
          ipv6: fc.constantFrom(0, 0.5, 1),
          malformed: fc.nat({ max: 1 }),
          layout: fc.constantFrom('plain', 'hourly', 'hive', 'hive-hourly'),
        }),
        async options => {
          await compare(options)
        },
      ),
      { seed: 20_240_501, numRuns: 30 },
    )
  })

  test('holds with every account, kind of endpoint, test for relayed copies and handover there is', async () => {
    const options = {
      pods: 150,
      records: 60_000,
      hours: 2,
      objects: 28,
      reuse: 0.6,
      ipv6: 0.5,
      malformed: 20,
    }
    const reached = await compare({ ...options, seed: 5 })
    const withTypes = await compare({ ...options, seed: 6, fields: 29 })
    const needed = await compare({ ...options, seed: 7, fields: 6, records: 20_000 })
    const common = [
      'malformed',
      'skipData',
      'noData',
      'otherHour',
      'ingress',
      'unknownSource',
      'outside',
      'unknownDestination',
      'sameZone',
      'crossZone',
      'IPv4',
      'IPv6',
      'late',
      'late, let go before the hour',
      'begins before',
      'begins after',
      'crosses the hour',
      'in the slot before',
      ...['pod', 'node', 'interface', 'subnet'].flatMap(kind => [`from ${kind}`, `to ${kind}`]),
    ]
    const logged = [
      'rejected',
      'relayed',
      'the earlier pod held it longer',
      'the later pod held it longer',
      'a tie',
      'test 1 true',
      'test 1 false',
      'test 2 true',
      'test 2 false',
    ]
    expect(missing(reached, [...common, ...logged, 'test 4 true', 'test 4 false'])).toEqual([])
    expect(missing(withTypes, [...common, ...logged, 'test 3 true', 'test 3 false'])).toEqual([])
    expect(missing(needed, [...common, 'test 5'])).toEqual([])
  })

  test('has about the share of unknown ends that was asked for', async () => {
    for (const unknown of [0, 0.1, 0.5, 0.9]) {
      await withDataSet({ records: 20_000, unknown, seed: 3 }, (_folder, { truth }) => {
        const { accounts, read } = truth.hours[0]!
        const { unknownSource, outside, unknownDestination } = accounts
        // Each from an unknown source has its ingress copy.
        const lines = unknownSource.records * 2 + outside.records + unknownDestination.records
        const share = lines / (read.records - accounts.otherHour.records)
        expect(Math.abs(share - unknown)).toBeLessThan(0.03)
      })
    }
  })
})

function missing(reached: ReadonlyMap<string, number>, names: readonly string[]): string[] {
  return names.filter(name => (reached.get(name) ?? 0) === 0)
}
