import { compareEndpoints, type Endpoint, type Hour, type ZoneId } from '@zonetoll/model'
import { describe, expect, test } from 'vitest'
import { PairTable } from '../src/pair-table.ts'
import { sortedRows } from '../src/rollup-rows.ts'
import { compareColumns } from '../../../test/support/plain-hour.ts'
import { Seeded } from '../../../test/support/seeded.ts'

const HOUR = 1_714_557_600 as Hour

function endpoint(name: string, over: Partial<Endpoint> = {}): Endpoint {
  return {
    kind: 'pod',
    namespace: 'shop',
    name,
    workload: null,
    app: null,
    node: null,
    zone: 'use2-az1' as ZoneId,
    ...over,
  }
}

function tableOf(
  pairs: readonly (readonly [source: number, destination: number, bytes: number])[],
): PairTable {
  const table = new PairTable()
  for (const [source, destination, bytes] of pairs) {
    table.totals.add(table.add(source, destination), 1, bytes, 1)
  }
  return table
}

function columns({ kind, namespace, name, workload, app, node, zone }: Endpoint): (string | null)[] {
  return [kind, namespace, name, workload, app, node, zone]
}

describe('rows', () => {
  test('are sorted by source, then destination', () => {
    const endpoints = [endpoint('c'), endpoint('a'), endpoint('b')]
    const rows = sortedRows(
      HOUR,
      tableOf([
        [0, 1, 1],
        [1, 0, 2],
        [1, 2, 3],
        [2, 2, 4],
      ]),
      endpoints,
    )
    expect([...rows].map(row => [row.source.name, row.destination.name, row.bytes])).toEqual([
      ['a', 'b', 3],
      ['a', 'c', 2],
      ['b', 'b', 4],
      ['c', 'a', 1],
    ])
    expect(rows.length).toBe(4)
    expect([...rows].every(row => row.hourStart === HOUR)).toBe(true)
  })

  test('come anew at each iteration', () => {
    const rows = sortedRows(HOUR, tableOf([[0, 0, 1]]), [endpoint('a')])
    expect([...rows]).toEqual([...rows])
  })

  test('of endpoints alike in all seven columns are one row, on either side', () => {
    const endpoints = [endpoint('a'), endpoint('b'), endpoint('a'), endpoint('b')]
    const rows = sortedRows(
      HOUR,
      tableOf([
        [0, 1, 1],
        [2, 1, 10],
        [0, 3, 100],
        [2, 3, 1000],
      ]),
      endpoints,
    )
    expect(rows.length).toBe(1)
    expect([...rows]).toEqual([
      {
        hourStart: HOUR,
        source: endpoints[0],
        destination: endpoints[1],
        bytes: 1111,
        packets: 4,
        records: 4,
      },
    ])
  })

  test.each(['namespace', 'workload', 'app', 'node', 'zone'] as const)(
    'of endpoints that differ in %s alone are two',
    column => {
      const endpoints = [endpoint('a'), endpoint('a', { [column]: 'other' })]
      expect(
        sortedRows(
          HOUR,
          tableOf([
            [0, 1, 1],
            [1, 0, 1],
          ]),
          endpoints,
        ).length,
      ).toBe(2)
    },
  )

  test('of nothing are none', () => {
    expect([...sortedRows(HOUR, new PairTable(), [])]).toEqual([])
  })

  test('beyond 2^53 - 1 are refused, naming the pair', () => {
    const endpoints = [endpoint('a'), endpoint('b', { kind: 'node', namespace: null })]
    const limit = Number.MAX_SAFE_INTEGER
    expect(
      [
        ...sortedRows(
          HOUR,
          tableOf([
            [0, 1, limit - 1],
            [0, 1, 1],
          ]),
          endpoints,
        ),
      ][0]?.bytes,
    ).toBe(limit)
    expect(() => [
      ...sortedRows(
        HOUR,
        tableOf([
          [0, 1, limit],
          [0, 1, 1],
        ]),
        endpoints,
      ),
    ]).toThrow(/bytes from pod "shop\/a" to node "b" pass 2\^53 - 1/)
  })

  test('beyond 2^53 - 1 are refused where only like endpoints together pass it', () => {
    const endpoints = [endpoint('a'), endpoint('a'), endpoint('b')]
    expect(() => [
      ...sortedRows(
        HOUR,
        tableOf([
          [0, 2, Number.MAX_SAFE_INTEGER],
          [1, 2, 1],
        ]),
        endpoints,
      ),
    ]).toThrow(RangeError)
  })
})

test('random rows are sorted and merged as by the plain twin', () => {
  const texts = ['a', 'B', 'é', '\uFF5E', '\u{1F6D2}', '']
  let merged = 0
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Seeded(seed)
    const few = random.shuffled([...texts, null]).slice(0, 1 + random.int(7))
    const endpoints = random.list(1 + random.int(12), () =>
      endpoint(random.pick(few) ?? 'a', {
        kind: random.pick(['pod', 'node']),
        namespace: random.pick(few),
        app: random.pick(['a', null]),
        zone: random.pick(['use2-az1', 'use2-az2']) as ZoneId,
      }),
    )
    const pairs = random.list(
      random.int(60),
      () => [random.int(endpoints.length), random.int(endpoints.length), random.int(1000)] as const,
    )
    const twin = new Map<string, { key: (string | null)[]; bytes: number }>()
    for (const [source, destination, bytes] of pairs) {
      const key = [...columns(endpoints[source]!), ...columns(endpoints[destination]!)]
      const row = twin.get(JSON.stringify(key)) ?? { key, bytes: 0 }
      row.bytes += bytes
      twin.set(JSON.stringify(key), row)
    }
    const table = tableOf(pairs)
    const rows = sortedRows(HOUR, table, endpoints)
    if (rows.length < table.size) merged++
    expect(
      [...rows].map(row => ({
        key: [...columns(row.source), ...columns(row.destination)],
        bytes: row.bytes,
      })),
      `seed ${seed}`,
    ).toEqual([...twin.values()].sort((a, b) => compareColumns(a.key, b.key)))
    for (const a of endpoints) {
      for (const b of endpoints) {
        expect(Math.sign(compareEndpoints(a, b))).toBe(Math.sign(compareColumns(columns(a), columns(b))))
      }
    }
  }
  expect(merged).toBeGreaterThan(50)
})
