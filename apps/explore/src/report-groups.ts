// The rollups' rows added up by DuckDB as the page needs them: by what the parties are called, app and zone, and by where
// their workloads had pods in the hour of each row. What comes out is as long as a list of pairs, whatever the hours.
//
// The grouping is partyOf and PodPresence of the report package in SQL; a test holds one against the other.

import { partyOf, type Party, type RowGroup } from '@zonetoll/report'
import { HOUR_SECONDS, type EndpointKind, type ZoneId } from '@zonetoll/model'
import type { DuckDBValue } from '@duckdb/node-api'
import type { RollupDatabase } from './rollup-database.ts'
import type { HourInterval } from './stored-hours.ts'

/** A workload's hours in a zone are a string of bits, so that looking one up costs no more for a month than for an hour. */
function groupsSql({ from, until }: HourInterval): string {
  const hourNumber = `CAST(epoch_ms(hour_start) // ${HOUR_SECONDS * 1000} - ${from / HOUR_SECONDS} AS INTEGER)`
  const hadPods = (presence: string) => `coalesce(get_bit(${presence}.hours, ${hourNumber}), 0) = 1`
  return `
    WITH presence AS MATERIALIZED (
      SELECT namespace, workload, zone,
        bitstring_agg(${hourNumber}, 0, ${(until - from) / HOUR_SECONDS - 1}) AS hours
      FROM ledger_workload
      WHERE pods > 0
      GROUP BY ALL
    )
    SELECT
      ${partyColumns('source')},
      ${partyColumns('destination')},
      ${hadPods('there')} AND destination_kind = 'pod' AS destination_at_source,
      ${hadPods('here')} AND source_kind = 'pod' AS source_at_destination,
      sum(records)::HUGEINT AS records,
      sum(bytes)::HUGEINT AS bytes,
      sum(packets)::HUGEINT AS packets
    FROM rollup
    LEFT JOIN presence AS there ON ${inZoneOf('there', 'destination', 'source')}
    LEFT JOIN presence AS here ON ${inZoneOf('here', 'source', 'destination')}
    WHERE source_zone <> destination_zone
    GROUP BY ALL`
}

function partyColumns(side: string): string {
  const named = `CASE WHEN ${side}_kind <> 'node' AND ${side}_workload IS NULL THEN ${side}_name END`
  return `${side}_kind, ${side}_namespace, ${named} AS ${side}_own_name, ${side}_workload, ${side}_app, ${side}_zone`
}

/** One side's workload in the other side's zone. */
function inZoneOf(presence: string, side: string, otherSide: string): string {
  return [
    `${presence}.namespace = ${side}_namespace`,
    `${presence}.workload = ${side}_workload`,
    `${presence}.zone = ${otherSide}_zone`,
  ].join(' AND ')
}

const PARTY_COLUMNS = 6

/**
 * Those of the hours that the database was opened with, which lie in the interval; in no order. Memory is what DuckDB
 * may take, and a chunk of them.
 */
export async function* readGroups(
  database: RollupDatabase,
  interval: HourInterval,
): AsyncGenerator<RowGroup> {
  const selection = await database.select(groupsSql(interval))
  for await (const chunk of selection.chunks()) {
    for (const row of chunk.getRows()) yield groupOf(row)
  }
}

// The columns' types are the query's own.
function groupOf(row: readonly DuckDBValue[]): RowGroup {
  const [atSource, atDestination, records, bytes, packets] = row.slice(2 * PARTY_COLUMNS) as [
    boolean,
    boolean,
    bigint,
    bigint,
    bigint,
  ]
  return {
    source: partyAt(row, 0),
    destination: partyAt(row, PARTY_COLUMNS),
    destinationAtSource: atSource,
    sourceAtDestination: atDestination,
    records,
    bytes,
    packets,
  }
}

function partyAt(row: readonly DuckDBValue[], at: number): Party {
  const [kind, namespace, name, workload, app, zone] = row.slice(at, at + PARTY_COLUMNS) as [
    EndpointKind,
    string | null,
    string | null,
    string | null,
    string | null,
    ZoneId,
  ]
  // Null where it isn't the name that tells: partyOf leaves it out then.
  return partyOf({ kind, namespace, name: name ?? '', workload, app, zone })
}
