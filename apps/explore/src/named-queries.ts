// The questions that have a name, in the order in which they are listed; and the functions that SQL has besides.

import { LEDGER_QUERIES } from './ledger-queries.ts'
import { CROSSING, OF_ENDS, type NamedQuery } from './named-query.ts'
import { PAIR_QUERIES } from './pair-queries.ts'
import { tableOf } from './people-table.ts'
import type { Price } from './price-options.ts'
import { conditionOf } from './query-filters.ts'

// Its rows are of minutes, ours of hours; pods without an app have none there, nor here.
// Source: aws-samples/amazon-eks-inter-az-traffic-visibility, README (the SELECT and its order), the table's columns.
const SEED: NamedQuery = {
  name: 'seed',
  asks: "the table of aws-samples' inter-az-traffic-visibility, ordered as its SELECT has it",
  takes: OF_ENDS,
  greatest: false,
  needsRollups: () => true,
  sql: ({ filters, crossZoneOnly }) => {
    const apps = ['source_app IS NOT NULL', 'destination_app IS NOT NULL']
    const condition = conditionOf(filters, crossZoneOnly ? apps : [CROSSING, ...apps])
    return `SELECT hour_start AS "timestamp", source_app || ' -> ' || destination_app AS cross_az_traffic,
        sum(bytes) AS bytes_transfered
      FROM rollup WHERE ${condition} GROUP BY ALL ORDER BY "timestamp" DESC, bytes_transfered, cross_az_traffic`
  },
  table: tableOf,
}

export const NAMED_QUERIES: readonly NamedQuery[] = [...PAIR_QUERIES, ...LEDGER_QUERIES, SEED]

/** The statement that makes the function usd(bytes). */
export function pricedFunctions({ usdPerGb, gb }: Price): string {
  // An exponent makes a number a DOUBLE, and the function's results those of packages/model.
  return `CREATE MACRO usd(bytes) AS CAST(bytes AS DOUBLE) / ${gb.toExponential()} * ${usdPerGb.toExponential()}`
}
