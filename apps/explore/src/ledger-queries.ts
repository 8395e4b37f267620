// Questions that the ledgers answer, which know of every byte: zone by zone, hour by hour, and what wasn't attributed.
//
// With a filter the first two ask the rollups, whose rows have names; then same-zone bytes aren't known unless the
// rollups were made with --all-pairs.

import { compareText } from '@zonetoll/model'
import { CROSSING, OF_ENDS, type NamedQuery, type Question } from './named-query.ts'
import { NamedRow, NOTHING, type PeopleTable } from './people-table.ts'
import type { ResultColumn, ResultRow } from './plain-value.ts'
import { conditionOf, type Filters } from './query-filters.ts'

export const LEDGER_QUERIES: readonly NamedQuery[] = [
  {
    name: 'zones',
    asks: 'zone by zone, same-zone traffic with it: rows send to columns',
    takes: OF_ENDS,
    greatest: false,
    needsRollups: isFiltered,
    sql: zonesSql,
    table: zoneMatrix,
  },
  {
    name: 'hours',
    asks: 'the trend, hour by hour',
    takes: OF_ENDS,
    greatest: false,
    needsRollups: isFiltered,
    sql: hoursSql,
    table: hoursTable,
  },
  {
    name: 'unattributed',
    asks: 'what has no two known ends, and why',
    takes: [],
    greatest: false,
    needsRollups: () => false,
    sql: unattributedSql,
    table: unattributedTable,
  },
]

function isFiltered(filters: Filters): boolean {
  return Object.keys(filters).length > 0
}

function zonesSql({ filters }: Question): string {
  return `SELECT source_zone, destination_zone,
      sum(bytes) AS bytes, usd(coalesce(sum(bytes) FILTER (${CROSSING}), 0)) AS usd,
      sum(packets) AS packets, sum(records) AS records
    FROM ${isFiltered(filters) ? 'rollup' : 'ledger_zone'} WHERE ${conditionOf(filters)} GROUP BY ALL ORDER BY 1, 2`
}

function zoneMatrix(columns: readonly ResultColumn[], rows: readonly ResultRow[]): PeopleTable {
  const cells = new Map<string, string>()
  const zones = new Set<string>()
  for (const values of rows) {
    const row = new NamedRow(columns, values)
    const [source, destination] = [row.text('source_zone'), row.text('destination_zone')]
    zones.add(source).add(destination)
    cells.set(pairOf(source, destination), row.cell('bytes'))
  }
  const names = [...zones].sort(compareText)
  return {
    columns: [
      { heading: String.raw`from \ to`, kind: 'name' },
      ...names.map(heading => ({ heading, kind: 'number' as const })),
    ],
    rows: names.map(source =>
      [source].concat(names.map(destination => cells.get(pairOf(source, destination)) ?? NOTHING)),
    ),
  }
}

function pairOf(source: string, destination: string): string {
  return JSON.stringify([source, destination])
}

/** Every hour from the first that is stored to the last: one that isn't has no numbers, which shows. */
const HOURS =
  'hours AS (SELECT unnest(generate_series(min(hour_start), max(hour_start), INTERVAL 1 HOUR)) AS hour_start FROM ledger)'

function hoursSql({ filters }: Question): string {
  if (!isFiltered(filters)) {
    const known = 'cross_zone_bytes + same_zone_bytes'
    return `WITH ${HOURS}
      SELECT hour_start, cross_zone_bytes AS bytes, usd(cross_zone_bytes) AS usd,
        cross_zone_packets AS packets, cross_zone_records AS records, same_zone_bytes,
        CASE WHEN ${known} > 0 THEN cross_zone_bytes / (${known}) END AS cross_zone_share
      FROM hours LEFT JOIN ledger USING (hour_start) ORDER BY hour_start`
  }
  return `WITH ${HOURS}, sums AS (
      SELECT hour_start, sum(bytes) AS bytes, sum(packets) AS packets, sum(records) AS records
      FROM rollup WHERE ${conditionOf(filters, [CROSSING])} GROUP BY ALL)
    SELECT hour_start, ${sumOf('bytes')} AS bytes, usd(${sumOf('bytes')}) AS usd,
      ${sumOf('packets')} AS packets, ${sumOf('records')} AS records
    FROM hours LEFT JOIN ledger USING (hour_start) LEFT JOIN sums USING (hour_start) ORDER BY hour_start`
}

// No row in a stored hour is 0 bytes; an hour that isn't stored has no ledger, hence no cluster.
function sumOf(name: string): string {
  return `CASE WHEN cluster IS NOT NULL THEN coalesce(sums.${name}, 0) END`
}

const BAR = 20

/** Columns and their headings: with same-zone bytes, where they are known, and without. */
const WITH_SHARE = [
  ['bytes', 'bytes'],
  ['usd', 'cost'],
  ['same_zone_bytes', 'same zone'],
  ['cross_zone_share', 'crossing'],
] as const
const WITHOUT_SHARE = [
  ['bytes', 'bytes'],
  ['usd', 'cost'],
  ['packets', 'packets'],
  ['records', 'records'],
] as const

function hoursTable(columns: readonly ResultColumn[], rows: readonly ResultRow[]): PeopleTable {
  const all = rows.map(values => new NamedRow(columns, values))
  const most = all.reduce((greatest, row) => Math.max(greatest, row.number('bytes')), 1)
  const shown = columns.some(({ name }) => name === 'same_zone_bytes') ? WITH_SHARE : WITHOUT_SHARE
  return {
    columns: [
      { heading: 'hour', kind: 'name' },
      ...shown.map(([, heading]) => ({ heading, kind: 'number' as const })),
      { heading: '', kind: 'bar' },
    ],
    rows: all.map(row => {
      const bar = '█'.repeat(Math.round((row.number('bytes') / most) * BAR))
      return [row.text('hour_start').slice(0, 13)].concat(
        shown.map(([name]) => row.cell(name)),
        bar,
      )
    }),
  }
}

/** Accounts whose lines have no two known ends though they might have, in the words of a person. */
const UNATTRIBUTED: readonly (readonly [string, string])[] = [
  ['unknownSource', 'nothing known held the source address'],
  ['unknownDestination', 'nothing known held the private destination address'],
  ['outside', 'sent to a public address'],
  ['handedOver', 'counted, yet the address passed between pods around then'],
  ['skipData', 'AWS lost records here: bytes unknown'],
  ['malformed', 'no record of the format its header says: bytes unknown'],
]

/** What the interfaces sent, each byte once: the whole that a share is of. */
const SENT = `'unknownSource', 'outside', 'unknownDestination', 'sameZone', 'crossZone'`

function unattributedSql(): string {
  const accounts = UNATTRIBUTED.map(([account, why], at) => `(${at}, '${account}', '${why}')`)
  return `WITH sums AS (
      SELECT account, sum(records) AS records, sum(bytes) AS bytes, sum(packets) AS packets
      FROM ledger_account GROUP BY account
      UNION ALL SELECT 'handedOver', sum(handed_over_records), sum(handed_over_bytes), sum(handed_over_packets)
      FROM ledger)
    SELECT account, records, bytes, packets,
      bytes / nullif((SELECT sum(bytes) FROM sums WHERE account IN (${SENT})), 0) AS sent_share, means
    FROM (VALUES ${accounts.join(', ')}) AS accounts (place, account, means) JOIN sums USING (account)
    ORDER BY place`
}

function unattributedTable(columns: readonly ResultColumn[], rows: readonly ResultRow[]): PeopleTable {
  return {
    columns: [
      { heading: 'account', kind: 'name' },
      ...['records', 'bytes', 'of sent'].map(heading => ({ heading, kind: 'number' as const })),
      { heading: 'means', kind: 'name' },
    ],
    rows: rows.map(values => {
      const row = new NamedRow(columns, values)
      const account = row.text('account')
      // Such lines don't say how many bytes.
      const unknown = account === 'skipData' || account === 'malformed'
      const [bytes, share] = unknown ? [NOTHING, NOTHING] : [row.cell('bytes'), row.cell('sent_share')]
      return [account, row.cell('records'), bytes, share, row.text('means')]
    }),
  }
}
