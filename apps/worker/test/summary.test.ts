import {
  ACCOUNTS,
  parseHour,
  type Account,
  type HourAccounts,
  type Totals,
  type UnixSeconds,
  type ZoneId,
} from '@zonetoll/model'
import { expect, test } from 'vitest'
import type { MadeHour } from '../src/make-hour.ts'
import { formatSummary, summaryJson } from '../src/summary.ts'

const GIB = 2n ** 30n

function totals(bytes: bigint, records = bytes > 0n ? 1n : 0n): Totals {
  return { records, bytes, packets: records }
}

function zonePair(source: string, destination: string, bytes: bigint) {
  return { source: source as ZoneId, destination: destination as ZoneId, ...totals(bytes) }
}

/** An hour with these accounts; the others are empty. */
function hourOf(
  given: Partial<Record<Account, Totals>>,
  more: Partial<MadeHour & HourAccounts> = {},
): MadeHour {
  const accounts = Object.fromEntries(
    ACCOUNTS.map(account => [account, given[account] ?? totals(0n)]),
  ) as Record<Account, Totals>
  return {
    hour: parseHour('2024-05-01T10')!,
    cluster: 'shop',
    accounts: {
      read: totals(0n, 1_234_567n),
      accounts,
      handedOver: totals(0n),
      cutAssignments: 0,
      zones: more.zones ?? [],
      workloads: [],
    },
    rows: more.rows ?? 0,
    published: {
      rollup: 's3://zonetoll/rollups/cluster=shop/dt=2024-05-01/hour=10/rollup.parquet',
      ledger: 's3://zonetoll/rollups/cluster=shop/dt=2024-05-01/hour=10/_ledger.json',
      size: 4096,
    },
    page: more.page ?? null,
    topPairs: more.topPairs ?? [],
    objects: more.objects ?? [{ key: 'a', size: 1, etag: 'e', records: 1_234_567, problem: null }],
    emptySlots: more.emptySlots ?? [],
    lateness: { greatest: 0, lateObjects: 0 },
    warnings: [],
  }
}

const BUSY = hourOf(
  {
    crossZone: totals(100n * GIB),
    sameZone: totals(300n * GIB),
    outside: totals(75n * GIB),
    unknownSource: totals(20n * GIB),
    unknownDestination: totals(5n * GIB),
    ingress: totals(999n * GIB),
    malformed: totals(0n, 3n),
    skipData: totals(0n, 1n),
  },
  {
    rows: 4321,
    zones: [
      zonePair('use2-az1', 'use2-az1', 300n * GIB),
      zonePair('use2-az1', 'use2-az2', 60n * GIB),
      zonePair('use2-az2', 'use2-az3', 40n * GIB),
    ],
    topPairs: [
      { source: 'shop/Deployment/cart', destination: 'interface orders-db', bytes: 60n * GIB },
      {
        source: 'payments/StatefulSet/ledger-writer-primary',
        destination: 'shop/Deployment/cart',
        bytes: 39n * GIB,
      },
      { source: 'nodes', destination: 'subnet subnet-0a1b', bytes: GIB },
    ],
    objects: [
      { key: 'a', size: 1, etag: 'e', records: 1_234_567, problem: null },
      { key: 'b', size: 1, etag: 'e', records: 0, problem: 'is cut' },
    ],
    emptySlots: [1714559700 as UnixSeconds],
  },
)

test('a busy hour, in 100 columns', () => {
  expect(formatSummary(BUSY, { sample: false, rollups: './rollups', width: 100 })).toMatchInlineSnapshot(`
    "Cluster shop, hour 2024-05-01T10 UTC

    Across zones: 100 GiB, $2.00 at $0.02 a GiB, 25.0 % of what known endpoints sent each other

    Zone by zone (rows send to columns)
                use2-az1  use2-az2  use2-az3
      use2-az1   300 GiB  60.0 GiB         -
      use2-az2         -         -  40.0 GiB
      use2-az3         -         -         -

    Top pairs across zones
      from                                        to                       bytes   cost
      shop/Deployment/cart                        interface orders-db   60.0 GiB  $1.20
      payments/StatefulSet/ledger-writer-primary  shop/Deployment/cart  39.0 GiB  $0.78
      nodes                                       subnet subnet-0a1b    1.00 GiB  $0.02

    Not attributed
      5.0 % of 500 GiB sent
      4.0 %  20.0 GiB  unknownSource: nothing known held the source address
      1.0 %  5.00 GiB  unknownDestination: nothing known held the private destination address

    Read
      1,234,567 lines of 1 object, each in one account of the ledger; 4,321 rows written
      1 object left out, see the ledger
      3 malformed lines
      1 line saying that AWS lost records (SKIPDATA)
      no objects in 1 of 12 slots: 10:35

    Rollup  s3://zonetoll/rollups/cluster=shop/dt=2024-05-01/hour=10/rollup.parquet
    Ledger  s3://zonetoll/rollups/cluster=shop/dt=2024-05-01/hour=10/_ledger.json
    Report  pnpm report --hour 2024-05-01T10 --cluster shop
    "
  `)
})

test('an hour without any traffic', () => {
  expect(formatSummary(hourOf({}), { sample: true, rollups: './rollups', width: 100 }))
    .toMatchInlineSnapshot(`
      "Cluster shop, hour 2024-05-01T10 UTC (the bundled sample, not your data)

      Across zones: 0 B, $0.00 at $0.02 a GiB

      Zone by zone (rows send to columns)
        no traffic between known endpoints

      Not attributed
        0 % of 0 B sent

      Read
        1,234,567 lines of 1 object, each in one account of the ledger; 0 rows written

      Rollup  s3://zonetoll/rollups/cluster=shop/dt=2024-05-01/hour=10/rollup.parquet
      Ledger  s3://zonetoll/rollups/cluster=shop/dt=2024-05-01/hour=10/_ledger.json
      Report  pnpm report --hour 2024-05-01T10 --cluster shop
      "
    `)
})

test.each([60, 80, 120])(
  'fits in %i columns, but for the places of the files, which are to be copied',
  width => {
    const zones = ['1', '2', '3', '4', '5', '6'].flatMap(from =>
      ['1', '2', '3', '4', '5', '6'].map(to => zonePair(`use1-az${from}`, `use1-az${to}`, 123n * GIB)),
    )
    const long = 'a-namespace-with-a-long-name/Deployment/a-workload-with-a-name-that-does-not-end'
    const many = hourOf(
      {
        crossZone: totals(1n),
        sameZone: totals(123_456n),
        unknownSource: totals(2n),
        unknownDestination: totals(3n),
        malformed: totals(0n, 9_999_999n),
      },
      {
        zones,
        topPairs: [{ source: long, destination: long, bytes: 999n }],
        emptySlots: Array.from({ length: 12 }, (_, at) => (1714557600 + at * 300) as UnixSeconds),
      },
    )
    for (const hour of [BUSY, many]) {
      const lines = formatSummary(hour, { sample: true, rollups: './rollups', width }).split('\n')
      const wide = lines.filter(line => line.length > width && !/^(?:Rollup|Ledger) {2}s3:/.test(line))
      expect(wide).toEqual([])
    }
  },
)

test('dollars are two cents a GiB across zones, and for nothing else', () => {
  const cost = (bytes: bigint) =>
    formatSummary(hourOf({ crossZone: totals(bytes), outside: totals(GIB) }), {
      sample: false,
      rollups: './rollups',
      width: 120,
    })
      .split('\n')
      .find(line => line.startsWith('Across zones'))
  expect(cost(GIB)).toBe(
    'Across zones: 1.00 GiB, $0.02 at $0.02 a GiB, 100.0 % of what known endpoints sent each other',
  )
  expect(cost(1000n * 1024n * GIB)).toContain('0.98 PiB, $20,480.00 at')
  expect(cost(GIB / 10n)).toContain('$0.0020 at')
  expect(cost(1n)).toContain('<$0.000001 at')
  expect(summaryJson(hourOf({ crossZone: totals(50n * GIB) }), false)).toMatchObject({ usd: 1 })
})

test('what is not attributed is a share of the bytes that were sent, with its reasons apart', () => {
  const text = formatSummary(BUSY, { sample: false, rollups: './rollups', width: 100 })
  // 25 of 500 GiB: ingress is the same bytes again and no part of it.
  expect(text).toContain('Not attributed\n  5.0 % of 500 GiB sent\n')
  expect(text).toMatch(/\n {2}4\.0 % {2}20\.0 GiB {2}unknownSource: /)
  expect(text).toMatch(/\n {2}1\.0 % {2}5\.00 GiB {2}unknownDestination: /)
  expect(
    formatSummary(hourOf({ sameZone: totals(GIB) }), { sample: false, rollups: './rollups', width: 100 }),
  ).toContain('Not attributed\n  0 % of 1.00 GiB sent\n')
})

test('names of a stranger cannot write to the terminal', () => {
  const hour = hourOf(
    { crossZone: totals(GIB) },
    {
      zones: [zonePair('use2-az1\u001b[2J', 'use2-az2\n', GIB)],
      topPairs: [
        {
          source: 'shop/\u001b]0;owned\u0007',
          destination: 'interface \u202egpj.exe\nRollup  gone',
          bytes: GIB,
        },
      ],
    },
  )
  const text = formatSummary(hour, { sample: false, rollups: './rollups', width: 200 })
  expect(text).not.toMatch(/[^\P{C}\n]/u)
  expect(text.match(/^Rollup {2}/gm)).toHaveLength(1)
  expect(text).toContain(String.raw`interface \u{202e}gpj.exe\u{a}Rollup  gone`)
})

test('as JSON, counts above 2^53 are strings', () => {
  const json = summaryJson(hourOf({ crossZone: totals(2n ** 53n), sameZone: totals(2n ** 53n + 1n) }), true)
  expect(json).toMatchObject({ crossZoneBytes: 2 ** 53, sameZoneBytes: '9007199254740993', sample: true })
})

function lastLine(made: MadeHour, rollups: string): string | undefined {
  return formatSummary(made, { sample: false, rollups, width: 100 }).trimEnd().split('\n').at(-1)
}

test('ends with the command that draws the hour, as a shell takes it, or with its page', () => {
  expect(lastLine(BUSY, './rollups')).toBe('Report  pnpm report --hour 2024-05-01T10 --cluster shop')
  expect(lastLine(BUSY, "s3://b/it's here")).toBe(
    "Report  pnpm report --hour 2024-05-01T10 --rollups 's3://b/it'\\''s here' --cluster shop",
  )
  expect(lastLine(hourOf({}, { page: '/data/report.html' }), './rollups')).toBe('Report  /data/report.html')
})
